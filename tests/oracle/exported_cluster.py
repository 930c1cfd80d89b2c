"""Several nodes of Apache Kafka, started with exactly the files that `odradek export-cluster` has written."""

import signal
from collections.abc import Mapping
from pathlib import Path

from odradek.broker.config.config_def import parse_properties

from .three_node_kafka import KafkaNode, ThreeNodeKafka


class ExportedCluster(ThreeNodeKafka):
    """A node for each server.properties; a controller apart comes first."""

    start_deadline_s = 240.0  # the brokers that were registered before are waited for first

    def __init__(self, out: Path) -> None:
        self.settings: dict[int, Mapping[str, str]] = {}
        self.nodes = {}
        for properties in sorted(out.glob("*/server.properties")):
            settings = parse_properties(properties.read_text())
            node_id = int(settings["node.id"])
            self.settings[node_id] = settings
            self.nodes[node_id] = KafkaNode(node_id, properties.parent, settings)
        self._addresses = {
            node_id: own["advertised.listeners"].partition(",")[0].partition("//")[2]
            for node_id, own in self.settings.items()
            if "broker" in own["process.roles"]
        }

    def open(self) -> None:
        """Starts all; returns when the brokers see each other unfenced."""
        try:
            for node in self.nodes.values():
                node.launch()
            for node_id in self.addresses:
                self._wait_until_joined(node_id)
        except BaseException:
            self.close()
            raise

    def stop_all(self) -> None:
        """Ends the brokers as a service would, all at once, and then what is left."""
        for node_id in self.addresses:
            if self.nodes[node_id].is_running():
                self.nodes[node_id].send_signal(signal.SIGTERM)
        for node_id in [*self.addresses, *(set(self.nodes) - set(self.addresses))]:
            self.nodes[node_id].end(signal.SIGTERM)
