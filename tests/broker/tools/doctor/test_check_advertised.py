"""Where brokers send their clients: each classic mistake, in plain values."""

from datetime import UTC, datetime

import pytest

from odradek.broker.tools.doctor.check_advertised import CameIn, check_advertised
from odradek.broker.tools.doctor.facts import (
    AdvertisedBroker,
    Attempt,
    Endpoint,
    Kafka,
    Reached,
    Security,
    Speech,
    Spoken,
    Tls,
    Visit,
)
from odradek.broker.tools.doctor.findings import Status, Step

NOW = datetime(2026, 6, 1, tzinfo=UTC)
VERSIONS = {3: (0, 13)}
HERE = Kafka(VERSIONS, cluster_id="c", node_id=1)
FROM_HOST = CameIn(Endpoint("localhost", 29092), "127.0.0.1", "127.0.0.1")
FROM_NETWORK = CameIn(Endpoint("10.0.0.5", 9092), "10.0.0.5", "10.0.0.9")


def speaking(ip: str, kafka: Kafka = HERE) -> Attempt:
    return Attempt(ip, Reached.CONNECTED, spoken=Spoken(Speech.KAFKA, kafka=kafka))


def check(
    host: str,
    port: int,
    *attempts: Attempt,
    came: CameIn = FROM_HOST,
    resolve_error: str = "",
    elsewhere: Attempt | None = None,
) -> Step:
    broker = AdvertisedBroker(1, Endpoint(host, port))
    visit = Visit(broker.endpoint, resolve_error, attempts, elsewhere)
    return check_advertised(broker, visit, came, HERE, Security.PLAINTEXT, NOW)


def kind(step: Step) -> str:
    assert step.status is Status.WRONG
    return step.findings[0].kind


def test_an_address_that_leads_to_the_broker_is_in_order() -> None:
    step = check("kafka.example", 9092, speaking("10.0.0.5"))
    assert (step.status, step.text) == (Status.OK, "leads to this broker; Kafka, plain text")
    unsure = check("kafka.example", 9092, speaking("10.0.0.5", Kafka(VERSIONS, cluster_id="c")))
    assert unsure.text.startswith("leads to a broker of this cluster; which one, it does not say")


def test_a_containers_name_is_unknown_on_the_host() -> None:
    step = check("kafka", 9092, resolve_error="Name or service not known")
    assert kind(step) == "advertised-name-unknown"
    compose, odradek, hosts = step.findings[0].remedies
    assert "KAFKA_ADVERTISED_LISTENERS: HOST://localhost:29092,CONTAINERS://kafka:9092" in compose
    assert "--advertise 172.16.0.0/12=localhost:29092" in odradek
    assert hosts == "Or add kafka to DNS or to the hosts file here."
    dotted = check("kafka.corp.example", 9092, resolve_error="not known")
    assert "DNS here does not know it (not known)" in dotted.findings[0].problem


def test_localhost_is_told_to_who_came_in_from_another_machine() -> None:
    refused = check("localhost", 9092, Attempt("127.0.0.1", Reached.REFUSED), came=FROM_NETWORK)
    other = check("localhost", 9092, speaking("127.0.0.1", Kafka(VERSIONS, cluster_id="mine")), came=FROM_NETWORK)
    for step in (refused, other):
        assert kind(step) == "advertised-localhost"
        assert "which is the client's own machine; the broker is at 10.0.0.5:9092" in step.findings[0].problem
        assert "advertised.listeners=PLAINTEXT://10.0.0.5:9092" in step.findings[0].remedies[0]


def test_localhost_that_leads_back_is_noted_for_the_machines_that_are_not_this_one() -> None:
    step = check("localhost", 9092, speaking("127.0.0.1"), came=FROM_NETWORK)
    assert step.status is Status.OK
    assert [(one.kind, one.is_note) for one in step.findings] == [("advertised-localhost", True)]


def test_an_address_to_listen_on_is_none_to_connect_to() -> None:
    for host in ("0.0.0.0", "::", ""):
        assert kind(check(host, 9092, speaking("127.0.0.1"))) == "every-interface"
    assert kind(check("kafka", 0)) == "every-interface"


def test_a_port_inside_a_container_is_refused_outside() -> None:
    step = check("localhost", 9092, Attempt("127.0.0.1", Reached.REFUSED))
    assert kind(step) == "advertised-refused"
    assert "It answers at localhost:29092: is port 9092 the one inside a container?" in step.findings[0].problem
    assert "advertised.listeners=PLAINTEXT://localhost:29092" in step.findings[0].remedies[0]
    same_port = check("10.0.0.6", 29092, Attempt("10.0.0.6", Reached.REFUSED))
    assert "inside a container" not in same_port.findings[0].problem


