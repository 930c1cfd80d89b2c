"""Deletions of records, many of them with one write."""

from odradek.broker.record_deletions import DELETIONS_AT_ONCE
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import KafkaError
from odradek.protocol.records import NewRecord, build_batch

from .conftest import Parts
from .test_log_manager import fill


def test_where_many_logs_begin_is_written_a_few_times_for_all_of_them() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    fill(parts, partitions=450)
    parts.threads.holds = True
    files.written_whole.clear()
    told: list[Exception | None] = []
    for partition in parts.topics.partitions():
        parts.store.delete_records("t", partition.index, partition.log, 1, told.append)
    parts.threads.finish_all()
    assert told == [None] * 450
    assert files.written_whole.count("/data/log-start-offset-checkpoint") <= 2 + 450 // DELETIONS_AT_ONCE
    assert {partition.log.log_start_offset for partition in parts.topics.partitions()} == {1}
    parts.threads.holds = False
    parts.restart(is_clean=False)
    assert {partition.log.log_start_offset for partition in parts.topics.partitions()} == {1}


def test_a_checkpoint_written_amid_a_deletion_of_records_does_not_undo_it(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 1, {})
    batch = RecordBatch(build_batch([NewRecord(None, b"v", 1)]))
    topic.partitions[0].append([batch] * 9, parts.clock.now_ms())
    answered: list[tuple[int, KafkaError | None]] = []
    parts.topics.delete_records(topic.partitions[0], 3, lambda start, error: answered.append((start, error)))
    parts.threads.holds = True
    parts.topics.delete_records(topic.partitions[0], 8, lambda start, error: answered.append((start, error)))
    parts.threads.finish()  # the log start checkpoint
    parts.store.write_checkpoints()
    parts.threads.finish_all()
    assert answered == [(3, None), (8, None)]
    parts.threads.holds = False
    parts.restart(is_clean=False)
    assert parts.topics.partition("t", 0).log.log_start_offset == 8
