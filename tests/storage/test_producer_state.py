"""Epochs, sequences, duplicates and open transactions of one partition's producers."""

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.producer_state import CompletedTxn, Duplicate, ProducerTable

from .builders import NOW_MS, batch

PID = 7


def _write(table: ProducerTable, offset: int, count: int = 1, **fields: int | bool) -> None:
    one = batch(count, pid=PID, **fields)  # type: ignore[arg-type]
    draft = table.check(one)
    assert not isinstance(draft, Duplicate)
    table.commit(draft, offset)


def _refusal(table: ProducerTable, **fields: int | bool) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        table.check(batch(pid=PID, **fields))  # type: ignore[arg-type]
    return refused.value.code


def _mark(table: ProducerTable, offset: int, epoch: int = 0, *, is_abort: bool = True) -> CompletedTxn | None:
    table.check_marker(PID, epoch, 0)
    return table.commit_marker(PID, epoch, 0, is_abort=is_abort, offset=offset, timestamp=NOW_MS)


@pytest.mark.parametrize("sequence", [0, 5, 2147483647])
def test_an_unknown_producer_may_begin_anywhere(sequence: int) -> None:
    table = ProducerTable()
    _write(table, 0, sequence=sequence)
    assert len(table) == 1


def test_sequences_go_on_and_gaps_are_refused() -> None:
    table = ProducerTable()
    _write(table, 0, 3, sequence=0)
    assert _refusal(table, sequence=4) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert _refusal(table, sequence=2) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    _write(table, 3, sequence=3)


def test_sequences_wrap_to_zero_after_2147483647() -> None:
    table = ProducerTable()
    _write(table, 0, 4, sequence=2147483646)
    entry = table.find(PID)
    assert entry is not None
    assert entry.last_sequence == 1
    assert _refusal(table, sequence=1) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    repeat = table.check(batch(4, pid=PID, sequence=2147483646))
    assert isinstance(repeat, Duplicate)
    _write(table, 4, sequence=2)


def test_a_batch_that_ends_at_2147483647_is_followed_by_zero() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=2147483647)
    assert _refusal(table, sequence=1) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    _write(table, 1, sequence=0)


def test_the_last_five_batches_are_recognised_when_they_come_again() -> None:
    table = ProducerTable()
    for n in range(6):
        _write(table, 10 + 2 * n, 2, sequence=2 * n, timestamp=NOW_MS + n)
    for n in range(1, 6):
        found = table.check(batch(2, pid=PID, sequence=2 * n))
        assert found == Duplicate(10 + 2 * n, 11 + 2 * n, NOW_MS + n)
    assert _refusal(table, sequence=0) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_partial_overlap_is_no_duplicate() -> None:
    table = ProducerTable()
    _write(table, 0, 2, sequence=0)
    assert _refusal(table, sequence=0) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert _refusal(table, sequence=1) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_new_epoch_begins_at_zero_and_forgets_the_old_batches() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0)
    assert _refusal(table, epoch=1, sequence=1) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    _write(table, 1, epoch=1, sequence=0)
    entry = table.find(PID)
    assert entry is not None
    assert [known.last_offset for known in entry.batches] == [1]


def test_an_old_epoch_is_47_whatever_its_sequence() -> None:
    table = ProducerTable()
    _write(table, 0, epoch=2, sequence=0)
    assert _refusal(table, epoch=1, sequence=0) == ErrorCode.INVALID_PRODUCER_EPOCH
    assert _refusal(table, epoch=1, sequence=1) == ErrorCode.INVALID_PRODUCER_EPOCH


def test_the_broker_itself_writes_without_sequences_but_not_with_an_old_epoch() -> None:
    table = ProducerTable()
    _write(table, 0, epoch=2, sequence=0)
    draft = table.check(batch(pid=PID, epoch=2, sequence=99), is_from_client=False)
    assert not isinstance(draft, Duplicate)
    with pytest.raises(KafkaError):
        table.check(batch(pid=PID, epoch=1, sequence=0), is_from_client=False)


def test_checking_changes_nothing() -> None:
    table = ProducerTable()
    table.check(batch(pid=PID, sequence=0, is_transactional=True))
    assert len(table) == 0
    assert table.first_open_offset is None


def test_a_transaction_opens_with_its_first_batch_and_ends_with_its_marker() -> None:
    table = ProducerTable()
    _write(table, 5, sequence=0, is_transactional=True)
    _write(table, 6, sequence=1, is_transactional=True)
    assert table.first_open_offset == 5
    assert table.has_open_transaction(PID)
    assert _mark(table, 7) == CompletedTxn(PID, 5, 7, True, 8)
    assert table.first_open_offset is None
    assert not table.has_open_transaction(PID)


