"""The logs of the data directory: recovered when need be, put away when deleted, closed so that they can be trusted."""

from collections.abc import Callable

import pytest

from odradek.broker.metadata.publisher import MetadataPublisher
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.testing.threads import ManualThreads
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.directory import CLEAN_SHUTDOWN
from odradek.storage.disk_job import DiskJob
from odradek.storage.log_config import LogConfig

from .clusters import Changes
from .conftest import Parts


def fill(parts: Parts, name: str = "t", partitions: int = 1) -> None:
    create_topic(parts.topics, name, partitions, {})
    for index in range(partitions):
        batch = RecordBatch(build_batch([NewRecord(None, b"v" * 50, 1)]))
        parts.topics.partition(name, index).append([batch], parts.clock.now_ms())


def is_marked_clean(parts: Parts) -> bool:
    return parts.files.exists(f"/data/{CLEAN_SHUTDOWN}")


def test_a_clean_stop_leaves_its_mark_and_a_start_takes_it_away(parts: Parts) -> None:
    fill(parts)
    parts.store.close()
    assert is_marked_clean(parts)
    parts.start()
    assert not is_marked_clean(parts)
    parts.directory.close()
    assert not is_marked_clean(parts)


def test_a_log_that_nobody_opened_after_a_crash_keeps_the_directory_from_being_called_clean(parts: Parts) -> None:
    fill(parts, partitions=2)
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_end_offset == 1
    parts.store.close()
    assert not is_marked_clean(parts)
    parts.start()
    for partition in parts.topics.partitions():
        assert partition.log.log_end_offset == 1
    parts.store.close()
    assert is_marked_clean(parts)


def test_an_unopened_log_of_a_deleted_topic_needs_no_recovery(parts: Parts) -> None:
    fill(parts)
    parts.restart(is_clean=False)
    topic = parts.topics.find("t")
    assert topic is not None
    delete_topics(parts.topics, [topic])
    parts.store.close()
    assert is_marked_clean(parts)


def test_a_damaged_log_is_cut_and_said_to_be(parts: Parts, capfd: pytest.CaptureFixture[str]) -> None:
    fill(parts)
    path = "/data/t-0/00000000000000000000.log"
    parts.files.write(path, [b"garbage" * 20], parts.files.size(path))
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_end_offset == 1
    assert "a log was damaged" in capfd.readouterr().err


def test_a_deleted_log_is_renamed_now_and_removed_after_file_delete_delay_ms() -> None:
    parts = Parts()
    topic = create_topic(parts.topics, "t", 1, {"file.delete.delay.ms": "5000"})
    assert topic.partitions[0].log.log_end_offset == 0
    delete_topics(parts.topics, [topic])
    renamed = [name for name in parts.files.list_directory("/data") if name.endswith("-delete")]
    assert len(renamed) == 1
    parts.clock.advance(4.999)
    parts.purge()
    assert renamed[0] in parts.files.list_directory("/data")
    parts.clock.advance(0.001)
    parts.purge()
    assert renamed[0] not in parts.files.list_directory("/data")


def test_the_offsets_of_a_deleted_topic_are_taken_off_the_checkpoints_at_once_and_together() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    fill(parts, partitions=20)
    fill(parts, "other")
    for partition in parts.topics.partitions():
        partition.log.delete_records_before(1)
    parts.store.write_checkpoints()
    topic = parts.topics.find("t")
    assert topic is not None
    files.written_whole.clear()
    delete_topics(parts.topics, [topic])
    checkpoints = ("recovery-point-offset", "log-start-offset", "replication-offset")
    names = [f"/data/{checkpoint}-checkpoint" for checkpoint in checkpoints]
    assert files.written_whole == names
    for name in names:
        assert b"t " not in files.read(name, 0, 10_000)
        assert b"other 0" in files.read(name, 0, 10_000)


def test_what_waits_for_its_removal_goes_with_the_stop(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 1, {})
    assert topic.partitions[0].log.log_end_offset == 0
    delete_topics(parts.topics, [topic])
    parts.store.close()
    assert [name for name in parts.files.list_directory("/data") if name.startswith("t-0")] == []


def test_a_partition_that_was_never_used_leaves_nothing_to_delete(parts: Parts) -> None:
    delete_topics(parts.topics, [create_topic(parts.topics, "t", 1, {})])
    assert [name for name in parts.files.list_directory("/data") if name.startswith("t-0")] == []


