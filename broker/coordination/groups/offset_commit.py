"""What is asked by an OffsetCommit or a TxnOffsetCommit, of a group of any kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from ....protocol.errors import ErrorCode
from ....protocol.schema import ZERO_UUID


@dataclass(frozen=True, slots=True)
class OffsetToCommit:
    """One partition of an OffsetCommit or a TxnOffsetCommit."""

    topic: str
    partition: int
    offset: int
    leader_epoch: int = -1
    metadata: str = ""
    topic_id: bytes = ZERO_UUID


@dataclass(frozen=True, slots=True)
class OffsetCommit:
    """An OffsetCommit or a TxnOffsetCommit; the producer is -1 outside a transaction.

    `generation` is a member epoch in groups of the new protocol (KIP-848), and `has_member_epoch` whether the version
    of the request knows of that. `unknown_group` is what a generation of a group that does not exist is answered;
    `retention_ms` is -1 where the broker's setting counts.
    """

    group_id: str
    generation: int
    member_id: str
    group_instance_id: str | None
    offsets: Sequence[OffsetToCommit]
    unknown_group: ErrorCode = ErrorCode.ILLEGAL_GENERATION
    retention_ms: int = -1
    producer_id: int = -1
    producer_epoch: int = -1
    has_member_epoch: bool = True

    @property
    def is_transactional(self) -> bool:
        """Whether it is a part of a transaction."""
        return self.producer_id >= 0
