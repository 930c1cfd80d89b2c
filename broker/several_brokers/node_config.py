"""The settings of one broker of several: those that all were given, at ports of its own, under its own number."""

from collections.abc import Sequence

from ..advertised import AdvertiseRule
from ..config.broker_config import BrokerConfig
from ..config.java_values import split_list
from ..config.listeners import address_of, parse_endpoints
from ..config.release import AS_VERSION

_OWN = ("node.id", "broker.id")


def config_of_node(config: BrokerConfig, node_id: int, brokers: int, rack: str | None) -> BrokerConfig:
    """Ports that are given count up from the first broker's: 9092, 9093, 9094."""
    settings = {name: value for name, value in config.given.items() if name not in _OWN}
    for name in ("listeners", "advertised.listeners"):
        text = settings.get(name) or (config.listeners if name == "listeners" else None)
        if text:
            settings[name] = _shifted(text, name, node_id - 1)
    settings[AS_VERSION] = config.release.name
    settings["node.id"] = str(node_id)
    if rack is not None:
        settings["broker.rack"] = rack
    lower_factors = config.lower_replication_factors
    return BrokerConfig.from_settings(settings, lower_replication_factors=lower_factors, brokers=brokers)


def _shifted(text: str, name: str, by: int) -> str:
    endpoints = parse_endpoints(",".join(split_list(text)), name)
    return ",".join(f"{one.name}://{address_of(one.host, one.port and one.port + by)}" for one in endpoints)


def rules_of_node(rules: Sequence[AdvertiseRule], node_id: int) -> list[AdvertiseRule]:
    """What is advertised of a broker: likewise."""
    return [rule._replace(port=rule.port and rule.port + node_id - 1) for rule in rules]
