"""Brokers of a cluster on command, as a test gives the commands: killed, stopped, frozen, cut off, and back again."""

from collections.abc import Iterator

import pytest

from odradek.broker.journal.entries import Decision
from odradek.broker.testing.broker_commands import UnknownBroker
from odradek.broker.testing.brokers_seen import SeenLink
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.running_cluster import BrokerError, OnlyOneBroker
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@pytest.fixture
def kafka(host: ClusterHost) -> Iterator[KafkaCluster]:
    with host.cluster({"offsets.topic.num.partitions": 3}, brokers=3) as kafka:
        kafka.topic("orders", 1)
        yield kafka


def values(kafka: KafkaCluster, broker_id: int) -> list[bytes | None]:
    return [record.value for record in kafka.brokers[broker_id].records("orders")]


def is_answered(bootstrap: str) -> bool:
    """Whether a broker accepts a connection and answers on it."""
    try:
        with Wire(bootstrap, timeout_s=0.5) as wire:
            wire.ask(ApiVersionsRequest(), 0, ApiVersionsResponse)
    except OSError:
        return False
    return True


def test_each_broker_has_an_address_of_its_own_and_holds_what_was_produced(kafka: KafkaCluster) -> None:
    kafka.produce("orders", [b"one"])
    assert list(kafka.brokers) == [1, 2, 3]
    assert ",".join(one.bootstrap for one in kafka.brokers.values()) == kafka.bootstrap
    assert [values(kafka, one) for one in kafka.brokers] == [[b"one"]] * 3
    assert {one.state for one in kafka.brokers.values()} == {"running"}


def test_a_broker_that_is_killed_leads_no_more_and_nothing_that_was_acknowledged_is_lost(kafka: KafkaCluster) -> None:
    kafka.produce("orders", [b"one"])
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.brokers[leader].kill()
    assert kafka.await_leader("orders", other_than=leader, timeout_s=0) != leader  # it is so when the call returns
    assert kafka.isr("orders") == {1, 2, 3} - {leader}
    seen = kafka.brokers[leader].look()
    assert (seen.state, seen.is_fenced, seen.leads, seen.in_sync, seen.replicas) == ("killed", True, 0, 0, 1)
    assert not is_answered(kafka.brokers[leader].bootstrap)
    kafka.produce("orders", [b"two"])
    assert [record.value for record in kafka.records("orders")] == [b"one", b"two"]


def test_a_broker_that_comes_back_is_where_it_was_and_copies_what_it_has_missed(kafka: KafkaCluster) -> None:
    address = kafka.brokers[2].bootstrap
    kafka.brokers[2].kill()
    kafka.produce("orders", [b"one"])
    assert values(kafka, 2) == []
    kafka.brokers[2].start()
    kafka.await_in_sync("orders")
    assert values(kafka, 2) == [b"one"]
    assert (kafka.brokers[2].bootstrap, kafka.brokers[2].state) == (address, "running")
    assert is_answered(address)


def test_preferred_leaders_lead_again_when_an_election_is_asked_for(kafka: KafkaCluster) -> None:
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.brokers[leader].stop()
    assert (kafka.brokers[leader].state, kafka.leader("orders") != leader) == ("stopped", True)
    kafka.brokers[leader].start()
    kafka.await_in_sync("orders")
    assert kafka.leader("orders") != leader
    kafka.elect_leaders("orders")
    assert kafka.leader("orders") == leader
    kafka.elect_leaders()  # needs none, and says nothing


def test_a_death_that_nobody_notices_is_found_out_when_the_session_has_run_out(kafka: KafkaCluster) -> None:
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.clock.freeze()
    kafka.brokers[leader].kill(is_noticed=False)
    assert kafka.leader("orders") == leader
    with pytest.raises(KafkaError, match=f"broker {leader}, which leads orders-0, is killed") as refused:
        kafka.produce("orders", [b"one"])
    assert refused.value.code is ErrorCode.LEADER_NOT_AVAILABLE
    kafka.clock.advance(ms=8_900)
    assert kafka.leader("orders") == leader
    kafka.clock.advance(ms=200)
    assert kafka.leader("orders") in {1, 2, 3} - {leader}


def test_without_its_page_cache_a_broker_has_lost_what_was_not_synced_and_copies_it_again(kafka: KafkaCluster) -> None:
    kafka.produce("orders", [b"one"])
    leader = kafka.leader("orders")
    assert leader is not None
    for broker_id in {1, 2, 3} - {leader}:
        kafka.brokers[broker_id].kill(keeps_page_cache=False)
    kafka.links.cut(leader, 1 if leader != 1 else 2)
    kafka.brokers[1 if leader != 1 else 2].start()
    assert values(kafka, 1 if leader != 1 else 2) == []
    kafka.links.heal()
    kafka.await_under_replicated("orders")
    kafka.brokers[6 - leader - (1 if leader != 1 else 2)].start()
    kafka.await_in_sync("orders")
    assert [values(kafka, one) for one in kafka.brokers] == [[b"one"]] * 3


