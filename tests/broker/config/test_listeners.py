"""Listeners in Kafka's notation: what is served, what is left out, what is refused."""

import pytest

from odradek.broker.config.config_def import ConfigError
from odradek.broker.config.listeners import (
    Endpoint,
    address_of,
    advertised_endpoints,
    parse_address,
    parse_endpoints,
    protocols_of,
    served_endpoints,
)

PLAIN = {"PLAINTEXT": "PLAINTEXT", "INTERNAL": "PLAINTEXT", "SSL": "SSL"}
TWO = [Endpoint("PLAINTEXT", "", 9092), Endpoint("INTERNAL", "10.0.0.5", 19092)]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("PLAINTEXT://127.0.0.1:0", "127.0.0.1", 0),
        ("PLAINTEXT://:9092", "", 9092),
        (" plaintext://[::1]:9092 ", "::1", 9092),
        ("PLAINTEXT://[::]:1", "::", 1),
        ("PLAINTEXT://broker-1.example_x.com:65535", "broker-1.example_x.com", 65535),
    ],
)
def test_a_listener_is_a_name_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert parse_endpoints(text, "listeners") == [Endpoint("PLAINTEXT", host, port)]


@pytest.mark.parametrize(
    "text",
    [
        "PLAINTEXT://127.0.0.1",
        "PLAINTEXT://a:99999",
        "PLAINTEXT://a:-1",
        "127.0.0.1:9092",
        "PLAINTEXT://a b:1",
        "PLAINTEXT://a:1,PLAINTEXT://b:2",
        "PLAINTEXT://:1,INTERNAL://:1",
    ],
)
def test_what_is_no_list_of_listeners_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="listeners"):
        parse_endpoints(text, "listeners")


def test_several_may_be_served_and_those_of_controllers_are_left_out() -> None:
    text = "PLAINTEXT://:9092, INTERNAL://10.0.0.5:19092, CONTROLLER://:9093"
    assert served_endpoints(text, PLAIN, ["CONTROLLER"]) == TWO


@pytest.mark.parametrize("text", ["CONTROLLER://:9093", "SASL_SSL://:9093", "OTHER://:1", ""])
def test_what_is_not_served_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ConfigError, match="listeners"):
        served_endpoints(text, PLAIN, ["CONTROLLER"])


def test_a_protocol_belongs_to_a_name_and_controllers_need_none() -> None:
    assert protocols_of("A:PLAINTEXT, b:ssl", ["CONTROLLER"]) == {
        "CONTROLLER": "PLAINTEXT",
        "A": "PLAINTEXT",
        "B": "SSL",
    }
    with pytest.raises(ConfigError, match=r"security\.protocol\.map"):
        protocols_of("A", [])


def test_clients_of_a_listener_are_told_what_it_advertises() -> None:
    told = advertised_endpoints("PLAINTEXT://localhost:9092,CONTROLLER://x:1", TWO, ["CONTROLLER"])
    assert told == {"PLAINTEXT": ("localhost", 9092)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("PLAINTEXT://0.0.0.0:9092", "nonroutable"),
        ("PLAINTEXT://:9092", "nonroutable"),
        ("CLIENT://a:9092", "The valid options based on the current configuration are PLAINTEXT,INTERNAL"),
    ],
)
def test_what_no_client_could_use_is_not_advertised(text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        advertised_endpoints(text, TWO, [])


def test_an_address_is_written_as_clients_take_it() -> None:
    assert [address_of("localhost", 1), address_of("::1", 2)] == ["localhost:1", "[::1]:2"]
    assert [parse_address("localhost:1", "x"), parse_address("[::1]:2", "x")] == [("localhost", 1), ("::1", 2)]
