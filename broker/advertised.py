"""What a client is told for the address of this broker: one that it can reach.

The rule: where nothing is advertised it is the address at which the client came in, so that one broker serves the
loopback, a container network and the network around it, and never tells anyone 0.0.0.0. For what cannot be seen from
inside, a mapped port above all, there are rules by the client's address.
"""

import ipaddress
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from .config.broker_config import BrokerConfig
from .config.config_def import ConfigError
from .config.listeners import EVERY_INTERFACE, address_of, parse_address
from .log_output import get_logger
from .session import Session

logger = get_logger("listeners")

MOST_NETWORKS = 1000  # whose first client is logged
_PREFIXES = {4: 24, 6: 64}

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class AdvertiseRule(NamedTuple):
    """Clients of a network are told this address; with port 0 the port at which they came in."""

    network: Network
    host: str
    port: int


def parse_rule(text: str) -> AdvertiseRule:
    """CIDR=HOST:PORT; ConfigError."""
    cidr, separator, address = text.partition("=")
    if not separator:
        raise ConfigError(f"--advertise {text!r} is not CIDR=HOST:PORT")
    try:
        network = ipaddress.ip_network(cidr.strip(), strict=False)
    except ValueError as error:
        raise ConfigError(f"--advertise {text!r}: {error}") from None
    host, port = parse_address(address, "--advertise")
    if host in EVERY_INTERFACE:
        raise ConfigError(f"--advertise {text!r}: no client can connect to {host or 'no host'!r}")
    return AdvertiseRule(network, host, port)


class Advertised:
    """What clients are told."""

    def __init__(self, config: BrokerConfig, rules: Sequence[AdvertiseRule] = ()) -> None:
        self._told = config.advertised()
        self._rules = rules
        self._logged: set[tuple[str, str]] = set()

    def endpoint(self, session: Session) -> tuple[str, int]:
        """The host and port that this client is told for this broker: the same in every answer."""
        return self.endpoint_at(session, session.local_port)

    def endpoint_at(self, session: Session, port: int) -> tuple[str, int]:
        """The same where this broker listens on that port, and the client has perhaps come in at another one."""
        host, told = self._endpoint(session)
        return host, told or port

    def _endpoint(self, session: Session) -> tuple[str, int]:
        if self._rules:
            client = _address_of(session)
            for rule in self._rules:
                if client in rule.network:
                    return rule.host, rule.port
        return self._told.get(session.listener) or (session.local_host, 0)

    def note(self, session: Session) -> None:
        """A client has connected: of the first of each network it is logged what it is told."""
        try:
            client = _address_of(session)
        except ValueError:
            return
        network = str(ipaddress.ip_network((client, _PREFIXES[client.version]), strict=False))
        place = (session.listener, network)
        if place not in self._logged and len(self._logged) < MOST_NETWORKS:
            self._logged.add(place)
            told = address_of(*self.endpoint(session))
            logger.info("clients of a network are told", network=network, listener=session.listener, address=told)


def _address_of(session: Session) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Without the zone of a link-local one. ValueError."""
    return ipaddress.ip_address(session.client_host.removeprefix("/").partition("%")[0])
