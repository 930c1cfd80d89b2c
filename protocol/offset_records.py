"""The record of a committed offset, by hand: the one that a coordinator writes and reads by the hundred thousand.

The one rule: it is what state_records declares, byte for byte. Only its usual shape is known here (key version 1, value
version 4, short metadata); for every other there is None, and the declaration decides, errors included.
"""

import struct
from typing import NamedTuple

from .codec import Buffer
from .schema import ZERO_UUID

KEY_VERSION, VALUE_VERSION = 1, 4

_LENGTH = struct.Struct(">h")
_KEY_HEAD = struct.Struct(">hh")
_PARTITION = struct.Struct(">i")
_VALUE_HEAD = struct.Struct(">hqib")
_VALUE_HEAD_BYTES = _VALUE_HEAD.size
_TIMESTAMP = struct.Struct(">q")
_NO_TAGS = b"\0"
_TOPIC_ID_TAG = b"\x01\x00\x10"
_LONGEST_NAME = 0x7FFF
_LONGEST_METADATA = 126  # what its length plus one, a varint, says in one byte


class OffsetValue(NamedTuple):
    """The value: what was committed."""

    offset: int
    leader_epoch: int
    metadata: str
    commit_timestamp: int
    topic_id: bytes


def key_prefix(group: str, topic: str) -> bytes | None:
    """The key without its partition, which `encode_key` adds; None for names that the declaration refuses."""
    names = group.encode(), topic.encode()
    if max(map(len, names)) > _LONGEST_NAME:
        return None
    return _KEY_HEAD.pack(KEY_VERSION, len(names[0])) + names[0] + _LENGTH.pack(len(names[1])) + names[1]


def encode_key(prefix: bytes, partition: int) -> bytes:
    """The key of a partition."""
    return prefix + _PARTITION.pack(partition)


def encode_value(value: OffsetValue) -> bytes | None:
    """The value, if its metadata is short."""
    metadata = value.metadata.encode()
    if len(metadata) > _LONGEST_METADATA:
        return None
    head = _VALUE_HEAD.pack(VALUE_VERSION, value.offset, value.leader_epoch, len(metadata) + 1)
    tail = _NO_TAGS if value.topic_id == ZERO_UUID else _TOPIC_ID_TAG + value.topic_id
    return head + metadata + _TIMESTAMP.pack(value.commit_timestamp) + tail


def decode_key(key: Buffer) -> tuple[str, str, int] | None:
    """Group, topic and partition."""
    try:
        version, group_length = _KEY_HEAD.unpack_from(key)
        topic_at = _KEY_HEAD.size + group_length + _LENGTH.size
        topic_end = topic_at + _LENGTH.unpack_from(key, topic_at - _LENGTH.size)[0]
        if version != KEY_VERSION or group_length < 0 or topic_end < topic_at or len(key) != topic_end + 4:
            return None
        group = str(key[_KEY_HEAD.size : topic_at - _LENGTH.size], "utf-8")
        return group, str(key[topic_at:topic_end], "utf-8"), _PARTITION.unpack_from(key, topic_end)[0]
    except (struct.error, UnicodeDecodeError):
        return None


def decode_value(value: Buffer) -> OffsetValue | None:
    """What was committed."""
    try:
        version, offset, leader_epoch, length = _VALUE_HEAD.unpack_from(value)
        end = _VALUE_HEAD_BYTES + length - 1
        if version != VALUE_VERSION or length < 1:
            return None
        tail = bytes(value[end + 8 :])
        if tail == _NO_TAGS:
            topic_id = ZERO_UUID
        elif len(tail) == 19 and tail.startswith(_TOPIC_ID_TAG):
            topic_id = tail[3:]
        else:
            return None
        metadata = str(value[_VALUE_HEAD_BYTES:end], "utf-8")
        return OffsetValue(offset, leader_epoch, metadata, _TIMESTAMP.unpack_from(value, end)[0], topic_id)
    except (struct.error, UnicodeDecodeError):
        return None
