"""What the coordinators keep: keys and values of `__consumer_offsets` and `__transaction_state`.

Both begin with an int16 version; in a key it is the type of the record. The records of the newer group types are
declared in consumer_group_records, share_group_records and streams_group_records, and are loaded when one is met.
"""

import struct
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TypeVar, cast

from .codec import Buffer, decode, encode_bytes
from .schema import ZERO_UUID, declared, field, i8, i16, i32, i64, message, nested, uuid
from .wire import CorruptFrame


@message(api_key=1, versions="0")
class OffsetCommitKey:
    """An offset that a group committed: whose and for which partition."""

    group: str
    topic: str
    partition: i32


@message(api_key=1, versions="0-4", flexible="4+")
class OffsetCommitValue:
    """The committed offset; version 1 is the only one with an expiry of its own, 4 the one with a topic id."""

    offset: i64
    leader_epoch: i32 = field(default=-1, versions="3+")
    metadata: str = ""
    commit_timestamp: i64 = 0
    expire_timestamp: i64 = field(default=-1, versions="1")
    topic_id: uuid = field(default=ZERO_UUID, versions="4+", tag=0)


@message(api_key=2, versions="0")
class GroupMetadataKey:
    """A classic group."""

    group: str


@nested
class MemberMetadata:
    member_id: str
    group_instance_id: str | None = field(default=None, versions="3+")
    client_id: str = ""
    client_host: str = ""
    rebalance_timeout: i32 = field(default=-1, versions="1+")
    session_timeout: i32 = 0
    subscription: bytes = b""
    assignment: bytes = b""


@message(api_key=2, versions="0-4", flexible="4+")
class GroupMetadataValue:
    """A classic group after a rebalance: its generation, protocol and members."""

    protocol_type: str = ""
    generation: i32 = 0
    protocol: str | None
    leader: str | None
    current_state_timestamp: i64 = field(default=-1, versions="2+")
    members: Sequence[MemberMetadata] = ()


@message(api_key=0, versions="0")
class TransactionLogKey:
    """A transactional id."""

    transactional_id: str


@nested
class PartitionsSchema:
    topic: str
    partition_ids: Sequence[i32] = ()


@message(api_key=0, versions="0-1", flexible="1+")
class TransactionLogValue:
    """The state of a transactional id after a transition."""

    producer_id: i64
    previous_producer_id: i64 = field(default=-1, versions="1+", tag=0)
    next_producer_id: i64 = field(default=-1, versions="1+", tag=1)
    producer_epoch: i16
    next_producer_epoch: i16 = field(default=-1, versions="1+", tag=3)
    transaction_timeout_ms: i32 = 0
    transaction_status: i8
    transaction_partitions: Sequence[PartitionsSchema] | None
    transaction_last_update_timestamp_ms: i64 = 0
    transaction_start_timestamp_ms: i64 = 0
    client_transaction_version: i16 = field(default=0, versions="1+", tag=2)


Value = TypeVar("Value")

