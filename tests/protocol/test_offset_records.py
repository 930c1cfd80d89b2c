"""The offset's record by hand is the declared one, and gives way to the declaration in everything unusual."""

from random import Random

import pytest

from odradek.protocol.offset_records import (
    OffsetValue,
    decode_key,
    decode_value,
    encode_key,
    encode_value,
    key_prefix,
)
from odradek.protocol.schema import ZERO_UUID
from odradek.protocol.state_records import OffsetCommitKey, OffsetCommitValue, decode_group_record
from odradek.protocol.state_records import encode_key as declared_key
from odradek.protocol.state_records import encode_value as declared_value
from odradek.protocol.wire import CorruptFrame

KEYS = [("g", "t", 0), ("", "", -1), ("Gruppe ü", "t" * 249, 0x7FFFFFFF), ("g" * 0x7FFF, "t", 1)]
VALUES = [
    OffsetValue(0, -1, "", 0, ZERO_UUID),
    OffsetValue(0x7FFFFFFFFFFFFFFF, 5, "é😀", -1, bytes(range(16))),
    OffsetValue(-1, 0, "m" * 126, 1_700_000_000_000, ZERO_UUID),
]


@pytest.mark.parametrize(("group", "topic", "partition"), KEYS)
def test_a_key_has_the_bytes_of_its_declaration(group: str, topic: str, partition: int) -> None:
    prefix = key_prefix(group, topic)
    assert prefix is not None
    key = encode_key(prefix, partition)
    assert key == declared_key(OffsetCommitKey(group=group, topic=topic, partition=partition))
    assert decode_key(key) == decode_key(memoryview(key)) == (group, topic, partition)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_has_the_bytes_of_its_declaration(value: OffsetValue) -> None:
    encoded = encode_value(value)
    assert encoded is not None
    assert encoded == declared_value(
        OffsetCommitValue(
            offset=value.offset,
            leader_epoch=value.leader_epoch,
            metadata=value.metadata,
            commit_timestamp=value.commit_timestamp,
            topic_id=value.topic_id,
        )
    )
    assert decode_value(encoded) == decode_value(memoryview(encoded)) == value


def test_what_is_unusual_is_left_to_the_declaration() -> None:
    assert key_prefix("g" * 0x8000, "t") is None
    assert encode_value(VALUES[0]._replace(metadata="m" * 127)) is None
    expiring = declared_value(OffsetCommitValue(offset=1, commit_timestamp=1, expire_timestamp=2))
    assert decode_value(expiring) is None
    assert decode_key(b"\0\0\0\1g\0\1t\0\0\0\0") is None


def test_damaged_bytes_are_never_read_otherwise_than_the_declaration_reads_them() -> None:
    random = Random(1)
    prefix = key_prefix("group", "topic")
    assert prefix is not None
    for _ in range(5000):
        key, value = bytearray(encode_key(prefix, 7)), bytearray(encode_value(VALUES[1]) or b"")
        for data in (key, value):
            data[random.randrange(len(data))] = random.randrange(256)
            if random.random() < 0.3:
                del data[random.randrange(len(data)) :]
        by_hand = decode_key(key)
        if by_hand is not None:
            declared, _ = decode_group_record(key, None) or (None, None)
            assert isinstance(declared, OffsetCommitKey)
            assert by_hand == (declared.group, declared.topic, declared.partition)
        try:
            _, content = decode_group_record(encode_key(prefix, 7), value) or (None, None)
        except CorruptFrame:
            content = None
        got = decode_value(value)
        if got is not None:
            assert isinstance(content, OffsetCommitValue)
            stamps = content.commit_timestamp, content.topic_id
            assert got == (content.offset, content.leader_epoch, content.metadata, *stamps)
