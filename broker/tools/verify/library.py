"""What the workers ask of a client library; one thin adapter per library answers to it.

Its one rule: whatever a library raises, and every call that outlives its timeout, becomes ClientError. A producer or
consumer that raised it may be in any state: a worker abandons it unless it knows better.
"""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .history import Acknowledged, Delivered, Isolation, Offsets, Record, TopicPartition

CLASSIC, CONSUMER = GROUP_PROTOCOLS = ("classic", "consumer")  # as `group.protocol` calls them


class ClientError(Exception):
    """A client library did not do what it was asked, or not in time."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The offset of each record that was sent, None where no answer came; `error` is the first reason."""

    offsets: Sequence[int | None]
    error: str = ""

    @property
    def is_complete(self) -> bool:
        return None not in self.offsets


class Consumer(Protocol):
    """Commits nothing by itself; begins at the earliest offset where nothing is committed."""

    assignments: int  # grows whenever partitions are assigned anew

    def assign(self, starts: Offsets) -> None:
        """Reads these partitions from these offsets, outside of any group."""
        ...

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Reads these partitions from where its group has committed (it has), without being a member."""
        ...

    def subscribe(self, topic: str) -> None:
        """Joins its group."""
        ...

    def poll(self, limit: int, timeout_s: float) -> list[Record]: ...

    def seek(self, offsets: Offsets) -> None: ...

    def commit(self, offsets: Offsets, timeout_s: float) -> None: ...

    def committed(
        self, partitions: Sequence[TopicPartition], timeout_s: float
    ) -> Mapping[TopicPartition, int | None]: ...

    def close(self) -> None: ...

    def abandon(self) -> None:
        """Goes away without leaving its group, as if killed."""
        ...


class Producer(Protocol):
    """Idempotent; transactional if it was made with a transactional id."""

    def init_transactions(self, timeout_s: float) -> None: ...

    def begin(self) -> None: ...

    def send(self, records: Sequence[Record], timeout_s: float) -> Delivery:
        """Sends and waits for every answer; never raises."""
        ...

    def send_offsets(self, offsets: Offsets, group: str, consumer: Consumer, timeout_s: float) -> None: ...

    def commit(self, timeout_s: float) -> None: ...

    def abort(self, timeout_s: float) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None:
        """Goes away without ending its transaction, as if killed."""
        ...


class Library(Protocol):
    """A client library, pointed at a broker."""

    @property
    def name(self) -> str: ...

    @property
    def codecs(self) -> Sequence[str]: ...

    @property
    def fences_by_group(self) -> bool:
        """Whether offsets that it sends to a transaction name its member and generation (KIP-447)."""
        ...

    @property
    def group_protocols(self) -> Sequence[str]:
        """What its members of groups can speak."""
        ...

    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> Producer: ...

    def consumer(self, group: str | None, isolation: Isolation, protocol: str = CLASSIC) -> Consumer:
        """`protocol` is what it speaks as a member of its group, one of `group_protocols`."""
        ...

    def close(self) -> None: ...


class EndConsumer(Consumer, Protocol):
    """A consumer that notices the ends of partitions."""

    def poll_with_ends(self, limit: int, timeout_s: float) -> tuple[list[Record], dict[TopicPartition, int]]:
        """As poll, and the partitions whose end was reached, with the offset of that end."""
        ...


class ObservingLibrary(Library, Protocol):
    """A library that can also make topics, and see where they end: each run needs one."""

    def create_topics(self, topics: Mapping[str, int], timeout_s: float, replicas: int = 1) -> None:
        """Makes topics of so many partitions and waits for them; ClientError when the broker cannot."""
        ...

    def end_offsets(
        self, partitions: Sequence[TopicPartition], isolation: Isolation, timeout_s: float
    ) -> Mapping[TopicPartition, int]:
        """The high watermarks, or with read_committed the last stable offsets."""
        ...

    def consumer(self, group: str | None, isolation: Isolation, protocol: str = CLASSIC) -> EndConsumer: ...


class ShareConsumer(Protocol):
    """One member of a share group, in a process of its own, so that it can die without a word."""

    troubles: list[str]  # lost connections and the like, since the caller last emptied it

    def poll(self, timeout_s: float) -> list[Delivered]: ...

    def acknowledge(self, records: Sequence[Acknowledged], timeout_s: float) -> Mapping[TopicPartition, str]:
        """Waits for the answers; says which partitions refused, or did not answer, and why."""
        ...

    def close(self) -> None: ...

    def kill(self) -> None: ...


class SharingLibrary(Protocol):
    """A library that has members of share groups (KIP-932)."""

    def share_consumer(self, group: str, topic: str) -> ShareConsumer: ...

    def configure_group(self, group: str, settings: Mapping[str, str], timeout_s: float) -> None: ...

    def brokers(self, timeout_s: float) -> Sequence[tuple[str, int]]:
        """Host and port of each broker."""
        ...


MODULES = {"confluent-kafka": "confluent_kafka", "kafka-python": "kafka", "aiokafka": "aiokafka"}


def installed() -> list[str]:
    """The libraries that could be used, by the names that pip knows."""
    return [name for name, module in MODULES.items() if importlib.util.find_spec(module) is not None]


def open_library(name: str, bootstrap: str) -> Library:
    """Imports a library and points it at a broker; ImportError if it is not installed."""
    module = importlib.import_module(f".with_{name.replace('-', '_')}", __package__)
    build: Callable[[str], Library] = module.connect
    return build(bootstrap)


def load(name: str) -> Any:
    """A module without types. Client libraries ship none, so what they hand back is checked by the adapters alone."""
    return importlib.import_module(name)