def test_checkpoints_say_how_far_each_opened_log_has_come(parts: Parts) -> None:
    fill(parts, "a")
    fill(parts, "b")
    log = parts.topics.partition("b", 0).open_log()
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    log.delete_records_before(1)
    parts.store.write_checkpoints()

    def lines(name: str) -> list[str]:
        path = f"/data/{name}"
        return sorted(parts.files.read(path, 0, parts.files.size(path)).decode().splitlines()[2:])

    assert lines("recovery-point-offset-checkpoint") == ["__cluster_metadata 0 4", "a 0 0", "b 0 1"]
    assert lines("log-start-offset-checkpoint") == ["b 0 1"]
    assert lines("replication-offset-checkpoint") == ["__cluster_metadata 0 4", "a 0 1", "b 0 1"]


def test_a_log_start_outlives_a_crash_once_it_is_checkpointed(parts: Parts) -> None:
    fill(parts)
    parts.topics.partition("t", 0).log.delete_records_before(1)
    parts.store.write_checkpoints()
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_start_offset == 1


def test_checkpoints_of_logs_that_nobody_opened_are_kept(parts: Parts) -> None:
    fill(parts)
    parts.topics.partition("t", 0).log.delete_records_before(1)
    parts.restart()
    parts.store.write_checkpoints()
    parts.restart()
    assert parts.topics.partition("t", 0).log.log_start_offset == 1


