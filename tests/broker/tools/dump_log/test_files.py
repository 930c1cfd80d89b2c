"""Which file is what by its name: indexes, snapshots, checkpoints and the small files beside them."""

from pathlib import Path

import pytest

from ....storage.builders import NOW_MS
from .partitions import FIRST, damage_of, dumped, write_partition


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    write_partition(tmp_path / "t-0")
    return tmp_path / "t-0"


def test_the_indexes_and_the_snapshot_are_shown(partition: Path) -> None:
    stem = partition / FIRST
    assert dumped(f"{stem}.index")[1] == "offset: 6 position: 136"
    assert dumped(f"{stem}.timeindex")[1] == f"timestamp: {NOW_MS + 20} offset: 6"
    assert dumped(f"{stem}.txnindex")[1:] == [
        "version: 0 producerId: 7 firstOffset: 7 lastOffset: 9 lastStableOffset: 10"
    ]
    snapshot = dumped(partition / f"{15:020d}.snapshot")
    assert snapshot[1] == (
        "producerId: 7 producerEpoch: 0 coordinatorEpoch: 0 currentTxnFirstOffset: OptionalLong.empty "
        f"lastTimestamp: {NOW_MS + 40} firstSequence: 2 lastSequence: 3 lastOffset: 11 offsetDelta: 1 "
        f"timestamp: {NOW_MS + 40}"
    )
    assert "currentTxnFirstOffset: OptionalLong[13]" in snapshot[2]


def test_the_free_room_of_a_presized_index_is_no_entry(partition: Path) -> None:
    for suffix in ("index", "timeindex"):
        path = partition / f"{FIRST}.{suffix}"
        before = dumped(path)
        path.write_bytes(path.read_bytes() + bytes(12 * 2000))
        assert dumped(path) == before


def test_the_small_files_are_shown(tmp_path: Path) -> None:
    (tmp_path / "recovery-point-offset-checkpoint").write_text("0\n1\nsome-topic 3 42\n")
    (tmp_path / "leader-epoch-checkpoint").write_text("0\n1\n2 40\n")
    (tmp_path / "meta.properties").write_text("#\n#\nnode.id=1\nversion=1\ncluster.id=c\n")
    (tmp_path / "partition.metadata").write_text("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ")
    (tmp_path / "quorum-state").write_text('{"leaderId":1}')
    assert dumped(tmp_path / "recovery-point-offset-checkpoint")[1:] == ["topic: some-topic partition: 3 offset: 42"]
    assert dumped(tmp_path / "leader-epoch-checkpoint")[1:] == ["epoch: 2 startOffset: 40"]
    assert dumped(tmp_path / "meta.properties")[1:] == ["node.id: 1", "version: 1", "cluster.id: c"]
    assert dumped(tmp_path / "partition.metadata")[2] == "topic_id: AAAAAAAAAAAAAAAAAAAAAQ"
    assert dumped(tmp_path / "quorum-state")[1:] == ['quorum-state: {"leaderId":1}']


def test_a_malformed_small_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "recovery-point-offset-checkpoint").write_text("0\n2\nsome-topic 3 42\n")
    (tmp_path / "leader-epoch-checkpoint").write_text("0\n1\n2\n")
    (tmp_path / ".kafka_cleanshutdown").write_text("{")
    for name in ("recovery-point-offset-checkpoint", "leader-epoch-checkpoint", ".kafka_cleanshutdown"):
        assert len(damage_of(tmp_path / name)) == 1


@pytest.mark.parametrize("suffix", ["index", "timeindex", "txnindex"])
def test_an_index_that_does_not_ascend_or_ends_early_is_damage(partition: Path, suffix: str) -> None:
    path = partition / f"{FIRST}.{suffix}"
    data = path.read_bytes()
    path.write_bytes(data + data)
    assert damage_of(path)
    path.write_bytes(data[:-1])
    assert damage_of("--index-sanity-check", path)


def test_an_index_entry_that_points_beside_its_batch_is_damage(partition: Path) -> None:
    path = partition / f"{FIRST}.index"
    data = bytearray(path.read_bytes())
    data[7] += 1
    path.write_bytes(data)
    (found,) = damage_of(path)
    assert "no batch that ends at offset 6 stands at byte 137 of the log" in found


def test_a_sanity_check_shows_no_entries(partition: Path) -> None:
    path = partition / f"{FIRST}.index"
    assert dumped("--index-sanity-check", path) == [f"Dumping {path}", f"{path} passed sanity check."]


def test_an_empty_index_is_said_to_be_empty(partition: Path) -> None:
    path = partition / f"{FIRST}.index"
    path.write_bytes(bytes(800))
    assert dumped("--index-sanity-check", path) == [f"Dumping {path}", f"{path} is empty."]


def test_a_damaged_snapshot_is_told(partition: Path) -> None:
    path = partition / f"{15:020d}.snapshot"
    path.write_bytes(path.read_bytes()[:-1])
    assert len(damage_of(path)) == 1
