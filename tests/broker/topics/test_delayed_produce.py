from collections.abc import Callable
from functools import partial

import pytest

from odradek.broker.purgatory import Purgatory
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.topics.delayed_produce import DelayedProduce
from odradek.protocol.errors import ErrorCode, KafkaError

TIMEOUT_S = 1.5


class Leading:
    """A partition that is led: the test says when it is replicated."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Callable[[KafkaError | None], None]]] = []

    def when_replicated(self, end_offset: int, then: Callable[[KafkaError | None], None]) -> None:
        self.waiting.append((end_offset, then))

    def tell(self, error: KafkaError | None = None) -> None:
        for _, then in self.waiting:
            then(error)


class Produced:
    """One answer that waits for two partitions."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.purgatory = Purgatory(manual_runtime(self.clock))
        self.partitions = (Leading(), Leading())
        self.errors: dict[int, ErrorCode] = {}
        self.answered = 0
        delayed = DelayedProduce(self.clock.now() + TIMEOUT_S, self._answer)
        appended = [(one, 10, partial(self._refuse, number)) for number, one in enumerate(self.partitions)]
        delayed.begin(appended, self.purgatory)  # type: ignore[arg-type]  # of a leadership it asks nothing else

    def _answer(self) -> None:
        self.answered += 1

    def _refuse(self, number: int, code: ErrorCode) -> None:
        self.errors[number] = code


@pytest.fixture
def produced() -> Produced:
    return Produced()


def test_the_answer_waits_until_every_partition_is_replicated(produced: Produced) -> None:
    one, other = produced.partitions
    assert [end for end, _ in one.waiting] == [10]
    one.tell()
    assert produced.answered == 0
    other.tell()
    assert (produced.answered, produced.errors, len(produced.purgatory)) == (1, {}, 0)


def test_what_is_not_replicated_in_time_is_answered_with_a_timeout_and_only_that(produced: Produced) -> None:
    produced.partitions[0].tell()
    produced.clock.advance(TIMEOUT_S)
    assert (produced.answered, produced.errors) == (1, {1: ErrorCode.REQUEST_TIMED_OUT})
    produced.partitions[1].tell()
    assert produced.answered == 1


def test_a_leader_that_leads_no_more_has_its_partition_refused(produced: Produced) -> None:
    produced.partitions[1].tell(KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER))
    produced.partitions[0].tell()
    assert (produced.answered, produced.errors) == (1, {1: ErrorCode.NOT_LEADER_OR_FOLLOWER})
