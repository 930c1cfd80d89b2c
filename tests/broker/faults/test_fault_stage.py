"""Every fault on a real broker, seen by a stock client: what it does, and what is stored."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from confluent_kafka import Producer

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import ProduceResponse

from ..handlers.broker_harness import batch, produce_request

BEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster() as cluster:
        cluster.topic("t", 2)
        cluster.topic("u")
        yield cluster


@pytest.fixture
def wire(cluster: KafkaCluster) -> Iterator[Wire]:
    with Wire(cluster.bootstrap, client_id="shop") as wire:
        yield wire


def produce(wire: Wire, topics: Mapping[str, Mapping[int, bytes | None]], acks: int = -1) -> dict[tuple[str, int], int]:
    """The error of each partition."""
    answer = wire.ask(produce_request(topics, acks=acks), 9, ProduceResponse)
    return {(t.name, p.index): p.error_code for t in answer.responses for p in t.partition_responses}


@pytest.mark.parametrize(
    "rule",
    [
        {"error": "NOT_LEADER_OR_FOLLOWER", "times": 2},
        {"error": "REQUEST_TIMED_OUT", "is_applied": True, "times": 1},
        {"action": "disconnect_before", "times": 2},
        {"action": "disconnect_after", "times": 2},
        {"action": "drop_answer", "times": 1},
        {"action": "truncate_answer", "times": 1},
        {"action": "corrupt_answer", "times": 1},
        {"action": "delay", "ms": 50, "times": 1},
        {"action": "throttle", "ms": 50, "times": 1},
    ],
    ids=str,
)
def test_an_idempotent_producer_stores_once_whatever_happens_on_the_way(
    cluster: KafkaCluster, rule: dict[str, Any]
) -> None:
    fault = cluster.faults.add(api="Produce", topic="t", **rule)
    producer = Producer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "enable.idempotence": True,
            "request.timeout.ms": 1000,
            "socket.timeout.ms": 1000,
            "retry.backoff.ms": 10,
            "reconnect.backoff.ms": 10,
            "reconnect.backoff.max.ms": 20,
            "log_level": 0,
        }
    )
    for value in (b"one", b"two"):
        producer.produce("t", value, partition=0)
    assert producer.flush(30) == 0
    assert fault.hits == rule["times"]
    assert [record.value for record in cluster.records("t")] == [b"one", b"two"]


def test_only_what_a_rule_is_about_is_kept_from_the_log(cluster: KafkaCluster, wire: Wire) -> None:
    cluster.faults.add(api="Produce", topic="t", partition=1, error="KAFKA_STORAGE_ERROR", times=1)
    sent = {"t": {0: batch(b"a"), 1: batch(b"b")}, "u": {0: batch(b"c")}}
    refused = produce(wire, sent)
    assert refused == {("t", 0): 0, ("t", 1): ErrorCode.KAFKA_STORAGE_ERROR, ("u", 0): 0}
    assert [one.value for one in cluster.records("t")] == [b"a"]
    assert set(produce(wire, sent).values()) == {0}


def test_an_error_is_said_to_be_of_what_was_done_only_where_the_rule_says_so(cluster: KafkaCluster, wire: Wire) -> None:
    cluster.faults.add(api="Produce", error="REQUEST_TIMED_OUT", is_applied=True, times=1)
    assert produce(wire, {"t": {0: batch(b"a")}}) == {("t", 0): ErrorCode.REQUEST_TIMED_OUT}
    assert len(cluster.records("t")) == 1


def test_a_produce_that_is_due_no_answer_gets_none(cluster: KafkaCluster, wire: Wire) -> None:
    fault = cluster.faults.add(api="Produce", error="NOT_LEADER_OR_FOLLOWER", times=1)
    wire.send(produce_request({"t": {0: batch(b"a")}}, acks=0), 9)
    assert wire.ask(BEAT, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert (fault.hits, cluster.records("t")) == (1, [])


def test_errors_are_where_other_apis_have_them(cluster: KafkaCluster, wire: Wire) -> None:
    cluster.faults.add(api="Metadata", topic="t", error="LEADER_NOT_AVAILABLE")
    asked = MetadataRequest(topics=[MetadataRequestTopic(name=name) for name in ("t", "u")])
    topics = wire.ask(asked, 9, MetadataResponse).topics
    assert {topic.name: topic.error_code for topic in topics} == {"t": ErrorCode.LEADER_NOT_AVAILABLE, "u": 0}
    cluster.faults.add(api="FindCoordinator", key="g", error="COORDINATOR_NOT_AVAILABLE", times=1)
    keys = FindCoordinatorRequest(key_type=0, coordinator_keys=["g"])
    (one,) = wire.ask(keys, 4, FindCoordinatorResponse).coordinators
    assert one.error_code == ErrorCode.COORDINATOR_NOT_AVAILABLE
    cluster.faults.add(api="Heartbeat", group="g", client_id="shop", error="REBALANCE_IN_PROGRESS")
    assert wire.ask(BEAT, 4, HeartbeatResponse).error_code == ErrorCode.REBALANCE_IN_PROGRESS


@pytest.mark.parametrize("action", ["disconnect_before", "disconnect_after", "truncate_answer"])
def test_the_connection_ends_where_a_fault_ends_it(cluster: KafkaCluster, wire: Wire, action: str) -> None:
    cluster.faults.add(api="Heartbeat", action=action, times=1)
    with pytest.raises(ClosedByPeer):
        wire.ask(BEAT, 4, HeartbeatResponse)


def test_an_answer_that_is_dropped_leaves_the_connection_as_it_is(cluster: KafkaCluster, wire: Wire) -> None:
    cluster.faults.add(api="Heartbeat", action="drop_answer", times=1)
    wire.send(BEAT, 4)
    assert wire.ask(BEAT, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_delay_is_by_the_clusters_clock(cluster: KafkaCluster, wire: Wire) -> None:
    cluster.clock.freeze()
    fault = cluster.faults.add(api="Heartbeat", action="delay", ms=60_000, times=1)
    wire.send(BEAT, 4)
    fault.await_hits()
    assert not wire.is_closed_by_peer(0.05)
    cluster.clock.advance(minutes=1)
    assert wire.answer(HeartbeatRequest, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_throttled_client_is_told_and_waits(cluster: KafkaCluster, wire: Wire) -> None:
    cluster.clock.freeze()
    cluster.faults.add(api="Heartbeat", action="throttle", ms=60_000, times=1)
    assert wire.ask(BEAT, 4, HeartbeatResponse).throttle_time_ms == 60_000
    wire.send(BEAT, 4)
    assert not wire.is_closed_by_peer(0.05)
    cluster.clock.advance(minutes=1)
    assert wire.answer(HeartbeatRequest, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID


def test_a_client_in_a_black_hole_hears_nothing_and_others_are_served(cluster: KafkaCluster, wire: Wire) -> None:
    fault = cluster.faults.add(client_id="lost", action="blackhole")
    with Wire(cluster.bootstrap, client_id="lost") as lost:
        lost.send(BEAT, 4)
        fault.await_hits()
        assert wire.ask(BEAT, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID
        assert not lost.is_closed_by_peer(0.05)


def test_one_connection_of_a_principal_is_hit_and_another_is_served(cluster: KafkaCluster, wire: Wire) -> None:
    wire.ask(BEAT, 4, HeartbeatResponse)
    (hit,) = {one.connection for one in cluster.requests("Heartbeat")}
    others = cluster.faults.add(principal="User:alice", action="blackhole")
    fault = cluster.faults.add(principal="User:ANONYMOUS", connection=hit, error="REBALANCE_IN_PROGRESS")
    assert wire.ask(BEAT, 4, HeartbeatResponse).error_code == ErrorCode.REBALANCE_IN_PROGRESS
    with Wire(cluster.bootstrap, client_id="shop") as another:
        assert another.ask(BEAT, 4, HeartbeatResponse).error_code == ErrorCode.UNKNOWN_MEMBER_ID
    assert (fault.hits, others.hits) == (1, 0)
