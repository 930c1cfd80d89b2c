"""Bytes as JSON has them, there and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.control.bytes_text import bytes_fields, put_bytes, take_bytes
from odradek.broker.control.operation import Refused, check_fields


@given(st.none() | st.binary(), st.booleans())
def test_what_is_put_is_taken(value: bytes | None, as_base64: bool) -> None:
    out: dict[str, Any] = {}
    put_bytes(out, "key", value, as_base64=as_base64)
    assert len(out) == 1
    assert take_bytes(check_fields(out, bytes_fields("key", "A key."), "it"), "key", "it") == value


@pytest.mark.parametrize(
    ("value", "out"),
    [(b"a", {"key": "a"}), (b"", {"key": ""}), (None, {"key": None}), (b"\xff", {"key_base64": "/w=="})],
)
def test_a_text_is_one_and_other_bytes_are_base64(value: bytes | None, out: dict[str, Any]) -> None:
    found: dict[str, Any] = {}
    put_bytes(found, "key", value)
    assert found == out


@pytest.mark.parametrize("text", ["?", "a", "AA=", "AA==\n", "é"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="key_base64 of it is no base64"):
        take_bytes({"key_base64": text}, "key", "it")


def test_both_at_once_are_refused() -> None:
    with pytest.raises(Refused, match="it has key or key_base64, not both"):
        take_bytes({"key": "", "key_base64": ""}, "key", "it")
