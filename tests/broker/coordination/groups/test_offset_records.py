import struct

import pytest

from odradek.broker.coordination.groups.offset_records import (
    CommittedOffset,
    LoggedOffset,
    decode_offset_record,
    offset_record,
    record_type,
)
from odradek.protocol.wire import CorruptFrame

OFFSET = CommittedOffset(42, 3, "note", 1000, topic_id=bytes(range(16)), log_offset=9)


def test_an_offset_comes_back_with_its_place_in_the_log() -> None:
    key, value = offset_record("g", "t", 5, OFFSET)
    assert decode_offset_record(key, value, 9) == LoggedOffset("g", "t", 5, OFFSET)


def test_a_tombstone_has_the_key_and_no_value() -> None:
    assert decode_offset_record(*offset_record("g", "t", 5, None), 0) == LoggedOffset("g", "t", 5, None)


def test_the_bytes_are_those_that_kafka_4_3_writes() -> None:
    key, value = offset_record("g", "t", 1, OFFSET)
    assert key == b"\0\1" + b"\0\1g" + b"\0\1t" + b"\0\0\0\1"
    assert value == (
        b"\0\4" + struct.pack(">qi", 42, 3) + b"\5note" + struct.pack(">q", 1000) + b"\1\0\x10" + bytes(range(16))
    )


def test_an_expiry_is_stored_in_the_one_version_that_has_it() -> None:
    expiring = CommittedOffset(42, 3, "note", 1000, expire_timestamp_ms=2000)
    key, value = offset_record("g", "t", 1, expiring)
    assert value == b"\0\1" + struct.pack(">q", 42) + b"\0\4note" + struct.pack(">qq", 1000, 2000)
    found = decode_offset_record(key, value, 0)
    assert found is not None
    assert found.committed is not None
    assert (found.committed.expire_timestamp_ms, found.committed.leader_epoch) == (2000, -1)


def test_keys_of_other_kinds_and_of_the_future_are_skipped() -> None:
    assert decode_offset_record(b"\0\3\0\1g", None, 0) is None  # a group of the new protocol
    assert decode_offset_record(b"\x7f\xff", b"whatever", 0) is None


def test_the_type_of_a_record_is_in_front_of_its_key() -> None:
    assert [record_type(key) for key in (b"\0\3\0\1g", b"\xff\xff", b"\0", b"")] == [3, -1, -1, -1]


@pytest.mark.parametrize("key", [b"", b"\0", b"\0\1\0\1g"])
def test_a_damaged_key_is_called_corrupt(key: bytes) -> None:
    with pytest.raises(CorruptFrame):
        decode_offset_record(key, None, 0)
