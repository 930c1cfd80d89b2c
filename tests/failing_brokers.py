"""A client in a process of its own and in a language of its own, while each of three brokers goes away and comes back.

The client is told in lines what to do, and tells in lines what it did. It has two commands.

    flow BOOTSTRAP TOPIC GROUP PROTOCOL
        `send N` has an idempotent producer write the next N numbers, each to partition NUMBER % 3: `written NUMBER` or
        `failed NUMBER WHY`. Meanwhile a group of one reads (`read NUMBER`) and commits.
    copy BOOTSTRAP SOURCE TARGET GROUP PROTOCOL
        Reads committed records and writes the same to the same partition, with the offsets in the transaction. In the
        midst of each it says `amid` and waits for `go`; then `done COUNT`, or `again WHY` where it had to be aborted,
        or `anew WHY` where there had to be another client.

Both end with their input.
"""

import itertools
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster

SETTINGS = {
    "min.insync.replicas": 2,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.num.partitions": 3,
    "group.initial.rebalance.delay.ms": 0,
}
PARTITIONS = 3
PATIENCE_S = 60.0
MORE_THAN_A_SESSION_S = 10
TOPIC, SOURCE, TARGET, GROUP = "flow", "source", "target", "readers"
IN_FLIGHT, WHILE_AWAY, WHEN_BACK = 60, 60, 30
COPIED = 228  # nineteen transactions at least, as none has more than twelve records


def cluster_for(host: ClusterHost) -> KafkaCluster:
    """Three brokers, each of which leads something of everything."""
    kafka = host.cluster(SETTINGS, brokers=3, racks=["a", "b", "c"])
    for topic in (TOPIC, SOURCE, TARGET):
        kafka.topic(topic, PARTITIONS)
    return kafka


Change = Callable[[KafkaCluster, int], None]


class Trouble(NamedTuple):
    """How a broker goes away, and how it comes back."""

    leave: Change
    come_back: Change


def _kill(kafka: KafkaCluster, broker_id: int) -> None:
    kafka.brokers[broker_id].kill()


def _lose_power(kafka: KafkaCluster, broker_id: int) -> None:
    """It dies without what no fsync has covered, and it takes a session until anybody knows."""
    kafka.brokers[broker_id].kill(is_noticed=False, keeps_page_cache=False)
    kafka.clock.advance(seconds=MORE_THAN_A_SESSION_S)


def _stop(kafka: KafkaCluster, broker_id: int) -> None:
    kafka.brokers[broker_id].stop()


def _start(kafka: KafkaCluster, broker_id: int) -> None:
    kafka.brokers[broker_id].start()


def _freeze(kafka: KafkaCluster, broker_id: int) -> None:
    """Until others lead what it leads; its connections stay, and say nothing."""
    kafka.brokers[broker_id].freeze()
    kafka.clock.advance(seconds=MORE_THAN_A_SESSION_S)


def _resume(kafka: KafkaCluster, broker_id: int) -> None:
    kafka.brokers[broker_id].resume()


def _stall(kafka: KafkaCluster, broker_id: int) -> None:
    """As long, and then it goes on, with whatever it took for true."""
    _freeze(kafka, broker_id)
    _resume(kafka, broker_id)


def _lose_all(kafka: KafkaCluster, broker_id: int) -> None:
    """It dies first, then the others, until nobody is left; it comes back last."""
    order = [broker_id, *(one for one in kafka.brokers if one != broker_id)]
    for one in order:
        _kill(kafka, one)
    for one in reversed(order):
        _start(kafka, one)


def _cut_off(kafka: KafkaCluster, broker_id: int) -> None:
    """Only clients reach it, until others lead what it leads; it does not know until it hears of them again."""
    kafka.links.cut(broker_id, "controller")
    for other in kafka.brokers:
        if other != broker_id:
            kafka.links.cut(broker_id, other)
    kafka.clock.advance(seconds=MORE_THAN_A_SESSION_S)
    kafka.links.heal()


def _do_nothing(kafka: KafkaCluster, broker_id: int) -> None:
    """It is back already."""


_DEATHS = (
    Trouble(_kill, _start),
    Trouble(_lose_power, _start),
    Trouble(_stop, _start),
    Trouble(_lose_all, _do_nothing),
    Trouble(_cut_off, _do_nothing),
)
TROUBLES = (*_DEATHS, Trouble(_freeze, _resume))
# For a client that asks a broker which says nothing again and again, and no other.
BRIEF_TROUBLES = (*_DEATHS, Trouble(_stall, _do_nothing))


