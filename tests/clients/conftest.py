"""`client` is each stock client in turn; `clients` is all of them, for tests where one reads what another wrote."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from .stock_client import StockClient
from .with_aiokafka import Aiokafka
from .with_confluent_kafka import ConfluentKafka
from .with_kafka_python import KafkaPython

CLIENTS: Mapping[str, Callable[[str], StockClient]] = {
    "kafka-python": KafkaPython,
    "aiokafka": Aiokafka,
    "confluent-kafka": ConfluentKafka,
}


# Now and then aiokafka leaves a connection behind when its loop ends, which is found in whatever test comes later.
LEFT_BEHIND = r"ignore:Exception ignored in. <(socket|function StreamWriter|function _SelectorTransport)"
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sockets of stock clients are theirs; those of the broker are looked for in tests of their own."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(f"{LEFT_BEHIND}:pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(params=list(CLIENTS))
def client_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(client_name: str, bootstrap: str) -> Iterator[StockClient]:
    """One stock client, pointed at the shared broker."""
    made = CLIENTS[client_name](bootstrap)
    yield made
    made.close()


@pytest.fixture
def clients(bootstrap: str) -> Iterator[Mapping[str, StockClient]]:
    """Every stock client by its name, pointed at the shared broker."""
    made = {name: build(bootstrap) for name, build in CLIENTS.items()}
    yield made
    for one in made.values():
        one.close()


@pytest.fixture
def admin(bootstrap: str) -> StockClient:
    """A client for what a test merely needs to be done: confluent-kafka, the quickest to start."""
    return ConfluentKafka(bootstrap)
