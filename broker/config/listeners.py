"""`listeners` and what goes with it: where the broker listens, and what it tells clients, in Kafka's notation.

listeners=PLAINTEXT://:9092,INTERNAL://10.0.0.5:19092
advertised.listeners=PLAINTEXT://localhost:9092
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .config_def import ConfigError
from .java_values import split_list

PLAINTEXT, SASL_PLAINTEXT = "PLAINTEXT", "SASL_PLAINTEXT"
SSL, SASL_SSL = "SSL", "SASL_SSL"
TLS_PROTOCOLS = (SSL, SASL_SSL)
WITH_SASL = (SASL_PLAINTEXT, SASL_SSL)
# By whether there is TLS, and whether clients log in: what `serve` listens with, where nothing else says it.
PROTOCOLS = {
    (False, False): PLAINTEXT,
    (True, False): SSL,
    (False, True): SASL_PLAINTEXT,
    (True, True): SASL_SSL,
}
SERVED_PROTOCOLS = tuple(PROTOCOLS.values())
# What TLS takes anew while the broker runs (SslConfigs.RECONFIGURABLE_CONFIGS); the rest is as it was at the start.
TLS_RELOADED = frozenset(
    (
        "ssl.keystore.type",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.key.password",
        "ssl.keystore.certificate.chain",
        "ssl.keystore.key",
        "ssl.truststore.type",
        "ssl.truststore.location",
        "ssl.truststore.password",
        "ssl.truststore.certificates",
    )
)
# What else TLS asks for.
TLS_AT_THE_START = frozenset(
    (
        "ssl.client.auth",
        "ssl.enabled.protocols",
        "ssl.protocol",
        "ssl.cipher.suites",
        "ssl.principal.mapping.rules",
        "ssl.engine.factory.class",
        "ssl.allow.dn.changes",
        "ssl.allow.san.changes",
    )
)
# What SASL asks for, most of it of each mechanism: listener.name.NAME.MECHANISM.SETTING.
SASL_OF_LISTENERS = frozenset(
    (
        "sasl.enabled.mechanisms",
        "sasl.jaas.config",
        "sasl.server.callback.handler.class",
        "sasl.oauthbearer.jwks.endpoint.url",
        "sasl.oauthbearer.jwks.endpoint.refresh.ms",
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
        "sasl.oauthbearer.expected.issuer",
        "sasl.oauthbearer.expected.audience",
        "sasl.oauthbearer.sub.claim.name",
        "sasl.oauthbearer.scope.claim.name",
        "sasl.oauthbearer.clock.skew.seconds",
        "connections.max.reauth.ms",
    )
)
# What a listener may have for itself: listener.name.NAME.SETTING.
READ_OF_LISTENERS = TLS_RELOADED | TLS_AT_THE_START | SASL_OF_LISTENERS | {"max.connection.creation.rate"}
EVERY_INTERFACE = ("", "0.0.0.0", "::")
_HOST = r"(?:\[(?P<bracketed>[0-9a-zA-Z%.:]+)\]|(?P<plain>[0-9a-zA-Z\-%._:]*))"
_ADDRESS = re.compile(rf"{_HOST}:(?P<port>-?[0-9]{{1,6}})")
_ENDPOINT = re.compile(r"(?P<name>[^:/]*)://(?P<address>.*)")


class Endpoint(NamedTuple):
    """One listener: its name, and an address; the host is empty for every interface, port 0 for a free one.

    `protocol` is its security protocol, as far as that has been looked up: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL.
    """

    name: str
    host: str
    port: int
    protocol: str = PLAINTEXT


def own_name(listener: str, name: str) -> str:
    """The name of a setting that is one listener's alone."""
    return f"listener.name.{listener.lower()}.{name}"


def address_of(host: str, port: int) -> str:
    """HOST:PORT as clients take it, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_address(text: str, setting: str) -> tuple[str, int]:
    """HOST:PORT; ConfigError."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or not 0 <= int(found["port"]) <= 65535:
        raise ConfigError(f"{setting}: {text.strip()!r} is not HOST:PORT")
    return found["bracketed"] or found["plain"] or "", int(found["port"])


def parse_endpoints(text: str, setting: str) -> list[Endpoint]:
    """Every listener of a list. ConfigError for one that is none, or whose name or port another has."""
    endpoints = [_parse(part, setting) for part in split_list(text.strip()) if part]
    names = [one.name for one in endpoints]
    if len(set(names)) < len(names):
        raise ConfigError(f"{setting}: Each listener must have a different name, {setting}: {text}")
    places = [(one.host, one.port) for one in endpoints if one.port]
    if setting == "listeners" and len(set(places)) < len(places):
        raise ConfigError(f"{setting}: Each listener must have a different port, {setting}: {text}")
    return endpoints


def _parse(text: str, setting: str) -> Endpoint:
    found = _ENDPOINT.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"{setting}: {text.strip()!r} is not NAME://HOST:PORT")
    return Endpoint(found["name"].upper(), *parse_address(found["address"], setting))


def protocols_of(text: str, controllers: Sequence[str]) -> Mapping[str, str]:
    """`listener.security.protocol.map`; controllers' listeners are PLAINTEXT where it does not name them."""
    protocols: dict[str, str] = dict.fromkeys(controllers, "PLAINTEXT")
    for part in split_list(text.strip()):
        name, separator, protocol = part.rpartition(":")
        if not separator:
            raise ConfigError(f"listener.security.protocol.map: {part!r} is not NAME:PROTOCOL")
        protocols[name.strip().upper()] = protocol.strip().upper()
    return protocols


def served_endpoints(text: str, protocols: Mapping[str, str], controllers: Sequence[str]) -> list[Endpoint]:
    """Where brokers of this process listen: controllers' listeners are left out. ConfigError for what is not served."""
    endpoints: list[Endpoint] = []
    for endpoint in parse_endpoints(text, "listeners"):
        if endpoint.name in controllers:
            continue
        protocol = protocols.get(endpoint.name)
        if protocol is None:
            raise ConfigError(f"listeners: No security protocol defined for listener {endpoint.name}")
        if protocol not in SERVED_PROTOCOLS:
            raise ConfigError(f"listeners: served are {', '.join(SERVED_PROTOCOLS)}, not {protocol!r}")
        endpoints.append(endpoint._replace(protocol=protocol))
    if not endpoints:
        raise ConfigError("listeners: there is none for clients")
    return endpoints


def advertised_endpoints(
    text: str, served: Sequence[Endpoint], controllers: Sequence[str]
) -> Mapping[str, tuple[str, int]]:
    """What clients of each listener are told; of a listener that is not here, the address at which they came in."""
    told: dict[str, tuple[str, int]] = {}
    names = [one.name for one in served]
    for endpoint in parse_endpoints(text, "advertised.listeners"):
        if endpoint.name in controllers:
            continue
        if endpoint.name not in names:
            raise ConfigError(
                "advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. "
                f"Found {endpoint.name}. The valid options based on the current configuration are {','.join(names)}"
            )
        if endpoint.host in EVERY_INTERFACE:
            raise ConfigError(
                f"advertised.listeners cannot use the nonroutable meta-address {endpoint.host or '(none)'}. "
                "Use a routable IP address."
            )
        told[endpoint.name] = endpoint.host, endpoint.port
    return told
