"""Where Apache Kafka will listen: for clients, as controller, for brokers."""

import pytest

from odradek.broker.config.authorizer_config import STANDARD_AUTHORIZER
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.tools.export_cluster.node_listeners import NodeAddresses, node_listeners

ADDRESSES = NodeAddresses(("127.0.0.1", 9093), ("127.0.0.1", 9094), "hidden")
LOGIN = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="kafka-node" password="hidden" user_kafka-node="hidden";'
)
CLIENTS = {"listeners": "CLIENTS://h:1", "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT"}


def written(settings: dict[str, str], *, is_voter_recorded: bool = False) -> dict[str, str]:
    return node_listeners(BrokerConfig.from_settings(settings), ADDRESSES, is_voter_recorded=is_voter_recorded)


def test_a_plain_node_gets_a_plain_controller_on_the_loopback() -> None:
    assert written({"listeners": "PLAINTEXT://127.0.0.1:9092"}) == {
        "listeners": "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": "PLAINTEXT://127.0.0.1:9092",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": "1@127.0.0.1:9093",
    }


def test_brokers_find_each_other_where_kafkas_default_would_not_find_them() -> None:
    found = written({"listeners": "OUT://h:1,IN://h:2", "listener.security.protocol.map": "OUT:PLAINTEXT,IN:PLAINTEXT"})
    assert found["inter.broker.listener.name"] == "OUT"
    assert found["listeners"] == "OUT://h:1,IN://h:2,CONTROLLER://127.0.0.1:9093"


def test_where_clients_log_in_the_node_does_too() -> None:
    assert written(CLIENTS) == {
        "listeners": "CLIENTS://h:1,CONTROLLER://127.0.0.1:9093,BROKERS://127.0.0.1:9094",
        "advertised.listeners": "CLIENTS://h:1,BROKERS://127.0.0.1:9094",
        "listener.security.protocol.map": ("CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT,BROKERS:SASL_PLAINTEXT"),
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": "1@127.0.0.1:9093",
        "inter.broker.listener.name": "BROKERS",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": LOGIN,
        "listener.name.brokers.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.brokers.plain.sasl.jaas.config": LOGIN,
    }


def test_an_authorizer_has_its_whole_name_and_lets_the_node_do_everything() -> None:
    settings = {"listeners": "PLAINTEXT://h:1", "authorizer.class.name": "StandardAuthorizer", "super.users": "User:a"}
    found = written(settings)
    assert (found["authorizer.class.name"], found["super.users"]) == (STANDARD_AUTHORIZER, "User:a;User:kafka-node")
    assert "BROKERS:SASL_PLAINTEXT" in found["listener.security.protocol.map"]


def test_what_the_settings_have_for_controller_and_brokers_stays() -> None:
    found = written(
        {
            "listeners": "CLIENTS://h:1,IN://h:2,CTRL://:3",
            "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,IN:PLAINTEXT,CTRL:SSL",
            "controller.listener.names": "CTRL",
            "controller.quorum.voters": "1@controller:3",
            "inter.broker.listener.name": "IN",
        }
    )
    assert found == {
        "listeners": "CLIENTS://h:1,IN://h:2,CTRL://:3",
        "advertised.listeners": "CLIENTS://h:1,IN://h:2",
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,IN:PLAINTEXT,CTRL:SSL",
        "controller.quorum.voters": "1@controller:3",
    }


def test_voters_that_are_not_this_node_alone_are_put_right() -> None:
    settings = {"listeners": "PLAINTEXT://h:1,C://:3", "controller.listener.names": "C"}
    assert written({**settings, "controller.quorum.voters": "1@a:3,2@b:3"})["controller.quorum.voters"] == (
        "1@localhost:3"
    )


def test_a_log_that_has_its_voters_is_only_told_where_to_begin() -> None:
    found = written({"listeners": "PLAINTEXT://h:1"}, is_voter_recorded=True)
    assert found["controller.quorum.bootstrap.servers"] == "127.0.0.1:9093"
    assert "controller.quorum.voters" not in found


def test_a_clients_listener_keeps_its_name() -> None:
    found = written({"listeners": "BROKERS://h:1", "listener.security.protocol.map": "BROKERS:SSL"})
    assert found["inter.broker.listener.name"] == "NODE-BROKERS"


@pytest.mark.parametrize(
    ("listeners", "why"),
    [
        ("PLAINTEXT://h:0", "listeners: PLAINTEXT has port 0, .*: name a port"),
        ("PLAINTEXT://0.0.0.0:1", "--set advertised.listeners=PLAINTEXT://HOST:1"),
        ("PLAINTEXT://:1", "--set advertised.listeners=PLAINTEXT://HOST:1"),
        ("PLAINTEXT://h:9093", "PLAINTEXT and CONTROLLER have the same port, 9093; --controller"),
    ],
)
def test_where_nobody_would_find_it_is_refused(listeners: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        written({"listeners": listeners})


def test_every_interface_will_do_where_an_address_is_advertised() -> None:
    found = written({"listeners": "PLAINTEXT://0.0.0.0:1", "advertised.listeners": "PLAINTEXT://kafka:2"})
    assert found["advertised.listeners"] == "PLAINTEXT://kafka:2"


def test_the_password_is_not_shown_with_the_addresses() -> None:
    assert "hidden" not in repr(ADDRESSES)
