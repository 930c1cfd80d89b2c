"""What is answered for a partition whose fsync has failed: as Apache Kafka 4.3 answers for an offline log directory."""

import pytest

from odradek.broker.testing.disks import BROKEN
from odradek.broker.testing.topics import internal_topic
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import ProduceResponse

from .broker_harness import AskedBroker, batch, fetch_request, offsets_in, produce_request, wanted

SETTINGS = {"offsets.topic.num.partitions": "1"}


def _with_partition_0_offline(**overrides: str) -> AskedBroker:
    """Two partitions with a record each; the fsync of the first one's next record failed."""
    broker = AskedBroker(SETTINGS)
    broker.create(partitions=2, **overrides)
    for index in (0, 1):
        assert broker.produce("t", batch(pid=7), index=index).error_code == 0
    broker.files.sync_error = BROKEN
    broker.context.flusher.flush(broker.topics.partition("t", 0), lambda error: None)
    broker.files.sync_error = None
    return broker


@pytest.mark.parametrize("acks", [-1, 1])
def test_produce_is_refused_whatever_the_acks_and_nothing_is_appended(acks: int) -> None:
    broker = _with_partition_0_offline()
    size = broker.files.size("/data/t-0/00000000000000000000.log")
    for sequence in (0, 1):  # a repeat is not acknowledged either
        answer = broker.produce("t", batch(pid=7, sequence=sequence), acks=acks)
        assert (answer.error_code, answer.base_offset, answer.log_start_offset) == (56, -1, -1)
    assert broker.files.size("/data/t-0/00000000000000000000.log") == size


def test_fetch_and_list_offsets_are_refused() -> None:
    broker = _with_partition_0_offline()
    answer = broker.fetch_one(fetch_request("t"))
    assert (answer.error_code, answer.high_watermark, answer.records) == (56, -1, b"")
    asked = ListOffsetsRequest(
        replica_id=-1,
        topics=[ListOffsetsTopic(name="t", partitions=[ListOffsetsPartition(partition_index=0, timestamp=-1)])],
    )
    (topic,) = broker.ask(asked, 7, ListOffsetsResponse).answer.topics
    assert [(found.error_code, found.offset) for found in topic.partitions] == [(56, -1)]


def test_metadata_says_that_it_has_no_leader_and_which_replica_is_offline() -> None:
    broker = _with_partition_0_offline()
    asked = MetadataRequest(topics=[MetadataRequestTopic(name="t")])
    (topic,) = broker.ask(asked, 12, MetadataResponse).answer.topics
    first, second = topic.partitions
    assert topic.error_code == 0
    assert (first.error_code, first.leader_id) == (ErrorCode.LEADER_NOT_AVAILABLE, -1)
    assert [list(ids) for ids in (first.replica_nodes, first.isr_nodes, first.offline_replicas)] == [[1], [], [1]]
    assert (second.error_code, second.leader_id) == (ErrorCode.NONE, 1)
    assert [list(ids) for ids in (second.replica_nodes, second.isr_nodes, second.offline_replicas)] == [[1], [1], []]


def test_other_partitions_go_on() -> None:
    broker = _with_partition_0_offline()
    assert broker.produce("t", batch(), index=1).base_offset == 1
    assert offsets_in(broker.fetch_one(fetch_request("t", wanted(index=1))).records) == [0, 1]


def test_a_fetch_that_waits_is_told_at_once() -> None:
    broker = AskedBroker()
    broker.create(flush_messages="1")
    waiting = broker.fetch(fetch_request("t", max_wait_ms=60_000))
    assert waiting.is_deferred
    broker.files.sync_error = BROKEN
    broker.ask(produce_request({"t": {0: batch()}}), 9, ProduceResponse)
    assert waiting.answer.responses[0].partitions[0].error_code == ErrorCode.KAFKA_STORAGE_ERROR


def test_a_stop_leaves_the_directory_unclean_and_the_next_start_recovers_from_the_recovery_point() -> None:
    broker = _with_partition_0_offline()
    broker.parts.store.close()
    assert not broker.files.exists("/data/.kafka_cleanshutdown")
    broker.parts.start()
    broker._start()
    assert broker.parts.directory.recovery_points["t", 0] == 0
    assert broker.topics.partition("t", 0).open_log().recovery_report.segments_recovered == 1
    assert broker.produce("t", batch(pid=7, sequence=0)).base_offset == 0  # known as a repeat
    assert broker.produce("t", batch(pid=7, sequence=1)).base_offset == 1


def test_a_read_that_fails_is_an_error_for_that_read_only() -> None:
    broker = AskedBroker()
    broker.create()
    broker.produce("t", batch())
    broker.files.read_error = BROKEN
    assert broker.fetch_one(fetch_request("t")).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    broker.files.read_error = None
    assert offsets_in(broker.fetch_one(fetch_request("t")).records) == [0]
    assert broker.produce("t", batch()).base_offset == 1


def test_housekeeping_leaves_it_alone() -> None:
    broker = _with_partition_0_offline()
    assert [partition.opened_log is None for partition in broker.topics.partitions()] == [True, False]


@pytest.mark.parametrize("version", [3, 4])
def test_no_coordinator_is_found_for_a_group_whose_partition_is_offline(version: int) -> None:
    broker = AskedBroker(SETTINGS)
    partition = internal_topic(broker.topics, "__consumer_offsets").partitions[0]
    partition.take_offline(BROKEN)
    request = FindCoordinatorRequest(key="g", coordinator_keys=["g"])
    answer = broker.ask(request, version, FindCoordinatorResponse).answer
    found = answer.coordinators[0] if version >= 4 else answer
    assert (found.error_code, found.node_id, found.host, found.port) == (15, -1, "", -1)
    assert found.error_message == ("" if version >= 4 else ErrorCode.COORDINATOR_NOT_AVAILABLE.message)


def test_no_coordinator_is_found_while_its_topic_cannot_be_created() -> None:
    broker = AskedBroker(SETTINGS)
    broker.files.write_error = BROKEN
    request = FindCoordinatorRequest(key="g")
    assert broker.ask(request, 3, FindCoordinatorResponse).answer.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    broker.files.write_error = None
    assert broker.ask(request, 3, FindCoordinatorResponse).answer.error_code == ErrorCode.NONE
