"""Where the node listens as Apache Kafka: its clients' listeners, its controller's, and one for brokers. Pure.

The rule: what the settings name stays as it is. What is added is on the address that is given for it, the loopback
unless another is; where anything is protected the node logs in there, too, with a password of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...config.authorizer_config import SHORT_NAME, STANDARD_AUTHORIZER, SUPER_USERS
from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError
from ...config.java_values import split_list
from ...config.listeners import (
    EVERY_INTERFACE,
    PLAINTEXT,
    SASL_PLAINTEXT,
    Endpoint,
    address_of,
    own_name,
    protocols_of,
)
from ...security.sasl.jaas import PLAIN_MODULE
from ...security.sasl.plain import PLAIN

NODE_USER = "kafka-node"
_AUTHORIZER = "authorizer.class.name"
VOTERS = "controller.quorum.voters"
_OF_BROKERS = ("inter.broker.listener.name", "security.inter.broker.protocol")


@dataclass(frozen=True, slots=True)
class NodeAddresses:
    """Where the controller is to listen, and brokers for each other, unless the settings say it."""

    controller: tuple[str, int]
    brokers: tuple[str, int]
    password: str = field(repr=False)


def node_listeners(config: BrokerConfig, addresses: NodeAddresses, *, is_voter_recorded: bool) -> dict[str, str]:
    """The settings. With `is_voter_recorded` the metadata log says who votes. ConfigError."""
    clients = config.endpoints()
    told = {one.name: _told(one, config.advertised()) for one in clients}
    is_protected = bool(config.given.get(_AUTHORIZER)) or any(one.protocol != PLAINTEXT for one in clients)
    protocol = SASL_PLAINTEXT if is_protected else PLAINTEXT
    taken = [one.name for one in clients]
    controllers = config.left_out_listeners()
    settings: dict[str, str] = {}
    added: list[Endpoint] = []
    if not controllers:
        named = [*config.controllers(), "CONTROLLER"][0]
        controllers = [Endpoint(_free(named, taken), *addresses.controller, protocol)]
        added += controllers
        settings["controller.listener.names"] = controllers[0].name
        if is_protected:
            settings["sasl.mechanism.controller.protocol"] = PLAIN
    own = _broker_listener(config, clients, addresses, protocol, [*taken, controllers[0].name])
    if own is not None:
        settings["inter.broker.listener.name"] = own.name
        if own not in clients:
            added.append(own)
            told[own.name] = own.host, own.port
            if is_protected:
                settings["sasl.mechanism.inter.broker.protocol"] = PLAIN
    _check_ports([*clients, *config.left_out_listeners(), *added])
    settings |= _addresses(config, added, told)
    settings |= _quorum(config, controllers[0], is_voter_recorded=is_voter_recorded)
    if is_protected:
        settings |= _logins(config, added, addresses.password)
    return settings


def _told(endpoint: Endpoint, advertised: Mapping[str, tuple[str, int]]) -> tuple[str, int]:
    """What clients are told. Odradek tells them the address at which they came in, and Apache Kafka cannot."""
    if endpoint.name in advertised:
        return advertised[endpoint.name]
    if endpoint.port == 0:
        raise ConfigError(f"listeners: {endpoint.name} has port 0, and clients are to find the node again: name a port")
    if endpoint.host in EVERY_INTERFACE:
        raise ConfigError(
            f"listeners: {endpoint.name} listens on every interface; say what Apache Kafka is to tell clients: "
            f"--set advertised.listeners={endpoint.name}://HOST:{endpoint.port}"
        )
    return endpoint.host, endpoint.port


def _free(name: str, taken: Sequence[str]) -> str:
    return name if name not in taken else _free(f"NODE-{name}", taken)


def _broker_listener(
    config: BrokerConfig, clients: Sequence[Endpoint], addresses: NodeAddresses, protocol: str, taken: Sequence[str]
) -> Endpoint | None:
    """What brokers use among themselves; None where the settings, or Kafka's default, say it."""
    if any(name in config.given for name in _OF_BROKERS):
        return None
    if protocol == PLAINTEXT:
        return None if any(one.name == PLAINTEXT for one in clients) else clients[0]
    return Endpoint(_free("BROKERS", taken), *addresses.brokers, protocol)


def _check_ports(endpoints: Sequence[Endpoint]) -> None:
    """Apache Kafka wants every listener to have a port of its own, whatever the host. ConfigError."""
    ports: dict[int, str] = {}
    for one in endpoints:
        other = ports.setdefault(one.port, one.name)
        if other != one.name:
            raise ConfigError(
                f"listeners: {other} and {one.name} have the same port, {one.port}; --controller and --brokers "
                "choose those of the node itself"
            )


def _addresses(
    config: BrokerConfig, added: Sequence[Endpoint], told: Mapping[str, tuple[str, int]]
) -> Mapping[str, str]:
    names = [*config.endpoints(), *config.left_out_listeners(), *added]
    known = protocols_of(config.effective("listener.security.protocol.map") or "", config.controllers())
    protocols = {one.name: known.get(one.name, one.protocol) for one in names} | {
        one.name: one.protocol for one in added
    }
    return {
        "listeners": ",".join(f"{one.name}://{address_of(one.host, one.port)}" for one in names),
        "advertised.listeners": ",".join(f"{name}://{address_of(*address)}" for name, address in told.items()),
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
    }


def _quorum(config: BrokerConfig, controller: Endpoint, *, is_voter_recorded: bool) -> Mapping[str, str]:
    """Who votes: this node alone, which the settings say or, from kraft.version 1 on, the metadata log itself."""
    host = "localhost" if controller.host in EVERY_INTERFACE else controller.host
    address = address_of(host, controller.port)
    if is_voter_recorded:
        return {"controller.quorum.bootstrap.servers": address}
    given = split_list(config.given.get(VOTERS, ""))
    is_ours = len(given) == 1 and given[0].startswith(f"{config.node_id}@") and bool(config.left_out_listeners())
    return {VOTERS: given[0] if is_ours else f"{config.node_id}@{address}"}


def _logins(config: BrokerConfig, added: Sequence[Endpoint], password: str) -> Mapping[str, str]:
    """The node logs in to itself, and may do everything."""
    settings: dict[str, str] = {}
    for one in added:
        jaas = f'{PLAIN_MODULE} required username="{NODE_USER}" password="{password}" user_{NODE_USER}="{password}";'
        settings[own_name(one.name, "sasl.enabled.mechanisms")] = PLAIN
        settings[own_name(one.name, f"{PLAIN.lower()}.sasl.jaas.config")] = jaas
    authorizer = config.given.get(_AUTHORIZER)
    if authorizer:
        settings[_AUTHORIZER] = STANDARD_AUTHORIZER if authorizer == SHORT_NAME else authorizer
        if added:
            users = [one.strip() for one in config.given.get(SUPER_USERS, "").split(";") if one.strip()]
            settings[SUPER_USERS] = ";".join([*users, f"User:{NODE_USER}"])
    return settings
