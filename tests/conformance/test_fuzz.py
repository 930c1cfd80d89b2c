"""Hostile bytes: a decoder returns a message or raises CorruptFrame, soon and in bounded memory."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.protocol.codec import MAX_ELEMENTS, decoder, encode_bytes
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest
from odradek.protocol.messages.metadata import MetadataRequest
from odradek.protocol.schema import declared
from odradek.protocol.wire import CorruptFrame

Values = Callable[[type, int], st.SearchStrategy[Any]]

quick = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def decode_or_refuse(cls: type[object], version: int, data: bytes) -> None:
    """The one thing a decoder may do."""
    try:
        message, pos = decoder(cls, version)(data, 0)
    except CorruptFrame:
        return
    assert isinstance(message, cls)
    assert 0 <= pos <= len(data)


def test_random_bytes_are_a_message_or_refused(request_message: type) -> None:
    versions = list(declared(request_message).versions)

    @quick
    @given(data=st.binary(max_size=60))
    def survive(data: bytes) -> None:
        for version in versions:
            decode_or_refuse(request_message, version, data)

    survive()


def test_damaged_requests_are_a_message_or_refused(request_message: type, values_of: Values) -> None:
    for version in declared(request_message).versions:
        check_damage(request_message, version, values_of)


def check_damage(cls: type, version: int, values_of: Values) -> None:
    damage = st.sampled_from([b"", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x0f", b"\x80", b"\0\0"])

    @quick
    @given(message=values_of(cls, version), at=st.integers(0, 200), there=damage)
    def survive(message: Any, at: int, there: bytes) -> None:
        data = encode_bytes(message, version)
        at %= len(data) + 1
        decode_or_refuse(cls, version, data[:at])
        decode_or_refuse(cls, version, data[:at] + there + data[at + len(there) :])

    survive()


def test_cut_requests_are_refused_and_never_misread(request_message: type, values_of: Values) -> None:
    version = declared(request_message).versions.last

    @quick
    @given(message=values_of(request_message, version))
    def refused(message: Any) -> None:
        data = encode_bytes(message, version)
        for cut in range(min(len(data), 100)):
            with pytest.raises(CorruptFrame):
                decoder(request_message, version)(data[:cut], 0)

    refused()


@pytest.mark.parametrize("version", [0, 5])
def test_more_items_than_a_message_may_have_are_refused_before_they_are_made(version: int) -> None:
    count = MAX_ELEMENTS + 1
    length = count.to_bytes(4, "big") if version < 5 else b"\x82\x80\x80\x01"[:-1] + b"\x40"
    data = length + bytes(2 * count + 10)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptFrame, match="more items"):
            decoder(DescribeGroupsRequest, version)(data, 0)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("count", [1, 1000, 0x7FFFFFFE])
def test_a_count_beyond_the_bytes_left_allocates_nothing(count: int) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(CorruptFrame):
            decoder(MetadataRequest, 1)(count.to_bytes(4, "big"), 0)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
