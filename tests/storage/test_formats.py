"""Byte for byte: snapshots, the aborted-transaction index, checkpoints, epochs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.transaction_index import AbortedTxn, decode_aborted, encode_aborted, find_aborted
from odradek.storage.leader_epochs import LeaderEpochs
from odradek.storage.log_config import LONG_MAX, LogConfig
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


def test_an_aborted_transaction_takes_34_bytes() -> None:
    data = encode_aborted(AbortedTxn(1, 8, 9, 10))
    assert data.hex() == "0000" + "0000000000000001" + "0000000000000008" + "0000000000000009" + "000000000000000a"
    assert decode_aborted(data) == [AbortedTxn(1, 8, 9, 10)]


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 33,
        b"\0\1" + b"\0" * 32,
        encode_aborted(AbortedTxn(1, 10, 9, 10)),
        encode_aborted(AbortedTxn(1, 0, 9, 10)) + encode_aborted(AbortedTxn(1, 0, 9, 10)),
    ],
)
def test_an_index_of_aborted_transactions_that_cannot_be_is_refused(data: bytes) -> None:
    assert decode_aborted(data) is None


def test_the_search_stops_where_nothing_later_can_matter() -> None:
    early = [AbortedTxn(1, 0, 5, 6)]

    def indexes() -> object:
        yield early
        yield [AbortedTxn(2, 7, 9, 10)]
        raise AssertionError("a later segment was read")

    assert find_aborted(indexes(), 0, 8) == [*early, AbortedTxn(2, 7, 9, 10)]  # type: ignore[arg-type]


def test_epochs_are_kept_as_lines_of_epoch_and_start() -> None:
    files = MemoryFiles()
    files.make_directory("d")
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (2, 10), (4, 20)):
        epochs.assign(epoch, start)
    epochs.save(files, "d")
    assert files.read("d/leader-epoch-checkpoint", 0, 99) == b"0\n3\n0 0\n2 10\n4 20\n"
    again = LeaderEpochs.load(files, "d")
    assert again is not None
    assert again.entries == epochs.entries
    spans = [again.span_at(offset) for offset in (-1, 0, 9, 10, 25)]
    assert spans == [(0, 10), (0, 10), (0, 10), (2, 20), (4, LONG_MAX)]


def test_a_directory_without_epochs_has_none() -> None:
    files = MemoryFiles()
    files.make_directory("d")
    assert LeaderEpochs.load(files, "d") is None
    assert LeaderEpochs().latest == -1


def test_an_epoch_that_wrote_nothing_is_replaced_by_the_next() -> None:
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (2, 10), (4, 10), (3, 11), (4, 12), (-1, 13)):
        epochs.assign(epoch, start)
    assert epochs.entries == [(0, 0), (4, 10)]


def test_epochs_are_cut_at_both_ends() -> None:
    epochs = LeaderEpochs()
    for epoch, start in ((0, 0), (1, 10), (2, 20), (3, 30)):
        epochs.assign(epoch, start)
    epochs.cut_start(15)
    assert epochs.entries == [(1, 15), (2, 20), (3, 30)]
    epochs.cut_end(30)
    assert epochs.entries == [(1, 15), (2, 20)]
    epochs.cut_start(20)
    assert epochs.entries == [(2, 20)]


def test_jitter_shortens_a_segments_life_by_less_than_itself() -> None:
    config = LogConfig(segment_ms=1000, segment_jitter_ms=300)
    lives = {config.roll_after_ms(seed) for seed in range(1000)}
    assert (min(lives), max(lives)) == (701, 1000)
    assert LogConfig(segment_ms=1000).roll_after_ms(99) == 1000
