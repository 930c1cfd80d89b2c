import struct

import pytest

from odradek.broker.coordination.groups.group_records import (
    CommittedOffset,
    LoggedGroup,
    LoggedOffset,
    StoredGroup,
    StoredMember,
    decode_record,
    group_record,
    offset_record,
)
from odradek.protocol.wire import CorruptFrame

MEMBER = StoredMember("m", "i", "client", "/127.0.0.1", 60000, 10000, b"sub", b"asg")
GROUP = StoredGroup("consumer", 7, "range", "m", 123, (MEMBER,))
OFFSET = CommittedOffset(42, 3, "note", 1000, topic_id=bytes(range(16)), log_offset=9)


def test_a_group_comes_back_as_it_was_stored() -> None:
    key, value = group_record("g", GROUP)
    assert decode_record(key, value, 0) == LoggedGroup("g", GROUP)


def test_an_offset_comes_back_with_its_place_in_the_log() -> None:
    key, value = offset_record("g", "t", 5, OFFSET)
    assert decode_record(key, value, 9) == LoggedOffset("g", "t", 5, OFFSET)


def test_a_tombstone_has_the_key_and_no_value() -> None:
    assert decode_record(*group_record("g", None), 0) == LoggedGroup("g", None)
    assert decode_record(*offset_record("g", "t", 5, None), 0) == LoggedOffset("g", "t", 5, None)
    assert group_record("g", None)[0] == group_record("g", GROUP)[0]


def test_the_bytes_are_those_that_kafka_4_3_writes() -> None:
    key, value = group_record("ab", StoredGroup("", 0, None, None, 1795266495070))
    assert key == b"\0\2" + b"\0\2ab"
    assert value == b"\0\3" + b"\0\0" + b"\0\0\0\0" + b"\xff\xff" * 2 + struct.pack(">q", 1795266495070) + b"\0" * 4
    key, value = offset_record("g", "t", 1, OFFSET)
    assert key == b"\0\1" + b"\0\1g" + b"\0\1t" + b"\0\0\0\1"
    assert value == (
        b"\0\4" + struct.pack(">qi", 42, 3) + b"\5note" + struct.pack(">q", 1000) + b"\1\0\x10" + bytes(range(16))
    )


def test_an_expiry_is_stored_in_the_one_version_that_has_it() -> None:
    expiring = CommittedOffset(42, 3, "note", 1000, expire_timestamp_ms=2000)
    key, value = offset_record("g", "t", 1, expiring)
    assert value == b"\0\1" + struct.pack(">q", 42) + b"\0\4note" + struct.pack(">qq", 1000, 2000)
    found = decode_record(key, value, 0)
    assert isinstance(found, LoggedOffset)
    assert found.committed is not None
    assert (found.committed.expire_timestamp_ms, found.committed.leader_epoch) == (2000, -1)


def test_the_oldest_group_value_took_the_session_timeout_for_both() -> None:
    value = b"\0\0" + b"\0\1c" + b"\0\0\0\1" + b"\0\1p" + b"\0\1m" + b"\0\0\0\1"
    value += b"\0\1m" + b"\0\1c" + b"\0\1h" + b"\0\0\x27\x10" + b"\0\0\0\1s" + b"\0\0\0\1a"
    found = decode_record(group_record("g", None)[0], value, 0)
    assert isinstance(found, LoggedGroup)
    assert found.stored is not None
    assert found.stored.members[0].rebalance_timeout_ms == 10000
    assert found.stored.state_timestamp_ms == -1


def test_keys_of_other_kinds_and_of_the_future_are_skipped() -> None:
    assert decode_record(b"\0\3\0\1g", None, 0) is None  # a group of the new protocol
    assert decode_record(b"\x7f\xff", b"whatever", 0) is None


@pytest.mark.parametrize("key", [b"", b"\0", b"\0\2\0\5g", b"\0\1\0\1g"])
def test_a_damaged_key_is_called_corrupt(key: bytes) -> None:
    with pytest.raises(CorruptFrame):
        decode_record(key, None, 0)


@pytest.mark.parametrize("value", [b"", b"\0\3\0", b"\0\x63\0\0"])
def test_a_damaged_value_is_called_corrupt(value: bytes) -> None:
    with pytest.raises(CorruptFrame):
        decode_record(group_record("g", None)[0], value, 0)
