"""Consume, transform, produce: records and offsets move together or not at all."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from odradek.broker.tools.verify.check_copies import original_of
from odradek.broker.tools.verify.copier import Copier
from odradek.broker.tools.verify.history import End, Init, Isolation, Phase, Poll, Record, SendOffsets
from odradek.broker.tools.verify.library import CONSUMER, ClientError

from .driven import Chosen, Driven

LIVES, COMMITS = 0.9, 0.9


@pytest.fixture
def driven() -> Driven:
    made = Driven()
    begin = made.library.consumer(made.plan.pipelines[0].group, Isolation.READ_COMMITTED)
    begin.commit(dict.fromkeys(made.plan.partitions([made.plan.source]), 0), 1.0)
    write(made, "one", "two")
    return made


def write(driven: Driven, *values: str) -> None:
    records = [Record(driven.plan.source, 0, value) for value in values]
    driven.library.producer(None, 0.0, "none").send(records, 1.0)


def copier(driven: Driven, *values: float) -> Copier:
    return driven.made(Copier("c", driven.run, driven.library), *values)


def copies(driven: Driven, isolation: Isolation = Isolation.READ_COMMITTED) -> Sequence[str]:
    consumer = driven.library.consumer(None, isolation)
    consumer.assign(dict.fromkeys(driven.plan.partitions([driven.plan.pipelines[0].target]), 0))
    return [original_of(record.value) for record in consumer.poll(100, 0.1)]


def position(driven: Driven) -> int:
    pipeline = driven.plan.pipelines[0]
    return driven.broker.groups[pipeline.group, driven.plan.partitions([pipeline.source])[0]]


def test_what_was_read_is_copied_with_the_offset_after_it(driven: Driven) -> None:
    worker = copier(driven, LIVES, COMMITS, LIVES)
    worker.turn()
    assert (copies(driven), position(driven)) == (["one", "two"], 2)
    write(driven, "three")
    worker.random = Chosen(LIVES, COMMITS, LIVES)
    worker.turn()
    assert (copies(driven), position(driven)) == (["one", "two", "three"], 3)
    assert len(driven.details(SendOffsets)) == 2


def test_it_joins_its_group_with_the_protocol_of_the_plan(driven: Driven) -> None:
    driven.run.plan = replace(driven.plan, group_protocols=(CONSUMER,))
    driven.library.spoken.clear()
    copier(driven, LIVES, COMMITS, LIVES).turn()
    assert driven.library.spoken == [CONSUMER]


def test_without_anything_new_it_begins_no_transaction(driven: Driven) -> None:
    worker = copier(driven, LIVES, COMMITS, LIVES)
    worker.turn()
    worker.random = Chosen(LIVES)
    worker.turn()
    assert len(driven.details(End)) == 1


def test_an_abort_copies_nothing_and_reads_the_same_once_more(driven: Driven) -> None:
    worker = copier(driven, LIVES, 0.0, LIVES)
    worker.turn()
    assert (copies(driven), position(driven)) == ([], 0)
    worker.random = Chosen(LIVES, COMMITS, LIVES)
    worker.turn()
    assert copies(driven) == ["one", "two"]
    readers = [poll.reader for poll in driven.details(Poll)]
    assert len(set(readers)) == 2  # a reader that went back is another one


def test_a_death_before_the_commit_leaves_it_to_the_next_life_to_abort_and_copy(driven: Driven) -> None:
    worker = copier(driven, 0.0)
    with pytest.raises(ClientError, match="dies at random"):
        worker.turn()
    worker.let_go()
    assert driven.broker.open
    worker.random = Chosen(LIVES, COMMITS, LIVES)
    worker.turn()
    assert not driven.broker.open
    assert (copies(driven), position(driven)) == (["one", "two"], 2)
    assert copies(driven, Isolation.READ_UNCOMMITTED) == ["one", "two", "one", "two"]
    assert [one.process for one in driven.operations(Init)] == ["c/1", "c/2"]


def test_a_send_that_fails_aborts(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ClientError("broker away")

    worker = copier(driven)
    with monkeypatch.context() as patched:
        patched.setattr("odradek.broker.tools.verify.writing.WritingProcess.send_offsets", fail)
        with pytest.raises(ClientError, match="broker away"):
            worker.turn()
    assert driven.details(End, Phase.OK) == [End("c/1.1", is_commit=False)]
    assert copies(driven) == []


def test_at_the_end_it_leaves_its_clients(driven: Driven) -> None:
    worker = copier(driven, LIVES, COMMITS, LIVES)
    worker.turn()
    worker.finish()
    assert (worker._producer, worker._consumer) == (None, None)
