"""Varints."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.wire import CorruptFrame, put_uvarint, put_zigzag, uvarint, zigzag


@settings(max_examples=100)
@given(value=st.integers(0, 0xFFFFFFFF))
def test_unsigned_varints_survive(value: int) -> None:
    out = bytearray(b"?")
    put_uvarint(out, value)
    assert uvarint(out + b"rest", 1) == (value, len(out))


@settings(max_examples=100)
@given(value=st.integers(-(1 << 63), (1 << 63) - 1))
def test_signed_varints_survive(value: int) -> None:
    out = bytearray()
    put_zigzag(out, value)
    assert zigzag(bytes(out), 0, 64) == (value, len(out))


@pytest.mark.parametrize(
    ("value", "data"), [(0, "00"), (-1, "01"), (1, "02"), (63, "7e"), (-64, "7f"), (64, "8001"), (300, "d804")]
)
def test_zigzag_is_kafkas(value: int, data: str) -> None:
    out = bytearray()
    put_zigzag(out, value)
    assert out.hex() == data


@pytest.mark.parametrize("data", ["ffffffff1f", "808080808000", "ffffffffff01"])
def test_an_unsigned_varint_has_at_most_32_bits(data: str) -> None:
    with pytest.raises(CorruptFrame):
        uvarint(bytes.fromhex(data), 0)


@pytest.mark.parametrize(("data", "bits"), [("ffffffff1f", 32), ("808080808001", 32), ("80" * 10 + "01", 64)])
def test_a_signed_varint_has_at_most_its_bits(data: str, bits: int) -> None:
    with pytest.raises(CorruptFrame):
        zigzag(bytes.fromhex(data), 0, bits)


def test_a_varint_that_is_cut_is_an_index_error_of_the_callers() -> None:
    with pytest.raises(IndexError):
        uvarint(b"\x80", 0)
    with pytest.raises(IndexError):
        zigzag(b"\xff", 0)
