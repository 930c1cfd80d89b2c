"""Many deadlines, one timer: which is next, and which have passed.

The rules: putting a deadline off (what every heartbeat does) costs one dictionary write, for the heap keeps the earlier
time and is corrected when that time comes up. And no key comes due twice at one time: whoever takes all that is due
comes to an end, whatever deadlines are set meanwhile.
"""

from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from math import inf, nextafter
from typing import Generic, TypeVar

K = TypeVar("K")


class Deadlines(Generic[K]):
    """Deadlines by key, in monotonic seconds; a key has at most one."""

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self._queued: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()
        # What has come due at the newest time that was asked about.
        self._round = -inf
        self._taken: set[K] = set()

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: K) -> bool:
        return key in self._at

    def set(self, key: K, at: float) -> None:
        """Give `key` the deadline `at`, in place of any it had; not before the next round if it has had this one."""
        if at <= self._round and key in self._taken:
            at = nextafter(self._round, inf)
        self._at[key] = at
        queued = self._queued.get(key)
        if queued is None or at < queued:
            self._queued[key] = at
            heappush(self._heap, (at, next(self._order), key))
            if len(self._heap) > 2 * len(self._queued) + 64:
                self._sweep()

    def cancel(self, key: K) -> None:
        """Drop the deadline of `key`, if it has one."""
        self._at.pop(key, None)

    def next(self) -> float | None:
        """The earliest deadline."""
        while self._heap:
            queued, _, key = self._heap[0]
            at = self._at.get(key)
            if queued != self._queued.get(key):
                heappop(self._heap)
            elif at is None:
                heappop(self._heap)
                del self._queued[key]
            elif at > queued:
                self._queued[key] = at
                heapreplace(self._heap, (at, next(self._order), key))
            else:
                return at
        return None

    def pop_due(self, now: float) -> K | None:
        """Take the earliest deadline that has passed: its key, or None. The calls with one `now` are a round."""
        if now != self._round:
            self._round = now
            self._taken.clear()
        at = self.next()
        if at is None or at > now:
            return None
        _, _, key = heappop(self._heap)
        del self._queued[key]
        del self._at[key]
        self._taken.add(key)
        return key

    def _sweep(self) -> None:
        """Drop the entries that an earlier deadline of the same key has overtaken."""
        self._queued = dict(self._at)
        self._heap = [(at, next(self._order), key) for key, at in self._at.items()]
        heapify(self._heap)