def test_a_listener_for_another_network_is_not_reached() -> None:
    for reached in (Reached.TIMED_OUT, Reached.UNREACHABLE):
        step = check("172.18.0.2", 9092, Attempt("172.18.0.2", reached))
        assert kind(step) == "advertised-unreachable"
        assert "listener for another network" in step.findings[0].problem


def test_the_setting_of_the_broker_that_was_asked_is_quoted() -> None:
    broker = AdvertisedBroker(1, Endpoint("kafka", 9092))
    visit = Visit(broker.endpoint, "not known")
    for node_id, is_quoted in ((1, True), (2, False)):
        cluster = Kafka(VERSIONS, node_id=node_id, settings={"advertised.listeners": "IN://kafka:9092"})
        step = check_advertised(broker, visit, FROM_HOST, cluster, Security.PLAINTEXT, NOW)
        assert step.findings[0].problem.endswith(" It has advertised.listeners=IN://kafka:9092.") is is_quoted


def test_a_name_of_the_other_address_family_is_told() -> None:
    there = speaking("127.0.0.1")
    assert kind(check("localhost", 9092, Attempt("::1", Reached.REFUSED), elsewhere=there)) == "other-address-family"


def test_another_cluster_or_another_node_at_the_address_is_told() -> None:
    cluster = check("localhost", 9092, speaking("127.0.0.1", Kafka(VERSIONS, cluster_id="d")))
    assert kind(cluster) == "other-cluster"
    assert "at 127.0.0.1 a broker of cluster d answers" in cluster.findings[0].problem
    node = check("localhost", 9092, speaking("127.0.0.1", Kafka(VERSIONS, cluster_id="c", node_id=2)))
    assert kind(node) == "other-node"
    one_of_two = check("localhost", 9092, speaking("127.0.0.1"), speaking("::1", Kafka(VERSIONS, cluster_id="d")))
    assert kind(one_of_two) == "other-cluster"


@pytest.mark.parametrize(
    ("spoken", "expected", "words"),
    [
        (Spoken(Speech.OTHER, "HTTP"), "other-program", "another program answers there: HTTP."),
        (Spoken(Speech.SILENT), "no-kafka", "what is there takes the connection and never answers."),
        (Spoken(Speech.CLOSES), "no-kafka", "what is there takes the connection and closes it without an answer."),
        (Spoken(Speech.UNKNOWN), "no-kafka", "what is there answers, but not in Kafka's protocol."),
        (
            Spoken(Speech.KAFKA, kafka=Kafka({18: (0, 4)})),
            "controller-listener",
            "that is a listener of a KRaft controller: it has no Metadata, and no client can use it.",
        ),
    ],
)
def test_where_no_broker_answers_the_node_and_the_setting_are_named(spoken: Spoken, expected: str, words: str) -> None:
    broker = AdvertisedBroker(1, Endpoint("10.0.0.7", 8080))
    visit = Visit(broker.endpoint, attempts=[Attempt("10.0.0.7", Reached.CONNECTED, spoken=spoken)])
    cluster = Kafka(VERSIONS, cluster_id="c", node_id=1, settings={"advertised.listeners": "PLAINTEXT://10.0.0.7:8080"})
    step = check_advertised(broker, visit, FROM_HOST, cluster, Security.PLAINTEXT, NOW)
    assert kind(step) == expected
    (finding,) = step.findings
    assert finding.problem == (
        f"Node 1 sends its clients to 10.0.0.7:8080, and {words} It has advertised.listeners=PLAINTEXT://10.0.0.7:8080."
    )
    assert "advertised.listeners=PLAINTEXT://localhost:29092" in finding.remedies[0]
    assert "--advertise CIDR=localhost:29092" in finding.remedies[1]
    assert not any("Correct the port" in remedy for remedy in finding.remedies)


def test_another_program_on_the_clients_own_machine_is_advertised_localhost() -> None:
    http = Attempt("127.0.0.1", Reached.CONNECTED, spoken=Spoken(Speech.OTHER, "HTTP"))
    assert kind(check("localhost", 9092, http, came=FROM_NETWORK)) == "advertised-localhost"


def test_another_program_or_a_listener_of_another_protocol_is_told() -> None:
    other = Attempt("127.0.0.1", Reached.CONNECTED, spoken=Spoken(Speech.OTHER, "SSH"))
    assert kind(check("localhost", 9092, other)) == "other-program"
    tls = Attempt("127.0.0.1", Reached.CONNECTED, spoken=Spoken(Speech.KAFKA, tls=Tls("TLSv1.3", None), kafka=HERE))
    assert kind(check("localhost", 9092, tls)) == "tls-listener"
