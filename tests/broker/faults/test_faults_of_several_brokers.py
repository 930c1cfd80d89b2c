"""Faults in a cluster of three brokers: of requests to one of them, of the disk of one, and of what leads where."""

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from odradek.broker.faults.rule import FaultError
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def kafka(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster({"offsets.topic.num.partitions": 1}, brokers=3) as kafka:
        kafka.topic("t", 1)
        yield kafka


def ask(kafka: KafkaCluster, broker_id: int, request: object, version: int, response: type[Any]) -> Any:
    with Wire(kafka.brokers[broker_id].bootstrap, client_id="shop") as wire:
        return wire.ask(request, version, response)


def leader_of(kafka: KafkaCluster) -> int:
    leader = kafka.leader("t")
    assert leader is not None
    return leader


def beat(kafka: KafkaCluster, broker_id: int) -> int:
    code: int = ask(
        kafka, broker_id, HeartbeatRequest(group_id="g", generation_id=1, member_id="m"), 4, HeartbeatResponse
    ).error_code
    return code


def test_a_rule_about_one_broker_hits_what_comes_to_that_one_alone(kafka: KafkaCluster) -> None:
    fault = kafka.faults.add(api="Heartbeat", broker=2, error="REBALANCE_IN_PROGRESS")
    hit = [beat(kafka, broker_id) == ErrorCode.REBALANCE_IN_PROGRESS for broker_id in kafka.brokers]
    assert (hit, fault.hits) == ([False, True, False], 1)


def test_a_rule_goes_on_when_its_broker_has_been_away_and_counts_for_all_together(kafka: KafkaCluster) -> None:
    fault = kafka.faults.add(api="Heartbeat", error="REBALANCE_IN_PROGRESS", times=2)
    assert beat(kafka, 1) == ErrorCode.REBALANCE_IN_PROGRESS
    kafka.brokers[2].kill()
    kafka.brokers[2].start()
    assert beat(kafka, 2) == ErrorCode.REBALANCE_IN_PROGRESS
    assert (beat(kafka, 3) == ErrorCode.REBALANCE_IN_PROGRESS, fault.hits) == (False, 2)


def test_a_rule_about_a_broker_that_there_is_not_is_refused(kafka: KafkaCluster, host: ClusterHost) -> None:
    with pytest.raises(FaultError, match="there is no broker 4 in this cluster; there are: 1, 2, 3"):
        kafka.faults.add(action="blackhole", broker=4)
    with host.cluster({"node.id": 5}) as alone, pytest.raises(FaultError, match="there are: 5"):
        alone.faults.add(action="blackhole", broker=1)
    with pytest.raises(FaultError, match="broker of a fault is not negative"):
        kafka.faults.add(action="blackhole", broker=-1)


def test_the_disk_of_one_broker_is_full_and_the_others_are_in_sync_without_it(kafka: KafkaCluster) -> None:
    leader = leader_of(kafka)
    follower = 1 if leader != 1 else 2
    kafka.clock.freeze()
    fault = kafka.faults.add(topic="t", broker=follower, action="disk_full")
    kafka.produce("t", [b"one"], acks=1)
    assert [record.value for record in kafka.brokers[6 - leader - follower].records("t")] == [b"one"]
    assert kafka.brokers[follower].records("t") == []
    assert fault.await_hits(1) >= 1
    kafka.clock.advance(seconds=46)
    assert kafka.isr("t") == {1, 2, 3} - {follower}
    fault.remove()
    kafka.clock.advance(seconds=2)
    kafka.await_in_sync("t")
    assert [record.value for record in kafka.brokers[follower].records("t")] == [b"one"]


def test_a_disk_that_is_slow_at_one_broker_is_so_for_what_that_one_leads(kafka: KafkaCluster) -> None:
    leader = leader_of(kafka)
    kafka.clock.freeze()
    other = kafka.faults.add(topic="t", broker=1 if leader != 1 else 2, action="slow_disk", ms=100)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": 1, "log_level": 0})
    producer.produce("t", b"one")
    assert (producer.flush(20), other.hits) == (0, 0)
    slow = kafka.faults.add(topic="t", broker=leader, action="slow_disk", ms=100)
    producer.produce("t", b"two")
    assert slow.await_hits(1) == 1
    assert producer.flush(0.2) == 1
    kafka.clock.advance(ms=100)
    assert producer.flush(20) == 0


def test_a_leader_epoch_that_is_raised_leaves_the_leader_whoever_was_asked(kafka: KafkaCluster) -> None:
    leader = leader_of(kafka)
    kafka.faults.add(api="Produce", topic="t", action="raise_leader_epoch", times=1)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    producer.produce("t", b"one")
    assert producer.flush(20) == 0
    seen = kafka.partition("t")
    assert (seen.leader, seen.leader_epoch) == (leader, 1)
    assert [record.value for record in kafka.records("t")] == [b"one"]


def test_old_metadata_names_a_leader_and_a_broker_that_are_gone(kafka: KafkaCluster) -> None:
    leader = leader_of(kafka)
    asked = MetadataRequest(topics=[MetadataRequestTopic(name="t")])
    witness = 1 if leader != 1 else 2
    fault = kafka.faults.add(api="Metadata", broker=witness, action="stale_metadata")
    kafka.brokers[leader].kill()
    old = ask(kafka, witness, asked, 9, MetadataResponse)
    new = ask(kafka, 6 - leader - witness, asked, 9, MetadataResponse)
    assert sorted(broker.node_id for broker in old.brokers) == [1, 2, 3]
    assert leader not in [broker.node_id for broker in new.brokers]
    (was,), (now,) = old.topics[0].partitions, new.topics[0].partitions
    assert (was.leader_id, was.leader_epoch, sorted(was.isr_nodes)) == (leader, 0, [1, 2, 3])
    assert (now.leader_id != leader, now.leader_epoch, sorted(now.isr_nodes)) == (True, 1, sorted({1, 2, 3} - {leader}))
    fault.remove()
    assert ask(kafka, witness, asked, 9, MetadataResponse).topics == new.topics


def test_the_journal_says_which_broker_a_request_came_to(kafka: KafkaCluster) -> None:
    for broker_id in (3, 1):
        beat(kafka, broker_id)
    assert [one.broker for one in kafka.requests("Heartbeat")] == [3, 1]
    first, second = [line for line in kafka.journal_text().splitlines() if "Heartbeat" in line]
    assert (" @3 shop " in first, " @1 shop " in second) == (True, True)


def idempotent(kafka: KafkaCluster) -> Producer:
    return Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True, "log_level": 0})


