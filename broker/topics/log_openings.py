"""LogOpenings: logs that a crash left with much to recover are opened one after the other, a slice in each turn.

Whoever uses one meanwhile is told to come again (`Partition.log`); all others are served in between.
"""

from collections import deque

from ..log_output import get_logger
from ..runtime import Runtime
from .partition import Partition

logger = get_logger("log openings")

SLICE_S = 0.003


class LogOpenings:
    """The logs that are being opened, and those that wait for it."""

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._waiting: deque[Partition] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, partition: Partition) -> None:
        """Go on opening the log of a partition until it is open, cannot be opened, or is deleted."""
        logger.info("a log is being recovered; whoever uses it meanwhile is to try again", partition=partition.name)
        self._waiting.append(partition)
        if len(self._waiting) == 1:
            self._timers.call_soon(self._on_turn)

    def _on_turn(self) -> None:
        partition = self._waiting[0]
        until = self._clock.now() + SLICE_S
        has_more = False
        try:
            while has_more := partition.go_on_opening():
                if self._clock.now() >= until:
                    break
        finally:
            if not has_more:
                self._waiting.popleft()
            if self._waiting:
                self._timers.call_soon(self._on_turn)
