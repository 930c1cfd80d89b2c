"""Request and response headers."""

import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.header import (
    NEVER_FLEXIBLE,
    RequestHeader,
    decode_request_header,
    decode_response_header,
    encode_request_header,
    encode_response_header,
)
from odradek.protocol.wire import CorruptFrame


def test_the_client_id_keeps_its_two_byte_length_in_a_flexible_header() -> None:
    data = bytes.fromhex("0012" + "0003" + "fffffffe" + "0002" + "6d65" + "00") + b"body"
    assert decode_request_header(data, flexible_from=3) == (RequestHeader(18, 3, -2, "me"), 13)
    assert encode_request_header(RequestHeader(18, 3, -2, "me"), flexible_from=3) == data[:13]


def test_an_old_header_has_no_tags() -> None:
    data = bytes.fromhex("0000" + "0003" + "00000007" + "0002" + "6d65") + b"\x00body"
    assert decode_request_header(memoryview(data), flexible_from=9) == (RequestHeader(0, 3, 7, "me"), 12)
    assert encode_request_header(RequestHeader(0, 3, 7, "me"), flexible_from=9) == data[:12]


def test_a_null_client_id_is_an_empty_one() -> None:
    data = bytes.fromhex("0011" + "0001" + "00000000" + "ffff")
    assert decode_request_header(data, NEVER_FLEXIBLE) == (RequestHeader(17, 1, 0, ""), 10)


def test_tags_of_a_header_are_skipped() -> None:
    data = bytes.fromhex("0012" + "0003" + "00000001" + "ffff" + "02" + "00" + "02" + "aabb" + "8001" + "00" + "55")
    assert decode_request_header(data, flexible_from=3)[1] == len(data) - 1


@pytest.mark.parametrize(
    "data",
    [
        "",
        "0012",
        "0012" + "00",
        "0012" + "0003" + "00000001",
        "0012" + "0003" + "00000001" + "0005" + "6d65",  # client id beyond the frame
        "0012" + "0003" + "00000001" + "0001" + "ff" + "00",  # no UTF-8
        "0012" + "0003" + "00000001" + "ffff",  # no tag section
        "0012" + "0003" + "00000001" + "ffff" + "01" + "00" + "7f",  # a tag beyond the frame
        "0012" + "0003" + "00000001" + "ffff" + "ffffffff0f",
        "0012" + "0003" + "00000001" + "ffff" + "ffffffffffff",
    ],
)
def test_a_header_that_does_not_parse_is_a_corrupt_frame(data: str) -> None:
    with pytest.raises(CorruptFrame):
        decode_request_header(bytes.fromhex(data), flexible_from=3)


@pytest.mark.parametrize(
    ("key", "version", "flexible_from", "header"),
    [
        (ApiKey.FETCH, 11, 12, "00000005"),
        (ApiKey.FETCH, 12, 12, "00000005" + "00"),
        (ApiKey.API_VERSIONS, 0, 3, "00000005"),
        (ApiKey.API_VERSIONS, 4, 3, "00000005"),  # whoever asks does not know yet what we understand
        (ApiKey.SASL_HANDSHAKE, 1, NEVER_FLEXIBLE, "00000005"),
    ],
)
def test_a_response_header_has_tags_when_the_version_is_flexible_except_for_api_versions(
    key: int, version: int, flexible_from: int, header: str
) -> None:
    data = bytes.fromhex(header)
    assert encode_response_header(key, version, 5, flexible_from) == data
    assert decode_response_header(data + b"body", key, version, flexible_from) == (5, len(data))


@pytest.mark.parametrize("data", [b"", b"\x00\x00\x00", b"\x00\x00\x00\x05", b"\x00\x00\x00\x05\x01"])
def test_a_response_header_that_does_not_parse_is_a_corrupt_frame(data: bytes) -> None:
    with pytest.raises(CorruptFrame):
        decode_response_header(data, ApiKey.FETCH, 12, 12)
