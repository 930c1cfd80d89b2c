"""The real topic: created on first use, read back in order, and slow or unwilling as disks are."""

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import Mock

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.coordination.partition_writer import PartitionWriter
from odradek.broker.coordination.result import BuiltRecords
from odradek.broker.runtime import Then
from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.testing.topics import create_topic
from odradek.broker.topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from odradek.broker.topics.log_flusher import LogFlusher
from odradek.broker.topics.partition import Partition
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, OpenBatch, build_batch, read_records

from ..conftest import Parts

RECORDS = [(b"k", b"v"), (b"gone", None)]


class Disk:
    """A LogFlusher whose fsyncs end when a test says so."""

    def __init__(self, parts: Parts) -> None:
        self.waiting: list[Then] = []
        self.flusher = LogFlusher(replace(parts.runtime, threads=self), parts.store.note_sealed, parts.store.make_room)

    def run(self, work: Callable[[], None], then: Then) -> None:
        self.waiting.append(then)


def writer_of(parts: Parts) -> PartitionWriter:
    return PartitionWriter(OFFSETS_TOPIC, parts.topics, Disk(parts).flusher)


def ready_writer(parts: Parts) -> PartitionWriter:
    log = writer_of(parts)
    log.when_ready(lambda error: None)
    return log


def test_the_topic_is_there_when_it_is_ready_with_its_own_settings() -> None:
    parts = Parts(BrokerConfig(offsets_topic_num_partitions=3))
    log = writer_of(parts)
    assert log.partition_count() is None
    assert list(log.stored()) == []
    told: list[KafkaError | None] = []
    log.when_ready(told.append)
    assert told == [None]
    assert log.append(2, RECORDS, 5, -1, -1) == 0
    assert log.append(2, RECORDS, 5, -1, -1) == 2
    assert log.partition_count() == 3
    topic = parts.topics.find("__consumer_offsets")
    assert topic is not None
    assert topic.configs["cleanup.policy"] == "compact"


def test_once_it_is_there_it_is_ready_at_once_and_on_a_broken_disk_too() -> None:
    files = FailingFiles()
    parts = Parts(files=files)
    log = writer_of(parts)
    told: list[KafkaError | None] = []
    files.write_error = BROKEN
    log.when_ready(told.append)
    files.write_error = None
    log.when_ready(told.append)
    files.write_error = BROKEN
    log.when_ready(told.append)
    assert [error and error.code for error in told] == [ErrorCode.KAFKA_STORAGE_ERROR, None, None]


def test_before_it_is_ready_nothing_can_be_appended_nothing_waits_and_nothing_is_offline(parts: Parts) -> None:
    log = writer_of(parts)
    with pytest.raises(KafkaError) as refused:
        log.append(0, RECORDS, 5)
    assert refused.value.code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    told: list[KafkaError | None] = []
    log.when_durable(0, told.append)
    assert (told, log.is_offline(0), log.is_undurable(0)) == ([None], False, False)


def test_batches_come_back_in_order_after_a_restart(parts: Parts) -> None:
    log = ready_writer(parts)
    log.append(0, RECORDS, 5, -1, -1)
    log.append(0, [(b"t", b"x")], 6, 7, 0)
    parts.restart()
    stored = {partition: list(batches) for partition, batches in writer_of(parts).stored()}
    plain, transactional = stored.pop(0)
    assert [(r.offset, r.timestamp, r.key, r.value) for r in read_records(plain)] == [
        (0, 5, b"k", b"v"),
        (1, 5, b"gone", None),
    ]
    assert not plain.is_transactional
    assert (transactional.is_transactional, transactional.producer_id, transactional.base_offset) == (True, 7, 2)
    assert not any(stored.values())


def test_what_was_appended_may_be_acknowledged_at_once_unless_the_topic_wants_an_fsync(parts: Parts) -> None:
    told: list[KafkaError | None] = []
    log = ready_writer(parts)
    log.append(0, RECORDS, 5, -1, -1)
    log.when_durable(0, told.append)
    assert told == [None]


