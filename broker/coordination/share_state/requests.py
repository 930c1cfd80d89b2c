"""What is asked of the stored state of share partitions, and what is answered: the words of KIP-932's persister."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ....protocol.errors import ErrorCode
from ....protocol.uuid_text import decode_uuid, encode_uuid

# Delivery states as they are stored. What is acquired is not stored: after a restart it is available again.
AVAILABLE, ACKNOWLEDGED, ARCHIVED = 0, 2, 4

NO_START_OFFSET = -1
NO_COUNT = -1


class SharePartitionKey(NamedTuple):
    """One partition as one share group reads it."""

    group_id: str
    topic_id: bytes
    partition: int

    def coordinator_key(self) -> str:
        """What FindCoordinator calls it, and what decides which partition keeps it."""
        return f"{self.group_id}:{encode_uuid(self.topic_id)}:{self.partition}"


def parse_coordinator_key(text: str) -> SharePartitionKey:
    """The share partition that a FindCoordinator names; ValueError. Its group may have colons, so the end counts."""
    parts = text.rstrip(":").rsplit(":", 2)  # Java's split drops empty parts at the end
    if len(parts) < 3 or not parts[0].strip():
        raise ValueError(f"{text!r} is not GROUP:TOPIC-ID:PARTITION")
    group_id, topic_id, partition = parts
    if not re.fullmatch(r"[+-]?[0-9]+", partition) or not -(1 << 31) <= int(partition) < 1 << 31:
        raise ValueError(f"{partition!r} is not a partition")
    return SharePartitionKey(group_id, decode_uuid(topic_id.removesuffix("==")), int(partition))


class StateBatch(NamedTuple):
    """A range of offsets that share one delivery state; both ends belong to it."""

    first_offset: int
    last_offset: int
    delivery_state: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class WriteState:
    """A change of a share partition. A start offset of -1 leaves it as it is."""

    state_epoch: int
    leader_epoch: int
    start_offset: int = NO_START_OFFSET
    delivery_complete_count: int = NO_COUNT
    batches: Sequence[StateBatch] = ()


@dataclass(frozen=True, slots=True)
class StateError:
    """How an initialize, a write or a delete ended."""

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None


@dataclass(frozen=True, slots=True)
class ReadState:
    """What is stored of a share partition; a start offset of -1 is one that is yet to be found."""

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None
    state_epoch: int = 0
    start_offset: int = 0
    batches: Sequence[StateBatch] = ()


@dataclass(frozen=True, slots=True)
class StateSummary:
    """Where a share partition stands, without its batches."""

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None
    state_epoch: int = 0
    leader_epoch: int = 0
    start_offset: int = 0
    delivery_complete_count: int = NO_COUNT


def state_refused(error: ErrorCode) -> StateError:
    """Nothing but an error, for a future of `initialize`, `write` or `delete`."""
    return StateError(error, error.message)


def read_refused(error: ErrorCode) -> ReadState:
    """The same for one of `read`."""
    return ReadState(error, error.message)


def summary_refused(error: ErrorCode) -> StateSummary:
    """The same for one of `summary`."""
    return StateSummary(error, error.message)