def test_a_log_that_cannot_be_closed_keeps_the_directory_from_being_called_clean() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    fill(parts)
    files.sync_error = BROKEN
    parts.store.close()
    assert not is_marked_clean(parts)
    files.sync_error = None
    parts.start()  # the directory was let go all the same
    assert [p.log.log_end_offset for p in parts.topics.partitions()] == [1]


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_log_that_was_cut_from_outside_is_offline_and_said_to_be(
    parts: Parts, is_clean: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(parts)
    parts.restart()
    if not is_clean:
        parts.restart(is_clean=False)
    parts.files.truncate(f"/data/t-0/{0:020d}.log", 0)
    capfd.readouterr()
    with pytest.raises(KafkaError, match=r"KAFKA_STORAGE_ERROR.*everything below 1 on the disk"):
        parts.topics.partition("t", 0).open_log()
    assert "a log cannot be opened  partition=t-0" in capfd.readouterr().err


def test_the_checkpoints_are_written_once_for_all_topics_that_are_deleted_together() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    names = [f"t{number}" for number in range(40)]
    for name in names:
        fill(parts, name)
    parts.store.write_checkpoints()
    files.written_whole.clear()
    delete_topics(parts.topics, list(parts.topics))
    assert files.written_whole.count("/data/recovery-point-offset-checkpoint") == 1
    assert not any(files.exists(f"/data/{name}-0") for name in names)


# Directories of other topics


def restart_with(parts: Parts, names: dict[str, str]) -> None:
    """Crash, rename directories, start."""
    parts.directory.close()
    for old, new in names.items():
        parts.files.rename(f"/data/{old}", f"/data/{new}")
    parts.start()


def names_like(parts: Parts, start: str) -> list[str]:
    return sorted(name for name in parts.files.list_directory("/data") if name.startswith(start))


def test_a_directory_of_no_known_topic_is_set_aside_and_never_removed(
    parts: Parts, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(parts, partitions=2)
    parts.store.write_checkpoints()
    restart_with(parts, {"t-1": "u-0", "t-0": "t-7"})
    for _ in range(2):
        (other,) = names_like(parts, "u-0")
        (beyond,) = names_like(parts, "t-7")
        assert other.endswith("-stray")
        assert beyond.endswith("-stray")
        assert parts.files.size(f"/data/{other}/00000000000000000000.log") > 0
        parts.purge()
        parts.restart()
    assert "set aside" in capfd.readouterr().err


def test_a_directory_whose_topic_is_known_to_be_gone_is_removed(parts: Parts) -> None:
    fill(parts)
    topic = parts.topics.find("t")
    assert topic is not None
    parts.metadata.publisher = MetadataPublisher()  # the crash comes before the directory is renamed
    Changes(parts.metadata).remove_topics([topic.topic_id])
    parts.restart(is_clean=False)
    parts.purge()
    assert names_like(parts, "t-") == []


def test_a_directory_that_another_topic_claims_is_refused_and_left_alone(
    parts: Parts, capfd: pytest.CaptureFixture[str]
) -> None:
    fill(parts, "t")
    fill(parts, "u")
    restart_with(parts, {"t-0": "aside", "u-0": "t-0", "aside": "u-0"})
    for name in ("t", "u"):
        with pytest.raises(KafkaError) as refused:
            assert parts.topics.partition(name, 0).log
        assert refused.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    assert "belongs to topic id" in capfd.readouterr().err
    restart_with(parts, {"t-0": "aside", "u-0": "t-0", "aside": "u-0"})
    assert [parts.topics.partition(name, 0).log.log_end_offset for name in ("t", "u")] == [1, 1]


def test_any_wrong_bit_in_partition_metadata_is_found_before_the_log_is_touched(parts: Parts) -> None:
    fill(parts)
    path = "/data/t-0/partition.metadata"
    data = parts.files.read(path, 0, 100)
    assert len(data) == 43
    for at in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[at] ^= 1 << bit
            parts.files.write_whole(path, bytes(damaged))
            parts.restart(is_clean=False)
            with pytest.raises(KafkaError):
                assert parts.topics.partition("t", 0).log
    parts.files.write_whole(path, data)
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_end_offset == 1


@pytest.mark.parametrize("left", [None, b"", bytes(43)])
def test_partition_metadata_that_a_power_loss_took_is_written_again(parts: Parts, left: bytes | None) -> None:
    fill(parts)
    path = "/data/t-0/partition.metadata"
    data = parts.files.read(path, 0, 100)
    parts.files.remove(path)
    if left is not None:
        parts.files.write_whole(path, left)
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_end_offset == 1
    assert parts.files.read(path, 0, 100) == data


def test_a_deletion_cut_short_leaves_no_offsets_to_the_next_topic_of_that_name(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 1, {})
    batch = RecordBatch(build_batch([NewRecord(None, b"v", 1)]))
    topic.partitions[0].append([batch, batch], parts.clock.now_ms())
    parts.topics.delete_records(topic.partitions[0], 1, lambda start, error: None)
    checkpoint = parts.files.read("/data/log-start-offset-checkpoint", 0, 999)
    delete_topics(parts.topics, [topic])
    parts.files.write_whole("/data/log-start-offset-checkpoint", checkpoint)
    parts.restart(is_clean=False)
    log = create_topic(parts.topics, "t", 1, {}).partitions[0].log
    assert (log.log_start_offset, log.log_end_offset) == (0, 0)


def test_a_job_without_work_is_done_at_once_and_one_with_work_on_a_thread(parts: Parts) -> None:
    parts.threads.holds = True
    ended: list[Exception | None] = []
    nothing, something = DiskJob(()), DiskJob([lambda: None])
    parts.store.run_job(nothing, ended.append)
    assert (nothing.is_done, ended) == (True, [None])
    parts.store.run_job(something, ended.append)
    assert (something.is_done, ended) == (False, [None])
    parts.threads.finish()
    assert (something.is_done, ended) == (True, [None, None])


USES: dict[str, Callable[[Parts], object]] = {
    "open_log": lambda parts: parts.store.open_log("t", 0, b"0" * 16, LogConfig(), leader_epoch=0),
    "delete_records": lambda parts: parts.store.delete_records(
        "t", 0, parts.topics.partition("t", 0).log, 1, lambda error: None
    ),
    "delete_log": lambda parts: parts.store.delete_log("t", 0),
    "close_log": lambda parts: parts.store.close_log("t", 0, lambda is_closed, error: None),
    "begin_purge": lambda parts: parts.store.begin_purge(),
    "write_checkpoints": lambda parts: parts.store.write_checkpoints(),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("ending", ["close", "abandon"])
def test_once_the_directory_is_given_back_nothing_in_it_is_opened_written_or_deleted(
    parts: Parts, ending: str, use: str
) -> None:
    fill(parts)
    getattr(parts.store, ending)()
    names = sorted(parts.files.list_directory("/data"))
    with pytest.raises(OSError, match="is closed"):
        USES[use](parts)
    assert sorted(parts.files.list_directory("/data")) == names


@pytest.mark.parametrize("ending", ["close", "abandon"])
def test_a_log_that_is_still_held_somewhere_takes_nothing_more_after_the_end(parts: Parts, ending: str) -> None:
    fill(parts)
    log = parts.topics.partition("t", 0).open_log()
    getattr(parts.store, ending)()
    batch = RecordBatch(build_batch([NewRecord(None, b"v", 1)]))
    with pytest.raises(OSError, match="is closed"):
        log.append([batch], 1, leader_epoch=0)
    parts.start()
    assert parts.topics.partition("t", 0).log.log_end_offset == 1


def test_the_metadata_log_is_not_written_down_once_the_directory_is_given_back(parts: Parts) -> None:
    fill(parts)
    parts.store.abandon()
    names = sorted(parts.files.list_directory("/data/__cluster_metadata-0"))
    parts.metadata.write_snapshot()
    assert sorted(parts.files.list_directory("/data/__cluster_metadata-0")) == names


def test_a_log_of_which_the_opening_was_ended_is_recovered_whatever_the_directory_says(parts: Parts) -> None:
    fill(parts)
    batch = RecordBatch(build_batch([NewRecord(None, b"v", 1)]))
    parts.topics.partition("t", 0).append([batch] * 99, 1, is_from_client=False)
    topic_id = next(iter(parts.topics)).topic_id
    parts.restart()
    parts.files.remove("/data/t-0/leader-epoch-checkpoint")  # so that even a trusted log is read
    steps = parts.store.opening("t", 0, topic_id, LogConfig(), leader_epoch=0)
    next(steps)
    steps.close()
    assert parts.store.has_unrecovered
    assert not parts.store.open_log("t", 0, topic_id, LogConfig(), leader_epoch=0).recovery_report.is_clean
    assert not parts.store.has_unrecovered


def test_a_stop_in_the_middle_of_an_opening_leaves_the_directory_unclean(parts: Parts) -> None:
    fill(parts)
    batch = RecordBatch(build_batch([NewRecord(None, b"v", 1)]))
    parts.topics.partition("t", 0).append([batch] * 99, 1, is_from_client=False)
    topic_id = next(iter(parts.topics)).topic_id
    parts.restart(is_clean=False)
    steps = parts.store.opening("t", 0, topic_id, LogConfig(), leader_epoch=0)
    next(steps)
    parts.store.close()
    assert not is_marked_clean(parts)
    with pytest.raises(OSError, match="is closed"):
        next(steps)


def test_what_is_left_of_a_topic_that_was_made_anew_meanwhile_is_set_aside(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 1, {})
    assert topic.partitions[0].log.log_end_offset == 0
    parts.store.set_strays_aside({"t": 1}, {}, {"t": topic.topic_id})
    assert parts.store.has_directory("t", 0)
    parts.store.set_strays_aside({"t": 1}, {}, {"t": b"u" * 16})
    assert not parts.store.has_directory("t", 0)
    assert [name.endswith("-stray") for name in parts.files.list_directory("/data") if name.startswith("t-0")] == [True]


def test_what_is_on_record_of_a_log_goes_down_with_it_when_it_is_truncated(parts: Parts) -> None:
    fill(parts)
    log = parts.topics.partition("t", 0).open_log()
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    parts.store.write_checkpoints()
    assert parts.directory.known_end(("t", 0)) == 1
    log.truncate_to(0, parts.clock.now_ms())
    parts.restart(is_clean=False)  # which would else refuse a log that has become shorter
    assert parts.topics.partition("t", 0).log.log_end_offset == 0


def test_a_kill_before_it_is_written_down_that_a_log_has_become_shorter_does_no_harm(parts: Parts) -> None:
    """A follower waits for that, and is cut back afterwards: a start would refuse what is shorter than is known."""
    fill(parts)
    log = parts.topics.partition("t", 0).open_log()
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    parts.store.write_checkpoints()
    parts.threads.holds = True
    log.prepare_truncation(0, lambda: log.truncate_to(0, parts.clock.now_ms()))
    parts.threads = ManualThreads()  # the process is killed, and what it had for its threads is never done
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_end_offset == 1


def test_a_directory_of_replicas_opens_logs_with_the_gaps_that_they_were_copied_with(parts: Parts) -> None:
    fill(parts)
    log = parts.topics.partition("t", 0).open_log()
    head, tail = RecordBatch(build_batch([NewRecord(None, b"v", 1)])).stamped(7, 0)
    log.append_replicated(head + bytes(tail), parts.clock.now_ms())
    parts.directory.close()
    parts.start()
    parts.store.holds_replicas = True
    assert parts.topics.partition("t", 0).log.log_end_offset == 8
