"""What a follower asks its leader, and what it is told: the part of Fetch that replicas use, as values.

Between the brokers of one process nothing is encoded: the bytes of the batches are handed over as the leader's log has
them.
"""

from dataclasses import dataclass
from typing import NamedTuple

from ...protocol.errors import ErrorCode
from ...storage.files.files import Buffer

PartitionKey = tuple[bytes, int]
"""A topic's id, and the index of a partition."""


class Follower(NamedTuple):
    """Who asks: a broker, in the epoch that it was registered in when it began (KIP-903)."""

    node_id: int
    broker_epoch: int


class ReplicaFetch(NamedTuple):
    """From where a follower wants to go on, and in which epoch it takes the other for the leader (KIP-320)."""

    key: PartitionKey
    leader_epoch: int
    fetch_offset: int
    last_fetched_epoch: int  # -1 with an empty log
    log_start_offset: int  # where the follower's log begins, which DeleteRecords waits for (KIP-107)
    max_bytes: int


@dataclass(slots=True)
class ReplicaFetched:
    """What the leader has from there; where the logs diverge, the newest epoch that both may have and its end.

    Up to `next_offset` it has nothing but `data`: compaction may have left a gap at the end of its log.
    """

    key: PartitionKey
    leader_epoch: int
    fetch_offset: int
    error: ErrorCode = ErrorCode.NONE
    data: Buffer = b""
    next_offset: int = -1
    high_watermark: int = -1
    log_start_offset: int = -1
    log_end_offset: int = -1
    diverging: tuple[int, int] | None = None