_HERE = "state_records"
# Key version -> the module and the stem of the two class names. There is no 9.
_GROUP_RECORDS: Mapping[int, tuple[str, str]] = {
    0: (_HERE, "OffsetCommit"),  # the same key as 1, from before Kafka 0.9
    1: (_HERE, "OffsetCommit"),
    2: (_HERE, "GroupMetadata"),
    3: ("consumer_group_records", "ConsumerGroupMetadata"),
    4: ("consumer_group_records", "ConsumerGroupPartitionMetadata"),
    5: ("consumer_group_records", "ConsumerGroupMemberMetadata"),
    6: ("consumer_group_records", "ConsumerGroupTargetAssignmentMetadata"),
    7: ("consumer_group_records", "ConsumerGroupTargetAssignmentMember"),
    8: ("consumer_group_records", "ConsumerGroupCurrentMemberAssignment"),
    10: ("share_group_records", "ShareGroupMemberMetadata"),
    11: ("share_group_records", "ShareGroupMetadata"),
    12: ("share_group_records", "ShareGroupTargetAssignmentMetadata"),
    13: ("share_group_records", "ShareGroupTargetAssignmentMember"),
    14: ("share_group_records", "ShareGroupCurrentMemberAssignment"),
    15: ("share_group_records", "ShareGroupStatePartitionMetadata"),
    16: ("consumer_group_records", "ConsumerGroupRegularExpression"),
    17: ("streams_group_records", "StreamsGroupMetadata"),
    19: ("streams_group_records", "StreamsGroupMemberMetadata"),
    20: ("streams_group_records", "StreamsGroupTargetAssignmentMetadata"),
    21: ("streams_group_records", "StreamsGroupTargetAssignmentMember"),
    22: ("streams_group_records", "StreamsGroupCurrentMemberAssignment"),
    23: ("streams_group_records", "StreamsGroupTopology"),
}
_SHARE_STATE_RECORDS: Mapping[int, tuple[str, str]] = {
    0: ("share_group_records", "ShareSnapshot"),
    1: ("share_group_records", "ShareUpdate"),
}
# What Kafka 4.3 writes where its newest version is another one.
_WRITTEN: Mapping[type, int] = {GroupMetadataValue: 3}
_VERSION = struct.Struct(">h")


def encode_key(key: object) -> bytes:
    """A key, with the version that is its type."""
    kind = declared(type(key)).api_key
    if kind is None:
        raise TypeError(f"{type(key).__name__} is no key")
    return _VERSION.pack(kind) + encode_bytes(key, 0)


def encode_value(value: object, version: int | None = None) -> bytes:
    """A value with its version in front; without one given, in the version that Kafka 4.3 writes."""
    if version is None:
        version = _version_to_write(value)
    return _VERSION.pack(version) + encode_bytes(value, version)


def _version_to_write(value: object) -> int:
    if isinstance(value, OffsetCommitValue) and value.expire_timestamp >= 0:
        return 1  # the only one that has it
    return _WRITTEN.get(type(value), declared(type(value)).versions.last)


def decode_value(cls: type[Value], data: Buffer) -> Value:
    """A value of this class, in whichever version it was written."""
    version = _version_of(data)
    if version not in declared(cls).versions:
        raise CorruptFrame(f"{cls.__name__}: no version {version}")
    return decode(cls, version, memoryview(data)[_VERSION.size :])


def decode_group_record(key: Buffer, value: Buffer | None) -> tuple[object, object | None] | None:
    """A record of `__consumer_offsets`, a tombstone's value being None; None for an unknown type (skip it)."""
    return _decode_record(_GROUP_RECORDS, key, value)


def decode_share_state_record(key: Buffer, value: Buffer | None) -> tuple[object, object | None] | None:
    """A record of `__share_group_state`, as `decode_group_record` does."""
    return _decode_record(_SHARE_STATE_RECORDS, key, value)


def decode_transaction_record(
    key: Buffer, value: Buffer | None
) -> tuple[TransactionLogKey, TransactionLogValue | None] | None:
    """A record of `__transaction_state`, a tombstone's value being None; None for an unknown type (skip it)."""
    if _version_of(key) != 0:
        return None
    decoded = decode(TransactionLogKey, 0, memoryview(key)[_VERSION.size :])
    return decoded, None if value is None else decode_value(TransactionLogValue, value)


def _decode_record(
    records: Mapping[int, tuple[str, str]], key: Buffer, value: Buffer | None
) -> tuple[object, object | None] | None:
    found = records.get(_version_of(key))
    if found is None:
        return None
    module, stem = found
    declarations = import_module(f".{module}", __package__)
    key_class = cast(type[object], getattr(declarations, f"{stem}Key"))
    value_class = cast(type[object], getattr(declarations, f"{stem}Value"))
    decoded = decode(key_class, 0, memoryview(key)[_VERSION.size :])
    return decoded, None if value is None else decode_value(value_class, value)


def _version_of(data: Buffer) -> int:
    if len(data) < _VERSION.size:
        raise CorruptFrame("stored record without a version")
    version: int = _VERSION.unpack_from(data)[0]
    return version
