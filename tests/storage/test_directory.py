"""The data directory: one owner, one identity, checkpoints, the clean-shutdown mark, partitions by name."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from odradek.broker.testing.disks import RecordedOsFiles, RefusingFiles
from odradek.broker.testing.power_loss import PowerLossFiles
from odradek.storage.directory import DataDirectory, DirectoryError, Identity, split_partition
from odradek.storage.files.files import Files, OsFiles
from odradek.storage.files.memory_files import MemoryFiles

OURS = Identity("cluster-of-22-letters-", "directory-of-22-letter", 1)
OTHER = Identity("another-cluster-22-let", "another-directory-22-l", 1)
ROOT = "/data"


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


def _text(files: Files, name: str) -> str:
    return files.read(f"{ROOT}/{name}", 0, 1 << 20).decode()


def test_a_new_directory_is_ours_and_says_so_in_kafkas_words(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    assert directory.identity == OURS
    assert not directory.is_clean
    lines = _text(files, "meta.properties").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "node.id=1",
        f"directory.id={OURS.directory_id}",
        "version=1",
        f"cluster.id={OURS.cluster_id}",
    ]


def test_the_identity_of_an_existing_directory_wins(files: MemoryFiles) -> None:
    DataDirectory.open(files, ROOT, OURS).close()
    assert DataDirectory.open(files, ROOT + "/", OTHER).identity == OURS


def test_the_directory_of_another_node_is_refused_by_name(files: MemoryFiles) -> None:
    DataDirectory.open(files, ROOT, OURS).close()
    for _ in range(2):  # a refusal gives the lock back
        with pytest.raises(DirectoryError, match="/data belongs to node 1, not to node 2"):
            DataDirectory.open(files, ROOT, Identity("c", "d", 2))


def test_a_second_broker_is_refused_by_name(tmp_path: Path) -> None:
    files = OsFiles()
    first = DataDirectory.open(files, str(tmp_path), OURS)
    with pytest.raises(DirectoryError, match=f"{tmp_path} is in use"):
        DataDirectory.open(OsFiles(), str(tmp_path), OURS)
    first.close()
    DataDirectory.open(files, str(tmp_path), OURS).close()


def test_a_directory_that_cannot_be_made_is_refused_by_name(files: MemoryFiles) -> None:
    files.write("/file", [b"x"], 0)
    with pytest.raises(DirectoryError, match="/file cannot be used"):
        DataDirectory.open(files, "/file", OURS)


def test_the_clean_mark_is_believed_once(files: MemoryFiles) -> None:
    DataDirectory.open(files, ROOT, OURS).close_cleanly(7)
    assert _text(files, ".kafka_cleanshutdown") == '{"version":0,"brokerEpoch":7}'
    directory = DataDirectory.open(files, ROOT, OURS)
    assert (directory.is_clean, directory.left_in_epoch) == (True, 7)
    directory.begin_writing()
    directory.close()
    directory = DataDirectory.open(files, ROOT, OURS)
    assert (directory.is_clean, directory.left_in_epoch) == (False, -1)


@pytest.mark.parametrize("mark", [b"", b"{}", b"[]", b'{"brokerEpoch":"x"}', b"\xff"])
def test_a_clean_mark_that_says_no_epoch_is_a_clean_mark(files: MemoryFiles, mark: bytes) -> None:
    DataDirectory.open(files, ROOT, OURS).close()
    files.write_whole(f"{ROOT}/.kafka_cleanshutdown", mark)
    directory = DataDirectory.open(files, ROOT, OURS)
    assert (directory.is_clean, directory.left_in_epoch) == (True, -1)


def test_checkpoints_are_kafkas_text_and_survive(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.write_checkpoints({("t", 0): 5, ("a-b", 12): 0}, {("t", 0): 3}, {("t", 0): 9})
    assert _text(files, "recovery-point-offset-checkpoint") == "0\n2\nt 0 5\na-b 12 0\n"
    assert _text(files, "log-start-offset-checkpoint") == "0\n1\nt 0 3\n"
    assert _text(files, "replication-offset-checkpoint") == "0\n1\nt 0 9\n"
    directory.close()
    directory = DataDirectory.open(files, ROOT, OURS)
    assert directory.recovery_points == {("t", 0): 5, ("a-b", 12): 0}
    assert directory.log_starts == {("t", 0): 3}


def test_partitions_not_named_keep_their_checkpoints(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.write_checkpoints({("t", 0): 5, ("t", 1): 6}, {})
    directory.write_checkpoints({("t", 0): 8}, {})
    write = directory.begin_write_log_starts({("t", 1): 4})
    write.run()
    directory.finish_write_log_starts(write)
    directory.close()
    directory = DataDirectory.open(files, ROOT, OURS)
    assert directory.recovery_points == {("t", 0): 8, ("t", 1): 6}
    assert directory.log_starts == {("t", 1): 4}


@pytest.mark.parametrize("text", ["", "1\n0\n", "0\n2\nt 0 5\n", "0\n1\nt 0\n", "0\n1\nt 0 x\n", "0\nx\n", "\xff"])
def test_a_malformed_checkpoint_stops_the_start_and_is_named(files: MemoryFiles, text: str) -> None:
    files.make_directory(ROOT)
    files.write_whole(f"{ROOT}/recovery-point-offset-checkpoint", text.encode("latin1"))
    with pytest.raises(DirectoryError, match="recovery-point-offset-checkpoint is malformed"):
        DataDirectory.open(files, ROOT, OURS)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("t-0", ("t", 0)),
        ("a-b-12", ("a-b", 12)),
        ("__cluster_metadata-0", ("__cluster_metadata", 0)),
        ("t", None),
        ("-1", None),
        ("t-x", None),
        ("t-01", None),
        ("t--1", ("t-", 1)),
        ("t-²", None),
        ("t-0.0123456789abcdef0123456789abcdef-delete", None),
        ("meta.properties", None),
    ],
)
def test_a_partition_is_its_topic_and_what_follows_the_last_dash(name: str, found: tuple[str, int] | None) -> None:
    assert split_partition(name) == found


def test_partitions_are_created_found_and_know_their_topic(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    for topic, partition in (("b", 1), ("b", 0), ("a", 10)):
        directory.create_partition(topic, partition, "topic-id-of-22-letters")
    assert directory.find_partitions() == [("a", 10), ("b", 0), ("b", 1)]
    assert directory.find_topic_id("b", 0) == "topic-id-of-22-letters"
    assert len(_text(files, "b-0/partition.metadata")) == 43
    assert directory.find_topic_id("b", 9) is None


def test_a_deleted_partition_is_out_of_sight_at_once_and_gone_after_the_next_start(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    path = directory.create_partition("t", 0, "x" * 22)
    files.write(f"{path}/{0:020d}.log", [b"1"], 0)
    directory.write_checkpoints({("t", 0): 5}, {("t", 0): 5})
    renamed = directory.mark_deleted("t", 0, "0123456789abcdef" * 2)
    assert renamed == "/data/t-0.0123456789abcdef0123456789abcdef-delete"
    assert directory.find_partitions() == []
    directory.drop([("t", 0)])
    assert (directory.recovery_points, directory.log_starts) == ({}, {})
    files.make_directory(f"{ROOT}/my-delete")
    assert directory.remove_deleted() == 1
    assert not files.exists(renamed)
    assert files.exists(f"{ROOT}/my-delete")


def test_the_name_of_a_deleted_partition_fits_the_file_system(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.create_partition("t" * 249, 0, "x" * 22)
    renamed = directory.mark_deleted("t" * 249, 0, "0" * 32)
    assert len(renamed.rpartition("/")[2]) == 255
    assert directory.remove_deleted() == 1


def test_forgetting_an_unknown_partition_writes_nothing(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.drop([("t", 0)])
    assert not files.exists(f"{ROOT}/recovery-point-offset-checkpoint")


def test_the_names_of_what_is_made_for_a_new_directory_are_synced(tmp_path: Path) -> None:
    data = tmp_path / "a" / "b"
    files = RecordedOsFiles()
    DataDirectory.open(files, str(data), OURS).close()
    assert files.synced[:2] == [str(tmp_path / "a"), str(tmp_path)]
    files.synced.clear()
    DataDirectory.open(files, str(data), OURS).close()
    assert files.synced == []


def test_a_name_taken_away_is_synced_before_another_may_take_it(files: MemoryFiles) -> None:
    recorded = PowerLossFiles()
    directory = DataDirectory.open(recorded, "/data", OURS)
    directory.create_partition("t", 0, "x" * 22)
    recorded.sync_handle("/data")()
    directory.mark_deleted("t", 0, "0" * 32)
    directory.drop([("t", 0)])
    ((_, _, image),) = recorded.images({recorded.moment: [("nothing", 1)]})
    assert not image.exists("/data/t-0")


USES: dict[str, Callable[[DataDirectory], object]] = {
    "begin_writing": lambda directory: directory.begin_writing(),
    "write_checkpoints": lambda directory: directory.write_checkpoints({("t", 0): 1}, {}),
    "begin_write_log_starts": lambda directory: directory.begin_write_log_starts({("t", 0): 1}),
    "write_cleaner_offset": lambda directory: directory.write_cleaner_offset("t", 0, 1),
    "drop": lambda directory: directory.drop([("t", 0)]),
    "create_partition": lambda directory: directory.create_partition("u", 0, "x" * 22),
    "mark_deleted": lambda directory: directory.mark_deleted("t", 0, "0" * 32),
    "mark_stray": lambda directory: directory.mark_stray("t", 0, "0" * 32),
    "remove_deleted": lambda directory: directory.remove_deleted(),
    "close_cleanly": lambda directory: directory.close_cleanly(),
}


@pytest.mark.parametrize("use", USES)
def test_a_closed_directory_refuses_every_change_for_it_may_be_another_broker_s(files: MemoryFiles, use: str) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.create_partition("t", 0, "x" * 22)
    directory.close()
    DataDirectory.open(files, ROOT, OURS)
    names = sorted(files.list_directory(ROOT))
    with pytest.raises(OSError, match="the data directory /data is closed"):
        USES[use](directory)
    assert sorted(files.list_directory(ROOT)) == names


def test_a_job_that_comes_after_the_close_writes_nothing(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    checkpoints = directory.begin_write_checkpoints({("t", 0): 5}, {})
    start = directory.begin_write_log_starts({("t", 0): 5})
    directory.close()
    with pytest.raises(OSError, match="is closed"):
        checkpoints()
    with pytest.raises(OSError, match="is closed"):
        start.run()
    assert not files.exists(f"{ROOT}/recovery-point-offset-checkpoint")
    assert not files.exists(f"{ROOT}/log-start-offset-checkpoint")


def test_what_a_checkpoint_will_hold_is_decided_when_it_is_begun(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    write = directory.begin_write_checkpoints({("t", 0): 5}, {("t", 0): 2}, {("t", 0): 6})
    directory.recovery_points["t", 0] = 7
    assert not files.exists(f"{ROOT}/recovery-point-offset-checkpoint")
    thread = Thread(target=write)
    thread.start()
    thread.join()
    names = ("recovery-point", "log-start", "replication")
    assert [_text(files, f"{name}-offset-checkpoint").split()[-1] for name in names] == ["5", "2", "6"]


def test_a_log_start_is_known_when_it_is_on_the_disk() -> None:
    files = RefusingFiles()
    directory = DataDirectory.open(files, ROOT, OURS)
    failed = directory.begin_write_log_starts({("t", 0): 5})
    files.refuse(1, 1)
    with pytest.raises(OSError, match="No space left"):
        failed.run()
    directory.finish_write_log_starts(failed)
    assert directory.log_starts == {}
    written = directory.begin_write_log_starts({("t", 0): 6})
    written.run()
    assert directory.log_starts == {}
    directory.finish_write_log_starts(written)
    assert directory.log_starts == {("t", 0): 6}
    assert _text(files, "log-start-offset-checkpoint") == "0\n1\nt 0 6\n"


def test_what_is_written_behind_a_log_start_under_way_does_not_undo_it(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    first = directory.begin_write_log_starts({("t", 0): 5})
    second = directory.begin_write_log_starts({("u", 0): 7})
    lower = directory.begin_write_log_starts({("t", 0): 3})
    checkpoints = directory.begin_write_checkpoints({}, {("t", 0): 1})
    for job in (first.run, second.run, lower.run, checkpoints):
        job()
        assert "t 0 5\n" in _text(files, "log-start-offset-checkpoint")
    assert "u 0 7\n" in _text(files, "log-start-offset-checkpoint")
    for write in (first, second, lower):
        directory.finish_write_log_starts(write)
    assert directory.log_starts == {("t", 0): 5, ("u", 0): 7}


def test_a_partition_that_goes_takes_its_log_start_under_way_with_it(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    write = directory.begin_write_log_starts({("t", 0): 5})
    drop = directory.begin_drop([("t", 0)])
    write.run()
    drop()
    directory.finish_write_log_starts(write)
    assert directory.log_starts == {}
    assert _text(files, "log-start-offset-checkpoint") == "0\n0\n"


def test_a_copy_is_completed_as_a_clean_stop_leaves_it(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.write_checkpoints({("t", 0): 3, ("u", 0): 4}, {("t", 0): 1}, {("t", 0): 3})
    directory.begin_writing()
    for is_clean in (True, False):
        copy = files.fork()
        directory.complete_copy(copy, {("t", 0): 9}, {("t", 0): 2}, {("t", 0): 8}, is_clean=is_clean, broker_epoch=5)
        found = DataDirectory.open(copy, ROOT, OURS)
        assert (found.is_clean, found.left_in_epoch) == ((True, 5) if is_clean else (False, -1))
        assert found.recovery_points == {("t", 0): 9, ("u", 0): 4}
        assert (found.log_starts, found.high_watermarks) == ({("t", 0): 2}, {("t", 0): 8})
    assert (directory.recovery_points["t", 0], directory.log_starts["t", 0]) == (3, 1)


def test_what_is_on_record_of_logs_is_lowered_before_they_are_truncated(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.write_checkpoints({("t", 0): 9, ("u", 0): 9}, {("t", 0): 7, ("u", 0): 1}, {("t", 0): 8, ("u", 0): 5})
    directory.write_cleaner_offset("t", 0, 6)
    directory.begin_lower({("t", 0): 6, ("u", 0): 7, ("v", 0): 1}).run()
    for seen in (directory, DataDirectory.open(files.fork(), ROOT, OURS)):
        assert seen.recovery_points == {("t", 0): 6, ("u", 0): 7}
        assert seen.log_starts == {("t", 0): 6, ("u", 0): 1}
        assert seen.high_watermarks == {("t", 0): 6, ("u", 0): 5}
        assert seen.cleaner_offsets == {("t", 0): 6}


def test_where_nothing_is_on_record_beyond_its_new_end_a_truncation_writes_nothing() -> None:
    files = PowerLossFiles()
    directory = DataDirectory.open(files, ROOT, OURS)
    directory.write_checkpoints({("t", 0): 9}, {}, {("t", 0): 9})
    moment = files.moment
    job = directory.begin_lower({("t", 0): 9, ("u", 0): 0})
    assert not job.has_work
    job.run()
    assert files.moment == moment


def test_a_truncation_lowers_a_log_start_under_way_too(files: MemoryFiles) -> None:
    directory = DataDirectory.open(files, ROOT, OURS)
    write = directory.begin_write_log_starts({("t", 0): 5})
    lower = directory.begin_lower({("t", 0): 3})
    write.run()
    lower.run()
    directory.finish_write_log_starts(write)
    assert directory.log_starts == {("t", 0): 3}
    assert "t 0 3\n" in _text(files, "log-start-offset-checkpoint")