class ForeignClient:
    """The process; as a context, until it is killed at the latest."""

    def __init__(self, command: Sequence[str], stderr: Path) -> None:
        self._stderr = stderr
        with stderr.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self._process.stdout is not None
        self._changed = threading.Condition()
        self._told: list[tuple[str, str]] = []
        self._has_ended = False
        self._pump = threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True)
        self._pump.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._pump.join()
        assert self._process.stdin is not None
        self._process.stdin.close()

    def tell(self, line: str) -> None:
        """Have it do that."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def told(self, word: str) -> list[str]:
        """What it said behind that word, so far."""
        with self._changed:
            return [rest for first, rest in self._told if first == word]

    def numbers(self, word: str) -> list[int]:
        """The same, as numbers."""
        return [int(rest) for rest in self.told(word)]

    def wait_for(self, is_so: Callable[[], bool], why: str) -> None:
        """Until it has said what makes it so. AssertionError."""
        with self._changed:
            came = self._changed.wait_for(lambda: is_so() or self._has_ended, PATIENCE_S) and is_so()
        assert came, f"still not so: {why}\n{self._told[-20:]}\n{self.log()}"

    def end(self) -> None:
        """Have it end in good order. AssertionError."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(PATIENCE_S) == 0, self.log()

    def log(self) -> str:
        """The end of what it wrote to its log."""
        return self._stderr.read_text(errors="replace")[-4000:]

    def _listen(self, stdout: IO[str]) -> None:
        with stdout:
            for line in stdout:
                word, _, rest = line.strip().partition(" ")
                with self._changed:
                    self._told.append((word, rest))
                    self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()


def check_flow(kafka: KafkaCluster, client: ForeignClient, troubles: Sequence[Trouble] = TROUBLES) -> None:
    """Every record is acknowledged, read, and in the log once, though each broker goes away and comes back."""
    counts = itertools.accumulate(itertools.chain([WHEN_BACK], itertools.cycle((IN_FLIGHT, WHILE_AWAY, WHEN_BACK))))

    def send() -> int:
        count = next(counts)
        client.tell(f"send {count - len(sent)}")
        sent.extend(range(len(sent), count))
        return count

    def wait() -> None:
        client.wait_for(lambda: set(client.numbers("written")) == set(sent), "all is acknowledged")
        client.wait_for(lambda: set(client.numbers("read")) == set(sent), "all is read")

    sent: list[int] = []
    send()
    wait()
    for trouble in troubles:
        for broker_id in kafka.brokers:
            send()
            trouble.leave(kafka, broker_id)
            send()
            wait()
            trouble.come_back(kafka, broker_id)
            send()
            wait()
            for topic in (TOPIC, "__consumer_offsets"):
                kafka.await_in_sync(topic)
    assert not client.told("failed")
    for index in range(PARTITIONS):
        numbers = sent[index::PARTITIONS]
        assert [int(record.value or b"") for record in kafka.records(TOPIC, index)] == numbers
        for broker in kafka.brokers.values():
            assert [int(record.value or b"") for record in broker.records(TOPIC, index)] == numbers
    client.end()
    kafka.await_committed(GROUP, {(TOPIC, index): len(sent[index::PARTITIONS]) for index in range(PARTITIONS)})


def check_copy(
    kafka: KafkaCluster, client: ForeignClient, troubles: Sequence[Trouble] = TROUBLES, *, goes_on: bool = True
) -> None:
    """What is copied in transactions is there once, though in the midst of each a broker goes away.

    A client that does not always go on by itself may begin anew.
    """
    turns = itertools.cycle(itertools.product(troubles, kafka.brokers))
    kafka.produce(SOURCE, [b"%d" % number for number in range(COPIED)])
    for turn in itertools.count():
        client.wait_for(lambda: _is_amid(client) or _is_copied(client), "a transaction begins")
        if _is_copied(client):
            break
        trouble, broker_id = next(turns)
        if turn % 2:
            client.tell("go")
        trouble.leave(kafka, broker_id)
        if not turn % 2:
            client.tell("go")
        client.wait_for(partial(_has_ended, client, turn + 1), "the transaction ends")
        trouble.come_back(kafka, broker_id)
        for topic in (SOURCE, TARGET, "__consumer_offsets", "__transaction_state"):
            kafka.await_in_sync(topic)
    client.end()
    assert not (goes_on and client.told("anew"))
    for index in range(PARTITIONS):
        copied = [int(record.value or b"") for record in kafka.records(TARGET, index)]
        assert copied == list(range(COPIED))[index::PARTITIONS], client.told("again")


def _ended(client: ForeignClient) -> int:
    return sum(len(client.told(word)) for word in ("done", "again", "anew"))


def _has_ended(client: ForeignClient, count: int) -> bool:
    return _ended(client) >= count


def _is_amid(client: ForeignClient) -> bool:
    return len(client.told("amid")) > _ended(client)


def _is_copied(client: ForeignClient) -> bool:
    return sum(client.numbers("done")) >= COPIED
