"""A listener's certificate: is it for this name, and for today?"""

from collections.abc import Sequence
from datetime import datetime

from ...security.tls.certificate import Certificate
from .facts import Endpoint, Tls
from .findings import Finding

NEW_ONE = "Give the listener a new certificate (ssl.keystore.location at the broker)."


def check_certificate(endpoint: Endpoint, tls: Tls, now: datetime) -> tuple[str, Sequence[Finding]]:
    """In words, and what keeps clients that check it from taking it."""
    certificate = tls.certificate
    if certificate is None:
        return "its certificate cannot be read", ()
    names = ", ".join(certificate.names) or "no name"
    for_whom = names if certificate.is_for(endpoint.host) else f"{names} (not for {endpoint.host})"
    text = f"certificate for {for_whom}, from {certificate.issuer}, until {certificate.not_after:%Y-%m-%d}"
    if now > certificate.not_after:
        text += " (it has expired)"
    if now < certificate.not_before:
        text += f" (valid only from {certificate.not_before:%Y-%m-%d} on)"
    return text, list(_findings(endpoint, certificate, names, now))


def _findings(endpoint: Endpoint, certificate: Certificate, names: str, now: datetime) -> Sequence[Finding]:
    findings: list[Finding] = []
    if now > certificate.not_after:
        problem = f"The certificate of {endpoint} has expired ({certificate.not_after:%Y-%m-%d %H:%M} UTC)."
        findings.append(Finding("certificate-expired", problem, (NEW_ONE,)))
    if now < certificate.not_before:
        problem = f"The certificate of {endpoint} is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC on."
        findings.append(Finding("certificate-not-yet-valid", problem, ("Compare the clocks.", NEW_ONE)))
    if not certificate.is_for(endpoint.host):
        findings.append(
            Finding(
                "certificate-name",
                f"The certificate of {endpoint} is for {names}, not for {endpoint.host}: clients refuse it.",
                (
                    "Have the broker advertise, and the client use, a name that stands in the certificate.",
                    f"Or give the listener a certificate with {endpoint.host} among its alternative names.",
                    "For a test only: ssl.endpoint.identification.algorithm= (empty; librdkafka: none).",
                ),
            )
        )
    if certificate.is_self_signed:
        findings.append(
            Finding(
                "certificate-self-signed",
                f"The certificate of {endpoint} is signed by itself: only clients that were given it take it.",
                ("ssl.truststore.location (Java), ssl.ca.location (librdkafka), ssl_cafile (kafka-python).",),
                is_note=True,
            )
        )
    return findings
