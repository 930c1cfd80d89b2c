"""DeleteRecords: the log begins later, and a crash does not bring back what was deleted."""

import errno

import pytest

from odradek.broker.testing.topics import internal_topic
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)

from ..nodes.three_brokers import AskedNode, Made, ThreeBrokers
from .broker_harness import AskedBroker, batch, fetch_request, offsets_in, served, wanted
from .group_context import Asked


def _filled() -> AskedBroker:
    broker = AskedBroker()
    broker.create()
    for n in range(5):
        broker.produce("t", batch(b"a", b"b", pid=7, sequence=2 * n))
    return broker


def _delete(broker: AskedBroker, offset: int, *, topic: str = "t", version: int = 2) -> DeleteRecordsPartitionResult:
    asked = DeleteRecordsTopic(name=topic, partitions=[DeleteRecordsPartition(partition_index=0, offset=offset)])
    request = DeleteRecordsRequest(topics=[asked], timeout_ms=1000)
    (found,) = broker.ask(request, version, DeleteRecordsResponse).answer.topics
    assert found.name == topic
    (answer,) = found.partitions
    return answer


@pytest.mark.parametrize("version", served(ApiKey.DELETE_RECORDS))
def test_the_log_begins_at_the_offset_asked_for(version: int) -> None:
    broker = _filled()
    assert _delete(broker, 4, version=version) == DeleteRecordsPartitionResult(
        partition_index=0, low_watermark=4, error_code=0
    )
    assert broker.fetch_one(fetch_request("t", wanted(offset=3))).error_code == 1
    assert offsets_in(broker.fetch_one(fetch_request("t", wanted(offset=4))).records) == [4, 6, 8]


def test_minus_one_is_the_high_watermark_and_an_earlier_offset_changes_nothing() -> None:
    broker = _filled()
    assert _delete(broker, -1).low_watermark == 10
    answer = _delete(broker, 3)
    assert (answer.error_code, answer.low_watermark) == (0, 10)


@pytest.mark.parametrize(("offset", "code"), [(11, 1), (-2, 1)])
def test_an_offset_outside_the_log_is_out_of_range(offset: int, code: int) -> None:
    answer = _delete(_filled(), offset)
    assert (answer.error_code, answer.low_watermark) == (code, -1)


def test_what_cannot_lose_records_is_refused() -> None:
    broker = _filled()
    broker.create("compacted", cleanup_policy="compact")
    broker.create("both", cleanup_policy="compact,delete")
    internal_topic(broker.topics, "__consumer_offsets")
    codes = [_delete(broker, 0, topic=name).error_code for name in ("compacted", "both", "__consumer_offsets", "no")]
    assert codes == [44, 0, 17, 3]


@pytest.mark.parametrize("is_clean", [True, False])
def test_the_new_start_outlives_a_restart_and_so_does_the_producer(is_clean: bool) -> None:
    broker = _filled()
    assert _delete(broker, 5).low_watermark == 5
    broker.restart(is_clean=is_clean)
    assert broker.topics.partition("t", 0).log.log_start_offset == 5
    assert broker.produce("t", batch(b"a", b"b", pid=7, sequence=8)).base_offset == 8  # the last batch, known again
    assert broker.produce("t", batch(pid=7, sequence=10)).base_offset == 10


@pytest.mark.parametrize("part", ["log-start-offset-checkpoint", "leader-epoch-checkpoint"])
def test_a_disk_that_refuses_leaves_the_log_as_it_was(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = _filled()
    write_whole = broker.files.write_whole

    def refuse(path: str, data: bytes, *, is_synced: bool = True) -> None:
        if path.endswith(part):
            raise OSError(errno.ENOSPC, "no space left")
        write_whole(path, data, is_synced=is_synced)

    monkeypatch.setattr(broker.files, "write_whole", refuse)
    answer = _delete(broker, 5)
    assert (answer.error_code, answer.low_watermark) == (56, -1)
    assert offsets_in(broker.fetch_one(fetch_request("t")).records) == [0, 2, 4, 6, 8]
    monkeypatch.undo()
    broker.restart(is_clean=False)
    assert broker.topics.partition("t", 0).log.log_start_offset == 0
    assert _delete(broker, 5).low_watermark == 5


# Several brokers


def _ask(node: AskedNode, offset: int, *, topic: str = "t", timeout_ms: int = 1000) -> Asked[DeleteRecordsResponse]:
    asked = DeleteRecordsTopic(name=topic, partitions=[DeleteRecordsPartition(partition_index=0, offset=offset)])
    return node.ask(DeleteRecordsRequest(topics=[asked], timeout_ms=timeout_ms), 2, DeleteRecordsResponse)


def _outcome(asked: Asked[DeleteRecordsResponse]) -> tuple[int, int]:
    ((answer,),) = [topic.partitions for topic in asked.answer.topics]
    return answer.error_code, answer.low_watermark


def _three() -> ThreeBrokers:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.create("u", [1, 2])
    for _ in range(3):
        brokers.produce("t", batch(b"v"))
    return brokers


def test_an_answer_waits_until_the_followers_begin_there_too() -> None:
    brokers = _three()
    asked = _ask(brokers[1], 2)
    brokers.settle()
    assert _outcome(asked) == (0, 2)
    assert [node.partition().replica_log.log_start_offset for node in brokers.running] == [2, 2, 2]


def test_an_answer_that_is_late_has_where_the_last_replica_began() -> None:
    brokers = _three()
    brokers.freeze(3)
    asked = _ask(brokers[1], 2, timeout_ms=1500)
    brokers.advance(1.4)
    assert asked.is_deferred
    assert brokers[1].partition().replica_log.log_start_offset == 2
    brokers.advance(0.2)
    assert _outcome(asked) == (ErrorCode.REQUEST_TIMED_OUT, 0)


def test_a_replica_that_is_not_there_is_not_waited_for() -> None:
    brokers = _three()
    brokers.freeze(3)
    asked = _ask(brokers[1], 2, timeout_ms=60_000)
    brokers.settle()
    assert asked.is_deferred
    brokers.fence(3)
    assert _outcome(asked) == (0, 2)
    brokers.resume(3)
    brokers.unfence(3)
    assert brokers[3].partition().replica_log.log_start_offset == 2


def test_who_waits_is_told_that_another_broker_leads() -> None:
    brokers = _three()
    brokers.freeze(3)
    asked = _ask(brokers[1], 2, timeout_ms=60_000)
    brokers.settle()
    with Made() as done:
        brokers.controller.begin_controlled_shutdown(1, lambda _, error: done(error))
    brokers.settle()
    assert brokers.record().leader == 2
    assert _outcome(asked) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)


@pytest.mark.parametrize(("at", "topic"), [(2, "t"), (3, "u")])
def test_a_broker_that_does_not_lead_deletes_nothing(at: int, topic: str) -> None:
    brokers = _three()
    assert _outcome(_ask(brokers[at], 0, topic=topic)) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)


def test_what_not_everyone_in_sync_has_is_not_deleted() -> None:
    brokers = _three()
    brokers.freeze(3)
    brokers[1].send(batch(b"v"), acks=1)
    brokers.settle()
    assert _outcome(_ask(brokers[1], 4)) == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)
    asked = _ask(brokers[1], -1, timeout_ms=60_000)
    brokers.resume(3)
    assert _outcome(asked) == (0, 3)
