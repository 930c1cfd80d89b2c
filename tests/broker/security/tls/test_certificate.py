"""Certificates as servers send them."""

import contextlib
import ssl
from datetime import UTC, datetime

import pytest
import trustme

from odradek.broker.security.tls.certificate import Certificate, NoCertificate, read_certificate

LATER = datetime(2051, 1, 2, 3, 4, 5, tzinfo=UTC)


def der_of(certificate: trustme.LeafCert) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())


def named(*names: str) -> Certificate:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Certificate("subject", "issuer", names, start, LATER, is_self_signed=False)


def test_names_issuer_and_validity_are_read() -> None:
    authority = trustme.CA(organization_name="The house", organization_unit_name="Upstairs")
    issued = authority.issue_cert("kafka.example", "*.kafka.example", "10.0.0.5", "::1", not_after=LATER)
    seen = read_certificate(der_of(issued))
    assert seen.names == ["kafka.example", "*.kafka.example", "10.0.0.5", "::1"]
    assert seen.not_after == LATER  # a GeneralizedTime; the other is a UTCTime
    assert seen.not_before.year == 2000
    assert (seen.issuer, seen.is_self_signed) == ("Upstairs", False)


def test_one_that_has_signed_itself_is_known_by_its_names() -> None:
    authority = trustme.CA(organization_name="The house")
    seen = read_certificate(ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode()))
    assert seen.is_self_signed
    assert seen.names == []


def test_without_alternative_names_the_common_name_counts() -> None:
    issued = trustme.CA().issue_cert(common_name="broker.example")
    assert read_certificate(der_of(issued)).subject == "broker.example"
    assert read_certificate(der_of(issued)).is_for("broker.example")


def test_whatever_else_the_bytes_are_they_are_no_certificate() -> None:
    der = der_of(trustme.CA().issue_cert("a.example"))
    for size in range(len(der)):
        with pytest.raises(NoCertificate):
            read_certificate(der[:size])
    for at in range(len(der)):
        damaged = der[:at] + bytes([der[at] ^ 0xFF]) + der[at + 1 :]
        with contextlib.suppress(NoCertificate):
            read_certificate(damaged)


@pytest.mark.parametrize(
    ("names", "host", "is_for"),
    [
        (["kafka.example"], "KAFKA.example.", True),
        (["kafka.example"], "other.example", False),
        (["*.kafka.example"], "b1.kafka.example", True),
        (["*.kafka.example"], "a.b1.kafka.example", False),
        (["*.kafka.example"], "kafka.example", False),
        (["10.0.0.5"], "10.0.0.5", True),
        (["::1"], "0:0:0:0:0:0:0:1", True),
        (["10.0.0.5"], "10.0.0.6", False),
        ([], "a", False),
    ],
)
def test_a_certificate_is_for_the_names_that_clients_take_it_for(names: list[str], host: str, is_for: bool) -> None:
    assert named(*names).is_for(host) is is_for
