"""What one broker is asked."""

import socket

import pytest

from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.doctor.facts import AdvertisedBroker, Endpoint, Kafka
from odradek.broker.tools.doctor.kafka_questions import NotKafka, ask_broker
from odradek.broker.wire import Wire
from odradek.protocol.messages.api_versions import ApiVersion

from .fake_servers import SERVED, FakeKafka, Handle, closing, saying, serving, until_closed


def ask(handle: Handle, timeout_s: float = 5.0) -> Kafka:
    with serving(handle) as port:
        address = f"127.0.0.1:{port}"
        with Wire(address, timeout_s=timeout_s) as wire:
            return ask_broker(wire, lambda: Wire(address))


def test_a_broker_says_who_it_is_and_where_its_clients_go() -> None:
    with running_broker({"node.id": "7"}) as broker, Wire(broker.bootstrap) as wire:
        seen = ask_broker(wire, lambda: Wire(broker.bootstrap))
        host, _, port = broker.bootstrap.rpartition(":")
    assert seen.brokers == [AdvertisedBroker(7, Endpoint(host, int(port)))]
    assert (seen.node_id, seen.controller_id, seen.fault, seen.sasl_mechanisms) == (7, 7, "", None)
    assert seen.cluster_id
    assert seen.settings["offsets.topic.replication.factor"] == "1"
    assert seen.features["transaction.version"] == 2
    assert not seen.fell_back


def test_of_several_nodes_the_one_that_describes_its_settings_has_answered() -> None:
    brokers = [(1, "a", 1), (2, "b", 1), (3, "c", 1)]
    assert ask(FakeKafka(brokers, node_id=2)).node_id == 2
    assert ask(FakeKafka(brokers, node_id=None)).node_id is None
    assert ask(FakeKafka(brokers, served=[one for one in SERVED if one.api_key != 32])).node_id is None
    assert ask(FakeKafka(brokers, closes_at=[32])).brokers != []


@pytest.mark.parametrize("newest", [0, 2, 3])
def test_a_broker_that_knows_only_older_api_versions_is_asked_again_at_its_newest(newest: int) -> None:
    fake = FakeKafka([(1, "a", 1)], newest_api_versions=newest)
    seen = ask(fake)
    assert seen.fell_back
    assert seen.versions[3] == (0, 13)
    assert fake.asked[:2] == [(18, 4), (18, newest)]
    assert dict(seen.features) == ({"transaction.version": 2} if newest == 3 else {})


def test_a_listener_with_sasl_names_its_mechanisms() -> None:
    seen = ask(FakeKafka(sasl_mechanisms=["PLAIN", "SCRAM-SHA-512"]))
    assert seen.sasl_mechanisms == ["PLAIN", "SCRAM-SHA-512"]
    assert seen.fault.startswith("Metadata: ")


def test_one_that_closes_for_another_reason_has_no_sasl() -> None:
    seen = ask(FakeKafka(closes_at=[3]))
    assert seen.sasl_mechanisms is None
    assert seen.fault.startswith("Metadata: ")
    assert ask(FakeKafka(closes_at=[3, 17])).sasl_mechanisms is None


def test_a_controller_is_asked_for_nothing_more() -> None:
    fake = FakeKafka(served=[ApiVersion(api_key=18, max_version=4), ApiVersion(api_key=52, max_version=1)])
    seen = ask(fake)
    assert (3 in seen.versions, seen.fault) == (False, "")
    assert [key for key, _ in fake.asked] == [18]


def test_nothing_is_asked_that_would_be_created() -> None:
    fake = FakeKafka([(1, "a", 1)])
    ask(fake)
    assert [key for key, _ in fake.asked] == [18, 3, 32]


@pytest.mark.parametrize(
    ("handle", "said", "has_closed"),
    [
        (closing, b"", True),
        (until_closed, b"", False),
        (saying(b"HTTP/1.1 400", after=b"odradek"), b"HTTP/1.1 400", True),
        (saying(b"ab"), b"ab", True),
        (saying(b"\0\0\0\x09\0\0"), b"\0\0\0\x09", True),
    ],
)
def test_what_is_not_kafka_is_handed_on_as_it_came(handle: Handle, said: bytes, has_closed: bool) -> None:
    with pytest.raises(NotKafka) as refused:
        ask(handle, 0.05 if handle is until_closed else 5.0)
    assert refused.value.said == said
    assert refused.value.has_closed is has_closed


def test_an_answer_that_drips_is_put_together() -> None:
    fake = FakeKafka([(1, "a", 1)])

    class Dripping:
        def __init__(self, connection: socket.socket) -> None:
            self._connection = connection

        def recv(self, size: int) -> bytes:
            return self._connection.recv(size)

        def sendall(self, data: bytes) -> None:
            for at in range(len(data)):
                self._connection.sendall(data[at : at + 1])

    assert ask(lambda connection: fake(Dripping(connection))).cluster_id == "fake"  # type: ignore[arg-type]
