"""A partition: its log is opened when it is first used, and whoever waits hears of every change."""

import pytest

from odradek.broker.testing.disks import BROKEN, FailingFiles
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from ..conftest import Parts

PID, EPOCH = 7, 0


@pytest.fixture
def parts() -> Parts:
    return Parts(files=FailingFiles())


@pytest.fixture
def partition(parts: Parts) -> Partition:
    return create_topic(parts.topics, "t", 2, {}).partitions[1]


def append(partition: Partition, parts: Parts, producer: ProducerStamp | None = None) -> int:
    record = [NewRecord(None, b"v", 1)]
    data = build_batch(record) if producer is None else build_batch(record, producer=producer)
    return partition.append([RecordBatch(data)], parts.clock.now_ms()).base_offset


def test_it_is_called_as_its_directory_is(partition: Partition) -> None:
    assert (partition.name, repr(partition)) == ("t-1", "Partition(t-1)")


def test_its_log_is_opened_by_the_first_use_and_once(parts: Parts, partition: Partition) -> None:
    assert partition.opened_log is None
    assert not parts.files.exists("/data/t-1")
    log = partition.log
    assert partition.opened_log is log
    assert partition.open_log() is log
    assert parts.files.exists("/data/t-1")


def test_a_log_that_was_closed_is_opened_anew(partition: Partition) -> None:
    first = partition.open_log()
    first.close()
    partition.drop_log()
    assert partition.opened_log is None
    assert partition.open_log() is not first


def test_a_log_that_cannot_be_opened_is_an_error_now_and_is_tried_again_later(parts: Parts) -> None:
    partition = create_topic(parts.topics, "t", 1, {}).partitions[0]
    files = parts.files
    assert isinstance(files, FailingFiles)
    files.write_error = BROKEN
    with pytest.raises(KafkaError) as refusal:
        _ = partition.log
    assert refusal.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    files.write_error = None
    assert partition.log.log_end_offset == 0


def test_every_append_is_a_change(parts: Parts, partition: Partition) -> None:
    parts.changed.clear()
    assert [append(partition, parts) for _ in range(2)] == [0, 1]
    assert parts.changed == [partition, partition]


def test_an_append_that_is_refused_changes_nothing(parts: Parts, partition: Partition) -> None:
    append(partition, parts, ProducerStamp(PID, EPOCH, 0))
    parts.changed.clear()
    with pytest.raises(KafkaError):
        append(partition, parts, ProducerStamp(PID, EPOCH, 9))
    assert parts.changed == []


def test_a_marker_is_a_change_and_ends_the_transaction_of_its_producer(parts: Parts, partition: Partition) -> None:
    append(partition, parts, ProducerStamp(PID, EPOCH, 0, is_transactional=True))
    assert partition.has_open_transaction(PID, EPOCH)
    assert not partition.has_open_transaction(PID, EPOCH + 1)
    assert not partition.has_open_transaction(PID + 1, EPOCH)
    assert partition.log.last_stable_offset == 0
    parts.changed.clear()
    partition.append_marker(PID, EPOCH, 0, is_commit=True, now_ms=parts.clock.now_ms())
    assert not partition.has_open_transaction(PID, EPOCH)
    assert (partition.log.last_stable_offset, parts.changed) == (2, [partition])


def test_whoever_follows_transactions_hears_of_a_marker_before_those_who_wait(parts: Parts) -> None:
    heard: list[object] = []
    of_parts = create_topic(parts.topics, "t", 1, {}).partitions[0]
    partition = Partition(
        "t",
        0,
        0,
        lambda _: of_parts.open_log(),
        lambda changed: heard.append("change"),
        lambda marked, producer_id, is_commit: heard.append((producer_id, is_commit)),
        lambda later: None,
    )
    append(partition, parts, ProducerStamp(PID, EPOCH, 0, is_transactional=True))
    heard.clear()
    partition.append_marker(PID, EPOCH, 0, is_commit=False, now_ms=parts.clock.now_ms())
    assert heard == [(PID, False), "change"]


def test_an_offline_partition_is_neither_read_nor_written_and_says_so_once(
    parts: Parts, partition: Partition, capfd: pytest.CaptureFixture[str]
) -> None:
    append(partition, parts)
    parts.changed.clear()
    heard: list[str] = []
    parts.topics.on_offline = lambda offline: heard.append(offline.why_offline)
    assert partition.why_offline == ""
    for _ in range(2):
        partition.take_offline(OSError(5, "Input/output error"))
    assert partition.is_offline
    assert heard == ["offline until the broker is started again: [Errno 5] Input/output error"]
    assert partition.opened_log is None
    for use in (lambda: partition.log, lambda: append(partition, parts)):
        with pytest.raises(KafkaError) as refusal:
            use()
        assert refusal.value.code == ErrorCode.KAFKA_STORAGE_ERROR
    assert parts.changed == [partition]
    assert capfd.readouterr().err.count("the partition is offline") == 1


def test_a_deletion_is_a_change(parts: Parts) -> None:
    topic = create_topic(parts.topics, "t", 2, {})
    parts.changed.clear()
    delete_topics(parts.topics, [topic])
    assert all(partition.is_deleted for partition in topic.partitions)
    assert parts.changed == list(topic.partitions)


def test_a_change_that_others_made_can_be_told(parts: Parts, partition: Partition) -> None:
    parts.changed.clear()
    partition.notify_changed()
    assert parts.changed == [partition]


@pytest.mark.parametrize(
    ("known", "code"), [(3, ErrorCode.FENCED_LEADER_EPOCH), (5, ErrorCode.UNKNOWN_LEADER_EPOCH), (4, None), (-1, None)]
)
def test_a_leader_epoch_that_is_not_ours_is_refused(partition: Partition, known: int, code: ErrorCode | None) -> None:
    partition.leader_epoch = 4
    if code is None:
        partition.check_leader_epoch(known)
        return
    with pytest.raises(KafkaError) as refusal:
        partition.check_leader_epoch(known)
    assert refusal.value.code == code
