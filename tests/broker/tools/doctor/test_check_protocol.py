"""What a port speaks against what the client is set to."""

from datetime import UTC, datetime

import pytest

from odradek.broker.tools.doctor.check_protocol import check_protocol
from odradek.broker.tools.doctor.facts import Attempt, Endpoint, Kafka, Reached, Security, Speech, Spoken, Tls, Visit
from odradek.broker.tools.doctor.findings import Status, Step

NOW = datetime(2026, 6, 1, tzinfo=UTC)
VERSIONS = {3: (0, 13), 18: (0, 4)}
PLAIN = Spoken(Speech.KAFKA, kafka=Kafka(VERSIONS))
TLS = Spoken(Speech.KAFKA, tls=Tls("TLSv1.3", None), kafka=Kafka(VERSIONS))
SASL = Spoken(Speech.KAFKA, kafka=Kafka(VERSIONS, sasl_mechanisms=["PLAIN", "SCRAM-SHA-256"], fault="Metadata: closed"))


def check(spoken: Spoken, security: Security = Security.PLAINTEXT) -> Step:
    attempt = Attempt("10.0.0.1", Reached.CONNECTED, spoken=spoken)
    step = check_protocol(Visit(Endpoint("kafka", 9092), attempts=[attempt]), security, NOW)
    assert step is not None
    return step


@pytest.mark.parametrize(
    ("spoken", "security", "kinds"),
    [
        (PLAIN, Security.PLAINTEXT, []),
        (PLAIN, Security.SSL, ["plain-listener"]),
        (PLAIN, Security.SASL_PLAINTEXT, ["no-sasl"]),
        (PLAIN, Security.SASL_SSL, ["plain-listener", "no-sasl"]),
        (TLS, Security.SSL, []),
        (TLS, Security.PLAINTEXT, ["tls-listener"]),
        (SASL, Security.SASL_PLAINTEXT, []),
        (SASL, Security.PLAINTEXT, ["sasl-needed"]),
        (Spoken(Speech.KAFKA, kafka=Kafka({18: (0, 4), 52: (0, 1)})), Security.PLAINTEXT, ["controller-listener"]),
        (Spoken(Speech.KAFKA, kafka=Kafka(VERSIONS, fault="Metadata: closed")), Security.PLAINTEXT, ["no-metadata"]),
        (Spoken(Speech.KAFKA, tls=Tls("T", None, True)), Security.SSL, ["client-certificate"]),
        (Spoken(Speech.OTHER, "SSH"), Security.PLAINTEXT, ["other-program"]),
        (Spoken(Speech.UNKNOWN), Security.PLAINTEXT, ["no-kafka"]),
        (Spoken(Speech.CLOSES), Security.PLAINTEXT, ["no-kafka"]),
        (Spoken(Speech.SILENT), Security.PLAINTEXT, ["no-kafka"]),
    ],
)
def test_what_does_not_fit_is_named(spoken: Spoken, security: Security, kinds: list[str]) -> None:
    step = check(spoken, security)
    assert [finding.kind for finding in step.findings] == kinds
    assert step.status is (Status.WRONG if kinds else Status.OK)


def test_the_remedy_is_the_clients_setting() -> None:
    assert check(TLS).findings[0].remedies[0] == "Set security.protocol=SSL in the client."
    assert "SASL_PLAINTEXT in the client. sasl.mechanism is one of: PLAIN, SCRAM" in check(SASL).findings[0].remedies[0]


def test_what_mends_it_is_all_that_the_port_wants() -> None:
    both = Spoken(Speech.KAFKA, tls=Tls("TLSv1.3", None), kafka=SASL.kafka)
    remedies = [finding.remedies[0] for finding in check(both).findings]
    assert len(remedies) == 2
    assert all(one.startswith("Set security.protocol=SASL_SSL in the client.") for one in remedies)
    (plain, _) = check(PLAIN, Security.SASL_SSL).findings
    assert plain.remedies[0] == "Set security.protocol=PLAINTEXT in the client."
    assert "listeners=PLAINTEXT://0.0.0.0:9092" in check(Spoken(Speech.CLOSES)).findings[0].remedies[0]


@pytest.mark.parametrize(
    ("spoken", "security", "text"),
    [
        (PLAIN, Security.SSL, "Kafka, plain text, but the client is set to SSL"),
        (PLAIN, Security.SASL_PLAINTEXT, "Kafka, plain text, without SASL, but the client is set to SASL_PLAINTEXT"),
        (TLS, Security.PLAINTEXT, "Kafka over TLSv1.3, its certificate cannot be read, but the client is set to PLAIN"),
        (
            SASL,
            Security.PLAINTEXT,
            "Kafka, plain text, with SASL (PLAIN, SCRAM-SHA-256), but the client is set to PLAIN",
        ),
        (
            Spoken(Speech.KAFKA, kafka=Kafka(VERSIONS, fault="Metadata: closed")),
            Security.PLAINTEXT,
            "Kafka, plain text, but it does not answer what clients ask next (Metadata: closed)",
        ),
        (
            Spoken(Speech.KAFKA, tls=Tls("T", None, True)),
            Security.SSL,
            "Kafka over T, its certificate cannot be read, wants a certificate of the client's",
        ),
    ],
)
def test_a_line_that_is_wrong_says_what_is_wrong(spoken: Spoken, security: Security, text: str) -> None:
    step = check(spoken, security)
    assert step.status is Status.WRONG
    assert step.text.startswith(text)


def test_who_is_turned_away_is_told_the_limits_on_connections() -> None:
    closes, silent = (check(Spoken(speech)).findings[0].remedies for speech in (Speech.CLOSES, Speech.SILENT))
    for setting in ("max.connections,", "max.connections.per.ip", "connection_creation_rate"):
        assert setting in closes[1]
    for setting in ("max.connections ", "max.connection.creation.rate"):
        assert setting in silent[1]


def test_the_line_says_what_is_spoken() -> None:
    assert check(SASL, Security.SASL_PLAINTEXT).text == "Kafka, plain text, with SASL (PLAIN, SCRAM-SHA-256)"
    assert check(TLS, Security.SSL).text == "Kafka over TLSv1.3, its certificate cannot be read"
    assert check(Spoken(Speech.OTHER, "SSH")).text == "not Kafka but SSH"


def test_where_nothing_takes_connections_there_is_nothing_to_say() -> None:
    refused = Visit(Endpoint("kafka", 9092), attempts=[Attempt("10.0.0.1", Reached.REFUSED)])
    assert check_protocol(refused, Security.PLAINTEXT, NOW) is None
