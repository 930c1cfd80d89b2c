"""What groups of all kinds leave in `__consumer_offsets` about their offsets, and its bytes.

The one rule: keys and values have the versions that Kafka 4.3 writes, so that its tools can read ours; what it can
read of older ones, and skip of newer ones, so can we.
"""

from functools import lru_cache
from typing import NamedTuple

from ....protocol import offset_records
from ....protocol.schema import ZERO_UUID
from ....protocol.state_records import OffsetCommitKey, OffsetCommitValue, decode_group_record, encode_key, encode_value
from ..result import Record

OFFSET_RECORD_TYPES = (0, 1)  # the first one from before Kafka 0.9


def record_type(key: bytes) -> int:
    """The type of a record of `__consumer_offsets`; a key that is too short for one has none that is known: -1."""
    return int.from_bytes(key[:2], "big", signed=True) if len(key) >= 2 else -1


class CommittedOffset(NamedTuple):
    """What was committed for one partition; `log_offset` is where the record stands in `__consumer_offsets`."""

    offset: int
    leader_epoch: int
    metadata: str
    commit_timestamp_ms: int
    expire_timestamp_ms: int = -1
    topic_id: bytes = ZERO_UUID
    log_offset: int = -1


class LoggedOffset(NamedTuple):
    """A record about one partition's offset; None is a tombstone."""

    group_id: str
    topic: str
    partition: int
    committed: CommittedOffset | None


def offset_record(group_id: str, topic: str, partition: int, committed: CommittedOffset | None) -> Record:
    """The record that stores an offset, or with None removes it."""
    prefix = _key_prefix(group_id, topic)
    if prefix is None:
        key = encode_key(OffsetCommitKey(group=group_id, topic=topic, partition=partition))
    else:
        key = offset_records.encode_key(prefix, partition)
    return key, None if committed is None else _offset_value(committed)


# The partitions of a topic come one after the other.
_key_prefix = lru_cache(maxsize=16)(offset_records.key_prefix)


def _offset_value(committed: CommittedOffset) -> bytes:
    if committed.expire_timestamp_ms < 0:
        usual = offset_records.OffsetValue(
            committed.offset,
            committed.leader_epoch,
            committed.metadata,
            committed.commit_timestamp_ms,
            committed.topic_id,
        )
        encoded = offset_records.encode_value(usual)
        if encoded is not None:
            return encoded
    value = OffsetCommitValue(
        offset=committed.offset,
        leader_epoch=committed.leader_epoch,
        metadata=committed.metadata,
        commit_timestamp=committed.commit_timestamp_ms,
        expire_timestamp=committed.expire_timestamp_ms,
        topic_id=committed.topic_id,
    )
    return encode_value(value)


def decode_offset_record(key: bytes, value: bytes | None, log_offset: int) -> LoggedOffset | None:
    """A record about an offset; None for a key of another kind.

    Raises CorruptFrame for bytes that do not parse in their version.
    """
    at = offset_records.decode_key(key)
    if at is not None:
        if value is None:
            return LoggedOffset(*at, None)
        usual = offset_records.decode_value(value)
        if usual is not None:
            offset, leader_epoch, metadata, commit_timestamp_ms, topic_id = usual
            stamps = commit_timestamp_ms, -1, topic_id, log_offset
            return LoggedOffset(*at, CommittedOffset(offset, leader_epoch, metadata, *stamps))
    if len(key) >= 2 and record_type(key) not in OFFSET_RECORD_TYPES:
        return None
    what, content = decode_group_record(key, value) or (None, None)
    if not isinstance(what, OffsetCommitKey):
        return None
    committed = _committed(content, log_offset) if isinstance(content, OffsetCommitValue) else None
    return LoggedOffset(what.group, what.topic, what.partition, committed)


def _committed(value: OffsetCommitValue, log_offset: int) -> CommittedOffset:
    return CommittedOffset(
        value.offset,
        value.leader_epoch,
        value.metadata,
        value.commit_timestamp,
        value.expire_timestamp,
        value.topic_id,
        log_offset,
    )
