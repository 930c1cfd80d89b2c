"""What consumers put into JoinGroup and SyncGroup; opaque to the broker but for a few questions about topics.

Clients of every age wrote these bytes. Reading is lenient, as Java's is: a newer version is read as the newest known
one, and fields that a declared version promises but the bytes lack are taken as absent.
"""

import struct
from collections.abc import Sequence
from typing import TypeVar

from .codec import Buffer, decode, encode_bytes
from .schema import declared, field, i32, message, nested
from .wire import CorruptFrame


@nested
class TopicPartition:
    topic: str
    partitions: Sequence[i32] = ()


@message(versions="0-3")
class ConsumerProtocolSubscription:
    """What a consumer subscribes to and, from version 1 on, what it owns."""

    topics: Sequence[str] = ()
    user_data: bytes | None = None
    owned_partitions: Sequence[TopicPartition] = field(default=(), versions="1+")
    generation_id: i32 = field(default=-1, versions="2+")
    rack_id: str | None = field(default=None, versions="3+")


@message(versions="0-3")
class ConsumerProtocolAssignment:
    """What the leader gives a consumer."""

    assigned_partitions: Sequence[TopicPartition] = ()
    user_data: bytes | None = None


T = TypeVar("T")

_VERSION = struct.Struct(">h")


def decode_subscription(data: Buffer) -> ConsumerProtocolSubscription:
    """What a member subscribes to; CorruptFrame if not even the topics can be read."""
    return _decode(ConsumerProtocolSubscription, data)


def decode_assignment(data: Buffer) -> ConsumerProtocolAssignment:
    """What a member was given; CorruptFrame if not even the partitions can be read."""
    return _decode(ConsumerProtocolAssignment, data)


def decode_subscription_exactly(data: Buffer) -> ConsumerProtocolSubscription:
    """What a member subscribes to, as the broker's own coordinator reads it; CorruptFrame if anything is missing."""
    return _decode_exactly(ConsumerProtocolSubscription, data)


def decode_assignment_exactly(data: Buffer) -> ConsumerProtocolAssignment:
    """What a member was given, as the broker's own coordinator reads it; CorruptFrame if anything is missing."""
    return _decode_exactly(ConsumerProtocolAssignment, data)


def encode_subscription(subscription: ConsumerProtocolSubscription, version: int = 3) -> bytes:
    """The bytes of a subscription, version in front."""
    return _VERSION.pack(version) + encode_bytes(subscription, version)


def encode_assignment(assignment: ConsumerProtocolAssignment, version: int = 3) -> bytes:
    """The bytes of an assignment, version in front."""
    return _VERSION.pack(version) + encode_bytes(assignment, version)


def version_of(data: Buffer) -> int:
    """The version of a subscription, or the newest one that is known; CorruptFrame if there is none."""
    return _known_version(ConsumerProtocolSubscription, data)


def _decode_exactly(cls: type[T], data: Buffer) -> T:
    return decode(cls, _known_version(cls, data), memoryview(data)[_VERSION.size :])


def _decode(cls: type[T], data: Buffer) -> T:
    version = _known_version(cls, data)
    body = memoryview(data)[_VERSION.size :]
    while True:
        try:
            return decode(cls, version, body)
        except CorruptFrame:
            if version == 0:
                raise
            version -= 1


def _known_version(cls: type, data: Buffer) -> int:
    """The version in front of the bytes, or the newest one that is known."""
    if len(data) < _VERSION.size:
        raise CorruptFrame(f"{cls.__name__} without a version")
    version: int = _VERSION.unpack_from(data)[0]
    if version < 0:
        raise CorruptFrame(f"{cls.__name__}: no version {version}")
    return min(version, declared(cls).versions.last)
