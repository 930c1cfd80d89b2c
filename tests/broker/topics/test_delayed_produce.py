"""An answer to acks=all waits until every partition is replicated, is refused, or has had its time."""

from collections.abc import Callable
from functools import partial

import pytest

from odradek.broker.purgatory import Purgatory
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.topics.delayed_produce import DelayedProduce
from odradek.broker.topics.partition import NotYetLeading
from odradek.protocol.errors import ErrorCode, KafkaError

TIMEOUT_S = 5.0


class ManualLeadership(NotYetLeading):
    """A partition that is replicated when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Callable[[KafkaError | None], None]]] = []

    def when_replicated(self, end_offset: int, then: Callable[[KafkaError | None], None]) -> None:
        self.waiting.append((end_offset, then))

    def report(self, error: KafkaError | None = None) -> None:
        waiting, self.waiting = self.waiting, []
        for _, then in waiting:
            then(error)


class Waiting:
    """A request for two partitions, that waits: `refused` has its errors by partition, `answers` counts."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.purgatory = Purgatory(manual_runtime(self.clock))
        self.partitions = [ManualLeadership(), ManualLeadership()]
        self.refused: dict[int, ErrorCode] = {}
        self.answers = 0
        self.delayed = DelayedProduce(self.clock.now() + TIMEOUT_S, self.answer)

    def answer(self) -> None:
        self.answers += 1

    def begin(self) -> None:
        appended = [
            (partition, 10 + index, partial(self.refused.__setitem__, index))
            for index, partition in enumerate(self.partitions)
        ]
        self.delayed.begin(appended, self.purgatory)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_it_is_answered_when_all_partitions_are_replicated_and_not_before(waiting: Waiting) -> None:
    waiting.begin()
    assert [partition.waiting[0][0] for partition in waiting.partitions] == [10, 11]
    waiting.partitions[0].report()
    assert waiting.answers == 0
    waiting.partitions[1].report()
    assert (waiting.answers, waiting.refused, len(waiting.purgatory)) == (1, {}, 0)


def test_it_is_answered_at_once_where_all_are_replicated_already(waiting: Waiting) -> None:
    def at_once(end_offset: int, then: Callable[[KafkaError | None], None]) -> None:
        then(None)

    for partition in waiting.partitions:
        partition.when_replicated = at_once  # type: ignore[method-assign]
    waiting.begin()
    assert (waiting.answers, len(waiting.purgatory)) == (1, 0)


def test_a_partition_that_is_refused_keeps_no_other_from_its_turn(waiting: Waiting) -> None:
    waiting.begin()
    waiting.partitions[0].report(KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
    assert waiting.answers == 0
    waiting.partitions[1].report()
    assert (waiting.answers, waiting.refused) == (1, {0: ErrorCode.NOT_LEADER_OR_FOLLOWER})


def test_what_is_not_replicated_in_time_has_timed_out(waiting: Waiting) -> None:
    waiting.begin()
    waiting.partitions[0].report()
    waiting.clock.advance(TIMEOUT_S)
    assert (waiting.answers, waiting.refused) == (1, {1: ErrorCode.REQUEST_TIMED_OUT})


def test_what_is_replicated_later_answers_nobody_twice(waiting: Waiting) -> None:
    waiting.begin()
    waiting.clock.advance(TIMEOUT_S)
    for partition in waiting.partitions:
        partition.report(KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
    assert waiting.answers == 1
    assert set(waiting.refused.values()) == {ErrorCode.REQUEST_TIMED_OUT}


def test_a_failure_answers_all_that_wait(waiting: Waiting) -> None:
    waiting.begin()
    waiting.delayed.fail(ValueError("the unforeseen"))
    assert (waiting.answers, set(waiting.refused.values())) == (1, {ErrorCode.UNKNOWN_SERVER_ERROR})
