"""One broker for all client tests: Odradek, or with --oracle a real Apache Kafka. Its address is `bootstrap`."""

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from .brokers import BrokerProcess, OdradekBroker
from .oracle.apache_kafka import ENVIRONMENT, ApacheKafka, OracleMissing, check_oracle, jars

ORACLE, CLIENTS = (Path(__file__).with_name(name) for name in ("oracle", "clients"))
VERIFY = Path(__file__).with_name("broker") / "tools" / "verify"


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
    group.addoption(
        "--rewrite-scripts",
        action="store_true",
        help="write down what comes of the commands in tests/scripts",
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


@pytest.hookimpl(tryfirst=True)  # before the marks are looked at
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What asks for `rounds` belongs to every run: short by default, long among the crash tests.

    Stock clients and the verifier come first: they wait, some for a minute or two, and a process that begins with them
    last ends alone.
    """
    items.sort(key=_is_quick)
    if _is_long(config):
        for item in items:
            if "rounds" in getattr(item, "fixturenames", ()):
                item.add_marker("crash")


def _is_quick(item: pytest.Item) -> bool:
    return not any(item.path.is_relative_to(waiting) for waiting in (ORACLE, CLIENTS, VERIFY))


def _is_long(config: pytest.Config) -> bool:
    return bool(config.getoption("markexpr") == "crash")


Rounds = Callable[[int, int], int]


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> Rounds:
    """How often a test goes round: `rounds(short, long)` is `short` in `make test` and `long` in `make crash`."""
    is_long = _is_long(pytestconfig)
    return lambda short, long: long if is_long else short


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


# Everybody may do that of which no access rule speaks, so that rules come one by one.
SECURED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """One Odradek with an authorizer."""
    broker = OdradekBroker(tmp_path_factory.mktemp("secured"), SECURED, ephemeral=True)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Apache Kafka with an authorizer."""
    broker = ApacheKafka(tmp_path_factory.mktemp("secured-kafka"), SECURED)
    broker.start()
    yield broker.address
    broker.stop()


@pytest.fixture(scope="session")
def secured_bootstrap(request: pytest.FixtureRequest, is_oracle: bool) -> str:
    """HOST:PORT of a broker with an authorizer."""
    if is_oracle:
        return str(request.getfixturevalue("secured_kafka"))
    broker: BrokerProcess = request.getfixturevalue("secured")
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
