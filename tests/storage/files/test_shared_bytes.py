"""Bytes in pieces: they are what one byte string would be, whoever shares them."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.storage.files import shared_bytes
from odradek.storage.files.shared_bytes import PIECE_BYTES, SharedBytes

steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 40), st.lists(st.binary(max_size=20), max_size=3)),
        st.tuples(st.just("truncate"), st.integers(0, 60), st.just([])),
        st.tuples(st.just("copy"), st.just(0), st.just([])),
    ),
    max_size=25,
)


def written(model: bytes, position: int, data: bytes) -> bytes:
    if not data and position <= len(model):
        return model
    return model[:position].ljust(position, b"\0") + data + model[position + len(data) :]


@given(steps)
def test_every_copy_is_what_was_done_to_it_alone(steps: list[tuple[str, int, list[bytes]]]) -> None:
    with patch.object(shared_bytes, "PIECE_BYTES", 8):
        held = [(SharedBytes(), b"")]
        for number, (kind, at, buffers) in enumerate(steps):
            turn = (number * 7 + at) % len(held)
            mine, model = held[turn]
            if kind == "copy":
                held.append((mine.copy(), model))
            elif kind == "truncate":
                mine.truncate(at)
                held[turn] = mine, model[:at].ljust(at, b"\0")
            else:
                mine.write(buffers, at)
                held[turn] = mine, written(model, at, b"".join(buffers))
            for one, expected in held:
                assert (one.size, one.read(0, 200), one.read(5, 9)) == (len(expected), expected, expected[5:14])


def test_a_write_after_a_copy_costs_one_piece() -> None:
    whole = SharedBytes(bytes(3 * PIECE_BYTES + 5))
    copy = whole.copy()
    copy.write([b"end"], copy.size)
    mine, other = whole._pieces, copy._pieces
    assert [one is two for one, two in zip(mine, other, strict=True)] == [True, True, True, False]
    assert (whole.size, copy.size) == (3 * PIECE_BYTES + 5, 3 * PIECE_BYTES + 8)


@pytest.mark.parametrize(("position", "size", "found"), [(9, 5, b""), (3, 5, b""), (1, 5, b"bc"), (0, 0, b"")])
def test_a_read_ends_with_the_bytes(position: int, size: int, found: bytes) -> None:
    assert SharedBytes(b"abc").read(position, size) == found
