"""DescribeQuorum: the metadata log and its one voter."""

import pytest

from odradek.broker.handlers.describe_quorum import handle_describe_quorum
from odradek.broker.nodes.links import CONTROLLER
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    PartitionData,
    TopicData,
)
from odradek.protocol.schema import ZERO_UUID

from ..nodes.three_brokers import ThreeBrokers, port_of
from .broker_harness import AskedBroker, AskedContext, served

METADATA = "__cluster_metadata"


def quorum(broker: AskedContext, *asked: tuple[str, list[int]], version: int = 2) -> DescribeQuorumResponse:
    topics = [
        TopicData(topic_name=name, partitions=[PartitionData(partition_index=index) for index in indexes])
        for name, indexes in asked
    ]
    answer = broker.ask(DescribeQuorumRequest(topics=topics), version, DescribeQuorumResponse).answer
    assert (answer.error_code, answer.error_message) == (0, "" if version >= 2 else None)
    return answer


@pytest.mark.parametrize("version", served(ApiKey.DESCRIBE_QUORUM))
def test_this_node_leads_and_is_the_only_voter(version: int) -> None:
    broker = AskedBroker()
    answer = quorum(broker, (METADATA, [0]), version=version)
    (partition,) = answer.topics[0].partitions
    assert (partition.error_code, partition.leader_id, partition.observers) == (0, 1, [])
    assert partition.leader_epoch == broker.context.metadata.leader_epoch
    assert partition.high_watermark == broker.context.metadata.end_offset > 0
    (voter,) = partition.current_voters
    assert (voter.replica_id, voter.replica_directory_id) == (1, ZERO_UUID)
    assert voter.log_end_offset == partition.high_watermark
    now_ms = broker.clock.now_ms() if version >= 1 else -1
    assert (voter.last_fetch_timestamp, voter.last_caught_up_timestamp) == (now_ms, now_ms)
    listeners = [(node.node_id, one.host, one.port) for node in answer.nodes for one in node.listeners]
    assert listeners == ([(1, "127.0.0.1", 9092)] if version >= 2 else [])


def test_the_high_watermark_grows_with_the_metadata() -> None:
    broker = AskedBroker()
    before = quorum(broker, (METADATA, [0])).topics[0].partitions[0].high_watermark
    broker.create()
    assert quorum(broker, (METADATA, [0])).topics[0].partitions[0].high_watermark > before


@pytest.mark.parametrize(
    "asked", [[(METADATA, [1])], [(METADATA, [0, 0])], [("t", [0])], [(METADATA, [0]), ("t", [0, 1])], [("", [0])]]
)
def test_every_partition_is_refused_where_anything_else_is_asked_for(asked: list[tuple[str, list[int]]]) -> None:
    answer = quorum(AskedBroker(), *asked)
    codes = [(topic.topic_name, [one.error_code for one in topic.partitions]) for topic in answer.topics]
    assert codes == [(name, [3] * len(indexes)) for name, indexes in asked]
    assert answer.nodes == []


def test_nothing_asked_for_is_no_error() -> None:
    answer = quorum(AskedBroker())
    assert (answer.topics, answer.nodes) == ([], [])


def test_the_handler_pauses_from_partition_to_partition() -> None:
    broker = AskedBroker()
    topics = [TopicData(topic_name="t", partitions=[PartitionData(partition_index=index) for index in range(20)])]
    steps = handle_describe_quorum(DescribeQuorumRequest(topics=topics), 2, broker.session, broker.context)
    assert sum(1 for _ in steps) == 20


def test_of_several_brokers_each_follows_what_their_controller_leads() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.links.set(CONTROLLER, 3, is_cut=True)
    seen_ms = brokers.clock.now_ms()
    brokers.create("u", [1, 2])
    brokers.advance(10.0)
    for node in brokers.running[:2]:
        answer = quorum(node, (METADATA, [0]))
        (partition,) = answer.topics[0].partitions
        (voter,) = partition.current_voters
        assert (partition.leader_id, voter.replica_id, voter.log_end_offset) == (3000, 3000, partition.high_watermark)
        now_ms, end = brokers.clock.now_ms(), partition.high_watermark
        found = [(one.replica_id, one.log_end_offset, one.last_fetch_timestamp) for one in partition.observers]
        assert [one[::2] for one in found] == [(1, now_ms), (2, now_ms), (3, seen_ms)]
        assert found[0][1] == found[1][1] == end > found[2][1]
        listeners = [(one.node_id, one.listeners[0].name, one.listeners[0].port) for one in answer.nodes]
        assert listeners == [(3000, "CONTROLLER", port_of(node.node_id))]
