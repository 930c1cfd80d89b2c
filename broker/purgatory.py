"""Fetches that wait for bytes or a deadline. Pure: it is told of appends and of the time.

A parked fetch holds no data: when it is ready, or late, it is read again from scratch.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .topics.partition import Partition


@dataclass(slots=True)
class Watched:
    """One partition of a waiting fetch: from where, and how much of it counts."""

    partition: Partition
    offset: int
    max_bytes: int


@dataclass(slots=True, eq=False)
class DelayedFetch:
    """A parked fetch. `ready` is called once, from `settle` or `on_time`."""

    watched: Sequence[Watched]
    min_bytes: int
    is_read_committed: bool
    deadline: float
    ready: Callable[[], None]
    is_done: bool = False

    def has_enough(self) -> bool:
        """Whether the bytes that can be read by now reach `min_bytes`, or a partition has gone, or its disk."""
        total = 0
        for watched in self.watched:
            partition = watched.partition
            if partition.is_deleted or partition.is_offline or watched.offset < partition.log.log_start_offset:
                return True
            upper = partition.log.last_stable_offset if self.is_read_committed else partition.log.high_watermark
            if watched.offset < upper:
                try:
                    available = partition.log.bytes_available(watched.offset, upper)
                except OSError:
                    return True  # the read that follows says what is wrong, to the client whose fetch it is
                total += min(available, watched.max_bytes)
                if total >= self.min_bytes:
                    return True
        return False


class Purgatory:
    """Every parked fetch, found by partition and by deadline."""

    def __init__(self, arm: Callable[[float | None], None]) -> None:
        self._arm = arm
        self._by_partition: dict[Partition, set[DelayedFetch]] = {}
        self._by_deadline: list[tuple[float, int, DelayedFetch]] = []
        self._touched: set[Partition] = set()
        self._count = 0

    def park(self, waiter: DelayedFetch) -> None:
        """Keep a fetch until it has enough, its deadline passes, or it is dropped."""
        for watched in waiter.watched:
            self._by_partition.setdefault(watched.partition, set()).add(waiter)
        self._count += 1
        heapq.heappush(self._by_deadline, (waiter.deadline, self._count, waiter))
        self._arm(self.next_deadline())

    def drop(self, waiter: DelayedFetch) -> None:
        """The client has gone."""
        if waiter.is_done:
            return
        waiter.is_done = True
        for watched in waiter.watched:
            waiting = self._by_partition.get(watched.partition)
            if waiting is not None:
                waiting.discard(waiter)
                if not waiting:
                    del self._by_partition[watched.partition]

    def note_change(self, partition: Partition) -> None:
        """Bytes were appended, became stable, or the partition was deleted or went offline."""
        if partition in self._by_partition:
            self._touched.add(partition)

    def settle(self) -> None:
        """Answer the waiting fetches that the noted changes made ready."""
        while self._touched:
            touched, self._touched = self._touched, set()
            for partition in touched:
                for waiter in list(self._by_partition.get(partition, ())):
                    if not waiter.is_done and waiter.has_enough():
                        self._finish(waiter)

    def on_time(self, now: float) -> None:
        """Answer the fetches whose deadline has passed."""
        while self._by_deadline and (self._by_deadline[0][0] <= now or self._by_deadline[0][2].is_done):
            waiter = heapq.heappop(self._by_deadline)[2]
            if not waiter.is_done:
                self._finish(waiter)
        self._arm(self.next_deadline())

    def next_deadline(self) -> float | None:
        """When `on_time` must be called next, in monotonic seconds."""
        while self._by_deadline and self._by_deadline[0][2].is_done:
            heapq.heappop(self._by_deadline)
        return self._by_deadline[0][0] if self._by_deadline else None

    def _finish(self, waiter: DelayedFetch) -> None:
        self.drop(waiter)
        waiter.ready()
