"""ElectLeaders: the one replica leads, unless its disk has failed."""

import pytest

from odradek.broker.handlers.elect_leaders import handle_elect_leaders
from odradek.broker.nodes.links import CONTROLLER
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse, TopicPartitions

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, batch, served

PREFERRED, UNCLEAN = 0, 1
NOT_NEEDED = (84, "Leader election not needed for topic partition.")
Asked = list[tuple[str, list[int]]]
Elected = list[tuple[str, dict[int, tuple[int, str | None]]]]


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create(partitions=2)
    broker.create("u")
    return broker


def request_for(asked: Asked | None, kind: int = PREFERRED, timeout_ms: int = 1000) -> ElectLeadersRequest:
    topics = None if asked is None else [TopicPartitions(topic=name, partitions=ids) for name, ids in asked]
    return ElectLeadersRequest(election_type=kind, topic_partitions=topics, timeout_ms=timeout_ms)


def elected(
    broker: AskedContext, asked: Asked | None, kind: int = PREFERRED, version: int = 2, timeout_ms: int = 1000
) -> tuple[int, Elected]:
    answer = broker.ask(request_for(asked, kind, timeout_ms), version, ElectLeadersResponse).answer
    found = [
        (one.topic, {p.partition_id: (p.error_code, p.error_message) for p in one.partition_result})
        for one in answer.replica_election_results
    ]
    return answer.error_code, found


@pytest.mark.parametrize("version", served(ApiKey.ELECT_LEADERS))
def test_no_election_is_needed_where_the_replica_leads(broker: AskedBroker, version: int) -> None:
    assert elected(broker, [("t", [1, 0])], version=version) == (0, [("t", {1: NOT_NEEDED, 0: NOT_NEEDED})])


@pytest.mark.parametrize("kind", [PREFERRED, UNCLEAN])
def test_of_all_topics_each_is_named_and_no_partition_that_has_a_leader(broker: AskedBroker, kind: int) -> None:
    assert elected(broker, None, kind) == (0, [("t", {}), ("u", {})])
    assert elected(broker, [], kind) == (0, [])


@pytest.mark.parametrize(("kind", "code"), [(PREFERRED, 80), (UNCLEAN, 83)])
def test_a_partition_whose_disk_failed_gets_no_leader(broker: AskedBroker, kind: int, code: int) -> None:
    broker.topics.partition("t", 1).take_offline(OSError("gone"))
    for asked in (None, [("t", [1]), ("u", list[int]())]):
        error, found = elected(broker, asked, kind)
        ((index, (seen, _)),) = found[0][1].items()
        assert (error, index, seen) == (0, 1, code)


def test_what_does_not_exist_is_named(broker: AskedBroker) -> None:
    assert elected(broker, [("nope", [0]), ("t", [2, -1])]) == (
        0,
        [
            ("nope", {0: (3, "No such topic as nope")}),
            ("t", {2: (3, "No such partition as t-2"), -1: (3, "No such partition as t--1")}),
        ],
    )


@pytest.mark.parametrize("kind", [2, -1])
def test_an_unknown_type_of_election_refuses_all(broker: AskedBroker, kind: int) -> None:
    assert elected(broker, [("t", [0])], kind) == (42, [("t", {0: (42, f"Unknown election type {kind}")})])
    assert elected(broker, None, kind) == (42, [])


def test_no_time_refuses_all(broker: AskedBroker) -> None:
    assert elected(broker, [("t", [0])], 2, timeout_ms=0) == (7, [("t", {0: (7, None)})])
    assert elected(broker, None, timeout_ms=0) == (7, [])
    assert elected(broker, [], timeout_ms=0) == (0, [])


def test_the_handler_pauses_from_partition_to_partition(broker: AskedBroker) -> None:
    broker.create("v", partitions=20)
    wanted = [("v", list(range(20)))]
    for request in (request_for(wanted), request_for(wanted, timeout_ms=0)):
        steps = handle_elect_leaders(request, 2, broker.session, broker.context)
        assert sum(1 for _ in steps) >= 20


# Several brokers


AVAILABLE_NOT = (80, "The preferred leader was not available.")
NOBODY = (83, "Eligible topic partition leaders are not available.")


@pytest.fixture
def brokers() -> ThreeBrokers:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3], [2, 3, 1])
    brokers.create("u", [1])
    return brokers


def test_the_preferred_replica_leads_again_once_it_is_back(brokers: ThreeBrokers) -> None:
    brokers.kill(1)
    assert elected(brokers[2], [("t", [0, 1])]) == (0, [("t", {0: AVAILABLE_NOT, 1: NOT_NEEDED})])
    brokers.start(1)
    assert brokers.record("t").leader == 2
    assert elected(brokers[3], [("t", [0, 1])]) == (0, [("t", {0: (0, None), 1: NOT_NEEDED})])
    assert (brokers.record("t").leader, brokers.record("t").leader_epoch) == (1, 2)


def test_of_all_partitions_only_those_are_named_that_were_not_in_order(brokers: ThreeBrokers) -> None:
    brokers.kill(1)
    assert elected(brokers[2], None) == (0, [("t", {0: AVAILABLE_NOT}), ("u", {0: AVAILABLE_NOT})])
    assert elected(brokers[2], None, UNCLEAN) == (0, [("t", {}), ("u", {0: NOBODY})])
    brokers.start(1)
    assert elected(brokers[2], None) == (0, [("t", {0: (0, None)}), ("u", {})])
    assert elected(brokers[2], None) == (0, [("t", {}), ("u", {})])


def test_a_replica_that_lacks_records_leads_if_it_is_told_to(brokers: ThreeBrokers) -> None:
    brokers.create("m", [1, 2])
    brokers.kill(2)
    brokers.produce("m", batch(b"lost"))
    brokers.kill(1)
    assert elected(brokers[3], [("m", [0])], UNCLEAN) == (0, [("m", {0: NOBODY})])
    brokers.start(2)
    assert brokers.record("m").leader == -1
    assert elected(brokers[3], [("m", [0])]) == (0, [("m", {0: AVAILABLE_NOT})])
    assert elected(brokers[3], [("m", [0])], UNCLEAN) == (0, [("m", {0: (0, None)})])
    assert brokers.record("m").leader == 2
    assert elected(brokers[3], [("m", [0])], UNCLEAN) == (0, [("m", {0: NOT_NEEDED})])


def test_what_there_is_not_is_named_as_it_was_asked_for(brokers: ThreeBrokers) -> None:
    assert elected(brokers[3], [("nope", [0]), ("t", [7, 0])]) == (
        0,
        [("nope", {0: (3, "No such topic as nope")}), ("t", {7: (3, "No such partition as t-7"), 0: NOT_NEEDED})],
    )


def test_a_controller_that_cannot_be_reached_is_waited_for_as_long_as_the_client_waits(brokers: ThreeBrokers) -> None:
    brokers.links.set(3, CONTROLLER, is_cut=True)
    asked = brokers[3].ask(request_for([("t", [0])], timeout_ms=2000), 2, ElectLeadersResponse)
    brokers.advance(1.9)
    assert asked.is_deferred
    brokers.advance(0.2)
    assert (asked.answer.error_code, asked.answer.replica_election_results[0].partition_result[0].error_code) == (7, 7)
    asked = brokers[3].ask(request_for([("t", [0])], timeout_ms=2000), 2, ElectLeadersResponse)
    brokers.links.heal()
    assert asked.answer.error_code == 0
