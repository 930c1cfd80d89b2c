"""Consume, transform, produce: through kills of broker and copier, each record is copied exactly once."""

import queue
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from ..brokers import BrokerProcess
from ..conftest import FreshBroker
from .client_process import DONE, OPEN, ClientProcess
from .conftest import CLIENTS
from .raw_questions import committed_by
from .stock_client import Message, StockClient, create, read_to_end

PARTITIONS = 2
RECORDS = 100_000
DEADLINE_S = 140.0


class Copier:
    """Keeps a copier process alive: whenever it ends, for whatever reason, another one takes its place."""

    def __init__(self, start: Callable[[], ClientProcess]) -> None:
        self._start = start
        self._process = start()
        self._deadline = time.monotonic() + DEADLINE_S
        self.copied = 0
        self.lives = 1

    def next_line(self) -> str:
        """What it does next; empty if it is quiet for a moment."""
        assert time.monotonic() < self._deadline, f"{self.copied} copied in {DEADLINE_S} s and {self.lives} lives"
        try:
            line = self._process.line(0.1)
        except queue.Empty:
            return ""
        if line is None:
            self.kill()
            return ""
        if line.startswith(DONE):
            self.copied += int(line.removeprefix(DONE))
        return line

    def kill(self) -> None:
        """Kills the one that copies; the next takes up what it leaves."""
        self._process.kill()
        self._process = self._start()
        self.lives += 1

    def end(self) -> None:
        self._process.kill()


def until_open(copier: Copier, copied: int) -> None:
    """Waits until that many are copied and the next transaction is under way, its records written."""
    while copier.next_line() != OPEN or copier.copied < copied:
        pass


@pytest.mark.timeout(180)
def test_every_record_is_copied_exactly_once_though_broker_and_copier_are_killed(
    client_name: str, fresh_broker: FreshBroker, topic: str, group: str
) -> None:
    broker = fresh_broker({})
    admin = CLIENTS["confluent-kafka"](broker.address)
    source, target, count = topic, f"{topic}-copy", RECORDS
    for one in (source, target):
        create(admin, one, PARTITIONS)
    fill(admin, source, count)
    arguments = {"source": source, "target": target, "group": group, "transactional_id": f"x-{topic}"}
    copier = Copier(lambda: ClientProcess("copy", client_name, broker.address, **arguments))
    try:
        copy_through_kills(copier, broker, count)
        while committed(broker, group, source) != [count // PARTITIONS] * PARTITIONS:
            copier.next_line()
    finally:
        copier.end()
    check_copies(read_to_end(admin, target, "read_committed", PARTITIONS), count)
    assert copier.lives >= 3
    admin.close()


def copy_through_kills(copier: Copier, broker: BrokerProcess, count: int) -> None:
    until_open(copier, count // 10)
    copier.kill()
    until_open(copier, count // 4)
    broker.kill()
    broker.start()
    until_open(copier, count // 2)
    copier.kill()
    broker.kill()
    broker.start()


def fill(client: StockClient, topic: str, count: int) -> None:
    producer = client.producer(idempotent=True)
    for number in range(count):
        producer.send(topic, Message(b"%d" % number, partition=number % PARTITIONS))
    producer.flush()
    producer.close()


def committed(broker: BrokerProcess, group: str, topic: str) -> list[int]:
    """How far the group is, by partition; -1 where nothing is committed or a transaction is open."""
    asked = [committed_by(broker.address, group, topic, number, require_stable=True) for number in range(PARTITIONS)]
    return [offset for _, offset in asked]


def check_copies(copies: Sequence[Sequence[bytes]], count: int) -> None:
    """Each once, and in the order of its partition. (A diff of lists that long would take minutes.)"""
    times = Counter(value for partition in copies for value in partition)
    assert [number for number in range(count) if b"copy-%d" % number not in times][:10] == [], "lost"
    assert [value for value, seen in times.items() if seen > 1][:10] == [], "doubled"
    assert times.total() == count
    for number, partition in enumerate(copies):
        is_in_order = partition == [b"copy-%d" % one for one in range(number, count, PARTITIONS)]
        assert is_in_order, f"partition {number} is out of order"
