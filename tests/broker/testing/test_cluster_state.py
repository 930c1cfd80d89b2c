"""The state of a cluster kept, brought back, branched off and emptied, under stock clients that go on meanwhile."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, ShareConsumer
from confluent_kafka.admin import AdminClient

from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.cluster_state import StateError
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    Topology,
)

CLIENT: dict[str, object] = {"log_level": 0, "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 50}
DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def cluster(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster() as cluster:
        cluster.topic("t", partitions=1)
        yield cluster


def producer_of(cluster: KafkaCluster, **settings: object) -> Producer:
    return Producer({"bootstrap.servers": cluster.bootstrap, **CLIENT, "linger.ms": 0, **settings})


def send(producer: Producer, *values: bytes) -> None:
    failed: list[object] = []
    for value in values:
        producer.produce("t", value, partition=0, on_delivery=lambda error, _: failed.append(error) if error else None)
    assert producer.flush(DEADLINE_S) == 0
    assert failed == []


def values(cluster: KafkaCluster, topic: str = "t") -> list[bytes | None]:
    return [record.value for record in cluster.records(topic)]


def outcomes(cluster: KafkaCluster) -> list[tuple[bytes | None, str | None]]:
    return [(record.value, record.transaction) for record in cluster.records("t", isolation="read_uncommitted")]


def next_value(consumer: Consumer) -> bytes | None:
    until = time.monotonic() + DEADLINE_S
    while time.monotonic() < until:
        message = consumer.poll(1)
        if message is not None and message.error() is None:
            return message.value()
    raise AssertionError("no record came")


# What a test does with it


def test_a_snapshot_comes_back_as_often_as_wanted(cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"a"])
    cluster.snapshot("one")
    cluster.produce("t", [b"b"])
    cluster.topic("later")
    cluster.snapshot("two")
    for name, found in (("one", [b"a"]), ("two", [b"a", b"b"]), ("one", [b"a"])):
        cluster.restore(name)
        assert values(cluster) == found
        cluster.produce("t", [b"gone"])
    assert cluster.snapshots() == ["one", "two"]
    cluster.topic("later")  # it is not there any more


def test_the_same_name_keeps_the_newer_state(cluster: KafkaCluster) -> None:
    for value in (b"a", b"b"):
        cluster.produce("t", [value])
        cluster.snapshot("s")
    cluster.produce("t", [b"c"])
    cluster.restore("s")
    assert (values(cluster), cluster.snapshots()) == ([b"a", b"b"], ["s"])


def test_a_fork_begins_there_and_goes_its_own_way(host: ClusterHost, cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"a"])
    cluster.snapshot("s")
    cluster.produce("t", [b"b"])
    cluster.clock.advance(days=400)
    with cluster.fork("s") as then, cluster.fork() as now:
        assert (values(then), values(now)) == ([b"a"], values(cluster))
        then.produce("t", [b"fork"])
        cluster.produce("t", [b"c"])
        assert values(then)[-1] == b"fork"
        assert abs(then.clock.now_ms - cluster.clock.now_ms) < 60_000
        ids = {
            AdminClient({"bootstrap.servers": one.bootstrap}).list_topics(timeout=10).cluster_id for one in (then, now)
        }
        assert (len(ids), len({cluster.bootstrap, then.bootstrap, now.bootstrap})) == (2, 3)
        assert then.snapshots() == []
    assert values(cluster)[-1] == b"c"


def test_a_reset_cluster_is_as_just_made(cluster: KafkaCluster) -> None:
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap, "log_level": 0})
    cluster_id = admin.list_topics(timeout=10).cluster_id
    cluster.produce("t", [b"a"])
    cluster.snapshot("s")
    cluster.reset()
    found = admin.list_topics(timeout=10)
    assert (found.topics, found.cluster_id, cluster.groups()) == ({}, cluster_id, {})
    cluster.restore("s")
    assert values(cluster) == [b"a"]


def test_a_snapshot_that_is_not_there_names_the_nearest_and_changes_nothing(cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"a"])
    with pytest.raises(StateError, match="there is no snapshot 'stock'; there are: none"):
        cluster.restore("stock")
    cluster.snapshot("stocked")
    cluster.produce("t", [b"b"])
    uses: list[Callable[[str], Any]] = [cluster.restore, cluster.fork, cluster.forget_snapshot]
    for use in uses:
        with pytest.raises(StateError, match=r"'stock'; did you mean 'stocked'\?; there are: 'stocked'"):
            use("stock")
    with pytest.raises(StateError, match="'' is no name of a snapshot: 1 to 100 of a-z"):
        cluster.snapshot("")
    assert (values(cluster), cluster.snapshots()) == ([b"a", b"b"], ["stocked"])
    cluster.forget_snapshot("stocked")
    assert cluster.snapshots() == []


def test_the_clock_and_the_faults_stay(cluster: KafkaCluster) -> None:
    cluster.clock.freeze()
    cluster.snapshot("s")
    cluster.clock.advance(hours=1)
    fault = cluster.faults.add(api="Produce", topic="t", error="NOT_LEADER_OR_FOLLOWER", times=1)
    now_ms = cluster.clock.now_ms
    cluster.restore("s")
    assert cluster.clock.now_ms == now_ms
    cluster.clock.run()
    send(producer_of(cluster), b"a")
    assert (fault.hits, values(cluster)) == (1, [b"a"])


def test_settings_that_clients_have_set_are_those_of_the_snapshot(cluster: KafkaCluster) -> None:
    def set_most(count: str) -> None:
        config = AlterableConfig(name="max.connections", config_operation=0, value=count)
        resource = AlterConfigsResource(resource_type=4, resource_name="", configs=[config])
        request = IncrementalAlterConfigsRequest(resources=[resource])
        cluster._host.run(lambda: ask(cluster._context, request, IncrementalAlterConfigsResponse))

    set_most("7000")
    cluster.snapshot("s")
    set_most("9000")
    cluster.restore("s")
    assert cluster._context.config.max_connections == 7000
    cluster.reset()
    assert cluster._context.config.max_connections == 2147483647


def test_retention_goes_by_the_clock_that_went_on(cluster: KafkaCluster) -> None:
    cluster.topic("audit", 1, {"retention.ms": "604800000", "segment.ms": "3600000"})
    cluster.produce("audit", [b"old"])
    cluster.snapshot("s")
    cluster.clock.advance(days=9)
    cluster.restore("s")
    assert values(cluster, "audit") == [b"old"]
    cluster.clock.advance(hours=1)
    assert values(cluster, "audit") == []


# Producers


def test_a_producer_that_has_not_gone_on_since_goes_on(cluster: KafkaCluster) -> None:
    producer = producer_of(cluster, **{"enable.idempotence": True})
    send(producer, b"a", b"b")
    cluster.snapshot("s")
    cluster.produce("t", [b"gone"])
    cluster.restore("s")
    send(producer, b"c")
    assert values(cluster) == [b"a", b"b", b"c"]


def test_an_idempotent_producer_that_has_gone_on_is_refused_as_where_data_was_lost(cluster: KafkaCluster) -> None:
    producer = producer_of(cluster, **{"enable.idempotence": True})
    send(producer, b"a")
    cluster.snapshot("s")
    send(producer, b"b")
    cluster.restore("s")
    producer.produce("t", b"c", partition=0)
    with pytest.raises(KafkaException, match="OUT_OF_ORDER_SEQUENCE_NUMBER"):
        producer.flush(DEADLINE_S)
    assert values(cluster) == [b"a"]
    send(producer_of(cluster, **{"enable.idempotence": True}), b"d")
    assert values(cluster) == [b"a", b"d"]


def test_an_idempotent_producer_that_the_state_does_not_know_goes_on(cluster: KafkaCluster) -> None:
    cluster.snapshot("s")
    producer = producer_of(cluster, **{"enable.idempotence": True})
    for is_reset in (False, True):
        send(producer, b"gone")
        cluster.reset() if is_reset else cluster.restore("s")
        if not cluster._context.topics.find("t"):
            cluster.topic("t", 1)
        send(producer, b"next")
        assert values(cluster) == [b"next"]


def test_no_producer_id_is_handed_out_twice(cluster: KafkaCluster) -> None:
    cluster.snapshot("s")
    for value in (b"1", b"2"):
        send(producer_of(cluster, **{"enable.idempotence": True}), value)
    given = {record.producer_id for record in cluster.records("t")}
    for is_reset in (False, True, False):
        cluster.reset() if is_reset else cluster.restore("s")
        if not cluster._context.topics.find("t"):
            cluster.topic("t", 1)
        send(producer_of(cluster, **{"enable.idempotence": True}), b"new")
        (new,) = {record.producer_id for record in cluster.records("t")}
        assert new not in given
        given.add(new)


def test_a_transaction_that_was_open_is_open_again_and_can_be_committed(cluster: KafkaCluster) -> None:
    producer = producer_of(cluster, **{"transactional.id": "x"})
    producer.init_transactions(DEADLINE_S)
    producer.begin_transaction()
    send(producer, b"a")
    cluster.snapshot("open")
    cluster.produce("t", [b"gone"])
    cluster.restore("open")
    assert (outcomes(cluster), cluster.offsets("t").last_stable) == ([(b"a", "open")], 0)
    producer.commit_transaction(DEADLINE_S)
    assert outcomes(cluster) == [(b"a", "committed")]
    cluster.restore("open")
    second = producer_of(cluster, **{"transactional.id": "x"})
    second.init_transactions(DEADLINE_S)  # which ends what its predecessor has left
    second.begin_transaction()
    send(second, b"b")
    second.commit_transaction(DEADLINE_S)
    assert outcomes(cluster) == [(b"a", "aborted"), (b"b", "committed")]


def test_a_transaction_that_was_open_ends_by_its_timeout(cluster: KafkaCluster) -> None:
    producer = producer_of(cluster, **{"transactional.id": "x", "transaction.timeout.ms": 5000})
    producer.init_transactions(DEADLINE_S)
    producer.begin_transaction()
    send(producer, b"a")
    cluster.snapshot("open")
    producer.abort_transaction(DEADLINE_S)
    cluster.restore("open")
    cluster.clock.advance(seconds=30)
    assert outcomes(cluster) == [(b"a", "aborted")]


# Groups


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_is_as_it_was_and_its_member_goes_on(cluster: KafkaCluster, protocol: str) -> None:
    cluster.produce("t", [b"a", b"b", b"c"])
    settings = {"group.id": "g", "group.protocol": protocol, "auto.offset.reset": "earliest", **CLIENT}
    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "enable.auto.commit": False, **settings})
    consumer.subscribe(["t"])
    assert next_value(consumer) == b"a"
    consumer.commit(asynchronous=False)
    cluster.snapshot("s")
    before = cluster.groups()
    assert next_value(consumer) == b"b"
    consumer.commit(asynchronous=False)
    cluster.restore("s")
    assert (cluster.committed("g"), cluster.groups()) == ({("t", 0): 1}, before)
    assert next_value(consumer) == b"c"  # where the client stood; nothing tells it that time has gone back
    consumer.commit(asynchronous=False)
    assert cluster.committed("g") == {("t", 0): 3}
    consumer.close()
    cluster.restore("s")
    cluster.clock.advance(minutes=2)  # the session of the member has begun anew, and nobody keeps it
    assert (cluster.groups()["g"].members, cluster.committed("g")) == ([], {("t", 0): 1})


def test_a_share_group_gets_what_was_not_acknowledged_then(cluster: KafkaCluster) -> None:
    cluster.produce("t", [b"a", b"b"])
    config = AlterableConfig(name="share.auto.offset.reset", config_operation=0, value="earliest")
    resource = AlterConfigsResource(resource_type=32, resource_name="g", configs=[config])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    cluster._host.run(lambda: ask(cluster._context, request, IncrementalAlterConfigsResponse))
    cluster.snapshot("s")

    def take_all() -> list[bytes | None]:
        member = ShareConsumer({"bootstrap.servers": cluster.bootstrap, "group.id": "g", **CLIENT})
        member.subscribe(["t"])
        taken: list[bytes | None] = []
        until = time.monotonic() + DEADLINE_S
        while len(taken) < 2 and time.monotonic() < until:
            taken += [message.value() for message in member.poll(1) if message.error() is None]
        member.close()
        return taken

    assert take_all() == [b"a", b"b"]
    assert cluster.groups()["g"].group_type == "share"
    cluster.restore("s")
    assert cluster.groups() == {}
    assert take_all() == [b"a", b"b"]


def test_a_streams_group_is_as_it_was(cluster: KafkaCluster) -> None:
    def beat(epoch: int, topology: Topology | None = None) -> StreamsGroupHeartbeatResponse:
        request = StreamsGroupHeartbeatRequest(
            group_id="g",
            member_id="m",
            member_epoch=epoch,
            rebalance_timeout_ms=1000,
            topology=topology,
            active_tasks=[] if epoch == 0 else None,
            standby_tasks=[] if epoch == 0 else None,
            warmup_tasks=[] if epoch == 0 else None,
            process_id="p" if epoch == 0 else None,
            client_tags=[] if epoch == 0 else None,
        )
        return cluster._host.run(lambda: ask(cluster._context, request, StreamsGroupHeartbeatResponse))

    joined = beat(0, Topology(epoch=1, subtopologies=[Subtopology(subtopology_id="0", source_topics=["t"])]))
    assert joined.error_code == 0
    cluster.snapshot("s")
    before = cluster.groups()
    assert (before["g"].group_type, before["g"].members) == ("streams", ["m"])
    cluster.clock.advance(minutes=2)
    assert cluster.groups()["g"].members == []
    cluster.restore("s")
    assert cluster.groups() == before
    assert beat(joined.member_epoch).error_code == 0


def test_the_journal_goes_on_after_a_restore(cluster: KafkaCluster) -> None:
    cluster.topic("before", 1)
    cluster.snapshot("early")
    cluster.restore("early")
    cluster.topic("after", 1)
    Producer({"bootstrap.servers": cluster.bootstrap, "client.id": "later"}).list_topics(timeout=20)
    assert "client later from " in cluster.explain_client("later")
    assert "after" in cluster.explain_partition("after")
    with cluster.fork() as branch:
        assert not any("later" in str(one) for one in branch.journal())
