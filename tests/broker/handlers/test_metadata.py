"""Metadata: which topics are described, which are made, and which are refused."""

from collections.abc import Sequence

import pytest

from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.testing.disks import FULL
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)

from ..conftest import IDENTITY
from ..nodes.three_brokers import ThreeBrokers, port_of
from .broker_harness import AskedBroker, AskedContext, limit_mutations, served

NOT_ASKED = -2147483648
NO_PRODUCER = b"n" * 16


def named(*names: str) -> list[MetadataRequestTopic]:
    return [MetadataRequestTopic(name=name) for name in names]


def ask(
    broker: AskedBroker,
    topics: Sequence[MetadataRequestTopic] | None,
    version: int = 13,
    *,
    may_create: bool = True,
    with_operations: bool = False,
) -> MetadataResponse:
    request = MetadataRequest(
        topics=topics,
        allow_auto_topic_creation=may_create,
        include_cluster_authorized_operations=with_operations and 8 <= version <= 10,
        include_topic_authorized_operations=with_operations,
    )
    return broker.ask(request, version, MetadataResponse).answer


def summary(answer: MetadataResponse) -> list[tuple[str | None, int, int]]:
    """Name, error and number of partitions of every topic."""
    return [(topic.name, topic.error_code, len(topic.partitions)) for topic in answer.topics]


@pytest.mark.parametrize("version", served(ApiKey.METADATA))
def test_every_version_describes_the_broker_and_the_topics_asked_for(version: int) -> None:
    broker = AskedBroker({"broker.rack": "r1"})
    topic = broker.create(partitions=2)
    answer = ask(broker, named("t"), version)
    rack = "r1" if version >= 1 else None
    assert answer.brokers == [MetadataResponseBroker(node_id=1, host="127.0.0.1", port=9092, rack=rack)]
    assert answer.cluster_id == (IDENTITY.cluster_id if version >= 2 else None)
    assert answer.controller_id == (1 if version >= 1 else -1)
    epoch = 0 if version >= 7 else -1
    assert answer.topics == [
        MetadataResponseTopic(
            name="t",
            topic_id=topic.topic_id if version >= 10 else bytes(16),
            partitions=[
                MetadataResponsePartition(
                    partition_index=index,
                    leader_id=1,
                    leader_epoch=epoch,
                    replica_nodes=[1],
                    isr_nodes=[1],
                    offline_replicas=[] if version >= 5 else (),
                )
                for index in range(2)
            ],
        )
    ]


@pytest.mark.parametrize("version", served(ApiKey.METADATA))
def test_an_empty_list_asks_for_all_topics_in_version_0_and_for_none_afterwards(version: int) -> None:
    broker = AskedBroker()
    broker.create("a")
    broker.create("b")
    assert [t.name for t in ask(broker, [], version).topics] == ([] if version else ["a", "b"])
    if version:
        assert [t.name for t in ask(broker, None, version).topics] == ["a", "b"]


def test_a_name_asked_for_twice_is_answered_once() -> None:
    broker = AskedBroker()
    broker.create("a")
    assert summary(ask(broker, named("a", "b", "a"), may_create=False)) == [
        ("a", ErrorCode.NONE, 1),
        ("b", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0),
    ]


@pytest.mark.parametrize("version", [0, 3, 4, 13])
def test_a_missing_topic_is_made_with_the_brokers_number_of_partitions(version: int) -> None:
    broker = AskedBroker({"num.partitions": "3"})
    assert summary(ask(broker, named("new"), version)) == [("new", ErrorCode.NONE, 3)]
    assert broker.topics.find("new") is not None


@pytest.mark.parametrize(("setting", "may_create"), [("true", False), ("false", True), ("false", False)])
def test_a_missing_topic_is_made_only_with_the_leave_of_client_and_broker(setting: str, may_create: bool) -> None:
    broker = AskedBroker({"auto.create.topics.enable": setting})
    answer = ask(broker, named("new"), may_create=may_create)
    assert summary(answer) == [("new", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0)]
    assert broker.topics.find("new") is None


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "é", "x" * 250])
def test_a_name_that_no_topic_may_have_is_refused(name: str) -> None:
    assert summary(ask(AskedBroker(), named(name))) == [(name, ErrorCode.INVALID_TOPIC_EXCEPTION, 0)]


