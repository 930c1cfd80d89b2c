"""What was appended is durable once the disk and the followers have it, in whatever order they say so."""

from dataclasses import dataclass, field, replace

import pytest

from odradek.broker.coordination.durability import Durability, storage_error
from odradek.broker.coordination.replication_wait import ReplicationWait
from odradek.broker.testing.threads import ManualThreads
from odradek.broker.testing.topics import create_topic
from odradek.broker.topics.log_flusher import LogFlusher
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError

from ..conftest import Parts
from ..handlers.broker_harness import batch
from .leading import HandLeadership

SYNCED = {"flush.messages": "1"}


@dataclass
class Written:
    """Two partitions with a batch each, and who waits for them."""

    configs: dict[str, str] = field(default_factory=dict[str, str])
    is_replicated: bool = True

    def __post_init__(self) -> None:
        self.parts = Parts()
        self.threads = ManualThreads(holds=True)
        runtime = replace(self.parts.runtime, threads=self.threads)
        flusher = LogFlusher(runtime, self.parts.store.note_sealed, self.parts.store.make_room)
        wait = ReplicationWait(runtime.clock, runtime.timers) if self.is_replicated else None
        self.durability = Durability(flusher, wait)
        self.partitions = create_topic(self.parts.topics, "t", 2, self.configs).partitions
        self.leaderships = [HandLeadership() for _ in self.partitions]
        for partition, leadership in zip(self.partitions, self.leaderships, strict=True):
            if self.is_replicated:
                partition.leadership = leadership
            append(partition)
        self.heard: list[ErrorCode | None] = []
        self.durability.when_durable(self.partitions, self._hear)

    def _hear(self, error: KafkaError | None) -> None:
        self.heard.append(None if error is None else error.code)


def append(partition: Partition) -> None:
    partition.append([RecordBatch(batch(b"v"))], 5, is_from_client=False)


def test_a_broker_alone_waits_for_the_disk_alone() -> None:
    assert Written(is_replicated=False).heard == [None]
    written = Written(SYNCED, is_replicated=False)
    assert written.heard == []
    written.threads.finish_all()
    assert written.heard == [None]


def test_all_followers_have_to_have_it() -> None:
    written = Written()
    assert [[end for end, _ in one.waiting] for one in written.leaderships] == [[1], [1]]
    written.leaderships[0].tell()
    assert written.heard == []
    written.leaderships[1].tell()
    assert written.heard == [None]


@pytest.mark.parametrize("is_disk_first", [True, False])
def test_disk_and_followers_have_to_have_it(is_disk_first: bool) -> None:
    written = Written(SYNCED)

    def replicate() -> None:
        for one in written.leaderships:
            one.tell()

    steps = [written.threads.finish_all, replicate]
    for step in steps if is_disk_first else reversed(steps):
        assert written.heard == []
        step()
    assert written.heard == [None]


def test_one_partition_that_is_led_no_more_is_an_error_once_the_others_have_answered() -> None:
    written = Written()
    written.leaderships[0].tell(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    assert written.heard == []
    written.leaderships[1].tell()
    assert written.heard == [ErrorCode.NOT_LEADER_OR_FOLLOWER]


def test_an_fsync_that_fails_is_a_fault_of_the_storage() -> None:
    assert storage_error(None) is None
    error = storage_error(OSError("broken"))
    assert error is not None
    assert (error.code, error.why) == (ErrorCode.KAFKA_STORAGE_ERROR, "broken")
