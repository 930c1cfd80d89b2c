"""Every client is told the address at which it came in, or the one that its network is told, and can use it."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..brokers import OdradekBroker, free_port
from .client_process import JOIN_S
from .conftest import CLIENTS
from .lossy_proxy import LossyProxy
from .stock_client import Message, StockClient, create, gather, send_all

NEVER = 1 << 60
MAPPED = "a mapped port"


def _has(host: str) -> bool:
    with contextlib.suppress(OSError), socket.create_server((host, 0), family=_family(host)):
        return True
    return False


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("advertised")


@pytest.fixture(scope="module")
def everywhere(directory: Path, is_oracle: bool) -> Iterator[OdradekBroker]:
    """A broker that listens at every address of this machine."""
    if is_oracle:
        pytest.skip("Apache Kafka tells every client what advertised.listeners says")
    options = ["--listen", "[::]:0"] if _has("::1") else []
    broker = OdradekBroker(directory / "everywhere", ephemeral=True, options=options)
    broker.address = "0.0.0.0:0"
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def mapped(directory: Path, is_oracle: bool) -> Iterator[str]:
    """The address of a port that is forwarded to a broker, which tells clients of the loopback of it."""
    if is_oracle:
        pytest.skip("--advertise is an option of Odradek")
    port = free_port()
    options = ["--advertise", f"127.0.0.0/8=127.0.0.1:{port}"]
    broker = OdradekBroker(directory / "mapped", ephemeral=True, options=options)
    broker.start()
    with LossyProxy(port, broker.address, lose_every=NEVER) as forwarder:
        yield forwarder.address
    broker.stop()


@pytest.fixture(params=["127.0.0.1", "127.0.0.2", "::1", "localhost", MAPPED])
def address(request: pytest.FixtureRequest) -> str:
    if request.param == MAPPED:
        return str(request.getfixturevalue("mapped"))
    host = str(request.param)
    if host != "localhost" and not _has(host):
        pytest.skip(f"this machine has no {host}")
    broker: OdradekBroker = request.getfixturevalue("everywhere")
    of_ip4, *of_ip6 = (one.rpartition(":")[2] for one in broker.address.split(","))
    port = of_ip6[0] if ":" in host else of_ip4
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@pytest.fixture
def own_client(client_name: str, address: str) -> Iterator[StockClient]:
    client = CLIENTS[client_name](address)
    yield client
    client.close()


def test_a_client_produces_and_consumes_where_it_came_in(
    own_client: StockClient, address: str, topic: str, group: str
) -> None:
    create(own_client, topic)
    told = list(own_client.cluster().brokers.values())
    assert told == [address.replace("[", "").replace("]", "").replace("localhost", "127.0.0.1")]
    assert send_all(own_client, topic, [Message(b"v")]) == [0]
    member = own_client.member(group, topic)
    try:
        assert [one.value for one in gather(lambda _: member.poll(JOIN_S), 1)] == [b"v"]
        member.commit()
        assert (member.committed(topic, 0) or (0, ""))[0] == 1
    finally:
        member.close()
