"""ReplicationWait: until the followers of a partition have what a coordinator, or a transaction, has written there.

The rule: what counts is the high watermark. Behind it a record survives whatever Kafka promises to survive, be there
fewer in sync by now than `min.insync.replicas`.
"""

from collections.abc import Callable

from ...protocol.errors import ErrorCode, KafkaError
from ..runtime import Clock, TimerHandle, Timers
from ..topics.partition import Leadership
from .state_machine import Then


class ReplicationWait:
    """Waits for so long, and then answers REQUEST_TIMED_OUT; without a time, for as long as the partition is led."""

    def __init__(self, clock: Clock, timers: Timers, timeout_s: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._timers = timers
        self._timeout_s = timeout_s

    def wait(self, leadership: Leadership, end_offset: int, then: Then) -> None:
        """Call `then` once all below this offset is replicated. NOT_LEADER_OR_FOLLOWER: it may be lost."""
        waiting = _Waiting(then)
        leadership.when_replicated(end_offset, waiting.end)
        if not waiting.is_over and self._timeout_s is not None:
            waiting.timer = self._timers.call_at(self._clock.now() + self._timeout_s(), waiting.time_out)


class _Waiting:
    """One wait, which ends once."""

    __slots__ = ("_then", "is_over", "timer")

    def __init__(self, then: Then) -> None:
        self._then = then
        self.timer: TimerHandle | None = None
        self.is_over = False

    def end(self, error: KafkaError | None) -> None:
        if self.is_over:
            return
        self.is_over = True
        if self.timer is not None:
            self.timer.cancel()
        is_replicated = error is None or error.code is ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND
        self._then(None if is_replicated else error)

    def time_out(self) -> None:
        self.end(KafkaError(ErrorCode.REQUEST_TIMED_OUT))
