"""What stands in an X.509 certificate: names, issuer, validity. Reads DER (RFC 5280), as it is sent.

The ssl module shows the fields of a certificate only after it has verified it, and those of interest here are the ones
that do not verify.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from .der import Element, elements

EXTENSIONS, VERSION, UTC_TIME = 0xA3, 0xA0, 0x17
DNS_NAME, IP_ADDRESS = 0x82, 0x87
COMMON_NAME = bytes((0x55, 0x04, 0x03))
ORGANIZATION = bytes((0x55, 0x04, 0x0A))
ORGANIZATIONAL_UNIT = bytes((0x55, 0x04, 0x0B))
SUBJECT_ALT_NAME = bytes((0x55, 0x1D, 0x11))


class NoCertificate(ValueError):
    """Bytes that are no certificate."""


@dataclass(frozen=True)
class Certificate:
    """`names` are DNS names and IP addresses; the times are in UTC."""

    subject: str
    issuer: str
    names: Sequence[str]
    not_before: datetime
    not_after: datetime
    is_self_signed: bool
    subject_der: bytes = b""  # the whole name, as it is signed

    def is_for(self, host: str) -> bool:
        """Whether clients that check host names take it for this one (RFC 6125: a wildcard is one whole label)."""
        wanted = host.rstrip(".").lower()
        return any(_matches(name.lower(), wanted) for name in self.names)


def read_certificate(der: bytes) -> Certificate:
    """NoCertificate for anything else."""
    try:
        certificate = next(elements(der))
        fields = list(elements(next(elements(certificate.body)).body))
        if fields[0].tag == VERSION:
            fields.pop(0)
        _, _, issuer, validity, subject = fields[:5]
        start, end = elements(validity.body)
        return Certificate(
            subject=_name(subject),
            issuer=_name(issuer),
            names=_names(fields, subject),
            not_before=_time(start),
            not_after=_time(end),
            is_self_signed=subject.whole == issuer.whole,
            subject_der=subject.whole,
        )
    except (IndexError, StopIteration, ValueError, RuntimeError) as fault:
        raise NoCertificate(f"not a certificate: {fault!r}") from fault


def _name(element: Element) -> str:
    """The common name, else the organization, of a distinguished name."""
    found = _attributes(element)
    for wanted in (COMMON_NAME, ORGANIZATIONAL_UNIT, ORGANIZATION):
        if wanted in found:
            return found[wanted]
    return "no name"


def _attributes(name: Element) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for group in elements(name.body):
        for pair in elements(group.body):
            kind, value = elements(pair.body)
            found[kind.body] = value.body.decode("utf-8", "replace")
    return found


def _names(fields: Sequence[Element], subject: Element) -> Sequence[str]:
    """The subject's alternative names; where there are none, old clients take the common name (RFC 2818)."""
    names: list[str] = []
    for part in fields[5:]:
        if part.tag == EXTENSIONS:
            for extension in elements(next(elements(part.body)).body):
                kind, *_, value = elements(extension.body)
                if kind.body == SUBJECT_ALT_NAME:
                    names += _alternative_names(next(elements(value.body)).body)
    common_name = _attributes(subject).get(COMMON_NAME)
    return names or ([common_name] if common_name else [])


def _alternative_names(data: bytes) -> Iterator[str]:
    for one in elements(data):
        if one.tag == DNS_NAME:
            yield one.body.decode("ascii", "replace")
        elif one.tag == IP_ADDRESS:
            yield str(ipaddress.ip_address(one.body))


def _time(element: Element) -> datetime:
    """UTCTime has two digits for the year, and 50 is 1950 (RFC 5280, 4.1.2.5.1)."""
    text = element.body.decode("ascii", "replace")
    if element.tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _matches(name: str, host: str) -> bool:
    if name.startswith("*."):
        _, dot, rest = host.partition(".")
        return bool(dot) and rest == name[2:]
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host)
    except ValueError:
        return name == host
