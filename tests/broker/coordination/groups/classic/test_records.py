import struct

import pytest

from odradek.broker.coordination.groups.classic.records import StoredGroup, StoredMember, group_record
from odradek.protocol.wire import CorruptFrame

from ..group_driver import LoggedGroup, logged

MEMBER = StoredMember("m", "i", "client", "/127.0.0.1", 60000, 10000, b"sub", b"asg")
GROUP = StoredGroup("consumer", 7, "range", "m", 123, (MEMBER,))


def test_a_group_comes_back_as_it_was_stored() -> None:
    assert logged(*group_record("g", GROUP)) == LoggedGroup("g", GROUP)


def test_a_tombstone_has_the_key_and_no_value() -> None:
    assert logged(*group_record("g", None)) == LoggedGroup("g", None)
    assert group_record("g", None)[0] == group_record("g", GROUP)[0]


def test_the_bytes_are_those_that_kafka_4_3_writes() -> None:
    key, value = group_record("ab", StoredGroup("", 0, None, None, 1795266495070))
    assert key == b"\0\2" + b"\0\2ab"
    assert value == b"\0\3" + b"\0\0" + b"\0\0\0\0" + b"\xff\xff" * 2 + struct.pack(">q", 1795266495070) + b"\0" * 4


def test_the_oldest_group_value_took_the_session_timeout_for_both() -> None:
    value = b"\0\0" + b"\0\1c" + b"\0\0\0\1" + b"\0\1p" + b"\0\1m" + b"\0\0\0\1"
    value += b"\0\1m" + b"\0\1c" + b"\0\1h" + b"\0\0\x27\x10" + b"\0\0\0\1s" + b"\0\0\0\1a"
    found = logged(group_record("g", None)[0], value)
    assert isinstance(found, LoggedGroup)
    assert found.stored is not None
    assert found.stored.members[0].rebalance_timeout_ms == 10000
    assert found.stored.state_timestamp_ms == -1


@pytest.mark.parametrize("value", [b"", b"\0\3\0", b"\0\x63\0\0"])
def test_a_damaged_value_is_called_corrupt(value: bytes) -> None:
    with pytest.raises(CorruptFrame):
        logged(group_record("g", None)[0], value)
