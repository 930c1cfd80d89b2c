"""What groups leave in `__consumer_offsets`, and its bytes.

The one rule: keys and values have the versions that Kafka 4.3 writes, so that its tools can read ours; what it can
read of older ones, and skip of newer ones, so can we.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from ....protocol import offset_records
from ....protocol.schema import ZERO_UUID
from ....protocol.state_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
    decode_group_record,
    encode_key,
    encode_value,
)
from ..result import Record


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member as it is logged: of its protocols only the subscription under the chosen one."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    subscription: bytes
    assignment: bytes


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group as it is logged, Stable or Empty; the timestamp is that of its state, -1 for none."""

    protocol_type: str
    generation: int
    protocol: str | None
    leader: str | None
    state_timestamp_ms: int
    members: tuple[StoredMember, ...] = ()


class CommittedOffset(NamedTuple):
    """What was committed for one partition; `log_offset` is where the record stands in `__consumer_offsets`."""

    offset: int
    leader_epoch: int
    metadata: str
    commit_timestamp_ms: int
    expire_timestamp_ms: int = -1
    topic_id: bytes = ZERO_UUID
    log_offset: int = -1


@dataclass(frozen=True, slots=True)
class LoggedGroup:
    """A record about a group; None is a tombstone."""

    group_id: str
    stored: StoredGroup | None


class LoggedOffset(NamedTuple):
    """A record about one partition's offset; None is a tombstone."""

    group_id: str
    topic: str
    partition: int
    committed: CommittedOffset | None


def group_record(group_id: str, stored: StoredGroup | None) -> Record:
    """The record that stores a group, or with None removes it."""
    key = encode_key(GroupMetadataKey(group=group_id))
    if stored is None:
        return key, None
    value = GroupMetadataValue(
        protocol_type=stored.protocol_type,
        generation=stored.generation,
        protocol=stored.protocol,
        leader=stored.leader,
        current_state_timestamp=stored.state_timestamp_ms,
        members=[
            MemberMetadata(
                member_id=m.member_id,
                group_instance_id=m.group_instance_id,
                client_id=m.client_id,
                client_host=m.client_host,
                rebalance_timeout=m.rebalance_timeout_ms,
                session_timeout=m.session_timeout_ms,
                subscription=m.subscription,
                assignment=m.assignment,
            )
            for m in stored.members
        ],
    )
    return key, encode_value(value)


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


def decode_record(key: bytes, value: bytes | None, log_offset: int) -> LoggedGroup | LoggedOffset | None:
    """A record; None for a key of another kind or a version from the future.

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
    decoded = decode_group_record(key, value)
    if decoded is None:
        return None
    what, content = decoded
    if isinstance(what, OffsetCommitKey):
        committed = _committed(content, log_offset) if isinstance(content, OffsetCommitValue) else None
        return LoggedOffset(what.group, what.topic, what.partition, committed)
    if isinstance(what, GroupMetadataKey):
        return LoggedGroup(what.group, _stored(content) if isinstance(content, GroupMetadataValue) else None)
    return None


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


def _stored(value: GroupMetadataValue) -> StoredGroup:
    members = tuple(
        StoredMember(
            m.member_id,
            m.group_instance_id,
            m.client_id,
            m.client_host,
            # Version 0 knew no rebalance timeout: the session timeout was both.
            m.rebalance_timeout if m.rebalance_timeout >= 0 else m.session_timeout,
            m.session_timeout,
            m.subscription,
            m.assignment,
        )
        for m in value.members
    )
    return StoredGroup(
        value.protocol_type, value.generation, value.protocol, value.leader, value.current_state_timestamp, members
    )