def test_a_leader_that_is_frozen_is_replaced_and_follows_when_it_goes_on(kafka: KafkaCluster) -> None:
    kafka.produce("orders", [b"one"])
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.clock.freeze()
    kafka.brokers[leader].freeze()
    assert not is_answered(kafka.brokers[leader].bootstrap)
    with pytest.raises(KafkaError, match=f"broker {leader}, which leads orders-0, is frozen"):
        kafka.produce("orders", [b"two"])
    assert [record.value for record in kafka.records("orders")] == [b"one"]  # it can be looked at
    kafka.clock.advance(seconds=10)
    assert kafka.await_leader("orders", other_than=leader) != leader
    kafka.produce("orders", [b"two"])
    assert values(kafka, leader) == [b"one"]
    kafka.brokers[leader].resume()
    kafka.await_in_sync("orders")
    assert values(kafka, leader) == [b"one", b"two"]


def test_a_follower_that_is_cut_off_from_its_leader_is_behind_until_the_link_is_healed(kafka: KafkaCluster) -> None:
    leader = kafka.leader("orders")
    assert leader is not None
    follower = 1 if leader != 1 else 2
    kafka.clock.freeze()
    kafka.links.cut(leader, follower)
    ends = sorted([(leader, follower), (follower, leader)])
    assert kafka.links.troubled() == [SeenLink(*one, is_cut=True, delay_s=0.0) for one in ends]
    kafka.produce("orders", [b"one"], acks=1)
    assert kafka.offsets("orders").high_watermark == 0
    kafka.clock.advance(seconds=46)
    assert kafka.isr("orders") == {1, 2, 3} - {follower}
    assert kafka.offsets("orders").high_watermark == 1
    replicas = kafka.partition("orders").replicas
    assert (replicas[leader].log_end, replicas[follower].log_end) == (1, 0)
    kafka.links.heal(leader, follower)
    kafka.await_in_sync("orders")
    assert (values(kafka, follower), kafka.links.troubled()) == ([b"one"], [])


def test_what_goes_over_a_slow_link_arrives_by_the_clock_of_the_cluster(kafka: KafkaCluster) -> None:
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.clock.freeze()
    for follower in {1, 2, 3} - {leader}:
        kafka.links.slow(leader, follower, seconds=0.2, both_ways=False)
    assert [(one.is_cut, one.delay_s) for one in kafka.links.troubled()] == [(False, 0.2)] * 2
    kafka.produce("orders", [b"one"], acks=1)
    assert kafka.records("orders") == []
    kafka.clock.advance(ms=190)
    assert [one.log_end for one in kafka.partition("orders").replicas.values()] == [1, 0, 0]
    kafka.clock.advance(ms=220)  # the answer to the question that was asked before, and to the next one
    assert [record.value for record in kafka.records("orders")] == [b"one"]


def test_a_broker_that_clients_do_not_reach_leads_on_for_the_others(kafka: KafkaCluster) -> None:
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.links.cut(leader, "clients")
    assert not is_answered(kafka.brokers[leader].bootstrap)
    assert len(kafka.links.troubled()) == 2
    kafka.produce("orders", [b"one"])
    assert [values(kafka, one) for one in kafka.brokers] == [[b"one"]] * 3
    kafka.links.heal(leader, "clients")
    assert is_answered(kafka.brokers[leader].bootstrap)


def test_a_broker_that_is_cut_off_from_the_controller_is_fenced_after_its_session(kafka: KafkaCluster) -> None:
    kafka.clock.freeze()
    kafka.links.cut("controller", 2)
    kafka.clock.advance(seconds=10)
    assert (kafka.brokers[2].look().is_fenced, kafka.brokers[2].state) == (True, "running")
    assert kafka.isr("orders") == {1, 3}
    kafka.links.heal()
    kafka.await_in_sync("orders")
    assert not kafka.brokers[2].look().is_fenced


@pytest.mark.parametrize(
    ("before", "command", "why"),
    [
        ("", "start", "broker 2 is running: this is for one that is stopped or killed"),
        ("", "resume", "broker 2 is running: this is for one that is frozen"),
        ("kill", "kill", "broker 2 is killed: this is for one that is running or frozen"),
        ("kill", "stop", "broker 2 is killed: this is for one that is running"),
        ("stop", "freeze", "broker 2 is stopped: this is for one that is running"),
        ("freeze", "stop", "broker 2 is frozen: this is for one that is running"),
        ("freeze", "start", "broker 2 is frozen: this is for one that is stopped or killed"),
    ],
)
def test_what_a_broker_cannot_do_in_its_state_is_refused(
    kafka: KafkaCluster, before: str, command: str, why: str
) -> None:
    broker = kafka.brokers[2]
    if before:
        getattr(broker, before)()
    state = broker.state
    with pytest.raises(BrokerError, match=why):
        getattr(broker, command)()
    assert broker.state == state


