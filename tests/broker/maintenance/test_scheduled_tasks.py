"""Chores by the clock: at Kafka's intervals, on the partitions in use, and again after a failure."""

from collections.abc import Iterator, Mapping

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.maintenance.scheduled_tasks import ScheduledTasks
from odradek.broker.slices import Slices
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.log_flusher import LogFlusher
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from ..conftest import Parts

DAY_S = 86400.0


class Kept:
    """Parts whose tasks are done by the hand-turned clock."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self.files = FailingFiles()
        self.parts = Parts(config=BrokerConfig.from_settings(settings or {}), files=self.files)
        self.clock = self.parts.clock
        self.start()

    def start(self) -> None:
        parts = self.parts
        self.tasks = ScheduledTasks(
            parts.config, parts.runtime, lambda: parts.topics.partitions(), parts.store, Slices(parts.runtime)
        )
        self.tasks.start()

    def create(self, overrides: Mapping[str, str]) -> Partition:
        return create_topic(self.parts.topics, "t", 1, overrides).partitions[0]

    def append(self, partition: Partition, *, pid: int = -1, sequence: int = 0) -> None:
        record = NewRecord(None, b"v", self.clock.now_ms())
        epoch, base = (0, sequence) if pid >= 0 else (-1, -1)
        batch = build_batch([record], producer=ProducerStamp(pid, epoch, base))
        partition.append([RecordBatch(batch)], self.clock.now_ms())


def test_segments_older_than_retention_ms_are_deleted_and_the_log_start_moves() -> None:
    kept = Kept({"log.retention.check.interval.ms": "1000"})
    partition = kept.create({"retention.ms": "10000", "segment.ms": "5000"})
    kept.append(partition)
    kept.clock.advance(6)
    kept.append(partition)  # a segment of its own: the first one is old enough to be rolled
    kept.clock.advance(4)
    assert partition.log.log_start_offset == 0
    kept.clock.advance(1)
    assert (partition.log.log_start_offset, partition.log.log_end_offset) == (1, 2)
    kept.clock.advance(60)
    assert (partition.log.log_start_offset, partition.log.log_end_offset) == (2, 2)


def test_those_who_wait_at_a_log_are_told_that_it_became_shorter() -> None:
    kept = Kept({"log.retention.check.interval.ms": "1000"})
    partition = kept.create({"retention.ms": "1000"})
    kept.append(partition)
    before = len(kept.parts.changed)
    kept.clock.advance(5)
    assert kept.parts.changed[before:] == [partition]


def test_the_files_of_old_segments_go_after_file_delete_delay_ms() -> None:
    kept = Kept({"log.retention.check.interval.ms": "1000", "log.segment.delete.delay.ms": "1000"})
    partition = kept.create({"retention.ms": "1000", "file.delete.delay.ms": "10000"})
    kept.append(partition)

    def deleted() -> list[str]:
        return [name for name in kept.files.list_directory("/data/t-0") if name.endswith(".deleted")]

    kept.clock.advance(5)
    assert deleted()
    kept.clock.advance(10)
    assert not deleted()


def test_files_that_shall_not_be_kept_do_not_wait_for_the_delay_of_other_topics() -> None:
    kept = Kept({"log.retention.check.interval.ms": "1000"})
    partition = kept.create({"retention.ms": "1000", "file.delete.delay.ms": "0"})
    kept.append(partition)
    kept.clock.advance(5)
    assert partition.log.log_start_offset == 1
    assert [name for name in kept.files.list_directory("/data/t-0") if name.endswith(".deleted")] == []


def test_a_producer_that_is_silent_for_producer_id_expiration_ms_is_forgotten() -> None:
    kept = Kept({"producer.id.expiration.ms": "60000", "producer.id.expiration.check.interval.ms": "1000"})
    partition = kept.create({})
    kept.append(partition, pid=5)
    kept.clock.advance(59)
    with pytest.raises(KafkaError):
        kept.append(partition, pid=5, sequence=7)
    kept.clock.advance(2)
    kept.append(partition, pid=5, sequence=7)
    assert partition.log.log_end_offset == 2


def test_checkpoints_are_written_once_a_minute() -> None:
    kept = Kept()
    partition = kept.create({})
    kept.append(partition)
    path = "/data/replication-offset-checkpoint"
    kept.clock.advance(59)
    assert not kept.files.exists(path)
    kept.clock.advance(1)
    assert b"t 0 1" in kept.files.read(path, 0, 1000)


def test_a_partition_that_nobody_has_used_since_the_start_is_left_alone() -> None:
    kept = Kept()
    kept.append(kept.create({"retention.ms": "1"}))
    kept.tasks.stop()
    kept.parts.restart()
    kept.start()
    kept.clock.advance(DAY_S)
    (partition,) = kept.parts.topics.partitions()
    assert partition.opened_log is None


def test_after_the_stop_nothing_is_done() -> None:
    kept = Kept()
    kept.append(kept.create({"retention.ms": "1"}))
    kept.tasks.stop()
    kept.clock.advance(DAY_S)
    (partition,) = kept.parts.topics.partitions()
    assert partition.log.log_start_offset == 0


def test_a_task_that_fails_is_done_again_in_time(capfd: pytest.CaptureFixture[str]) -> None:
    kept = Kept()
    kept.append(kept.create({}))
    kept.files.write_error = BROKEN
    kept.clock.advance(60)
    assert "the checkpoints could not be written" in capfd.readouterr().err
    kept.files.write_error = None
    kept.clock.advance(60)
    assert kept.files.exists("/data/replication-offset-checkpoint")


def test_a_task_of_another_part_is_done_at_its_own_interval() -> None:
    kept = Kept()
    done: list[float] = []
    kept.tasks.stop()
    kept.tasks.add("another", 7000, lambda: done.append(kept.clock.now()))
    kept.tasks.start()
    began = kept.clock.now()
    kept.clock.advance(20)
    assert done == [began + 7, began + 14]


def test_a_fault_of_our_own_stops_no_task_either(capfd: pytest.CaptureFixture[str]) -> None:
    kept = Kept()
    rounds: list[int] = []

    def partitions() -> Iterator[Partition]:
        rounds.append(1)
        raise RuntimeError("the unforeseen")

    tasks = ScheduledTasks(
        kept.parts.config, kept.parts.runtime, partitions, kept.parts.store, Slices(kept.parts.runtime)
    )
    tasks.start()
    kept.clock.advance(900)
    assert len(rounds) == 4  # retention after 300, 600 and 900 seconds, producers after 600
    assert "the unforeseen" in capfd.readouterr().err


def test_deleted_files_are_removed_off_the_loop_and_what_cannot_be_is_told(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept({"log.retention.check.interval.ms": "1000"})
    partition = kept.create({"retention.ms": "10000", "segment.ms": "5000", "file.delete.delay.ms": "30000"})
    kept.append(partition)
    kept.clock.advance(6)
    kept.append(partition)
    kept.clock.advance(20)

    def deleted() -> list[str]:
        return [name for name in kept.files.list_directory("/data/t-0") if name.endswith(".deleted")]

    assert deleted()
    remove = kept.files.remove

    def refuse(path: str) -> None:
        if path.endswith(".log.deleted"):
            raise BROKEN
        remove(path)

    monkeypatch.setattr(kept.files, "remove", refuse)
    kept.clock.advance(60)
    assert [name.rpartition(".log")[1] for name in deleted()] == [".log"] * 2
    assert "will be at the next start" in capfd.readouterr().err


def test_a_sealed_segment_that_reached_the_disk_is_written_down_within_a_second() -> None:
    kept = Kept()
    partition = kept.create({"segment.ms": "5000"})
    flusher = LogFlusher(kept.parts.runtime, kept.parts.store.note_sealed, kept.parts.store.make_room)
    kept.append(partition)
    flusher.schedule(partition)
    assert not flusher.is_due(partition)
    kept.clock.advance(6)
    assert not kept.parts.directory.recovery_points.get(("t", 0))
    kept.append(partition)
    flusher.schedule(partition)
    assert not flusher.is_due(partition)
    kept.clock.advance(1)
    assert kept.parts.directory.recovery_points["t", 0] == 2
    kept.parts.restart(is_clean=False)
    assert kept.parts.store.directory.recovery_points["t", 0] == 2
