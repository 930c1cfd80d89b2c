"""DelayedFetch: a fetch that waits in purgatory until its partitions have enough bytes.

It holds no data: when it is ready, or late, it is read again from scratch.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...protocol.errors import KafkaError
from ..deferred import Deferred
from .partition import Partition

if TYPE_CHECKING:  # the messages of an API are imported with its first request
    from ...protocol.messages.fetch import FetchResponse


@dataclass(slots=True)
class WatchedPartition:
    """One partition of a delayed fetch: from where, how much of it counts, and the epoch it is asked for in, or -1.

    With `is_for_leader` followers do not serve it.
    """

    partition: Partition
    offset: int
    max_bytes: int
    leader_epoch: int = -1
    is_for_leader: bool = True


@dataclass(slots=True, eq=False)
class DelayedFetch:
    """A DelayedOperation at each of its partitions; `respond` reads, and gives the answer."""

    watched: Sequence[WatchedPartition]
    min_bytes: int
    is_read_committed: bool
    deadline: float
    respond: "Callable[[], FetchResponse | Deferred[FetchResponse]]"
    deferred: "Deferred[FetchResponse]"

    @property
    def keys(self) -> Collection[Partition]:
        return [watched.partition for watched in self.watched]

    def is_ready(self) -> bool:
        """Whether the bytes that can be read by now reach `min_bytes`, or a partition has gone, or its disk."""
        total = 0
        for watched in self.watched:
            partition = watched.partition
            if watched.leader_epoch not in (-1, partition.leader_epoch):
                return True  # the read that follows refuses it
            try:
                if partition.is_deleted or partition.is_offline:
                    return True
                log = partition.log if watched.is_for_leader else partition.replica_log
                if watched.offset < log.log_start_offset:
                    return True
                upper = log.last_stable_offset if self.is_read_committed else log.high_watermark
                if watched.offset < upper:
                    total += min(log.bytes_available(watched.offset, upper), watched.max_bytes)
            except (OSError, KafkaError):
                return True  # the read that follows says what is wrong, to the client whose fetch it is
            if total >= self.min_bytes:
                return True
        return False

    def complete(self) -> None:
        self.deferred.follow(self.respond())

    def fail(self, error: Exception) -> None:
        self.deferred.fail(error)
