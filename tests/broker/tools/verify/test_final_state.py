"""The end of a run: nothing is under way any more, or it is said what is; and everything is read once more."""

from collections.abc import Iterator

import pytest

from odradek.broker.tools.verify import final_state
from odradek.broker.tools.verify.final_state import FinalReader
from odradek.broker.tools.verify.history import Assign, Isolation, Poll, Record, TopicPartition
from odradek.broker.tools.verify.library import ClientError

from .driven import Driven
from .model_broker import ModelConsumer, ModelProducer

COMMITTED, UNCOMMITTED = Isolation.READ_COMMITTED, Isolation.READ_UNCOMMITTED


class Ending:
    """A reader whose clock goes on by a second whenever it is looked at, and which never pauses."""

    def __init__(self) -> None:
        self.driven = Driven()
        self._seconds: Iterator[float] = map(float, range(10_000))
        self.reader = FinalReader(self.driven.library, self.driven.run.history, lambda: next(self._seconds))
        self.where = self.driven.plan.partitions([self.driven.plan.source])

    def write(self, *values: str) -> None:
        records = [Record(self.driven.plan.source, 0, value) for value in values]
        self.driven.library.producer(None, 0.0, "none").send(records, 1.0)

    def begin(self, value: str) -> ModelProducer:
        producer = self.driven.library.producer("id", 10_000.0, "none")
        producer.init_transactions(1.0)
        producer.begin()
        producer.send([Record(self.driven.plan.source, 0, value)], 1.0)
        return producer


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Ending:
    monkeypatch.setattr(final_state, "PAUSE_S", 0.0)
    return Ending()


def test_where_every_transaction_has_ended_nothing_stalls(ending: Ending) -> None:
    ending.write("one")
    ending.begin("two").commit(1.0)
    assert ending.reader.wait_until_stable(ending.where, 3) == []


def test_a_transaction_that_does_not_end_is_told_with_its_place(ending: Ending) -> None:
    ending.write("one")
    ending.begin("two")
    (sentence,) = ending.reader.wait_until_stable(ending.where, 3)
    assert "does not end in 3 s: run-input-0 is stable up to 1 of 2" in sentence


def test_a_broker_that_is_away_for_a_while_is_asked_again_and_one_that_stays_away_is_told(
    ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ending.driven.library.end_offsets
    failures = [ClientError("away")] * 3

    def fail_first(*arguments: object) -> object:
        if failures:
            raise failures.pop()
        return answers(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ending.driven.library, "end_offsets", fail_first)
    assert ending.reader.wait_until_stable(ending.where, 10) == []
    failures += [ClientError("away")] * 1000
    (sentence,) = ending.reader.wait_until_stable(ending.where, 5)
    assert "did not tell its offsets for 5 s" in sentence


def test_a_group_is_waited_for_until_it_has_reached_the_end_or_is_told_of(ending: Ending) -> None:
    consumer = ending.driven.library.consumer("g", COMMITTED)
    consumer.commit({ending.where[0]: 5, ending.where[1]: 3}, 1.0)
    ends = {ending.where[0]: 5, ending.where[1]: 4, ending.where[2]: 1}
    told = ending.reader.wait_until_copied("g", ends, 3)
    assert told == ["group g stays at 3 of 4 in run-input-1", "group g stays at -1 of 1 in run-input-2"]
    consumer.commit(ends, 1.0)
    assert ending.reader.wait_until_copied("g", ends, 3) == []
    assert ending.reader.committed("g", ending.where) == ends
    assert ending.reader.committed("nobody", ending.where) == {}


def test_everything_is_read_to_its_end_in_each_isolation_and_is_in_the_history(ending: Ending) -> None:
    ending.write("one")
    ending.begin("two").abort(1.0)
    ending.write("three")
    assert [one.value for one in ending.reader.read(ending.where, COMMITTED, 5)] == ["one", "three"]
    assert [one.value for one in ending.reader.read(ending.where, UNCOMMITTED, 5)] == ["one", "two", "three"]
    first, second = ending.driven.details(Assign)
    assert first.reader != second.reader
    assert {poll.reader for poll in ending.driven.details(Poll)} == {first.reader, second.reader}


def test_empty_logs_are_read_at_once(ending: Ending) -> None:
    assert ending.reader.read(ending.where, COMMITTED, 5) == []


def test_logs_that_end_before_their_end_are_an_error(ending: Ending, monkeypatch: pytest.MonkeyPatch) -> None:
    ending.write("one")

    def nothing(consumer: object, limit: int, timeout_s: float) -> tuple[list[Record], dict[TopicPartition, int]]:
        return [], {}

    monkeypatch.setattr(ModelConsumer, "poll_with_ends", nothing)
    with pytest.raises(ClientError, match="was not reached in 2 s"):
        ending.reader.read(ending.where, COMMITTED, 2)


def test_an_end_that_goes_back_is_told_and_not_taken_for_the_end(
    ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending.write("one", "two")
    where, answers = ending.where[0], [{ending.where[0]: 1}]
    poll = ModelConsumer.poll_with_ends

    def early_first(
        consumer: ModelConsumer, limit: int, timeout_s: float
    ) -> tuple[list[Record], dict[TopicPartition, int]]:
        return ([], answers.pop()) if answers else poll(consumer, limit, timeout_s)

    monkeypatch.setattr(ModelConsumer, "poll_with_ends", early_first)
    assert [one.value for one in ending.reader.read([where], COMMITTED, 5)] == ["one", "two"]
    (sentence,) = ending.reader.receded
    assert sentence.startswith("run-input-0 ended at 2, and at 1 when final-read_committed/1")
