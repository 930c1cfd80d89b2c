import pytest

from odradek.broker.coordination.replication_wait import ReplicationWait
from odradek.broker.coordination.state_machine import Then
from odradek.broker.testing.clock import ManualClock
from odradek.protocol.errors import ErrorCode, KafkaError

from .leading import HandLeadership

TIMEOUT_S = 5.0


class Waiting:
    """One wait for offset 7."""

    def __init__(self, timeout_s: float | None = TIMEOUT_S) -> None:
        self.clock = ManualClock()
        self.leadership = HandLeadership()
        self.heard: list[ErrorCode | None] = []
        timeout = None if timeout_s is None else lambda: timeout_s
        ReplicationWait(self.clock, self.clock, timeout).wait(self.leadership, 7, self._hear)

    def _hear(self, error: KafkaError | None) -> None:
        self.heard.append(None if error is None else error.code)


def test_whoever_waits_hears_when_the_followers_have_it_and_no_more_after_that() -> None:
    waiting = Waiting()
    assert ([end for end, _ in waiting.leadership.waiting], waiting.heard) == ([7], [])
    waiting.leadership.tell()
    waiting.clock.advance(TIMEOUT_S)
    assert (waiting.heard, waiting.clock.pending) == ([None], 0)


def test_a_wait_that_takes_too_long_times_out_once() -> None:
    waiting = Waiting()
    waiting.clock.advance(TIMEOUT_S - 0.1)
    assert waiting.heard == []
    waiting.clock.advance(0.1)
    waiting.leadership.tell()
    assert waiting.heard == [ErrorCode.REQUEST_TIMED_OUT]


def test_without_a_time_it_waits_as_long_as_the_partition_is_led() -> None:
    waiting = Waiting(None)
    waiting.clock.advance(10_000)
    assert waiting.heard == []
    waiting.leadership.tell(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    assert waiting.heard == [ErrorCode.NOT_LEADER_OR_FOLLOWER]


@pytest.mark.parametrize("code", [ErrorCode.NONE, ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND])
def test_what_lies_behind_the_high_watermark_is_replicated_however_many_are_in_sync_by_now(code: ErrorCode) -> None:
    waiting = Waiting()
    waiting.leadership.tell(code)
    assert waiting.heard == [None]


def test_no_timer_is_set_for_what_is_replicated_already() -> None:
    class AtOnce(HandLeadership):
        def when_replicated(self, end_offset: int, then: Then) -> None:
            then(None)

    clock = ManualClock()
    heard: list[KafkaError | None] = []
    ReplicationWait(clock, clock, lambda: TIMEOUT_S).wait(AtOnce(), 7, heard.append)
    assert (heard, clock.pending) == ([None], 0)
