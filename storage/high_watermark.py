"""HighWatermark: how far the log of a replica is known to be on enough other replicas, and what it leaves undecided.

A transaction is decided for consumers once its marker lies below the high watermark, not when the marker is appended:
until then a newer leader may lack it (Apache Kafka calls such a transaction unreplicated). Pure.
"""

from collections import deque
from collections.abc import Iterable

from .producer_state import CompletedTxn


class HighWatermark:
    """The first offset that consumers may not see yet; the caller keeps it between the log's start and end."""

    __slots__ = ("_undecided", "offset")

    def __init__(self, offset: int, completed: Iterable[CompletedTxn] = ()) -> None:
        """`completed`: the transactions whose markers lie at or beyond it, in the order of these."""
        self.offset = offset
        # (marker, first offset), both ascending. A transaction that begins above a later one in this order is left
        # out: as long as its marker is not passed, the later one holds the stable offset further down.
        self._undecided: deque[tuple[int, int]] = deque()
        for one in completed:
            self.note_completed(one)

    def note_completed(self, completed: CompletedTxn) -> None:
        """A marker was appended: beyond the high watermark, as everything that is new."""
        undecided, first_offset = self._undecided, completed.first_offset
        while undecided and undecided[-1][1] >= first_offset:
            undecided.pop()
        undecided.append((completed.last_offset, first_offset))

    def raise_to(self, offset: int) -> bool:
        """Never lower; whether it has moved."""
        if offset <= self.offset:
            return False
        self.offset = offset
        while self._undecided and self._undecided[0][0] < offset:
            self._undecided.popleft()
        return True

    def cut(self, end_offset: int) -> None:
        """The log ends earlier now: what lost its marker is open again, and the producers know that."""
        self.offset = min(self.offset, end_offset)
        while self._undecided and self._undecided[-1][0] >= end_offset:
            self._undecided.pop()

    def stable_offset(self, first_open_offset: int | None) -> int:
        """Everything below is decided, and will stay so, where the earliest open transaction begins there."""
        stable = self.offset
        if self._undecided:
            stable = min(stable, self._undecided[0][1])
        return stable if first_open_offset is None else min(stable, first_open_offset)