def test_a_plain_batch_inside_a_transaction_is_48_after_its_sequence_was_checked() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, is_transactional=True)
    assert _refusal(table, sequence=5) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert _refusal(table, sequence=1) == ErrorCode.INVALID_TXN_STATE


def test_the_stable_offset_after_an_abort_is_that_of_the_next_open_transaction() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, is_transactional=True)
    other = table.check(batch(pid=8, is_transactional=True))
    assert not isinstance(other, Duplicate)
    table.commit(other, 1)
    assert _mark(table, 2) == CompletedTxn(PID, 0, 2, True, 1)


def test_a_marker_without_data_completes_nothing() -> None:
    table = ProducerTable()
    assert _mark(table, 0) is None
    entry = table.find(PID)
    assert entry is not None
    assert entry.last_sequence == -1
    assert _refusal(table, sequence=1) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    _write(table, 1, sequence=0)


def test_a_marker_of_the_same_epoch_keeps_the_sequences_and_one_of_a_higher_clears_them() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, is_transactional=True)
    _mark(table, 1)
    _write(table, 2, sequence=1, is_transactional=True)
    _mark(table, 3, epoch=1)
    assert _refusal(table, epoch=0, sequence=2) == ErrorCode.INVALID_PRODUCER_EPOCH
    _write(table, 4, epoch=1, sequence=0)


def test_stale_markers_are_47_and_stale_coordinators_52() -> None:
    table = ProducerTable()
    _write(table, 0, epoch=3, sequence=0, is_transactional=True)
    with pytest.raises(KafkaError) as old_epoch:
        table.check_marker(PID, 2, 0)
    assert old_epoch.value.code == ErrorCode.INVALID_PRODUCER_EPOCH
    table.commit_marker(PID, 3, 5, is_abort=False, offset=1, timestamp=NOW_MS)
    with pytest.raises(KafkaError) as old_coordinator:
        table.check_marker(PID, 3, 4)
    assert old_coordinator.value.code == ErrorCode.TRANSACTION_COORDINATOR_FENCED
    table.check_marker(99, 0, 0)


def test_under_transactions_v2_a_marker_must_raise_the_epoch_of_an_open_transaction() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, is_transactional=True)
    with pytest.raises(KafkaError) as refused:
        table.check_marker(PID, 0, 0, must_raise_epoch=True)
    assert refused.value.code == ErrorCode.INVALID_PRODUCER_EPOCH
    table.check_marker(PID, 1, 0, must_raise_epoch=True)
    _mark(table, 1, epoch=1)
    table.check_marker(PID, 1, 0, must_raise_epoch=True)


def test_silent_producers_expire_by_their_own_timestamps() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, timestamp=NOW_MS)
    assert table.expire(NOW_MS + 999, 1000) == 0
    assert table.expire(NOW_MS + 1000, 1000) == 1
    assert table.find(PID) is None


def test_a_producer_with_an_open_transaction_never_expires() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, timestamp=0, is_transactional=True)
    assert table.expire(NOW_MS, 1000) == 0
    assert table.first_open_offset == 0


def test_a_snapshot_keeps_the_newest_batch_of_each_producer() -> None:
    table = ProducerTable()
    _write(table, 0, 2, sequence=0)
    _write(table, 2, 3, sequence=2, is_transactional=True)
    again = ProducerTable.from_snapshot(table.snapshot_entries(), NOW_MS, 1000)
    assert again.snapshot_entries() == table.snapshot_entries()
    assert again.first_open_offset == 2
    assert isinstance(again.check(batch(3, pid=PID, sequence=2, is_transactional=True)), Duplicate)
    assert _refusal(again, sequence=0) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_expired_producers_are_not_loaded_from_a_snapshot_unless_a_transaction_is_open() -> None:
    table = ProducerTable()
    _write(table, 0, sequence=0, timestamp=0)
    other = table.check(batch(pid=8, timestamp=0, is_transactional=True))
    assert not isinstance(other, Duplicate)
    table.commit(other, 1)
    again = ProducerTable.from_snapshot(table.snapshot_entries(), NOW_MS, 1000)
    assert [producer_id for producer_id, _ in again] == [8]


def test_open_transactions_keep_the_order_of_their_offsets_over_a_snapshot() -> None:
    table = ProducerTable()
    for offset, producer_id in enumerate((9, 3, 5)):
        draft = table.check(batch(pid=producer_id, is_transactional=True))
        assert not isinstance(draft, Duplicate)
        table.commit(draft, offset)
    again = ProducerTable.from_snapshot(reversed(table.snapshot_entries()), NOW_MS, 1000)
    assert again.first_open_offset == 0
    again.commit_marker(9, 0, 0, is_abort=False, offset=3, timestamp=NOW_MS)
    assert again.first_open_offset == 1
