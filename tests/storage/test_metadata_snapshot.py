"""Snapshot files: Kafka's layout, whole or refused, and found by their names."""

import pytest

from odradek.protocol.batch import CRC_FROM, HEADER_BYTES, RecordBatch, whole_batches
from odradek.protocol.control import ControlType, control_type
from odradek.protocol.crc32c import crc32c
from odradek.protocol.records import read_records
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.metadata_snapshot import (
    DamagedSnapshot,
    Snapshot,
    SnapshotId,
    begin_snapshot,
    find_snapshots,
    read_snapshot,
)

NOW_MS = 1_700_000_000_000
DIRECTORY = "/data/__cluster_metadata-0"
ID = SnapshotId(42, 3)
PATH = f"{DIRECTORY}/00000000000000000042-0000000003.checkpoint"
SNAPSHOT = Snapshot([b"one", b"two"], [(ControlType.KRAFT_VERSION, b"v"), (ControlType.KRAFT_VOTERS, b"voters")])


def written(snapshot: Snapshot = SNAPSHOT) -> MemoryFiles:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    write = begin_snapshot(files, DIRECTORY, ID, snapshot, last_timestamp=NOW_MS - 9, now_ms=NOW_MS)
    write.run()
    assert write.size_bytes == files.size(PATH)
    return files


def content(files: MemoryFiles) -> bytes:
    return files.read(PATH, 0, files.size(PATH))


def replaced(files: MemoryFiles, data: bytes) -> MemoryFiles:
    files.truncate(PATH, 0)
    files.write(PATH, [data], 0)
    return files


def test_a_snapshot_is_read_as_it_was_written() -> None:
    files = written()
    assert find_snapshots(files, DIRECTORY) == [ID]
    found = read_snapshot(files, PATH)
    assert (found.values, found.controls) == (SNAPSHOT.values, SNAPSHOT.controls)


def test_it_is_a_header_the_records_and_a_footer_as_in_apache_kafka() -> None:
    header, data, footer = whole_batches(content(written(Snapshot([b"one", b"two"]))))
    assert [b.base_offset for b in (header, data, footer)] == [0, 1, 3]
    assert {b.partition_leader_epoch for b in (header, data, footer)} == {3}
    assert (header.is_control, data.is_control, footer.is_control) == (True, False, True)
    (first,) = read_records(header)
    assert control_type(first.key) == ControlType.SNAPSHOT_HEADER
    assert first.value == bytes(2) + (NOW_MS - 9).to_bytes(8) + b"\0"
    (last,) = read_records(footer)
    assert (control_type(last.key), last.value) == (ControlType.SNAPSHOT_FOOTER, bytes(3))
    assert (header.size_bytes, footer.size_bytes) == (83, 75)


def test_many_records_go_into_several_batches() -> None:
    values = [b"%d" % n for n in range(20_001)]
    files = written(Snapshot(values))
    assert [b.records_count for b in whole_batches(content(files))] == [1, 10_000, 10_000, 1, 1]
    assert read_snapshot(files, PATH).values == values


def test_a_snapshot_without_records_is_one() -> None:
    assert read_snapshot(written(Snapshot([])), PATH) == Snapshot([], [])


def test_a_snapshot_that_ends_too_early_or_too_late_is_damaged() -> None:
    data = content(written())
    for changed in [*(data[:at] for at in range(len(data))), data + b"\0", data + data]:
        with pytest.raises(DamagedSnapshot, match=r"0000000003\.checkpoint"):
            read_snapshot(replaced(written(), changed), PATH)


def test_a_wrong_bit_anywhere_is_found_or_changes_nothing() -> None:
    data = content(written())
    found = 0
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        try:
            snapshot = read_snapshot(replaced(written(), bytes(changed)), PATH)
        except DamagedSnapshot:
            found += 1
        else:
            assert (snapshot.values, snapshot.controls) == (SNAPSHOT.values, SNAPSHOT.controls)
    # What is left: the epoch and the offset of a batch, which lie outside its checksum.
    assert found >= len(data) - 3 * 12


def test_snapshots_are_found_newest_first_and_the_remains_of_a_half_written_one_go() -> None:
    files = written()
    for name in (
        "00000000000000000100-0000000003.checkpoint",
        "00000000000000000099-0000000012.checkpoint",
        "00000000000000000200-0000000003.checkpoint.part",
        "00000000000000000300-0000000003.checkpoint.deleted",
        "0000000000000000030-0000000003.checkpoint",
        "leader-epoch-checkpoint",
    ):
        files.write_whole(f"{DIRECTORY}/{name}", b"x")
    assert find_snapshots(files, DIRECTORY) == [SnapshotId(100, 3), SnapshotId(99, 12), ID]
    assert "00000000000000000200-0000000003.checkpoint.part" not in files.list_directory(DIRECTORY)


def test_a_batch_that_cannot_be_opened_is_damage() -> None:
    data = bytearray(content(written()))
    data[HEADER_BYTES] ^= 0xFF  # the length of the first record
    batch = RecordBatch(bytes(data))
    data[17:21] = crc32c(batch.view[CRC_FROM:]).to_bytes(4)
    with pytest.raises(DamagedSnapshot, match="record"):
        read_snapshot(replaced(written(), bytes(data)), PATH)
