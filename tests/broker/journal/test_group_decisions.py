"""Why groups rebalanced: which member, which timeout or request."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    Topology,
)
from tests.clients.share_client import SHARE_SETTINGS, share_consumer

from .conftest import Clients, decided

PROTOCOLS = pytest.mark.parametrize("protocol", ["classic", "consumer"])


def told(cluster: KafkaCluster) -> list[str]:
    return decided(cluster, "group", "g")


def poll_until(is_there: Callable[[], bool], *consumers: Consumer) -> None:
    for _ in range(400):
        if is_there():
            return
        for consumer in consumers:
            consumer.poll(0.05)
    pytest.fail("it did not come")


def stable(cluster: KafkaCluster, count: int) -> bool:
    group = cluster.groups().get("g")
    return group is not None and group.state == "Stable" and len(group.members) == count


@PROTOCOLS
def test_a_new_member_is_named_with_its_request(cluster: KafkaCluster, clients: Clients, protocol: str) -> None:
    cluster.topic("t", 2)
    how = {"group.protocol": protocol}
    if protocol == "classic":
        how["heartbeat.interval.ms"] = "100"
    first = clients.consumer("first", "g", "t", **how)
    poll_until(lambda: stable(cluster, 1), first)
    second = clients.consumer("second", "g", "t", **how)
    poll_until(lambda: stable(cluster, 2), first, second)
    api = "JoinGroup" if protocol == "classic" else "ConsumerGroupHeartbeat"
    begun = next(one for one in told(cluster) if "(client second) joined" in one)
    word = "rebalance begins (Stable in generation 1 until now)" if protocol == "classic" else "rebalances, epoch "
    assert begun.startswith(word)
    assert f" joined by {api} of second (#" in begun
    explained = cluster.explain_group("g")
    assert explained.startswith(f"group g ({protocol}) is Stable in ")
    assert "with 2 members" in explained.splitlines()[0]
    assert begun in explained


@PROTOCOLS
def test_a_member_that_is_silent_is_named_with_its_timeout(
    cluster: KafkaCluster, clients: Clients, protocol: str
) -> None:
    cluster.topic("t", 1)
    reader = clients.consumer("quiet", "g", "t", **{"group.protocol": protocol})
    poll_until(lambda: stable(cluster, 1), reader)
    cluster.clock.freeze()
    cluster.clock.advance(minutes=1)
    within = " of 45000 ms" if protocol == "classic" else ""
    (out,) = [one for one in told(cluster) if "is out" in one]
    assert f"(client quiet) is out: nothing was heard of it within its session timeout{within}" in out
    assert out in cluster.explain_group("g")
    assert "Empty in generation 2" in told(cluster)[-1] or "Empty at epoch" in told(cluster)[-1]


@PROTOCOLS
def test_a_member_that_leaves_is_named_with_its_request(cluster: KafkaCluster, clients: Clients, protocol: str) -> None:
    cluster.topic("t", 1)
    reader = clients.consumer("polite", "g", "t", **{"group.protocol": protocol})
    poll_until(lambda: stable(cluster, 1), reader)
    reader.close()
    api = "LeaveGroup" if protocol == "classic" else "ConsumerGroupHeartbeat"
    (left,) = [one for one in told(cluster) if " left by " in one]
    assert f"(client polite) left by {api} of polite (#" in left


def test_a_member_that_does_not_join_again_in_time_is_named(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    how = {"session.timeout.ms": 6000, "max.poll.interval.ms": 6000, "heartbeat.interval.ms": 100}
    busy = clients.consumer("busy", "g", "t", **how)
    poll_until(lambda: stable(cluster, 1), busy)
    other = clients.consumer("other", "g", "t", **how)
    poll_until(lambda: cluster.groups()["g"].state == "PreparingRebalance", other)
    cluster.clock.run(rate=4)  # the busy one beats on, and does not poll
    poll_until(lambda: any("is out" in one for one in told(cluster)), other)
    assert any(
        "(client busy) is out: it did not join again within the rebalance timeout" in one for one in told(cluster)
    )


@pytest.mark.parametrize(
    "cluster",
    [{"group.consumer.min.heartbeat.interval.ms": "100", "group.consumer.heartbeat.interval.ms": "100"}],
    indirect=True,
)
def test_a_topic_that_grows_is_why_a_consumer_group_rebalances(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    reader = clients.consumer("reader", "g", "t", **{"group.protocol": "consumer"})
    poll_until(lambda: stable(cluster, 1), reader)
    admin = AdminClient({"bootstrap.servers": cluster.bootstrap})
    admin.create_partitions([NewPartitions("t", 2)])["t"].result(20)
    poll_until(lambda: any("the topics that it reads have changed" in one for one in told(cluster)), reader)


def test_commits_and_beats_that_change_nothing_are_no_decisions(cluster: KafkaCluster, clients: Clients) -> None:
    cluster.topic("t", 1)
    cluster.produce("t", [b"v"])
    reader = clients.consumer("reader", "g", "t", **{"heartbeat.interval.ms": 20})
    poll_until(lambda: stable(cluster, 1), reader)
    before = told(cluster)
    message = reader.poll(20)
    assert message is not None
    reader.commit(message=message, asynchronous=False)
    cluster.await_committed("g", {("t", 0): 1})
    assert told(cluster) == before


@pytest.mark.parametrize("cluster", [SHARE_SETTINGS], indirect=True)
def test_members_of_a_share_group_are_named_as_they_come_and_fall_silent(cluster: KafkaCluster) -> None:
    cluster.topic("t", 1)
    member = share_consumer(cluster.bootstrap, "g", "t")
    while not cluster.groups():
        member.poll(0.05)
    assert any(
        one.startswith("rebalances, epoch ") and " joined by ShareGroupHeartbeat of " in one for one in told(cluster)
    )
    cluster.clock.freeze()
    cluster.clock.advance(minutes=1)
    assert any("is out: nothing was heard of it within its session timeout" in one for one in told(cluster))
    cluster.clock.run()
    member.close()


def test_members_of_a_streams_group_are_named_as_they_come_and_leave(cluster: KafkaCluster) -> None:
    cluster.topic("t", 1)
    topology = Topology(epoch=1, subtopologies=[Subtopology(subtopology_id="0", source_topics=["t"])])
    none: dict[str, Any] = dict.fromkeys(("active_tasks", "standby_tasks", "warmup_tasks", "client_tags"), ())
    joining: dict[str, Any] = {"rebalance_timeout_ms": 1000, "process_id": "p", "topology": topology, **none}
    with Wire(cluster.bootstrap) as wire:
        for epoch, how in ((0, joining), (-1, {})):
            request = StreamsGroupHeartbeatRequest(group_id="g", member_id="m", member_epoch=epoch, **how)
            assert wire.ask(request, 0, StreamsGroupHeartbeatResponse).error_code == ErrorCode.NONE
    lines = told(cluster)
    assert any(one.startswith("rebalances, epoch ") and " joined by StreamsGroupHeartbeat of " in one for one in lines)
    assert any("member m " in one and " left by StreamsGroupHeartbeat of " in one for one in lines)
    assert "group g (streams) is Empty" in cluster.explain_group("g")
