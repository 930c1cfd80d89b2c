"""A real Kafka Streams application counts words exactly once, while it and its broker are killed, by both protocols."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from odradek.broker.wire import Wire
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse

from ..brokers import OdradekBroker
from ..clients.with_confluent_kafka import ConfluentKafka
from .apache_kafka import QUICK_JVM, OracleMissing, streams_jars

SOURCE = Path(__file__).with_name("WordCount.java")
WORDS = ["to", "be", "or", "not", "that", "is", "the", "question"]
PARTITIONS, ROUNDS, LINES = 3, 5, 60
START_S, SETTLE_S = 60.0, 120.0
SETTINGS = {
    "transaction.state.log.min.isr": "1",
    "group.streams.initial.rebalance.delay.ms": "0",
    "group.streams.min.session.timeout.ms": "6000",
    "group.streams.session.timeout.ms": "6000",
    "group.streams.min.heartbeat.interval.ms": "1000",
    "group.streams.heartbeat.interval.ms": "1000",
}


class Application:
    """The application in a JVM of its own; a state directory survives its process."""

    def __init__(self, directory: Path, broker: OdradekBroker, protocol: str) -> None:
        self._home = streams_jars()
        self._directory = directory
        self._broker = broker
        self._protocol = protocol
        self._output = directory / "application.out"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["java", *QUICK_JVM, f"-Dlog4j2.configurationFile={self._home / 'log4j2.properties'}"]
        command += ["-cp", f"{self._home / 'lib'}/*", str(SOURCE)]
        command += [self._broker.address, "counter", self._protocol, str(self._directory / "state"), "in", "out"]
        with self._output.open("wb") as output, (self._directory / "application.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=log)
        deadline = time.monotonic() + START_S
        while b"RUNNING" not in self._output.read_bytes():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        return (self._directory / "application.log").read_text()[-4000:]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[OdradekBroker]:
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("Kafka Streams needs java and mvn on the PATH")
    broker = OdradekBroker(tmp_path, SETTINGS)
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def application(tmp_path: Path, broker: OdradekBroker, protocol: str) -> Iterator[Application]:
    try:
        application = Application(tmp_path, broker, protocol)
    except OracleMissing as missing:
        pytest.skip(str(missing))
    yield application
    application.kill()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("protocol", ["streams", pytest.param("classic", marks=pytest.mark.soak)])
def test_words_are_counted_exactly_once_over_kills_of_the_application_and_of_the_broker(
    broker: OdradekBroker, application: Application, protocol: str
) -> None:
    admin = ConfluentKafka(broker.address)
    for name in ("in", "out"):
        admin.create_topic(name, PARTITIONS)
    admin.close()
    random = Random(7)
    expected: Counter[str] = Counter()
    application.start()
    assert group_type(broker.address) == protocol
    for number in range(ROUNDS):
        send(broker.address, random, expected)
        if number % 2 == 0:
            application.kill()
            application.start()
        else:
            broker.kill()
            broker.start()
    counted = read(broker.address, expected.total())
    assert {word: len(counts) for word, counts in counted.items()} == expected
    for word, counts in counted.items():
        assert counts == list(range(1, expected[word] + 1)), word


def group_type(address: str) -> str:
    """Of which kind the application's group is."""
    with Wire(address) as wire:
        (group,) = wire.ask(ListGroupsRequest(), 5, ListGroupsResponse).groups
    return group.group_type.lower()


def send(address: str, random: Random, expected: Counter[str]) -> None:
    """Lines of words, in haste: what is behind is worked on while something is killed."""
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True, "linger.ms": 5})
    for _ in range(LINES):
        words = random.choices(WORDS, k=random.randint(1, 6))
        expected.update(words)
        producer.produce("in", " ".join(words), partition=random.randrange(PARTITIONS))
    assert producer.flush(30) == 0


def read(address: str, total: int) -> dict[str, list[int]]:
    """The committed counts of each word, in their order: until there are so many, and none that come later."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "reader", "isolation.level": "read_committed"})
    consumer.assign([TopicPartition("out", index, 0) for index in range(PARTITIONS)])
    counted: dict[str, list[int]] = {}
    seen, deadline = 0, time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None:
            if seen >= total:
                break
            continue
        assert message.error() is None, message.error()
        key, value = message.key(), message.value()
        assert isinstance(key, bytes)
        assert isinstance(value, bytes)
        counted.setdefault(key.decode(), []).append(int.from_bytes(value, "big"))
        seen += 1
    consumer.close()
    return counted
