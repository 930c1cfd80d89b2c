"""A broker whose settings are changed while it runs, and what of its data directory shows that they count."""

import contextlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from odradek.broker.wire import Wire
from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.metadata_records import ConfigResourceType

from ..brokers import BrokerProcess
from .stock_client import Message, create, until
from .with_confluent_kafka import ConfluentKafka, ConfluentProducer

Level = Literal["topic", "own", "default"]

STEP_MS = 10_000  # a record so much later begins a segment where segment.ms is a second
SET, DELETE = 0, 1


class ChangeableBroker:
    """A running broker, with a connection that is kept for changes: a broker that is full takes no new one."""

    def __init__(self, process: BrokerProcess) -> None:
        self.process = process
        self.address = process.address
        self.client = ConfluentKafka(process.address)
        self._wire = Wire(process.address)

    def change(self, kind: ConfigResourceType, resource: str, name: str, value: str | None) -> None:
        """Set one setting, or with None take it back; AssertionError in the broker's words if it is refused."""
        operation = DELETE if value is None else SET
        entry = AlterableConfig(name=name, config_operation=operation, value=value)
        change = AlterConfigsResource(resource_type=kind, resource_name=resource, configs=[entry])
        request = IncrementalAlterConfigsRequest(resources=[change])
        (answer,) = self._wire.ask(request, 1, IncrementalAlterConfigsResponse).responses
        assert answer.error_code == 0, answer.error_message

    def close(self) -> None:
        self._wire.close()
        self.client.close()


class ChangedTopic:
    """One topic, and the one setting that a test is about: of the topic, of this broker, or of all brokers.

    `name` is what a topic calls it, `changed_as` what whoever changes it does.
    """

    def __init__(self, broker: ChangeableBroker, topic: str, level: Level, name: str, changed_as: str) -> None:
        self.broker, self.topic = broker, topic
        self.client = broker.client
        self._level, self._name, self._changed_as = level, name, changed_as
        self._producer: ConfluentProducer | None = None
        self.began_ms = int(time.time() * 1000) - 3_600_000

    def create(self, configs: Mapping[str, str]) -> None:
        create(self.client, self.topic, 1, **{name.replace(".", "_"): value for name, value in configs.items()})

    def set(self, value: str | None) -> None:
        """Give the setting a value, which the topic is then described to have; None takes it back."""
        if self._level == "topic":
            self.broker.change(ConfigResourceType.TOPIC, self.topic, self._changed_as, value)
        else:
            node = "1" if self._level == "own" else ""
            self.broker.change(ConfigResourceType.BROKER, node, self._changed_as, value)
        if value is not None:
            until(lambda: self.client.topic_configs(self.topic)[self._name] == value, f"{self._name} is {value}")

    def write(self, value: bytes | None, *, key: bytes | None = b"k", age: int = 0, codec: str = "none") -> int:
        """A batch of one record, `age` steps after the first; its offset."""
        if self._producer is None:
            self._producer = self.client.producer(codec=codec)
        self._producer.send(self.topic, Message(value, key, timestamp_ms=self.began_ms + age * STEP_MS))
        (offset,) = self._producer.flush()
        return offset

    def restart_producer(self) -> None:
        """Whoever writes after an error does so with a producer that has none to report."""
        if self._producer is not None:
            self._producer.close()
        self._producer = None

    def begins_at(self) -> int:
        return self.client.offset_range(self.topic)[0]

    def first(self) -> Message:
        """The first record that is there."""
        (found,) = self.client.read(self.topic, 1, offset=self.begins_at())
        return found

    def all(self) -> list[Message]:
        """Every record that a reader meets."""
        end = self.client.offset_range(self.topic)[1]
        reader = self.client.reader(self.topic, [0], "read_uncommitted")
        found: list[Message] = []

        def is_at_the_end() -> bool:
            found.extend(reader.poll(0.1))
            return reader.position(0) == end

        try:
            until(is_at_the_end, f"the reader of {self.topic} is at {end}")
        finally:
            reader.close()
        return found

    def files(self, suffix: str = ".log") -> list[Path]:
        return sorted(self.directory.glob(f"*{suffix}"))

    def batches(self) -> list[RecordBatch]:
        """As they are stored, in order."""
        return [batch for path in self.files() for batch in whole_batches(path.read_bytes())]

    @property
    def directory(self) -> Path:
        return self.broker.process.data_dir / f"{self.topic}-0"

    def recovery_point(self) -> int:
        """What the checkpoint file has; 0 if nothing."""
        checkpoint = self.broker.process.data_dir / "recovery-point-offset-checkpoint"
        lines = checkpoint.read_text().splitlines() if checkpoint.exists() else []
        found = [line.split() for line in lines]
        return next((int(one[2]) for one in found if one[:2] == [self.topic, "0"]), 0)

    def close(self) -> None:
        """Leave nothing that the next test would meet."""
        if self._producer is not None:
            self._producer.close()
        if self._level != "topic":
            self.set(None)
        with contextlib.suppress(Exception):  # a test may have deleted it
            self.client.delete_topic(self.topic)


def until_seen(look: Callable[[], bool], why: str) -> None:
    """As `until`; files may come and go under the look."""

    def is_seen() -> bool:
        try:
            return look()
        except FileNotFoundError:
            return False

    until(is_seen, why)


def words(count: int, seed: int = 1) -> bytes:
    """A text that compresses, and the better the more a codec tries."""
    chance = random.Random(seed)
    some = [bytes(chance.choices(b"abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(400)]
    return b" ".join(chance.choices(some, k=count))


def sizes(paths: Sequence[Path]) -> list[int]:
    return [path.stat().st_size for path in paths]
