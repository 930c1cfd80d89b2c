"""What the transaction coordinator does by the clock: abort overdue transactions, and let unused ids expire.

The one rule: both are looked for at Kafka's intervals, for overdue transactions only while there is one that can become
so. Pure: it is given the time.
"""

from functools import partial
from typing import Literal

from ..result import CoordinatorResult, Instant, Operation
from ..timers import Deadlines
from .coordinator import Result, TransactionCoordinator, TransactionResponse
from .transaction_config import TransactionConfig

# "overdue" looks for transactions to "abort", then "watch" whether to look again; "unused" begins a sweep over all ids.
TimerKind = Literal["overdue", "abort", "watch", "unused"]
TimerKey = tuple[TimerKind, str, int]

OVERDUE: TimerKey = ("overdue", "", -1)
WATCH: TimerKey = ("watch", "", -1)
UNUSED: TimerKey = ("unused", "", -1)
LOOKED_AT_ONCE = 500  # ids of a sweep, before others are served


class TransactionTimeouts:
    """The deadlines of a coordinator, each with the operation that it brings."""

    def __init__(self, config: TransactionConfig, coordinator: TransactionCoordinator) -> None:
        self._coordinator = coordinator
        self._abort_interval_s = config.abort_interval_ms / 1000
        self._expiration_interval_s = config.expiration_interval_ms / 1000
        self._deadlines: Deadlines[TimerKey] = Deadlines()
        self._to_sweep: list[str] = []  # the ids to be looked at, the next one last
        self._sweep_began = 0.0

    def start(self, at: Instant) -> None:
        """Everything is loaded: watch over what is ongoing, and let ids expire."""
        if self._coordinator.has_ongoing():
            self.watch(at)
        self._deadlines.set(UNUSED, at.now + self._expiration_interval_s)

    def watch(self, at: Instant) -> None:
        """A transaction may begin: look in a while whether one is overdue."""
        if OVERDUE not in self._deadlines:
            self._deadlines.set(OVERDUE, at.now + self._abort_interval_s)

    def next_deadline(self) -> float | None:
        """When `take_due` is to be called next, in monotonic seconds."""
        return self._sweep_began if self._to_sweep else self._deadlines.next()

    def take_due(self, at: Instant) -> Operation[TransactionResponse] | None:
        """The next operation whose time has come; there may be more to do where there is none."""
        while (key := self._deadlines.pop_due(at.now)) is not None:
            kind, transactional_id, partition = key
            if kind == "abort":
                return Operation("timeout", transactional_id, partition, partial(self._time_out, transactional_id))
            if kind == "overdue":
                self._look_for_overdue(at)
            elif kind == "unused":
                self._begin_sweep(at)
            elif self._coordinator.has_ongoing():
                self.watch(at)
        return self._sweep(at)

    def _look_for_overdue(self, at: Instant) -> None:
        for transactional_id in self._coordinator.overdue(at.now_ms):
            self._deadlines.set(("abort", transactional_id, self._coordinator.partition_of(transactional_id)), at.now)
        self._deadlines.set(WATCH, at.now)

    def _begin_sweep(self, at: Instant) -> None:
        self._to_sweep = list(reversed(self._coordinator.ids()))
        self._sweep_began = at.now
        self._deadlines.set(UNUSED, at.now + self._expiration_interval_s)

    def _sweep(self, at: Instant) -> Operation[TransactionResponse] | None:
        """Go on to the next id that nobody uses, or as far as may be gone at once."""
        for _ in range(min(LOOKED_AT_ONCE, len(self._to_sweep))):
            transactional_id = self._to_sweep.pop()
            if self._coordinator.is_expired(transactional_id, at.now_ms):
                partition = self._coordinator.partition_of(transactional_id)
                return Operation("expiry", transactional_id, partition, partial(self._expire, transactional_id))
        return None

    def _time_out(self, transactional_id: str, at: Instant) -> Result:
        if not self._coordinator.is_overdue(transactional_id, at.now_ms):
            return CoordinatorResult()
        return self._coordinator.time_out(transactional_id, at.now_ms)

    def _expire(self, transactional_id: str, at: Instant) -> Result:
        return self._coordinator.expire(transactional_id, at.now_ms)
