"""Facts in words, for the lines of several steps."""

import ipaddress
from collections.abc import Sequence

from .client_families import kept_out
from .facts import Attempt, Reached, Visit
from .findings import Finding

_HOW = {
    Reached.CONNECTED: "takes connections",
    Reached.REFUSED: "refuses",
    Reached.TIMED_OUT: "does not answer in time",
    Reached.UNREACHABLE: "has no route from here",
}


def attempts_in_words(visit: Visit) -> str:
    """What each address of the name did."""
    if len(visit.attempts) == 1 and visit.attempts[0].ip == visit.endpoint.host:
        return attempt_in_words(visit.attempts[0]).removeprefix(f"{visit.endpoint.host} ")
    return every_attempt(visit)


def every_attempt(visit: Visit) -> str:
    """The same, always with the addresses."""
    return ", ".join(attempt_in_words(one) for one in visit.attempts) or f"{visit.endpoint.host} has no address"


def attempt_in_words(attempt: Attempt) -> str:
    return f"{attempt.ip} {_HOW.get(attempt.reached) or f'fails ({attempt.detail})'}"


def partly_reached(visit: Visit) -> Sequence[Finding]:
    """A note where some addresses of a name take connections and others do not."""
    failed = [one for one in visit.attempts if one.reached is not Reached.CONNECTED]
    if not failed or not visit.connected:
        return ()
    clients = kept_out(visit.attempts)
    who = (
        f"These clients try only the first and do not get through: {', '.join(clients)}."
        if clients
        else "Clients get through, some after a failed attempt that they log."
    )
    return (
        Finding(
            "some-addresses-fail",
            f"{visit.endpoint.host} has several addresses, and at port {visit.endpoint.port} "
            f"{', '.join(attempt_in_words(one) for one in failed)}. {who}",
            (
                f"Write {visit.connected[0].ip} in place of {visit.endpoint.host}, or have the broker listen on all of "
                "them (Odradek listens on both addresses of localhost); librdkafka has broker.address.family=v4.",
            ),
            is_note=True,
        ),
    )


def is_every_interface(host: str) -> bool:
    """Whether it is an address to listen on, such as 0.0.0.0, and none to connect to."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "0")
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_unspecified


def is_loopback(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip.partition("%")[0]).is_loopback
    except ValueError:
        return False
