"""The text form of uuids."""

import pytest

from odradek.protocol.uuid_text import decode_uuid, encode_uuid


@pytest.mark.parametrize(
    ("uuid", "text"),
    [
        (bytes(16), "AAAAAAAAAAAAAAAAAAAAAA"),
        (bytes(15) + b"\x01", "AAAAAAAAAAAAAAAAAAAAAQ"),
        (b"\xff" * 16, "_" * 21 + "w"),
    ],
)
def test_a_uuid_is_22_characters_and_back(uuid: bytes, text: str) -> None:
    assert encode_uuid(uuid) == text
    assert decode_uuid(text) == uuid


@pytest.mark.parametrize("text", ["", "AAAA", "A" * 23, "!" * 22])
def test_what_is_no_uuid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_uuid(text)