def test_the_log_of_the_cluster_is_no_topic() -> None:
    assert summary(ask(AskedBroker(), named("__cluster_metadata"))) == [
        ("__cluster_metadata", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0)
    ]


def test_an_internal_topic_is_made_with_settings_of_its_own() -> None:
    broker = AskedBroker({"offsets.topic.num.partitions": "7"})
    (topic,) = ask(broker, named("__consumer_offsets")).topics
    assert (topic.error_code, topic.is_internal, len(topic.partitions)) == (0, True, 7)


@pytest.mark.parametrize("version", [12, 13])
def test_a_topic_is_found_by_its_id_whatever_name_stands_beside_it(version: int) -> None:
    broker = AskedBroker()
    topic_id = broker.create("t").topic_id
    for name in (None, "other"):
        assert summary(ask(broker, [MetadataRequestTopic(name=name, topic_id=topic_id)], version)) == [("t", 0, 1)]
    (unknown,) = ask(broker, [MetadataRequestTopic(name="t", topic_id=NO_PRODUCER)], version).topics
    assert (unknown.error_code, unknown.name, unknown.topic_id) == (ErrorCode.UNKNOWN_TOPIC_ID, None, NO_PRODUCER)


@pytest.mark.parametrize("version", [10, 11])
def test_versions_that_carry_ids_without_serving_them_refuse_the_whole_request(version: int) -> None:
    broker = AskedBroker()
    topic_id = broker.create("t").topic_id
    asked = [*named("t"), MetadataRequestTopic(name="t", topic_id=topic_id)]
    assert summary(ask(broker, asked, version)) == [("t", ErrorCode.INVALID_REQUEST, 0)] * 2


@pytest.mark.parametrize("version", [12, 13])
def test_an_entry_with_neither_name_nor_id_fails_the_whole_request(version: int) -> None:
    broker = AskedBroker()
    broker.create("t")
    answer = ask(broker, [*named("t"), MetadataRequestTopic(name=None)], version)
    assert [topic.error_code for topic in answer.topics] == [ErrorCode.UNKNOWN_SERVER_ERROR] * 2


@pytest.mark.parametrize("version", [8, 10, 11, 13])
def test_authorized_operations_are_told_when_asked_for(version: int) -> None:
    broker = AskedBroker()
    broker.create()
    cluster_too = version <= 10
    told, untold = (ask(broker, named("t"), version, with_operations=wanted) for wanted in (True, False))
    assert told.topics[0].topic_authorized_operations == 3576
    assert told.cluster_authorized_operations == (8096 if cluster_too else NOT_ASKED)
    assert untold.topics[0].topic_authorized_operations == NOT_ASKED
    assert untold.cluster_authorized_operations == NOT_ASKED


def test_a_topic_that_finds_no_room_on_the_disk_is_refused_and_the_others_are_described() -> None:
    broker = AskedBroker()
    broker.create("t")
    broker.files.write_error = FULL
    assert summary(ask(broker, named("new", "t"))) == [("new", ErrorCode.KAFKA_STORAGE_ERROR, 0), ("t", 0, 1)]
    broker.files.write_error = None
    assert summary(ask(broker, named("new"))) == [("new", 0, 1)]


@pytest.mark.parametrize(
    ("advertised", "told"),
    [
        ("", ("10.0.0.7", 4711)),
        ("PLAINTEXT://kafka.example:19092", ("kafka.example", 19092)),
        ("PLAINTEXT://kafka.example:0", ("kafka.example", 4711)),
    ],
)
def test_clients_are_told_an_address_they_can_reach(advertised: str, told: tuple[str, int]) -> None:
    broker = AskedBroker({"advertised.listeners": advertised} if advertised else {})
    broker.session.local_host, broker.session.local_port = "10.0.0.7", 4711
    (found,) = ask(broker, []).brokers
    assert (found.host, found.port) == told


def test_a_topic_beyond_the_quota_is_not_made_for_now() -> None:
    broker = AskedBroker({"num.partitions": "10"})
    limit_mutations(broker, 0.5)  # which fills a bucket of 5.5
    assert summary(ask(broker, named("a", "b"))) == [("a", 0, 10), ("b", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0)]
    broker.clock.advance(10)
    assert summary(ask(broker, named("b"))) == [("b", 0, 10)]


