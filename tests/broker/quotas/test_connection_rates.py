"""How many new connections a second: of a broker, of a listener, of an address."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage, quota_record
from odradek.broker.quotas.connection_rates import KEY, ConnectionRates, address_of_name
from odradek.protocol.metadata_records import encode_metadata_record

NOW = 100.0
TWO = "PLAINTEXT://127.0.0.1:9092,OUTSIDE://127.0.0.1:9093"
MAP = {"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT", "listeners": TWO}


class Rates:
    """Rates over settings and an image that a test changes."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        self.config = BrokerConfig.from_settings(settings or {})
        self.image = MetadataImage()
        self.in_force = ConnectionRates(self.config, self.image)

    def limit(self, address: str | None, rate: float | None) -> None:
        delta = MetadataDelta()
        self.image.replay(encode_metadata_record(quota_record((("ip", address),), KEY, rate)), delta)
        self.in_force.on_delta(delta, self.image)

    def come(self, number: int, listener: str = "PLAINTEXT", now: float = NOW) -> list[int]:
        return [self.in_force.of_listener(listener, now) for _ in range(number)]

    def from_host(self, number: int, host: str = "10.0.0.7", now: float = NOW) -> list[int]:
        return [self.in_force.of_address("PLAINTEXT", host, now) for _ in range(number)]


def test_without_a_rate_nobody_is_held_back() -> None:
    rates = Rates()
    assert set(rates.come(1000)) == set(rates.from_host(1000)) == {0}


def test_a_window_of_connections_may_come_at_once_and_the_next_is_held_back() -> None:
    rates = Rates({"max.connection.creation.rate": "2"})
    assert rates.come(21) == [0] * 20 + [500]
    assert rates.come(3) == [1000] * 3  # a window at most
    assert rates.come(1, now=NOW + 30) == [0]


def test_a_listener_may_have_a_rate_of_its_own() -> None:
    rates = Rates({**MAP, "listener.name.outside.max.connection.creation.rate": "1"})
    assert rates.come(11, "OUTSIDE")[-1] > 0
    assert set(rates.come(100)) == {0}


def test_the_rate_of_the_broker_counts_all_listeners_but_that_of_brokers() -> None:
    settings = {
        **MAP,
        "listener.name.outside.max.connection.creation.rate": "1000",
        "max.connection.creation.rate": "1",
    }
    rates = Rates(settings)
    assert rates.come(10) == [0] * 10
    assert rates.come(10, "OUTSIDE") == [0] * 10
    assert rates.come(1, "OUTSIDE")[0] > 0


def test_rates_change_while_the_broker_runs() -> None:
    rates = Rates({"max.connection.creation.rate": "1"})
    rates.come(20)
    setting = "max.connection.creation.rate"
    rates.config.set_dynamic({setting: "100"}, {})
    assert rates.come(1) == [0]
    rates.config.set_dynamic({"listener.name.plaintext.max.connection.creation.rate": "1"}, {})
    assert rates.come(20)[-1] > 0
    rates.config.set_dynamic({}, {setting: "100"})
    assert rates.come(1) == [0]


def test_an_address_has_its_own_quota_or_that_of_all() -> None:
    rates = Rates()
    rates.limit(None, 1)
    rates.limit("10.0.0.8", 2)
    assert rates.from_host(11) == [0] * 10 + [1000]
    assert rates.from_host(11, "10.0.0.9") == [0] * 10 + [1000]
    assert rates.from_host(21, "10.0.0.8") == [0] * 20 + [500]
    rates.limit(None, None)
    assert rates.from_host(1) == [0]


def test_a_connection_that_is_refused_counts_for_nothing() -> None:
    rates = Rates({"max.connection.creation.rate": "10"})
    rates.limit("10.0.0.7", 1)
    rates.come(11)
    assert rates.from_host(12)[10:] == [1000, 1000]
    assert rates.come(91)[-2:] == [0, 0]  # two of the eleven were taken back


def test_quotas_that_were_recorded_before_the_start_hold() -> None:
    rates = Rates()
    rates.limit("10.0.0.7", 1)
    rates.in_force = ConnectionRates(rates.config, rates.image)
    assert rates.from_host(11)[-1] == 1000


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("localhost", "127.0.0.1"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(name: str, address: str) -> None:
    assert address_of_name(name) == address