def test_a_broker_or_an_end_that_there_is_not_is_named(kafka: KafkaCluster) -> None:
    with pytest.raises(KeyError, match="there is no broker 4; there are: 1, 2, 3"):
        kafka.brokers[4].kill()
    with pytest.raises(UnknownBroker, match="there is no broker 4; there are: 1, 2, 3"):
        kafka.links.cut(1, 4)
    with pytest.raises(UnknownBroker, match="not at 'controler'; did you mean 'controller'"):
        kafka.links.cut(1, "controler")
    with pytest.raises(BrokerError, match="a link is between two brokers, or a broker and controller or clients"):
        kafka.links.cut("clients", "controller")
    with pytest.raises(BrokerError, match="the way of clients is not slowed"):
        kafka.links.slow(1, "clients", seconds=1)
    with pytest.raises(BrokerError, match="a link has two ends"):
        kafka.links.heal(1)
    with pytest.raises(ValueError, match="takes 0 s or more, not -1"):
        kafka.links.slow(1, 2, seconds=-1)
    assert kafka.links.troubled() == []


def test_a_broker_alone_is_seen_and_can_be_neither_killed_nor_cut_off(host: ClusterHost) -> None:
    with host.cluster() as kafka:
        kafka.topic("orders", 2)
        (seen,) = kafka.brokers.look().values()
        assert (seen.broker_id, seen.bootstrap, seen.state, seen.is_fenced) == (1, kafka.bootstrap, "running", False)
        assert (seen.leads, seen.in_sync, seen.replicas) == (2, 2, 2)
        assert (kafka.leader("orders", 1), kafka.isr("orders", 1), kafka.links.troubled()) == (1, {1}, [])
        assert kafka.await_in_sync("orders")[1].is_in_sync
        for command in (kafka.brokers[1].kill, kafka.brokers[1].freeze, lambda: kafka.links.cut(1, "clients")):
            with pytest.raises(OnlyOneBroker, match="this is a cluster of one broker"):
                command()


def test_what_is_done_to_brokers_is_in_the_journal_ahead_of_what_comes_of_it(kafka: KafkaCluster) -> None:
    leader = kafka.leader("orders")
    assert leader is not None
    kafka.brokers[leader].kill()
    kafka.links.cut(1, 2, both_ways=False)
    told = [(one.subject, one.name, one.what) for one in kafka.journal() if isinstance(one, Decision)]
    at = told.index(("broker", str(leader), "killed"))
    assert told[at + 1] == ("broker", str(leader), "is fenced")
    subject, name, what = told[at + 2]
    assert (subject, name) == ("partition", "orders-0")
    assert what.endswith(
        f"after broker {leader} in leader epoch 1, in sync {_others(leader)}, for broker {leader} is fenced"
    )
    assert ("link", "1 to 2", "cut") in told
    assert f"led by broker {kafka.leader('orders')} in leader epoch 1" in kafka.explain_partition("orders")


def _others(broker_id: int) -> str:
    return " ".join(str(one) for one in (1, 2, 3) if one != broker_id)


def test_a_partition_without_a_leader_says_so_wherever_it_is_looked_at(kafka: KafkaCluster) -> None:
    kafka.topic("alone", 1, replication_factor=1)
    kafka.produce("alone", [b"one"])
    leader = kafka.leader("alone")
    assert leader is not None
    kafka.brokers[leader].kill()
    assert (kafka.leader("alone"), kafka.isr("alone")) == (None, set())
    why = f"alone-0 has no leader; its replicas are on the brokers {leader}"
    with pytest.raises(KafkaError, match=why):
        kafka.records("alone")
    assert kafka.explain_partition("alone").startswith(f"partition alone-0: {why}")
    with pytest.raises(AssertionError, match="a leader of alone-0, but: alone-0 with no leader, in sync none of"):
        kafka.await_leader("alone", timeout_s=0)
    kafka.brokers[leader].start()
    assert kafka.await_leader("alone") == leader
    assert [record.value for record in kafka.records("alone")] == [b"one"]


def test_waits_say_how_it_was_instead(kafka: KafkaCluster) -> None:
    with pytest.raises(AssertionError, match="after 0 s there were not replicas of 'orders' that are not in sync, but"):
        kafka.await_under_replicated("orders", timeout_s=0)
    with pytest.raises(AssertionError, match="all replicas of nope-3 in sync, but: no such topic or partition"):
        kafka.await_in_sync("nope", 3, timeout_s=0)
