"""What a port speaks."""

import socket
import ssl

import pytest

from odradek.broker.tools.doctor.connecting import Network, system_resolver
from odradek.broker.tools.doctor.facts import Speech, Spoken
from odradek.broker.tools.doctor.probe import Probe
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse

from .fake_servers import FakeKafka, Handle, closing, dripping, over_tls, saying, serving, until_closed

POSTGRESQL = b"E\0\0\0\x91SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 18.0: server supports 3.0\0\0"


def speak(handle: Handle, *, with_tls: bool = False, timeout_s: float = 5.0) -> Spoken:
    network = Network(system_resolver, timeout_s)
    with serving(handle) as port:
        probe = Probe(network, with_tls=with_tls)
        return probe.speak(network.connect("127.0.0.1", port), "127.0.0.1", port, "localhost")


@pytest.mark.parametrize("with_tls", [False, True])
def test_kafka_in_plain_text_is_known_whatever_the_client_is_set_to(with_tls: bool) -> None:
    spoken = speak(FakeKafka([(1, "h", 1)]), with_tls=with_tls)
    assert (spoken.speech, spoken.tls) == (Speech.KAFKA, None)
    assert spoken.kafka is not None
    assert spoken.kafka.cluster_id == "fake"


@pytest.mark.parametrize("with_tls", [False, True])
def test_kafka_over_tls_is_known_whatever_the_client_is_set_to(with_tls: bool, tls_context: ssl.SSLContext) -> None:
    spoken = speak(over_tls(FakeKafka([(1, "h", 1)]), tls_context), with_tls=with_tls)
    assert spoken.kafka is not None
    assert spoken.kafka.cluster_id == "fake"
    assert spoken.tls is not None
    assert spoken.tls.certificate is not None
    assert spoken.tls.certificate.is_for("kafka.example")


def test_a_healthy_port_costs_one_connection() -> None:
    connections: list[int] = []

    def counting(connection: socket.socket) -> None:
        connections.append(1)
        FakeKafka([(1, "h", 1)])(connection)

    speak(counting)
    assert len(connections) == 1


def test_a_listener_that_wants_a_clients_certificate_is_known(strict_tls_context: ssl.SSLContext) -> None:
    spoken = speak(over_tls(FakeKafka(), strict_tls_context))
    assert spoken.speech is Speech.KAFKA
    assert spoken.tls is not None
    assert spoken.tls.wants_client_certificate


@pytest.mark.parametrize(
    ("handle", "name"),
    [
        (saying(b"HTTP/1.1 400 Bad Request\r\n\r\n", after=b"odradek-doctor"), "HTTP"),
        (saying(b"HTTP/1.0 200 OK\r\n\r\n", after=b"GET / HTTP/1.0\r\n\r\n"), "HTTP"),
        (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "SSH"),
        (saying(POSTGRESQL, after=b"odradek-doctor"), "PostgreSQL"),
        (saying(b"-ERR wrong number of arguments for 'get' command\r\n", after=b"GET"), "Redis"),
        (saying(b"Zookeeper version: 3.9.2\n", after=b"srvr"), "ZooKeeper"),
    ],
)
def test_another_program_is_named(handle: Handle, name: str) -> None:
    spoken = speak(handle)
    assert (spoken.speech, spoken.kafka) == (Speech.OTHER, None)
    assert spoken.name.startswith(name)


def test_another_program_over_tls_is_named(tls_context: ssl.SSLContext) -> None:
    spoken = speak(over_tls(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n", after=b"odradek-doctor"), tls_context))
    assert (spoken.speech, spoken.name.endswith(" over TLS")) == (Speech.OTHER, True)
    assert spoken.tls is not None


def test_what_has_named_itself_is_asked_nothing_more() -> None:
    connections: list[int] = []

    def counting(connection: socket.socket) -> None:
        connections.append(1)
        saying(b"SSH-2.0-OpenSSH_9.6\r\n")(connection)

    speak(counting)
    assert len(connections) == 1


@pytest.mark.parametrize(
    ("handle", "timeout_s", "speech"),
    [
        (closing, 5.0, Speech.CLOSES),
        (until_closed, 0.05, Speech.SILENT),
        (dripping, 0.05, Speech.UNKNOWN),
        (saying(b"hello, hello"), 5.0, Speech.UNKNOWN),
    ],
)
def test_what_has_no_name_is_told_by_what_it_does(handle: Handle, timeout_s: float, speech: Speech) -> None:
    assert speak(handle, timeout_s=timeout_s).speech is speech


@pytest.mark.parametrize("frame", [b"\0\0\0\x02ab", b"\0\0\0\x08\0\0\0\x01\0\0\xff\xff", b"\0\0\0\x06\0\0\0\x63\0\0"])
def test_a_frame_that_is_no_answer_is_not_kafka(frame: bytes) -> None:
    assert speak(saying(frame, after=b"odradek-doctor")).speech is Speech.UNKNOWN


def test_a_connection_is_opened_again_as_it_was_found(tls_context: ssl.SSLContext) -> None:
    network = Network(system_resolver, 5.0)
    for handle in (FakeKafka([(7, "h", 1)]), over_tls(FakeKafka([(7, "h", 1)]), tls_context)):
        with serving(handle) as port:
            probe = Probe(network, with_tls=False)
            spoken = probe.speak(network.connect("127.0.0.1", port), "127.0.0.1", port, "localhost")
            with probe.open("127.0.0.1", port, "localhost", spoken) as wire:
                assert wire.ask(MetadataRequest(topics=[]), 5, MetadataResponse).brokers[0].node_id == 7
