"""What a port speaks, held against what the client is set to speak: plain text or TLS, SASL or not, Kafka or not."""

from collections.abc import Sequence
from datetime import datetime

from ....protocol.api_keys import ApiKey
from . import remedies
from .check_certificate import check_certificate
from .facts import Kafka, Security, Speech, Spoken, Visit
from .findings import Finding, Status, Step

_VERB = {
    Speech.UNKNOWN: "answers, but not in Kafka's protocol",
    Speech.CLOSES: "takes the connection and closes it without an answer",
    Speech.SILENT: "takes the connection and never answers",
}
_MISMATCHES = ("plain-listener", "tls-listener", "sasl-needed", "no-sasl")
_CONTROLLER = "a listener of a KRaft controller: it has no Metadata, and no client can use it"


def check_protocol(visit: Visit, security: Security, now: datetime) -> Step | None:
    """None where nothing takes connections: there is nothing to be said."""
    best = visit.best
    if best is None or best.spoken is None:
        return None
    text, findings = judge_spoken(visit, best.spoken, security, now)
    status = Status.WRONG if any(not one.is_note for one in findings) else Status.OK
    return Step(f"protocol {visit.endpoint}", status, text, findings)


def judge_spoken(visit: Visit, spoken: Spoken, security: Security, now: datetime) -> tuple[str, Sequence[Finding]]:
    """In words, and what is wrong in it."""
    where = str(visit.endpoint)
    if spoken.speech is not Speech.KAFKA:
        return _not_kafka(where, spoken, visit.endpoint.port)
    findings: list[Finding] = []
    text = "Kafka, plain text"
    if spoken.tls is not None:
        text = f"Kafka over {spoken.tls.version}"
        certificate_text, certificate_findings = check_certificate(visit.endpoint, spoken.tls, now)
        text += f", {certificate_text}"
        findings += certificate_findings
        if spoken.tls.wants_client_certificate:
            text += ", wants a certificate of the client's"
    findings += _transport(where, spoken, security)
    if spoken.kafka is None:
        return text + _mismatch(findings, security), findings
    if ApiKey.METADATA not in spoken.kafka.versions:
        return f"{text}, but a controller's listener", [*findings, _controller(where)]
    sasl_text, sasl_findings = _sasl(where, spoken, spoken.kafka, security)
    findings += sasl_findings
    return text + sasl_text + _mismatch(findings, security), findings


def _mismatch(findings: Sequence[Finding], security: Security) -> str:
    """For the line, which says what is spoken: what is wrong with that."""
    return f", but the client is set to {security.value}" if any(one.kind in _MISMATCHES for one in findings) else ""


def in_place_of_a_broker(spoken: Spoken) -> str:
    """What is there where it is no broker that clients can use, as a clause; "" for a broker."""
    if spoken.speech is Speech.OTHER:
        return f"another program answers there: {spoken.name}"
    if spoken.speech is not Speech.KAFKA:
        return f"what is there {_VERB[spoken.speech]}"
    if spoken.kafka is not None and ApiKey.METADATA not in spoken.kafka.versions:
        return f"that is {_CONTROLLER}"
    return ""


def _not_kafka(where: str, spoken: Spoken, port: int) -> tuple[str, Sequence[Finding]]:
    if spoken.speech is Speech.OTHER:
        return f"not Kafka but {spoken.name}", [
            Finding(
                "other-program",
                f"At {where} another program answers: {spoken.name}.",
                (remedies.CORRECT_PORT,),
            )
        ]
    text = _VERB[spoken.speech]
    suggestions: tuple[str, ...] = (remedies.CORRECT_PORT,)
    if spoken.speech is Speech.CLOSES:
        likeliest = (
            "A published port of a container takes connections even where nothing listens inside: there the broker "
            f"must listen on every interface, not on 127.0.0.1 (listeners=PLAINTEXT://0.0.0.0:{port}), and on the port "
            "that is mapped."
        )
        suggestions = (likeliest, remedies.TURNED_AWAY)
    elif spoken.speech is Speech.SILENT:
        suggestions = (remedies.KEPT_WAITING, remedies.NO_ROOM)
    return text, [Finding("no-kafka", f"{where} {text}.", suggestions)]


def _security_of(spoken: Spoken, security: Security) -> Security:
    """What a client of this port is to be set to; where it is not known whether it wants SASL, as this one is."""
    has_sasl = security.has_sasl if spoken.kafka is None else spoken.kafka.sasl_mechanisms is not None
    if spoken.tls is None:
        return Security.SASL_PLAINTEXT if has_sasl else Security.PLAINTEXT
    return Security.SASL_SSL if has_sasl else Security.SSL


def _transport(where: str, spoken: Spoken, security: Security) -> Sequence[Finding]:
    if spoken.tls is None and security.has_tls:
        return [
            Finding(
                "plain-listener",
                f"The client is set to {security.value}, but {where} speaks plain text.",
                (remedies.client_setting(_security_of(spoken, security)), remedies.OTHER_PORT),
            )
        ]
    if spoken.tls is None:
        return []
    findings: list[Finding] = []
    if not security.has_tls:
        findings.append(
            Finding(
                "tls-listener",
                f"{where} speaks TLS, and a client set to {security.value} gets no answer from it.",
                (remedies.client_setting(_security_of(spoken, security)), remedies.OTHER_PORT),
            )
        )
    if spoken.tls.wants_client_certificate:
        findings.append(
            Finding(
                "client-certificate",
                f"{where} takes only clients that show a certificate of their own.",
                (
                    "Give the client one: ssl.keystore.location (Java), ssl.certificate.location and ssl.key.location "
                    "(librdkafka), ssl_certfile and ssl_keyfile (kafka-python).",
                    "Or set ssl.client.auth=none at the broker.",
                ),
            )
        )
    return findings


def _controller(where: str) -> Finding:
    return Finding(
        "controller-listener",
        f"{where} is {_CONTROLLER}.",
        (
            "Use the port of a listener that is not in controller.listener.names (9092 by default); of Kafka's tools "
            "some can ask a controller, with --bootstrap-controller.",
        ),
    )


def _sasl(where: str, spoken: Spoken, kafka: Kafka, security: Security) -> tuple[str, Sequence[Finding]]:
    if kafka.sasl_mechanisms is not None:
        offered = ", ".join(kafka.sasl_mechanisms) or "none"
        text = f", with SASL ({offered})"
        if security.has_sasl:
            return text, []
        remedy = f"{remedies.client_setting(_security_of(spoken, security))} sasl.mechanism is one of: {offered}."
        return text, [
            Finding(
                "sasl-needed",
                f"{where} wants SASL, and closes the connection of a client set to {security.value}.",
                (remedy, remedies.OTHER_PORT),
            )
        ]
    if kafka.fault:
        problem = f"{where} answers ApiVersions, but not what clients ask next ({kafka.fault})."
        text = f", but it does not answer what clients ask next ({kafka.fault})"
        return text, [Finding("no-metadata", problem, ("Look into the broker's log: it says why.",))]
    if security.has_sasl:
        return ", without SASL", [
            Finding(
                "no-sasl",
                f"The client is set to {security.value}, but {where} has no SASL.",
                (remedies.client_setting(_security_of(spoken, security)), remedies.OTHER_PORT),
            )
        ]
    return "", []