# Several brokers: who is there, who leads, and who is not there


def described(node: AskedContext, version: int = 13, topic: str = "t") -> MetadataResponsePartition:
    answer = node.ask(MetadataRequest(topics=named(topic)), version, MetadataResponse).answer
    return answer.topics[0].partitions[0]


def shown(one: MetadataResponsePartition) -> tuple[int, int, int, list[int], list[int], list[int]]:
    """Error, leader, epoch, replicas, in sync, offline."""
    lists = list(one.replica_nodes), sorted(one.isr_nodes), list(one.offline_replicas)
    return one.error_code, one.leader_id, one.leader_epoch, *lists


def test_every_broker_names_all_that_are_there_with_their_racks() -> None:
    brokers = ThreeBrokers()
    for node in brokers.running:
        answer = node.ask(MetadataRequest(topics=[]), 13, MetadataResponse).answer
        found = [(one.node_id, one.host, one.port, one.rack) for one in answer.brokers]
        assert found == [(n, "127.0.0.1", port_of(n), rack) for n, rack in ((1, "a"), (2, "b"), (3, "c"))]
        assert answer.controller_id in (1, 2, 3)


def test_a_broker_without_a_replica_describes_a_partition_as_any_other() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    for node in brokers.running:
        assert shown(described(node)) == (0, 1, 0, [1, 2], [1, 2], [])


def test_nothing_is_known_of_a_death_that_nobody_has_noticed() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.kill(1, is_noticed=False)
    answer = brokers[2].ask(MetadataRequest(topics=named("t")), 13, MetadataResponse).answer
    assert [one.node_id for one in answer.brokers] == [1, 2, 3]
    assert shown(answer.topics[0].partitions[0]) == (0, 1, 0, [1, 2, 3], [1, 2, 3], [])


@pytest.mark.parametrize("version", [1, 5, 13])
def test_a_broker_that_is_fenced_is_not_named_and_its_replicas_are_offline(version: int) -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.create("u", [2, 1])
    brokers.kill(1)
    answer = brokers[3].ask(MetadataRequest(topics=named("t")), version, MetadataResponse).answer
    assert [one.node_id for one in answer.brokers] == [2, 3]
    epoch, offline = (1 if version >= 7 else -1), [1] if version >= 5 else []
    assert shown(answer.topics[0].partitions[0]) == (0, 2, epoch, [1, 2, 3], [2, 3], offline)
    kept = described(brokers[3], 13, "u")
    assert shown(kept) == (0, 2, 0, [2, 1], [2], [1]), "who follows begins no epoch with its death"


def test_version_0_leaves_out_replicas_that_are_not_there() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.kill(1)
    one = described(brokers[2], 0)
    assert (one.error_code, one.leader_id) == (ErrorCode.REPLICA_NOT_AVAILABLE, 2)
    assert (one.replica_nodes, sorted(one.isr_nodes)) == ([2, 3], [2, 3])


def test_a_partition_whose_only_replica_is_gone_has_no_leader() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1])
    brokers.kill(1)
    assert shown(described(brokers[2])) == (ErrorCode.LEADER_NOT_AVAILABLE, -1, 1, [1], [], [1])
    lost = described(brokers[2], 0)
    assert (lost.error_code, lost.leader_id, lost.replica_nodes) == (ErrorCode.LEADER_NOT_AVAILABLE, -1, [])
    brokers.start(1)
    assert shown(described(brokers[2])) == (0, 1, 2, [1], [1], [])


def test_a_topic_that_cannot_be_made_now_is_unknown_and_made_when_the_controller_is_reached() -> None:
    brokers = ThreeBrokers()
    brokers.links.set(1, CONTROLLER, is_cut=True)
    asked = brokers[1].ask(MetadataRequest(topics=named("new")), 13, MetadataResponse)
    brokers.settle()
    assert asked.is_deferred
    brokers.advance(1.0)
    assert summary(asked.answer) == [("new", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0)]
    brokers.links.heal()
    brokers.settle()
    assert described(brokers[1], 13, "new").error_code == 0
