"""The server.properties with which Apache Kafka goes on from a directory, broker and controller in one. Pure."""

from collections.abc import Mapping

from ...config.broker_config import BrokerConfig
from ...config.cluster_defaults import OF_KAFKA
from ...config.config_def import ConfigError
from ...config.java_values import format_property
from .client_logins import client_logins
from .node_listeners import NodeAddresses, node_listeners

# Which directory, whose, and who votes: the directory itself says it.
_OF_DIRECTORY = ("broker.id", "log.dir", "metadata.log.dir")


def kafka_settings(
    given: Mapping[str, str],
    node_id: int,
    data_dir: str,
    addresses: NodeAddresses,
    *,
    is_voter_recorded: bool,
    brokers: int = 1,
) -> dict[str, str]:
    """All settings, those that were given among them; what Kafka wants three for as many as there are. ConfigError."""
    for name in ("node.id", "broker.id"):
        if given.get(name, str(node_id)).strip() != str(node_id):
            raise ConfigError(f"{name}={given[name]}, but the data directory belongs to node {node_id}")
    of_node = {"process.roles": "broker,controller", "node.id": str(node_id), "log.dirs": data_dir}
    kept = {
        name: value
        for name, value in given.items()
        if name not in _OF_DIRECTORY and not name.startswith("controller.quorum.")
    }
    config = BrokerConfig.from_settings({**given, **of_node}, lower_replication_factors=True, brokers=brokers)
    replicas = {name: str(min(wanted, brokers)) for name, wanted in OF_KAFKA.items()}
    own = node_listeners(config, addresses, is_voter_recorded=is_voter_recorded)
    return {**of_node, **replicas, **kept, **client_logins(config), **own, **of_node}


def encode_settings(settings: Mapping[str, str]) -> str:
    """The text of the file."""
    head = "# Written by `odradek export-cluster`: Apache Kafka goes on from the directory that log.dirs names.\n"
    return head + "".join(format_property(name, value) + "\n" for name, value in settings.items())
