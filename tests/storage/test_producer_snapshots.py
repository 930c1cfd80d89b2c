"""Snapshots of the producers: their bytes, which of them are kept, and what is believed of them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.producer_snapshots import Snapshots, decode_snapshot, encode_snapshot
from odradek.storage.producer_state import ProducerTable, SnapshotEntry

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


def _table(last_sequence: int) -> ProducerTable:
    entry = ENTRY._replace(last_sequence=last_sequence)
    return ProducerTable.from_snapshot([entry], ENTRY.timestamp, 1000)


def _snapshots(files: MemoryFiles, *offsets: int) -> Snapshots:
    files.make_directory("d")
    snapshots = Snapshots(files, "d")
    for offset in offsets:
        snapshots.write(_table(offset), offset)
    return snapshots


def _names(files: MemoryFiles) -> list[int]:
    return sorted(int(name.removesuffix(".snapshot")) for name in files.list_directory("d"))


def test_only_the_newest_and_those_at_the_beginnings_of_segments_are_kept() -> None:
    files = MemoryFiles()
    snapshots = _snapshots(files, 5, 10, 15, 20)
    snapshots.keep_for([0, 10])
    assert _names(files) == snapshots.offsets == [10, 20]
    snapshots.drop_above(15)
    assert _names(files) == [10]


def test_what_is_not_synced_is_known_until_it_is() -> None:
    files = MemoryFiles()
    snapshots = _snapshots(files, 5, 10)
    assert (snapshots.unsynced, len(snapshots.unsynced_paths())) == (frozenset({5, 10}), 2)
    snapshots.note_synced(frozenset({5}))
    assert snapshots.unsynced_paths() == [f"d/{10:020d}.snapshot"]
    snapshots.drop_above(0)
    assert snapshots.unsynced == frozenset()


def test_the_newest_good_one_below_an_end_is_believed_and_damaged_ones_go() -> None:
    files = MemoryFiles()
    snapshots = _snapshots(files, 5, 10, 15)
    files.write_whole(f"d/{10:020d}.snapshot", b"damage")
    producers, offset = snapshots.load_newest(12, ENTRY.timestamp, 1000)
    found = producers.find(ENTRY.producer_id)
    assert found is not None
    assert (offset, found.last_sequence) == (5, 5)
    assert _names(files) == [5, 15]


def test_without_a_snapshot_nothing_is_known() -> None:
    producers, offset = _snapshots(MemoryFiles()).load_newest(99, 0, 1000)
    assert (len(producers), offset) == (0, 0)
