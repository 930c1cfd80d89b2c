"""The settings of several nodes of Apache Kafka, a controller apart or one in each."""

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.tools.export_cluster.node_listeners import NodeAddresses
from odradek.broker.tools.export_cluster.several_settings import Member, combined_settings, isolated_settings

ADDRESSES = NodeAddresses(("127.0.0.1", 19092), ("127.0.0.1", 29092), "hidden")
CONTROLLER = Member(3000, "/c")
BROKERS = [Member(1, "/1", "a"), Member(2, "/2", "b"), Member(3, "/3")]
GIVEN = {"listeners": "PLAINTEXT://h:9092"}
CLIENTS = {"listeners": "CLIENTS://h:9092", "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT"}


def isolated(given: dict[str, str], *, is_voter_recorded: bool = False) -> list[dict[str, str]]:
    return isolated_settings(given, CONTROLLER, BROKERS, ADDRESSES, is_voter_recorded=is_voter_recorded)


def of_all(settings: list[dict[str, str]], name: str) -> list[str | None]:
    return [one.get(name) for one in settings]


def test_a_controller_apart_has_what_it_needs_and_nothing_of_brokers() -> None:
    controller, *_ = isolated({**GIVEN, "log.retention.ms": "77", "broker.rack": "z"})
    assert (
        controller.items()
        >= {
            "process.roles": "controller",
            "node.id": "3000",
            "log.dirs": "/c",
            "listeners": "CONTROLLER://127.0.0.1:19092",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": "3000@127.0.0.1:19092",
            "log.retention.ms": "77",
        }.items()
    )
    assert not {"advertised.listeners", "broker.rack", "inter.broker.listener.name"} & controller.keys()


def test_each_broker_keeps_its_place_and_its_rack() -> None:
    _, *brokers = isolated({**GIVEN, "node.id": "1", "advertised.listeners": "PLAINTEXT://out:7000"})
    assert of_all(brokers, "process.roles") == ["broker"] * 3
    assert of_all(brokers, "node.id") == ["1", "2", "3"]
    assert of_all(brokers, "log.dirs") == ["/1", "/2", "/3"]
    assert of_all(brokers, "broker.rack") == ["a", "b", None]
    assert of_all(brokers, "listeners") == [f"PLAINTEXT://h:{port}" for port in (9092, 9093, 9094)]
    assert of_all(brokers, "advertised.listeners") == [f"PLAINTEXT://out:{port}" for port in (7000, 7001, 7002)]
    assert of_all(brokers, "controller.quorum.voters") == ["3000@127.0.0.1:19092"] * 3
    assert of_all(brokers, "controller.listener.names") == ["CONTROLLER"] * 3


def test_internal_topics_have_as_many_replicas_as_there_are_brokers_for() -> None:
    name = "offsets.topic.replication.factor"
    assert of_all(isolated(GIVEN), name) == ["3"] * 4
    assert of_all(isolated({**GIVEN, name: "1"}), name) == ["1"] * 4
    two = isolated_settings(GIVEN, CONTROLLER, BROKERS[:2], ADDRESSES, is_voter_recorded=False)
    assert of_all(two, name) == ["2"] * 3


def test_nodes_log_in_to_each_other_with_one_password_where_clients_log_in() -> None:
    controller, *brokers = isolated(CLIENTS)
    own = "listener.name.brokers.plain.sasl.jaas.config"
    assert len(set(of_all(brokers, own))) == 1
    assert of_all(brokers, "listeners")[2] == "CLIENTS://h:9094,BROKERS://127.0.0.1:29094"
    assert controller["listeners"] == "CONTROLLER://127.0.0.1:19092"
    assert 'password="hidden"' in controller["listener.name.controller.plain.sasl.jaas.config"]
    assert not any(name.startswith(("listener.name.clients", "listener.name.brokers")) for name in controller)


def test_the_controllers_listener_may_be_given() -> None:
    given = {"listeners": "PLAINTEXT://h:9092,CTRL://c:7", "controller.listener.names": "CTRL"}
    controller, *brokers = isolated(given)
    assert controller["listeners"] == "CTRL://c:7"
    assert of_all(brokers, "listeners")[1] == "PLAINTEXT://h:9093"
    assert of_all(brokers, "controller.quorum.voters") == ["3000@c:7"] * 3
    named = isolated({**given, "controller.quorum.voters": "3000@seen-as:8"})
    assert set(of_all(named, "controller.quorum.voters")) == {"3000@seen-as:8"}


def test_where_the_metadata_log_says_who_votes_the_settings_say_where_it_is() -> None:
    found = isolated(GIVEN, is_voter_recorded=True)
    assert set(of_all(found, "controller.quorum.bootstrap.servers")) == {"127.0.0.1:19092"}
    assert set(of_all(found, "controller.quorum.voters")) == {None}


def test_brokers_that_are_controllers_all_vote() -> None:
    found = combined_settings(GIVEN, BROKERS, ADDRESSES)
    assert of_all(found, "process.roles") == ["broker,controller"] * 3
    assert set(of_all(found, "controller.quorum.voters")) == {"1@127.0.0.1:19092,2@127.0.0.1:19093,3@127.0.0.1:19094"}
    assert of_all(found, "listeners")[2] == "PLAINTEXT://h:9094,CONTROLLER://127.0.0.1:19094"


def test_nodes_that_would_take_each_others_port_are_refused() -> None:
    clients = {**CLIENTS, "listeners": "CLIENTS://127.0.0.1:9092"}
    near = NodeAddresses(("127.0.0.1", 9200), ("127.0.0.1", 9094), "hidden")
    why = r"BROKERS of node 1 and CLIENTS of node 3 have the same port, 9094; --controller and --brokers"
    with pytest.raises(ConfigError, match=why):
        isolated_settings(clients, CONTROLLER, BROKERS, near, is_voter_recorded=False)
    elsewhere = NodeAddresses(near.controller, ("127.0.0.2", 9094), near.password)
    isolated_settings(clients, CONTROLLER, BROKERS, elsewhere, is_voter_recorded=False)
