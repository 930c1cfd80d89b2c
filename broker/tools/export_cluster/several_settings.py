"""The server.properties of several nodes: brokers and a controller apart, or brokers that are controllers, too. Pure.

The rule: each broker has what it had as one of several in a process, at the port that it had. Where the controller and
brokers' own listeners are added, their ports count up likewise.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...config.broker_config import BrokerConfig
from ...config.config_def import ConfigError
from ...config.java_values import split_list
from ...config.listeners import EVERY_INTERFACE, address_of, own_name, parse_endpoints
from ...config.release import AS_VERSION
from ...several_brokers.node_config import config_of_node
from .kafka_settings import kafka_settings
from .node_listeners import VOTERS, NodeAddresses

Settings = dict[str, str]

_CONTROLLER_NAMES = "controller.listener.names"
_OF_NODES = ("node.id", "broker.id")
# What only a broker has.
_OF_BROKER = (
    "advertised.listeners",
    "broker.rack",
    "inter.broker.listener.name",
    "security.inter.broker.protocol",
    "sasl.mechanism.inter.broker.protocol",
)


class Member(NamedTuple):
    """A node of the cluster, and where its data is to be."""

    node_id: int
    data_dir: str
    rack: str | None = None


def isolated_settings(
    given: Mapping[str, str],
    controller: Member,
    brokers: Sequence[Member],
    addresses: NodeAddresses,
    *,
    is_voter_recorded: bool,
) -> list[Settings]:
    """The controller's first, then each broker's. With `is_voter_recorded` the metadata log says who votes."""
    nodes = [
        _settings_of(given, one, len(brokers), _counted_up(addresses, brokers=one.node_id - 1), is_voter_recorded)
        for one in brokers
    ]
    first = nodes[0]
    quorum = {name: first[name] for name in first if name.startswith("controller.quorum.")}
    if VOTERS in quorum:
        quorum[VOTERS] = f"{controller.node_id}@{_voter(given, controller) or _address_of_voter(first)}"
    own = _only_controller(first, controller) | quorum
    settings = [own, *(_only_broker(node) | quorum for node in nodes)]
    _check_apart(settings)
    return settings


def combined_settings(given: Mapping[str, str], brokers: Sequence[Member], addresses: NodeAddresses) -> list[Settings]:
    """Each broker's, with a controller in it: all of them vote."""
    nodes: list[Settings] = []
    for one in brokers:
        own = _counted_up(addresses, brokers=one.node_id - 1, controllers=one.node_id - 1)
        nodes.append(_settings_of(given, one, len(brokers), own, is_voter_recorded=False))
    voters = ",".join(f"{one.node_id}@{_address_of_voter(node)}" for one, node in zip(brokers, nodes, strict=True))
    for node in nodes:
        node[VOTERS] = voters
    _check_apart(nodes)
    return nodes


def _settings_of(
    given: Mapping[str, str], member: Member, brokers: int, addresses: NodeAddresses, is_voter_recorded: bool
) -> Settings:
    """Those of one node, as if it were broker and controller."""
    of_all = {name: value for name, value in given.items() if name not in _OF_NODES}
    config = BrokerConfig.from_settings(of_all, lower_replication_factors=True, brokers=brokers)
    own = dict(config_of_node(config, member.node_id, brokers, member.rack).given)
    own.pop(AS_VERSION, None)
    return kafka_settings(
        own, member.node_id, member.data_dir, addresses, is_voter_recorded=is_voter_recorded, brokers=brokers
    )


def _counted_up(addresses: NodeAddresses, *, brokers: int, controllers: int = 0) -> NodeAddresses:
    (host, port), (own_host, own_port) = addresses.controller, addresses.brokers
    return NodeAddresses((host, port + controllers), (own_host, own_port + brokers), addresses.password)


def _voter(given: Mapping[str, str], controller: Member) -> str | None:
    """The address that the settings have for the controller, if they name it alone."""
    voters = split_list(given.get(VOTERS, ""))
    node_id, _, address = voters[0].partition("@") if len(voters) == 1 else ("", "", "")
    return address if node_id == str(controller.node_id) else None


def _address_of_voter(node: Settings) -> str:
    return node[VOTERS].partition("@")[2]


def _only_broker(node: Settings) -> Settings:
    controllers = split_list(node[_CONTROLLER_NAMES])
    return {**node, "process.roles": "broker", "listeners": _listeners(node, controllers, are_wanted=False)}


def _only_controller(node: Settings, controller: Member) -> Settings:
    controllers = split_list(node[_CONTROLLER_NAMES])
    own = tuple(own_name(one, "") for one in controllers)
    kept = {
        name: value
        for name, value in node.items()
        if name not in _OF_BROKER and (not name.startswith("listener.name.") or name.startswith(own))
    }
    return {
        **kept,
        "process.roles": "controller",
        "node.id": str(controller.node_id),
        "log.dirs": controller.data_dir,
        "listeners": _listeners(node, controllers, are_wanted=True),
    }


def _listeners(node: Settings, names: Sequence[str], *, are_wanted: bool) -> str:
    found = parse_endpoints(node["listeners"], "listeners")
    wanted = [one for one in found if (one.name in names) == are_wanted]
    return ",".join(f"{one.name}://{address_of(one.host, one.port)}" for one in wanted)


def _check_apart(nodes: Sequence[Settings]) -> None:
    """All may run on one machine: no two listen at the same address. ConfigError."""
    taken: dict[int, list[tuple[str, str]]] = {}
    for node in nodes:
        for one in parse_endpoints(node["listeners"], "listeners"):
            name = f"{one.name} of node {node['node.id']}"
            for host, other in taken.setdefault(one.port, []):
                if one.host == host or {one.host, host} & set(EVERY_INTERFACE):
                    raise ConfigError(
                        f"listeners: {other} and {name} have the same port, {one.port}; --controller and --brokers "
                        "choose the first of those that are the nodes' own"
                    )
            taken[one.port].append((one.host, name))
