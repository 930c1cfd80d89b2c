"""Snapshots of the producers: their bytes, which of them are kept, and what is believed of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.storage.producer_snapshots import decode_snapshot, encode_snapshot
from odradek.storage.producer_state import SnapshotEntry

ENTRY = SnapshotEntry(5, 1, 9, 100, 3, 1_700_000_000_000, 2, -1)


def test_an_empty_snapshot_is_ten_bytes() -> None:
    assert encode_snapshot([]).hex() == "0001" + "48674bc7" + "00000000"
    assert decode_snapshot(encode_snapshot([])) == []


def test_a_producer_takes_46_bytes_of_a_snapshot() -> None:
    data = encode_snapshot([ENTRY])
    assert data[6:].hex() == (
        "0000000100000000000000050001000000090000000000000064000000030000018bcfe5680000000002ffffffffffffffff"
    )
    assert decode_snapshot(data) == [ENTRY]


def test_every_flipped_byte_of_a_snapshot_is_noticed() -> None:
    data = encode_snapshot([ENTRY, ENTRY])
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1
        assert decode_snapshot(bytes(damaged)) is None
    for length in range(len(data)):
        assert decode_snapshot(data[:length]) is None


@settings(max_examples=100)
@given(st.binary(max_size=120))
def test_no_bytes_make_a_snapshot_decoder_raise(data: bytes) -> None:
    found = decode_snapshot(data)
    assert found is None or encode_snapshot(found) == data
