"""Bootstrap addresses as they are typed: what is meant, and what clients will not take."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from .facts import Endpoint
from .findings import Finding
from .words import is_every_interface

USUAL_PORT = 9092  # librdkafka and kafka-python take it where none is given; Java and Go refuse such an address
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+._-]*)://(?P<rest>.*)")
_HOST = re.compile(r"[0-9A-Za-z\-%._:]+")  # as Java clients take it
_WEB = ("http", "https")


class Typed(NamedTuple):
    """One address of the list. No endpoint: nothing can be made of it."""

    text: str
    endpoint: Endpoint | None
    findings: Sequence[Finding] = ()


def read_bootstrap(text: str) -> Sequence[Typed]:
    """Every address of `bootstrap.servers`."""
    return [_read(part.strip()) for part in text.split(",") if part.strip()]


def _read(text: str) -> Typed:
    findings: list[Finding] = []
    rest = text
    if found := _SCHEME.fullmatch(text):
        rest = found["rest"].partition("/")[0]
    host, port, problem = _split(rest)
    listened_on = host
    if host and is_every_interface(host):
        host = "::1" if ":" in host else "127.0.0.1"  # where it leads to on most systems
        rest = str(Endpoint(host, port or USUAL_PORT))
    if found:
        findings.append(_with_scheme(text, found["scheme"], rest))
    if problem:
        findings.append(_misspelt(text, problem, f"Write {Endpoint(host, port or USUAL_PORT)}." if host else ""))
    if host != listened_on:
        findings.append(_every_interface(listened_on, host, port or USUAL_PORT))
    endpoint = Endpoint(host, USUAL_PORT if port is None else port) if host and not problem.startswith("its") else None
    return Typed(text, endpoint, findings)


def _split(text: str) -> tuple[str, int | None, str]:
    """(host, port, problem); a problem that begins with "its" leaves no address to go on with."""
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        if not closed:
            return "", None, "its bracket is not closed"
        port = port.removeprefix(":")
    elif text.count(":") > 1:
        host, _, port = text.rpartition(":")
        number = int(port) if port.isdecimal() and host and not host.endswith(":") else None
        if number is None:
            return text, None, "an IPv6 address stands in brackets, and a port after them"
        return host, number, "an IPv6 address stands in brackets"
    else:
        host, _, port = text.partition(":")
    if not host:
        return "", None, "its host is missing"
    if not _HOST.fullmatch(host):
        return host, None, f"its host {host!r} has characters that no host has"
    if not port:
        return host, None, f"the port is missing; {USUAL_PORT} is tried here"
    if not (port.isascii() and port.isdecimal()) or not 0 < int(port) <= 65535:
        return host, None, f"its port {port!r} is none"
    return host, int(port), ""


def _misspelt(text: str, problem: str, remedy: str) -> Finding:
    return Finding("misspelt", f"{text!r}: {problem}.", (remedy,) if remedy else ())


def _every_interface(written: str, host: str, port: int) -> Finding:
    return Finding(
        "every-interface",
        f"{written} is an address to listen on, and none for a client: it stands for every interface of the broker's "
        "machine.",
        (f"Write {Endpoint(host, port)} on the broker's own machine, and its name or its address on another.",),
    )


def _with_scheme(text: str, scheme: str, rest: str) -> Finding:
    if scheme.lower() in _WEB:
        return Finding(
            "scheme",
            f"{text!r}: Kafka is not spoken over {scheme.lower()}, and no client takes such an address.",
            (f"Write {rest} into bootstrap.servers.",),
        )
    return Finding(
        "scheme",
        f"{text!r} is how brokers write listeners; aiokafka, Go and Node clients do not take it.",
        (f"Write {rest} into bootstrap.servers, and {scheme} into security.protocol if that is what it names.",),
    )
