"""Contexts: in whose context something of a cluster is to be looked at: whoever leads a partition has what is in it.

A cluster of one broker has one context, and everything is there.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from ..protocol.errors import ErrorCode, KafkaError
from .context import Context
from .coordination.groups.group import Group
from .coordination.transactions.transaction import Transaction
from .metadata.image import MetadataImage
from .topics.partition import Partition


class Contexts(Protocol):
    """The contexts of the brokers that there are. NotRunning of all of it: the cluster has ended."""

    @property
    def image(self) -> MetadataImage:
        """What is recorded of the cluster, whether all brokers have heard of it or not."""
        ...

    @property
    def first(self) -> Context:
        """Of the first broker that is there, whatever has become of it. BROKER_NOT_AVAILABLE."""
        ...

    @property
    def active(self) -> Context:
        """Of the first that serves and reaches the controller. BROKER_NOT_AVAILABLE."""
        ...

    def all(self) -> Sequence[Context]:
        """Of all brokers that are there."""
        ...

    def of_leader(self, topic: str, index: int, *, is_to_write: bool = False) -> Context:
        """Of the broker that leads a partition, which there is; LEADER_NOT_AVAILABLE.

        Where it `is_to_write`, also for one that leads and is frozen.
        """
        ...

    def of_group(self, group_id: str) -> Context:
        """Of the coordinator of a group; COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS."""
        ...

    def of_transaction(self, transactional_id: str) -> Context:
        """Of the coordinator of a transactional id; likewise."""
        ...


class OneContext:
    """`Contexts` of a cluster of one broker."""

    def __init__(self, find: Callable[[], Context]) -> None:
        """`find` gives the context as it is now; NotRunning."""
        self._find = find

    @property
    def image(self) -> MetadataImage:
        return self._find().metadata.image

    @property
    def first(self) -> Context:
        return self._find()

    @property
    def active(self) -> Context:
        return self._find()

    def all(self) -> Sequence[Context]:
        return [self._find()]

    def of_leader(self, topic: str, index: int, *, is_to_write: bool = False) -> Context:
        return self._find()

    def of_group(self, group_id: str) -> Context:
        return self._find()

    def of_transaction(self, transactional_id: str) -> Context:
        return self._find()


def leader_partition(contexts: Contexts, topic: str, index: int, *, is_to_write: bool = False) -> Partition:
    """A partition as its leader has it; UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE."""
    found = contexts.image.topics.get(topic)
    if found is None or index not in found.partitions:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return contexts.of_leader(topic, index, is_to_write=is_to_write).topics.partition(topic, index)


def all_groups(contexts: Contexts) -> Iterator[tuple[Context, Group]]:
    """Every group with the context of its coordinator; not those whose coordinator is not there."""
    for context in contexts.all():
        for group in context.groups.groups():
            if _is_at(context, lambda: contexts.of_group(group.group_id)):  # noqa: B023
                yield context, group


def all_transactions(contexts: Contexts) -> Iterator[tuple[Context, Transaction]]:
    """Every transactional id with the context of its coordinator; likewise."""
    for context in contexts.all():
        for transaction in context.transactions.transactions():
            if _is_at(context, lambda: contexts.of_transaction(transaction.transactional_id)):  # noqa: B023
                yield context, transaction


def _is_at(context: Context, find: Callable[[], Context]) -> bool:
    try:
        return find() is context
    except KafkaError:
        return False
