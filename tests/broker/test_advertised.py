"""What a client is told for the address of this broker."""

import pytest

from odradek.broker.advertised import MOST_NETWORKS, Advertised, parse_rule
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.config_def import ConfigError
from odradek.broker.session import Session

CAME_IN = Session("/10.0.0.7", "10.0.0.1", 9092)


def told(client: Session, *rules: str, **settings: str) -> tuple[str, int]:
    config = BrokerConfig.from_settings({name.replace("_", "."): value for name, value in settings.items()})
    return Advertised(config, [parse_rule(rule) for rule in rules]).endpoint(client)


def test_without_a_setting_it_is_the_address_at_which_the_client_came_in() -> None:
    assert told(CAME_IN) == ("10.0.0.1", 9092)
    assert told(Session("/::1", "::1", 50001)) == ("::1", 50001)


def test_what_is_advertised_counts_before_that_but_for_a_port_of_0() -> None:
    assert told(CAME_IN, advertised_listeners="PLAINTEXT://kafka.example:19092") == ("kafka.example", 19092)
    assert told(CAME_IN, advertised_listeners="PLAINTEXT://kafka.example:0") == ("kafka.example", 9092)


def test_each_listener_has_an_address_of_its_own() -> None:
    settings = {
        "listeners": "PLAINTEXT://:9092,INTERNAL://:19092",
        "listener_security_protocol_map": "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT",
        "advertised_listeners": "PLAINTEXT://localhost:9092",
    }
    internal = Session("/10.0.0.7", "10.0.0.1", 19092, "INTERNAL")
    assert told(CAME_IN, **settings) == ("localhost", 9092)
    assert told(internal, **settings) == ("10.0.0.1", 19092)


def test_a_rule_for_the_clients_network_counts_before_everything() -> None:
    rules = "10.0.0.0/8=localhost:19092", "10.0.0.7/32=other:1"
    assert told(CAME_IN, *rules, advertised_listeners="PLAINTEXT://kafka.example:9092") == ("localhost", 19092)
    assert told(Session("/192.168.0.1", "192.168.0.2", 9092), *rules) == ("192.168.0.2", 9092)
    assert told(Session("/fe80::1%eth0", "fe80::2", 9092), "fe80::/10=[::1]:0") == ("::1", 9092)


@pytest.mark.parametrize(
    "rule",
    ["10.0.0.0/8", "10.0.0.0/99=a:1", "x=a:1", "10.0.0.0/8=a", "10.0.0.0/8=0.0.0.0:1", "10.0.0.0/8=:1", "::/0=[::1:1"],
)
def test_a_rule_without_sense_is_refused(rule: str) -> None:
    with pytest.raises(ConfigError, match="--advertise"):
        parse_rule(rule)


def test_the_first_client_of_a_network_is_logged_and_no_more_of_them_than_anyone_reads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    advertised = Advertised(BrokerConfig())
    for client in ("/10.0.0.7", "/10.0.0.8", "/10.0.1.1"):
        advertised.note(Session(client, "10.0.0.1", 9092))
    said = capsys.readouterr().err
    assert said.count("clients of a network are told") == 2
    assert "network=10.0.0.0/24" in said
    assert "address=10.0.0.1:9092" in said
    for n in range(MOST_NETWORKS + 100):
        advertised.note(Session(f"/11.{n // 256}.{n % 256}.1", "10.0.0.1", 9092))
    assert len(advertised._logged) == MOST_NETWORKS
