"""Where a setting comes from: a file, the environment, --set, a flag, a client; each layer as DescribeConfigs shows it.

The later layer counts, and a restart keeps what clients have set.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kafka
import pytest
from confluent_kafka import KafkaException
from kafka import admin as kafka_admin

from odradek.protocol.metadata_records import ConfigResourceType

from ..brokers import OdradekBroker
from .changed_settings import ChangeableBroker
from .stock_client import Message, create, send_all
from .with_confluent_kafka import ConfluentKafka

BROKER, TOPIC = ConfigResourceType.BROKER, ConfigResourceType.TOPIC
FILE = """\
listeners=PLAINTEXT://127.0.0.1:1
log.dirs=/no/such/directory
log.retention.ms=1001
num.partitions=2
log.segment.bytes=2000002
message.max.bytes=1001
"""
ENVIRONMENT = {"KAFKA_NUM_PARTITIONS": "3", "KAFKA_LOG_SEGMENT_BYTES": "3000003", "KAFKA_MESSAGE_MAX_BYTES": "1002"}
SET = {"log.segment.bytes": "4000004", "message.max.bytes": "1000"}
SIZES = "message.max.bytes"
OWN_SIZE = "max.message.bytes"
DEFAULT_SIZE = "1048588"
Chain = list[tuple[str, str]]


class Layered:
    """A broker with every layer below, and what a client is told of its settings."""

    def __init__(self, directory: Path) -> None:
        self.process = OdradekBroker(directory, SET, options=["--config", str(directory / "server.properties")])
        self.start()

    def start(self) -> None:
        self.process.start()
        self.broker = ChangeableBroker(self.process)
        self._admin: Any = kafka.KafkaAdminClient(bootstrap_servers=self.process.address)

    def restart(self) -> None:
        self.close_clients()
        self.process.stop()
        self.start()

    def close_clients(self) -> None:
        self._admin.close()
        self.broker.close()

    def described(self, kind: str, resource: str, name: str) -> dict[str, Any]:
        of: Any = kafka_admin
        asked = of.ConfigResource(of.ConfigResourceType[kind], resource)
        answer = self._admin.describe_configs([asked], include_synonyms=True, config_filter="all")
        return dict(answer[kind.lower()][resource][name])

    def value(self, name: str) -> tuple[str, str]:
        """Of the broker: (source, value)."""
        found = self.described("BROKER", "1", name)
        return str(found["config_source"]), str(found["value"])

    def chain(self, topic: str) -> Chain:
        """Every value known of a topic's largest batch, the one in force first."""
        found = self.described("TOPIC", topic, OWN_SIZE)
        return [(str(one["source"]), str(one["value"])) for one in found["synonyms"]]

    def takes_up_to(self, topic: str, thousands: int) -> bool:
        """Whether so many thousands of bytes are taken as one batch, and no more."""
        return [self._takes(topic, 1000 * one - 200) for one in (thousands, thousands + 1)] == [True, False]

    def _takes(self, topic: str, size: int) -> bool:
        try:
            send_all(self.broker.client, topic, [Message(bytes(size))])
        except KafkaException as error:
            if error.args[0].name() != "MSG_SIZE_TOO_LARGE":
                raise
            return False
        return True


@pytest.fixture
def layered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_oracle: bool) -> Iterator[Layered]:
    if is_oracle:
        pytest.skip("the layers are options of Odradek")
    (tmp_path / "server.properties").write_text(FILE)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = Layered(tmp_path)
    yield made
    made.close_clients()
    made.process.kill()


def test_the_later_layer_counts_and_what_clients_set_before_all_of_them(layered: Layered, topic: str) -> None:
    static = "STATIC_BROKER_CONFIG"
    assert layered.value("log.retention.ms") == (static, "1001")  # the file alone
    assert layered.value("num.partitions") == (static, "3")  # the environment before the file
    assert layered.value("log.segment.bytes") == (static, "4000004")  # --set before both
    assert layered.value("log.dirs") == (static, str(layered.process.data_dir))  # flags before all
    assert layered.value("listeners") == (static, "PLAINTEXT://127.0.0.1:0")
    client = ConfluentKafka(layered.process.address)
    send_all(client, "created", [Message(b"v")])
    assert client.topics()["created"] == 3

    create(client, topic)
    layers: Chain = [("DEFAULT_CONFIG", DEFAULT_SIZE), (static, "1000")]
    assert layered.chain(topic) == layers[::-1]
    assert layered.takes_up_to(topic, 1)
    for thousands, source, kind, resource, name in (
        (2, "DYNAMIC_DEFAULT_BROKER_CONFIG", BROKER, "", SIZES),
        (3, "DYNAMIC_BROKER_CONFIG", BROKER, "1", SIZES),
        (4, "DYNAMIC_TOPIC_CONFIG", TOPIC, topic, OWN_SIZE),
    ):
        layered.broker.change(kind, resource, name, str(1000 * thousands))
        layers.append((source, str(1000 * thousands)))
        assert layered.chain(topic) == layers[::-1]
        assert layered.takes_up_to(topic, thousands)
    assert layered.value(SIZES) == ("DYNAMIC_BROKER_CONFIG", "3000")

    layered.restart()
    assert layered.chain(topic) == layers[::-1]
    assert layered.takes_up_to(topic, 4)
    for thousands, kind, resource, name in (
        (3, TOPIC, topic, OWN_SIZE),
        (2, BROKER, "1", SIZES),
        (1, BROKER, "", SIZES),
    ):
        layered.broker.change(kind, resource, name, None)
        layers.pop()
        assert layered.chain(topic) == layers[::-1]
        assert layered.takes_up_to(topic, thousands)