@pytest.mark.parametrize(("fault", "expected"), [(None, None), (OSError("no space"), ErrorCode.KAFKA_STORAGE_ERROR)])
def test_where_an_fsync_is_wanted_its_end_is_waited_for(
    parts: Parts, fault: OSError | None, expected: ErrorCode | None
) -> None:
    told: list[KafkaError | None] = []
    create_topic(parts.topics, "__consumer_offsets", 1, {"flush.messages": "1"})
    disk = Disk(parts)
    log = PartitionWriter(OFFSETS_TOPIC, parts.topics, disk.flusher)
    log.append(0, RECORDS, 5, -1, -1)
    log.when_durable(0, told.append)
    assert told == []
    assert log.is_undurable(0)
    (end,) = disk.waiting
    end(fault)
    assert [error and error.code for error in told] == [expected]


def test_a_disk_that_refuses_is_a_storage_error(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Partition, "append", refuse)
    with pytest.raises(KafkaError) as refused:
        ready_writer(parts).append(0, RECORDS, 5, -1, -1)
    assert refused.value.code is ErrorCode.KAFKA_STORAGE_ERROR


def test_a_partition_that_a_client_left_out_when_it_created_the_topic_is_offline(parts: Parts) -> None:
    log = writer_of(parts)
    assert not log.is_offline(2)
    create_topic(parts.topics, OFFSETS_TOPIC, 2)
    assert [log.is_offline(partition) for partition in (1, 2, -1)] == [False, True, True]
    assert not log.is_undurable(2)


def test_a_batch_beyond_what_its_topic_takes_is_too_large(parts: Parts) -> None:
    create_topic(parts.topics, OFFSETS_TOPIC, 1, {"max.message.bytes": "1000"})
    log = writer_of(parts)
    most = 1000 - len(build_batch([NewRecord(b"k", bytes(800), 5)])) + 800
    log.append(0, [(b"k", bytes(most))], 5)
    for too_many in (most + 1, 100_000):
        with pytest.raises(KafkaError) as refused:
            log.append(0, [(b"k", bytes(too_many))], 5)
        assert refused.value.code is ErrorCode.MESSAGE_TOO_LARGE
    assert log.partition(0).log.log_end_offset == 1


def test_a_batch_built_in_steps_is_measured_before_it_is_put_together(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_topic(parts.topics, OFFSETS_TOPIC, 1, {"max.message.bytes": "1000"})
    log = writer_of(parts)
    built = BuiltRecords(5)
    built.add((b"k", bytes(800)))
    assert log.append(0, built, 5) == 0
    monkeypatch.setattr(OpenBatch, "closed", Mock(side_effect=AssertionError("put together")))
    built.add((b"k", bytes(800)))
    with pytest.raises(KafkaError) as refused:
        log.append(0, built, 5)
    assert refused.value.code is ErrorCode.MESSAGE_TOO_LARGE


@pytest.mark.parametrize(
    ("topic", "producer_id", "sequence"),
    [(OFFSETS_TOPIC, -1, 0), (SHARE_TOPIC, -1, 0), (OFFSETS_TOPIC, 7, 0), (TRANSACTION_TOPIC, -1, -1)],
)
def test_batches_have_the_sequence_that_kafkas_coordinators_write(topic: str, producer_id: int, sequence: int) -> None:
    parts = Parts()
    log = PartitionWriter(topic, parts.topics, Disk(parts).flusher)
    log.when_ready(lambda error: None)
    built = BuiltRecords(5)
    built.add((b"k", b"v"))
    for records in (RECORDS, built):
        log.append(0, records, 5, producer_id, 0 if producer_id >= 0 else -1)
    assert [batch.base_sequence for batch in log.batches(0)] == [sequence, sequence]
