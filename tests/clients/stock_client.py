"""What every test asks of a stock client; one adapter per client library answers to it.

The adapters are thin: they set nothing that a test does not ask for, and they hide no failure.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

DEADLINE_S = 30.0
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")

Isolation = Literal["read_uncommitted", "read_committed"]

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One record, as sent or as read; `offset` and the timestamp's type are known only when read."""

    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None
    partition: int = 0
    offset: int = -1
    has_log_append_time: bool = False

    def content(self) -> tuple[bytes | None, bytes | None, Headers]:
        """What the producer gave: value, key, headers."""
        return self.value, self.key, self.headers


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a client's admin says of the cluster."""

    cluster_id: str
    controller_id: int
    brokers: Mapping[int, str]


class Producer(Protocol):
    """Sends in order; `flush` waits for the answers."""

    def send(self, topic: str, message: Message) -> None: ...

    def flush(self, timeout_s: float = DEADLINE_S) -> list[int]:
        """The offsets of everything sent since the last flush, in that order; raises the first failure."""
        ...

    def close(self) -> None: ...


class Member(Protocol):
    """A consumer in a group, which commits only when told to."""

    def poll(self, timeout_s: float) -> list[Message]: ...

    def assigned(self) -> set[int]:
        """The partitions it owns now (tests give a group one topic)."""
        ...

    def position(self, partition: int) -> int:
        """The offset that it will read next of a partition that it owns."""
        ...

    def commit(self) -> None:
        """Commits what was polled, and waits for the answer."""
        ...

    def commit_at(self, topic: str, partition: int, offset: int, metadata: str = "") -> None: ...

    def committed(self, topic: str, partition: int) -> tuple[int, str] | None:
        """Offset and metadata of the group's commit. aiokafka and confluent-kafka may not tell metadata."""
        ...

    def close(self) -> None: ...


class Transactional(Producer, Protocol):
    """A producer with a transactional id, whose transactions have been initialised."""

    def begin(self) -> None: ...

    def send_offsets(self, member: Member, topic: str, offsets: Mapping[int, int]) -> None:
        """Commits the member's offsets (by partition) with the transaction."""
        ...

    def commit(self) -> None:
        """Sends what is unsent, too."""
        ...

    def abort(self) -> None: ...


class Reader(Protocol):
    """Reads partitions of one topic from the beginning, without a group."""

    def poll(self, timeout_s: float) -> list[Message]: ...

    def position(self, partition: int) -> int:
        """The offset that it will read next, control records and hidden ones passed."""
        ...

    def close(self) -> None: ...


class StockClient(Protocol):
    """A client library, pointed at a broker."""

    name: str
    sends_null_headers: bool  # kafka-python reads them, but refuses to send them
    waits_for_stable_offsets: bool  # aiokafka knows no OffsetFetch that could

    def producer(self, *, codec: str = "none", acks: int = -1, idempotent: bool = False) -> Producer: ...

    def read(
        self, topic: str, count: int, *, partition: int = 0, offset: int = 0, timeout_s: float = DEADLINE_S
    ) -> list[Message]:
        """The next `count` records from `offset` on, without a group; fewer when time runs out."""
        ...

    def transactional(self, transactional_id: str, *, timeout_ms: int = 60000) -> Transactional:
        """Ends what an earlier instance of that id left open."""
        ...

    def is_fenced(self, error: BaseException) -> bool:
        """Whether that is how the library says that another instance has taken over the transactional id."""
        ...

    def reader(
        self, topic: str, partitions: Sequence[int], isolation: Isolation, *, max_wait_ms: int = 500
    ) -> Reader: ...

    def member(
        self, group: str, topic: str, *, instance_id: str | None = None, isolation: Isolation | None = None
    ) -> Member:
        """`isolation` None is what the library does by itself."""
        ...

    def offset_range(self, topic: str, partition: int = 0, isolation: Isolation | None = None) -> tuple[int, int]:
        """(beginning, end)."""
        ...

    def offset_for_time(self, topic: str, timestamp_ms: int, partition: int = 0) -> int | None:
        """The first offset whose timestamp is at least that; None if there is none."""
        ...

    def create_topic(self, topic: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> None: ...

    def delete_topic(self, topic: str) -> None: ...

    def grow_topic(self, topic: str, partitions: int) -> None:
        """So many partitions in all."""
        ...

    def set_topic_config(self, topic: str, name: str, value: str | None) -> None:
        """None takes the topic's own value back. aiokafka replaces all that the topic has of its own."""
        ...

    def delete_records(self, topic: str, before: int, partition: int = 0) -> int:
        """Delete what lies below an offset; where the partition begins now."""
        ...

    def topics(self) -> Mapping[str, int]:
        """Every topic with its number of partitions."""
        ...

    def topic_configs(self, topic: str) -> Mapping[str, str | None]: ...

    def cluster(self) -> Cluster: ...

    def close(self) -> None: ...


def until(is_true: Callable[[], bool], why: str, *, timeout_s: float = DEADLINE_S, pause_s: float = 0.02) -> None:
    """Waits until it is true; AssertionError at the deadline."""
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, f"still not so after {timeout_s} s: {why}"
        time.sleep(pause_s)


def gather(poll: Callable[[float], Sequence[Message]], count: int, timeout_s: float = DEADLINE_S) -> list[Message]:
    """Polls until `count` messages are there, or time runs out."""
    found: list[Message] = []
    deadline = time.monotonic() + timeout_s
    while len(found) < count and time.monotonic() < deadline:
        found += poll(0.2)
    return found


def read_to_end(client: StockClient, topic: str, isolation: Isolation, partitions: int = 1) -> list[list[bytes]]:
    """The values of each partition, read until the reader stands at the end that this isolation knows."""
    ends = [client.offset_range(topic, partition, isolation)[1] for partition in range(partitions)]
    values: list[list[bytes]] = [[] for _ in range(partitions)]
    reader = client.reader(topic, range(partitions), isolation)

    def is_at_the_ends() -> bool:
        for message in reader.poll(0.1):
            values[message.partition].append(message.value or b"")
        return [reader.position(partition) for partition in range(partitions)] == ends

    try:
        until(is_at_the_ends, f"the reader's positions in {topic} are {ends}")
    finally:
        reader.close()
    return values


def send_all(
    client: StockClient, topic: str, messages: Sequence[Message], *, codec: str = "none", acks: int = -1
) -> list[int]:
    """Produces the messages with a producer of their own; their offsets."""
    producer = client.producer(codec=codec, acks=acks)
    try:
        for message in messages:
            producer.send(topic, message)
        return producer.flush()
    finally:
        producer.close()


def create(client: StockClient, topic: str, partitions: int = 1, **configs: str) -> None:
    """Creates a topic (config names with _ for the dots) and waits until it can be written to.

    Apache Kafka answers before every part of it knows the new topic.
    """
    client.create_topic(topic, partitions, {name.replace("_", "."): value for name, value in configs.items()})
    until(lambda: client.topics().get(topic) == partitions, f"{topic} has {partitions} partitions")
