"""A batch that was asked to come again is not overtaken by those sent after it."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.storage.producer_state import ProducerAppend, ProducerTable


def batch(sequence: int, epoch: int = 0) -> RecordBatch:
    records = [NewRecord(None, b"v", 5)]
    return RecordBatch(build_batch(records, producer=ProducerStamp(7, epoch, sequence, is_transactional=True)))


def test_later_batches_wait_for_the_lowest_that_was_deferred() -> None:
    table = ProducerTable()
    table.note_tentative_sequence(7, 0, 3)
    table.note_tentative_sequence(7, 0, 2)
    table.note_tentative_sequence(7, 0, 4)
    for sequence in (3, 4, 9):
        with pytest.raises(KafkaError, match="2 \\(earliest seen sequence\\)"):
            table.check(batch(sequence))
    draft = table.check(batch(2))
    assert isinstance(draft, ProducerAppend)
    table.commit(draft, 0)
    assert isinstance(table.check(batch(3)), ProducerAppend)


def test_another_epoch_is_not_held_up_and_a_later_one_begins_anew() -> None:
    table = ProducerTable()
    table.note_tentative_sequence(7, 1, 0)
    assert isinstance(table.check(batch(5, epoch=0)), ProducerAppend)
    table.note_tentative_sequence(7, 0, 0)
    with pytest.raises(KafkaError, match="OUT_OF_ORDER"):
        table.check(batch(5, epoch=1))
    table.note_tentative_sequence(7, 2, 4)
    assert isinstance(table.check(batch(5, epoch=1)), ProducerAppend)
    with pytest.raises(KafkaError, match="OUT_OF_ORDER"):
        table.check(batch(5, epoch=2))


def test_where_the_producer_is_known_its_sequences_keep_the_order() -> None:
    table = ProducerTable()
    draft = table.check(batch(0))
    assert isinstance(draft, ProducerAppend)
    table.commit(draft, 0)
    table.note_tentative_sequence(7, 0, 0)
    assert isinstance(table.check(batch(1)), ProducerAppend)


def test_what_the_log_holds_is_not_questioned() -> None:
    table = ProducerTable()
    table.note_tentative_sequence(7, 0, 0)
    assert isinstance(table.check(batch(5), is_from_client=False), ProducerAppend)
