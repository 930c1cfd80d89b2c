"""A whole broker on a disk that refuses, at every single operation: clients hear of it, and get through in the end."""

import errno
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import pytest

from odradek.broker.handlers.produce import V2_FROM_VERSION
from odradek.broker.testing.disks import RefusingFiles
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from odradek.protocol.records import read_records

from ..broker.handlers.broker_harness import batch
from ..broker.handlers.group_context import offsets_of
from ..broker.handlers.transaction_harness import Producer, TransactingBroker
from ..conftest import Rounds

R = TypeVar("R")
MOST_TRIES = 60
FSYNC = {"log.flush.interval.messages": "1"}

# What clients are told, and may ask again: a disk that refuses is a storage error, a coordinator that cannot be found,
# or one that is about to move.
RETRIABLE = frozenset(
    {
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.NOT_ENOUGH_REPLICAS,
        ErrorCode.CONCURRENT_TRANSACTIONS,
    }
)
# Odd on purpose: a value that fills a segment of the least size with two of its kind.
BIG = b"x" * 400_000


class Day:
    """A client that asks again as long as it is told to, and what it must find in the end."""

    def __init__(
        self, disk: RefusingFiles, refuse: tuple[int, int] = (0, 0), settings: dict[str, str] | None = None
    ) -> None:
        self.broker = TransactingBroker(
            {"num.partitions": "1", "log.segment.bytes": "1048576"} | (settings or {}), disk
        )
        disk.refuse(*refuse)
        self.disk = disk
        self.member = ("", -1)
        self.restarts = 0
        self.restarts_when_refused = False

    def _retain(self) -> None:
        for partition in self.broker.topics.partitions():
            if partition.opened_log is not None:
                partition.opened_log.delete_old_segments(self.broker.clock.now_ms())

    def _restart(self) -> None:
        self.restarts += 1
        self.broker.restart(is_clean=False)
        self.broker.clock.advance(0)

    def _insist(self, ask: Callable[[], tuple[int, R]], *also: ErrorCode) -> R:
        """Ask until there is no error; `also` what an attempt that was answered with one may have left behind."""
        for _ in range(MOST_TRIES):
            code, answer = ask()
            if code == 0 or code in also:
                return answer
            assert code in RETRIABLE, ErrorCode(code).name
            if self.restarts_when_refused and code != ErrorCode.CONCURRENT_TRANSACTIONS:
                again, _ = ask()
                assert again not in (0, *also), "a failed fsync was followed by an answer"
                self._restart()
            self.broker.clock.advance(1.0)
        raise AssertionError("the broker does not recover")

    def _chore(self, chore: Callable[[], object]) -> None:
        """What fails by the clock is tried again in time."""
        for _ in range(MOST_TRIES):
            try:
                chore()
                return
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        raise AssertionError("the broker does not recover")

    # What clients do

    def live(self) -> None:
        self._insist(partial(self._create, "a"), ErrorCode.TOPIC_ALREADY_EXISTS)
        self._insist(self._metadata)
        producer = self._insist(self._init)
        for sequence in range(7):
            self._insist(partial(self._produce, producer, sequence))
        self._insist(partial(self._delete_records, 2))
        self._chore(self._retain)
        self._transact(V2_FROM_VERSION - 1, commit=True)
        self._transact(V2_FROM_VERSION, commit=False)
        self._insist(self._find_group)
        self._insist(self._join_and_sync)
        self._insist(self._commit_offset)
        self._chore(self.broker.parts.store.write_checkpoints)
        self._insist(partial(self._create, "gone"), ErrorCode.TOPIC_ALREADY_EXISTS)
        self._insist(partial(self._delete, "gone"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        self.broker.clock.advance(3.0)

    def _create(self, name: str) -> tuple[int, None]:
        request = CreateTopicsRequest(
            topics=[CreatableTopic(name=name, num_partitions=1, replication_factor=1)], timeout_ms=1000
        )
        (topic,) = self.broker.ask(request, 7, CreateTopicsResponse).answer.topics
        return topic.error_code, None

    def _delete(self, name: str) -> tuple[int, None]:
        request = DeleteTopicsRequest(topic_names=[name], timeout_ms=1000)
        (topic,) = self.broker.ask(request, 5, DeleteTopicsResponse).answer.responses
        return topic.error_code, None

    def _metadata(self) -> tuple[int, None]:
        request = MetadataRequest(topics=[MetadataRequestTopic(name="b")], allow_auto_topic_creation=True)
        (topic,) = self.broker.ask(request, 9, MetadataResponse).answer.topics
        return topic.error_code, None

    def _init(self) -> tuple[int, Producer]:
        request = InitProducerIdRequest(
            transactional_id=None, transaction_timeout_ms=0, producer_id=-1, producer_epoch=-1
        )
        answer = self.broker.ask(request, 4, InitProducerIdResponse).answer
        return answer.error_code, (answer.producer_id, answer.producer_epoch)

    def _produce(self, producer: Producer, sequence: int) -> tuple[int, None]:
        value = b"%d" % sequence + BIG
        answer = self.broker.produce("a", batch(value, pid=producer[0], epoch=producer[1], sequence=sequence))
        assert answer.error_code or answer.base_offset == sequence
        return answer.error_code, None

    def _delete_records(self, offset: int) -> tuple[int, None]:
        asked = DeleteRecordsTopic(name="a", partitions=[DeleteRecordsPartition(partition_index=0, offset=offset)])
        (topic,) = self.broker.ask(
            DeleteRecordsRequest(topics=[asked], timeout_ms=1000), 2, DeleteRecordsResponse
        ).answer.topics
        (partition,) = topic.partitions
        return partition.error_code, None

    def _transact(self, version: int, *, commit: bool) -> None:
        name = f"id{version}"
        is_v2 = version >= V2_FROM_VERSION
        who = self._insist(lambda: self.broker.init(name))
        if not is_v2:
            self._insist(lambda: (self.broker.add(who, 0, name=name)[0], None))
        self._insist(lambda: (self.broker.write(who, version=version, name=name).error_code, None))
        if not is_v2:
            self._insist(lambda: (self.broker.add_offsets(who, "tg", name=name), None))
            self._insist(lambda: (self.broker.commit_offset(who, 42, group="tg", name=name), None))
        self._insist(lambda: self.broker.end(who, commit=commit, name=name, version=5 if is_v2 else 4))

    def _find_group(self) -> tuple[int, None]:
        answer = self.broker.ask(FindCoordinatorRequest(key="g"), 3, FindCoordinatorResponse).answer
        return answer.error_code, None

    def _join_and_sync(self) -> tuple[int, None]:
        join = JoinGroupRequest(
            group_id="g",
            session_timeout_ms=300_000,
            rebalance_timeout_ms=300_000,
            member_id=self.member[0],
            protocol_type="consumer",
            protocols=[JoinGroupRequestProtocol(name="range", metadata=b"m")],
        )
        joined = self.broker.ask(join, 2, JoinGroupResponse).answer
        if joined.error_code == ErrorCode.UNKNOWN_MEMBER_ID:  # it was refused, and has not survived the restart
            self.member = ("", -1)
            return ErrorCode.NOT_COORDINATOR, None
        if joined.error_code:
            return joined.error_code, None
        self.member = (joined.member_id, joined.generation_id)
        sync = SyncGroupRequest(
            group_id="g",
            generation_id=joined.generation_id,
            member_id=joined.member_id,
            assignments=[SyncGroupRequestAssignment(member_id=joined.member_id, assignment=b"work")],
        )
        return self.broker.ask(sync, 2, SyncGroupResponse).answer.error_code, None

    def _commit_offset(self) -> tuple[int, None]:
        member_id, generation = self.member
        request = OffsetCommitRequest(
            group_id="g",
            generation_id_or_member_epoch=generation,
            member_id=member_id,
            topics=[offsets_of("a", {0: 7})],
        )
        (topic,) = self.broker.ask(request, 8, OffsetCommitResponse).answer.topics
        return topic.partitions[0].error_code, None

    # What is there in the end

    def check(self) -> None:
        topics = self.broker.topics
        assert {topic.name for topic in topics} == {"t", "a", "b", "__consumer_offsets", "__transaction_state"}
        log = topics.partition("a", 0).log
        values = [record.value for one in log.batches() for record in read_records(one)]
        assert values[-5:] == [b"%d" % n + BIG for n in range(2, 7)]
        assert (log.log_start_offset, log.log_end_offset) == (2, 7)
        log = topics.partition("t", 0).log
        data = [one.producer_id for one in log.batches() if not one.is_control]
        assert len(data) == 2
        assert log.last_stable_offset == log.log_end_offset
        assert [txn.producer_id for txn in log.aborted_transactions(0, log.log_end_offset)] == data[1:]
        assert self.broker.offset("g", "a") == 7
        assert self.broker.offset("tg") == 42


@pytest.mark.parametrize("length", [1, 4])
def test_clients_get_through_once_the_disk_takes_what_it_refused(length: int, rounds: Rounds) -> None:
    whole = Day(RefusingFiles())
    began = whole.disk.operations
    whole.live()
    whole.check()
    total = whole.disk.operations - began
    assert total > 60
    for first in range(1 + length % 2, total, rounds(5, 1)):
        day = Day(RefusingFiles(), (first, length))
        try:
            day.live()
            assert day.disk.refused
            day.check()
            day.broker.restart(is_clean=False)
            day.check()
            day.broker.restart(is_clean=True)
            day.check()
        except Exception as error:
            raise AssertionError(f"operations {first} to {first + length - 1} were refused: {error!r}") from error


def test_after_any_failed_fsync_nothing_is_answered_until_a_restart_and_nothing_is_lost(rounds: Rounds) -> None:
    whole = Day(RefusingFiles(), settings=FSYNC)
    began = whole.disk.fsyncs
    whole.live()
    whole.check()
    total = whole.disk.fsyncs - began
    assert total > 40
    for number in range(1, total, rounds(3, 1)):
        day = Day(RefusingFiles(), settings=FSYNC)
        day.restarts_when_refused = True
        day.disk.fail_fsync(number)
        try:
            day.live()
            day.broker.restart(is_clean=False)
            day.check()
        except Exception as error:
            raise AssertionError(f"fsync {number} failed: {error!r}") from error
