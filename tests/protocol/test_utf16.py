import pytest

from odradek.protocol.utf16 import utf16_length, utf16_units


@pytest.mark.parametrize(("text", "length"), [("", 0), ("abc", 3), ("é" * 5, 5), ("\uffff", 1), ("a😀", 3)])
def test_a_length_is_a_number_of_utf16_units(text: str, length: int) -> None:
    assert utf16_length(text) == length


def test_the_units_are_big_endian() -> None:
    assert utf16_units("é😀") == bytes.fromhex("00e9 d83d de00")