@pytest.mark.parametrize("action", ["kill_broker_before", "kill_broker_after"])
def test_a_leader_dies_in_the_midst_of_a_produce_and_the_record_is_there_once(kafka: KafkaCluster, action: str) -> None:
    leader = leader_of(kafka)
    kafka.produce("t", [b"one"])
    fault = kafka.faults.add(api="Produce", topic="t", action=action, times=1)
    producer = idempotent(kafka)
    producer.produce("t", b"two")
    assert (producer.flush(20), fault.hits) == (0, 1)
    assert kafka.brokers[leader].state == "killed"
    kafka.brokers[leader].start()
    kafka.await_in_sync("t")
    for broker in kafka.brokers.values():
        assert [record.value for record in broker.records("t")] == [b"one", b"two"]


def test_what_a_leader_alone_had_when_it_died_is_cut_off_when_it_comes_back(kafka: KafkaCluster) -> None:
    leader = leader_of(kafka)
    kafka.faults.add(api="Produce", topic="t", action="kill_broker_after", times=1)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": 0, "log_level": 0})
    producer.produce("t", b"lost")
    producer.flush(20)
    assert kafka.await_leader("t", other_than=leader) != leader
    assert kafka.records("t") == []
    kafka.produce("t", [b"kept"])
    kafka.brokers[leader].start()
    kafka.await_in_sync("t")
    assert [record.value for record in kafka.brokers[leader].records("t")] == [b"kept"]


def test_a_broker_that_dies_by_a_rule_comes_back_by_the_clock_if_it_is_to(kafka: KafkaCluster) -> None:
    leader = leader_of(kafka)
    kafka.clock.freeze()
    kafka.faults.add(api="Heartbeat", broker=leader, action="kill_broker_before", ms=5_000, times=1)
    with pytest.raises(OSError, match="closed"):
        beat(kafka, leader)
    assert kafka.await_leader("t", other_than=leader) != leader
    kafka.clock.advance(ms=4_900)
    assert kafka.brokers[leader].state == "killed"
    kafka.clock.advance(ms=200)
    kafka.await_in_sync("t")
    assert kafka.brokers[leader].state == "running"
    (line,) = [line for line in kafka.journal_text().splitlines() if "Heartbeat" in line]
    assert line.endswith("disconnected: fault-1: the broker died before the request was applied")


def test_a_broker_alone_cannot_die_by_a_rule(host: ClusterHost) -> None:
    with host.cluster() as alone, pytest.raises(FaultError, match="for a cluster of several brokers, and this one has"):
        alone.faults.add(api="Produce", action="kill_broker_after")
