"""One HOST:PORT as clients go there: the name to its addresses, each address to a connection, and what it speaks."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ...wire import Wire
from .connecting import DoesNotResolve, Network, failed_attempt
from .facts import Attempt, Endpoint, Reached, Visit
from .probe import Probe
from .words import is_loopback

LOOPBACK = ("127.0.0.1", "::1")
# Brokers, and addresses of a name, that are visited at the same time: one behind a silent firewall keeps none waiting.
AT_ONCE = 64

One = TypeVar("One")
Seen = TypeVar("Seen")


class Visitor:
    """Goes to addresses, as a client with or without TLS."""

    def __init__(self, network: Network, *, with_tls: bool) -> None:
        self._network = network
        self._probe = Probe(network, with_tls=with_tls)

    def visit_all(self, endpoints: Sequence[Endpoint]) -> Sequence[Visit]:
        """One visit each, in their order; what is given several times is visited once."""
        distinct = list(dict.fromkeys(endpoints))
        visits = dict(zip(distinct, _side_by_side(self.visit, distinct), strict=True))
        return [visits[one] for one in endpoints]

    def visit(self, endpoint: Endpoint) -> Visit:
        """Every address of the name is tried: some clients take the first, some any, some all."""
        try:
            addresses = self._network.resolve(endpoint.host, endpoint.port)
        except DoesNotResolve as error:
            return Visit(endpoint, resolve_error=str(error))
        attempts = _side_by_side(lambda ip: self._attempt(endpoint, ip), addresses)
        if any(one.reached is Reached.CONNECTED for one in attempts):
            return Visit(endpoint, attempts=attempts)
        return Visit(endpoint, attempts=attempts, elsewhere=self._elsewhere(endpoint, addresses))

    def _elsewhere(self, endpoint: Endpoint, addresses: Sequence[str]) -> Attempt | None:
        if not any(is_loopback(ip) for ip in addresses):
            return None
        families = {":" in ip for ip in addresses}
        others = [self._attempt(endpoint, ip) for ip in LOOPBACK if (":" in ip) not in families]
        return next((one for one in others if one.spoken is not None and one.spoken.kafka is not None), None)

    def _attempt(self, endpoint: Endpoint, ip: str) -> Attempt:
        try:
            connection = self._network.connect(ip, endpoint.port)
        except OSError as error:
            return failed_attempt(ip, error)
        from_ip = ""
        with contextlib.suppress(OSError):
            from_ip = str(connection.getsockname()[0])
        spoken = self._probe.speak(connection, ip, endpoint.port, endpoint.host)
        return Attempt(ip, Reached.CONNECTED, from_ip=from_ip, spoken=spoken)

    def open(self, visit: Visit) -> Wire:
        """A connection to where a visit found a Kafka. OSError."""
        best = visit.best
        if best is None or best.spoken is None:
            raise ConnectionError("nothing to connect to")
        return self._probe.open(best.ip, visit.endpoint.port, visit.endpoint.host, best.spoken)


def _side_by_side(look: Callable[[One], Seen], at: Sequence[One]) -> Sequence[Seen]:
    if len(at) < 2:
        return [look(one) for one in at]
    with ThreadPoolExecutor(min(AT_ONCE, len(at)), "visit") as pool:
        return list(pool.map(look, at))
