"""A certificate against the name and the day."""

from datetime import UTC, datetime, timedelta

from odradek.broker.security.tls.certificate import Certificate
from odradek.broker.tools.doctor.check_certificate import check_certificate
from odradek.broker.tools.doctor.facts import Endpoint, Tls

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def kinds(
    name: str = "kafka", start: timedelta = -DAY, end: timedelta = DAY, *, is_self_signed: bool = False
) -> list[str]:
    certificate = Certificate("s", "i", [name], NOW + start, NOW + end, is_self_signed)
    _, findings = check_certificate(Endpoint("kafka", 9093), Tls("TLSv1.3", certificate), NOW)
    return [finding.kind for finding in findings if not finding.is_note] + [
        finding.kind + "?" for finding in findings if finding.is_note
    ]


def test_what_clients_refuse_of_a_certificate_is_wrong() -> None:
    assert kinds() == []
    assert kinds("other") == ["certificate-name"]
    assert kinds(end=-DAY / 2) == ["certificate-expired"]
    assert kinds(start=DAY / 2) == ["certificate-not-yet-valid"]
    assert kinds(is_self_signed=True) == ["certificate-self-signed?"]


def test_the_line_says_why_clients_refuse_it() -> None:
    certificate = Certificate("s", "i", ["other"], NOW - DAY, NOW - DAY / 2, False)
    text, _ = check_certificate(Endpoint("kafka", 9093), Tls("TLSv1.3", certificate), NOW)
    assert text == "certificate for other (not for kafka), from i, until 2026-05-31 (it has expired)"
    early = Certificate("s", "i", ["kafka"], NOW + DAY, NOW + DAY * 2, False)
    text, _ = check_certificate(Endpoint("kafka", 9093), Tls("TLSv1.3", early), NOW)
    assert text == "certificate for kafka, from i, until 2026-06-03 (valid only from 2026-06-02 on)"


def test_its_names_its_issuer_and_its_end_stand_in_the_line() -> None:
    certificate = Certificate("s", "The house", ["a", "b"], NOW, NOW + DAY, False)
    text, _ = check_certificate(Endpoint("a", 1), Tls("TLSv1.3", certificate), NOW)
    assert text == "certificate for a, b, from The house, until 2026-06-02"
    assert check_certificate(Endpoint("a", 1), Tls("TLSv1.3", None), NOW) == ("its certificate cannot be read", ())
