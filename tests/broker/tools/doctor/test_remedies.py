"""The words of what mends it."""

from odradek.broker.tools.doctor import remedies
from odradek.broker.tools.doctor.facts import Endpoint


def test_an_address_to_advertise_stands_in_the_words_of_each_broker() -> None:
    kafka, odradek = remedies.advertise(Endpoint("localhost", 19092))
    assert "advertised.listeners=PLAINTEXT://localhost:19092" in kafka
    assert "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:19092" in kafka
    assert "--advertise CIDR=localhost:19092" in odradek


def test_two_listeners_have_two_ports() -> None:
    for inside in (9092, 29092):
        compose, _ = remedies.two_listeners(Endpoint("kafka", inside), Endpoint("localhost", 9092))
        other = 19092 if inside == 9092 else inside
        assert f"HOST://localhost:9092,CONTAINERS://kafka:{other}" in compose
    compose, _ = remedies.two_listeners(Endpoint("kafka", 60000), Endpoint("localhost", 60000))
    assert "CONTAINERS://kafka:19092" in compose


def test_a_containers_name_is_one_label() -> None:
    names = ("kafka", "1f3a0b9c2d4e", "kafka.example", "localhost", "::1")
    assert [remedies.is_container_name(name) for name in names] == [True, True, False, False, False]
