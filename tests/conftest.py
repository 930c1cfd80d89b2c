"""One broker for all client tests: Odradek, or with --oracle a real Apache Kafka. Its address is `bootstrap`."""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from .brokers import BrokerProcess, OdradekBroker
from .oracle.apache_kafka import ENVIRONMENT, ApacheKafka, OracleMissing, check_oracle, jars


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("odradek")
    group.addoption(
        "--oracle",
        action="store_true",
        help="run the client tests on Apache Kafka, and ask it the raw requests too",
    )
    group.addoption(
        "--record",
        action="store_true",
        help="with --oracle: write Apache Kafka's answers to tests/oracle/recorded",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--record") and not config.getoption("--oracle"):
        raise pytest.UsageError("--record writes down what Apache Kafka answers: it needs --oracle")
    if config.getoption("--oracle"):
        try:
            check_oracle()
            if not os.environ.get(ENVIRONMENT):
                jars()
        except OracleMissing as missing:
            raise pytest.UsageError(str(missing)) from None


@pytest.fixture(scope="session")
def is_oracle(request: pytest.FixtureRequest) -> bool:
    """Whether the broker under test is Apache Kafka."""
    return bool(request.config.getoption("--oracle"))


@pytest.fixture(scope="session")
def odradek(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """One Odradek for the whole session, started as a user would start it."""
    broker = OdradekBroker(tmp_path_factory.mktemp("odradek"), ephemeral=True)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def kafka_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the oracle: the one in the environment, or a broker of our own."""
    if address := os.environ.get(ENVIRONMENT):
        yield address
        return
    broker = ApacheKafka(tmp_path_factory.mktemp("apache-kafka"))
    broker.start()
    yield broker.address
    broker.stop()


@pytest.fixture(scope="session")
def bootstrap(request: pytest.FixtureRequest, is_oracle: bool) -> str:
    """HOST:PORT of the broker that all client tests share."""
    if is_oracle:
        return str(request.getfixturevalue("kafka_address"))
    broker: BrokerProcess = request.getfixturevalue("odradek")
    return broker.address


@pytest.fixture
def topic() -> str:
    """A topic name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def group() -> str:
    """A group name that no other test uses."""
    return f"g-{uuid.uuid4().hex[:12]}"


FreshBroker = Callable[[Mapping[str, str]], BrokerProcess]


@pytest.fixture
def fresh_broker(tmp_path: Path, is_oracle: bool) -> Iterator[FreshBroker]:
    """Starts a broker of one's own, with settings, to be restarted and killed; it ends with the test."""
    started: list[BrokerProcess] = []

    def start(settings: Mapping[str, str]) -> BrokerProcess:
        directory = tmp_path / f"broker-{len(started)}"
        broker = ApacheKafka(directory, settings) if is_oracle else OdradekBroker(directory, settings)
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.kill()
