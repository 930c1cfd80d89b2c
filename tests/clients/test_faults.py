"""Faults by rules, and what stock clients make of them: retries, one copy, aborts, rebalances."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from odradek.broker.faults.rule import ACTIONS, DEATHS
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster

from .conftest import CLIENTS
from .stock_client import Message

SETTINGS = {
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "100",
    "group.consumer.min.session.timeout.ms": "500",
    "group.consumer.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "100",
    "group.consumer.heartbeat.interval.ms": "200",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
}
QUICK = {
    "request.timeout.ms": 1000,
    "socket.timeout.ms": 1000,
    "retry.backoff.ms": 10,
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 20,
    "log_level": 0,
}
PRODUCE = {"api": "Produce", "topic": "t", "times": 1}
# What hits a producer, by action; that an fsync fails is no matter of trying again.
RULES: Mapping[str, dict[str, Any]] = {
    **dict.fromkeys(("disconnect_before", "disconnect_after", "drop_answer", "truncate_answer"), PRODUCE),
    **dict.fromkeys(("corrupt_answer", "blackhole", "raise_leader_epoch"), PRODUCE),
    **{action: {**PRODUCE, "ms": 50} for action in ("delay", "throttle")},
    "disk_full": {"topic": "t", "times": 2},
    "slow_disk": {"topic": "t", "ms": 50},
    "move_coordinator": {"api": "EndTxn", "transactional_id": "x", "times": 1},
    "stale_metadata": {"api": "Metadata"},
}
# Those that need no patience: each client has its own, and some have half a minute of it.
AT_ONCE = [one for one in RULES if one not in ("drop_answer", "blackhole", "corrupt_answer", "move_coordinator")]


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost, is_oracle: bool) -> Iterator[KafkaCluster]:
    if is_oracle:
        pytest.skip("Apache Kafka has no faults by rules")
    with host.cluster(SETTINGS) as cluster:
        cluster.topic("t", 2)
        yield cluster


def producer(cluster: KafkaCluster, **settings: Any) -> Producer:
    return Producer({"bootstrap.servers": cluster.bootstrap, **QUICK, **settings})


def consumer(cluster: KafkaCluster, **settings: Any) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": cluster.bootstrap,
            "group.id": "g",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **{name: value for name, value in QUICK.items() if name != "request.timeout.ms"},
            **settings,
        }
    )


def values(cluster: KafkaCluster) -> list[bytes]:
    return sorted(one.value or b"" for one in cluster.records("t"))


# Retries, and one copy


@pytest.mark.parametrize("action", sorted(RULES))
def test_a_transaction_is_there_once_whatever_happens_on_the_way(cluster: KafkaCluster, action: str) -> None:
    fault = cluster.faults.add(action=action, **RULES[action])
    client = producer(cluster, **{"transactional.id": "x"})
    client.init_transactions(20)
    for _ in range(2):
        client.begin_transaction()
        for number in range(4):
            client.produce("t", b"%d" % number, partition=number % 2)
        try:
            client.commit_transaction(20)
            break
        except KafkaException as error:  # an answer that means nothing is no reason to try again, for this client
            if action != "corrupt_answer" or not error.args[0].txn_requires_abort():
                raise
            client.abort_transaction(20)
    assert fault.hits == RULES[action].get("times", fault.await_hits())
    assert values(cluster) == [b"0", b"1", b"2", b"3"]
    assert {*RULES, "fsync_error", *DEATHS} == {*ACTIONS}


@pytest.mark.parametrize("client_name", list(CLIENTS))
@pytest.mark.parametrize("action", AT_ONCE)
def test_every_client_tries_again_and_stores_once(cluster: KafkaCluster, client_name: str, action: str) -> None:
    fault = cluster.faults.add(action=action, **RULES[action])
    client = CLIENTS[client_name](cluster.bootstrap)
    sender = client.producer(idempotent=True)
    for number in range(3):
        sender.send("t", Message(b"%d" % number))
    assert sender.flush() == [0, 1, 2]
    fault.await_hits(RULES[action].get("times", 1))
    sender.close()
    assert [one.value for one in client.read("t", 3)] == [b"0", b"1", b"2"]
    client.close()


@pytest.mark.parametrize("action", ["disconnect_after", "drop_answer", "truncate_answer", "corrupt_answer"])
def test_a_consumer_gets_each_record_once_though_its_answers_are_lost(cluster: KafkaCluster, action: str) -> None:
    cluster.produce("t", [b"0", b"1", b"2", b"3"])
    fault = cluster.faults.add(api="Fetch", action=action, every=2, times=2)
    reader = consumer(cluster)
    reader.assign([TopicPartition("t", index, 0) for index in (0, 1)])
    found = polled(reader, lambda found: len(found) >= 4 and fault.hits == 2)
    assert sorted(found) == [b"0", b"1", b"2", b"3"]
    reader.close()


def polled(reader: Consumer, is_enough: Callable[[list[bytes]], bool]) -> list[bytes]:
    found: list[bytes] = []
    for _ in range(200):
        message = reader.poll(0.1)
        if message is not None and message.error() is None:
            found.append(message.value() or b"")
        if is_enough(found):
            return found
    raise AssertionError(found)


def test_a_coordinator_that_is_not_to_be_found_is_asked_for_again(cluster: KafkaCluster) -> None:
    fault = cluster.faults.add(
        api="FindCoordinator", key="g", principal="User:ANONYMOUS", error="COORDINATOR_NOT_AVAILABLE", times=2
    )
    reader = consumer(cluster)
    reader.commit(offsets=[TopicPartition("t", 0, 7)], asynchronous=False)
    assert (fault.hits, cluster.committed("g")) == (2, {("t", 0): 7})
    reader.close()


# Aborts


def test_a_producer_that_is_fenced_gives_up_and_the_next_instance_aborts_what_it_left(cluster: KafkaCluster) -> None:
    older = producer(cluster, **{"transactional.id": "x"})
    older.init_transactions(20)
    older.begin_transaction()
    older.produce("t", b"lost")
    cluster.faults.add(api="EndTxn", transactional_id="x", error="PRODUCER_FENCED", times=1)
    with pytest.raises(KafkaException) as refused:
        older.commit_transaction(20)
    assert refused.value.args[0].fatal()
    assert [one.transaction for one in cluster.records("t", isolation="read_uncommitted")] == ["open"]
    newer = producer(cluster, **{"transactional.id": "x"})
    newer.init_transactions(20)
    assert [one.transaction for one in cluster.records("t", isolation="read_uncommitted")] == ["aborted"]
    newer.begin_transaction()
    newer.produce("t", b"kept")
    newer.commit_transaction(20)
    assert values(cluster) == [b"kept"]


def test_a_transaction_that_is_to_be_aborted_is_aborted_and_told_anew(cluster: KafkaCluster) -> None:
    client = producer(cluster, **{"transactional.id": "x"})
    client.init_transactions(20)
    cluster.faults.add(api="EndTxn", error="TRANSACTION_ABORTABLE", times=1)
    client.begin_transaction()
    client.produce("t", b"once")
    with pytest.raises(KafkaException) as refused:
        client.commit_transaction(20)
    assert refused.value.args[0].txn_requires_abort()
    client.abort_transaction(20)
    client.begin_transaction()
    client.produce("t", b"once")
    client.commit_transaction(20)
    assert values(cluster) == [b"once"]


# Rebalances


@pytest.mark.parametrize(
    ("protocol", "api"), [("classic", "Heartbeat"), ("consumer", "ConsumerGroupHeartbeat")], ids=["classic", "consumer"]
)
@pytest.mark.parametrize("action", ["blackhole", "disconnect_before"])
def test_a_member_whose_heartbeats_are_lost_loses_its_partitions_to_the_other(
    cluster: KafkaCluster, protocol: str, api: str, action: str
) -> None:
    session = {"session.timeout.ms": 1000, "heartbeat.interval.ms": 200} if protocol == "classic" else {}
    lost, kept = (
        consumer(cluster, **{"client.id": name, "group.protocol": protocol, **session}) for name in ("lost", "kept")
    )
    for one in (lost, kept):
        one.subscribe(["t"])
    until_assigned({lost: 1, kept: 1})
    cluster.faults.add(api=api, client_id="lost", group="g", action=action)
    until_assigned({kept: 2})
    cluster.faults.clear()
    until_assigned({lost: 1, kept: 1})
    for one in (lost, kept):
        one.close()


def until_assigned(wanted: Mapping[Consumer, int]) -> None:
    for _ in range(400):
        for one in wanted:
            one.poll(0.05)
        if all(len(one.assignment()) == count for one, count in wanted.items()):
            return
    raise AssertionError([len(one.assignment()) for one in wanted])
