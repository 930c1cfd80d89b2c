"""Where the replicas of new partitions may be, in Kafka's words; and where that is this one node.

The rule: whoever creates partitions asks a `Placement`, and what it gives is recorded as it is.
"""

from collections.abc import Container, Sequence
from typing import Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig
from ..metadata.topic_records import PartitionAssignment
from ..slices import Steps


class Placement(Protocol):
    """Who may hold partitions."""

    def place(self, partitions: int, factor: int) -> Steps[Sequence[PartitionAssignment]]:
        """Choose who holds each of so many new partitions; INVALID_REPLICATION_FACTOR."""
        ...

    def assign(self, broker_ids: Sequence[int], index: int, factor: int | None) -> PartitionAssignment:
        """The partition of this index is to be held by these; INVALID_REPLICA_ASSIGNMENT.

        A `factor` is how many replicas the partitions before it have.
        """
        ...


class OneNodePlacement:
    """Everything is on this one node, which is always there."""

    def __init__(self, node_id: int, directory_id: bytes) -> None:
        self._node_ids = (node_id,)
        self._here = PartitionAssignment(self._node_ids, (directory_id,), self._node_ids)

    def place(self, partitions: int, factor: int) -> Steps[Sequence[PartitionAssignment]]:
        if factor > 1:
            raise too_few_brokers(factor, 1)
        return [self._here] * partitions
        yield

    def assign(self, broker_ids: Sequence[int], index: int, factor: int | None) -> PartitionAssignment:
        check_replicas(broker_ids, self._node_ids, factor)
        return self._here


def check_replicas(broker_ids: Sequence[int], registered: Container[int], factor: int | None = None) -> None:
    """Whether a client may place a partition there; INVALID_REPLICA_ASSIGNMENT if not.

    As in Apache Kafka the lowest id that is wrong is named. A `factor` is how many replicas other partitions have.
    """
    if not broker_ids:
        raise _refused("an empty replica list.")
    before: int | None = None
    for broker_id in sorted(broker_ids):
        if broker_id not in registered:
            raise _refused(f"broker {broker_id}, but no such broker is registered.")
        if broker_id == before:
            raise _refused(f"the broker {broker_id} more than once.")
        before = broker_id
    if factor is not None and len(broker_ids) != factor:
        raise _refused(
            f"a partition with {len(broker_ids)} replica(s), but this is not consistent with previous partitions, "
            f"which have {factor} replica(s)."
        )


def place_new_topic(
    placement: Placement, partitions: int, factor: int, config: BrokerConfig
) -> Steps[Sequence[PartitionAssignment]]:
    """Who holds the partitions of a topic that is to come; INVALID_REPLICATION_FACTOR, in the words for a topic."""
    factor = config.replication_factor(factor)
    try:
        return (yield from placement.place(partitions, factor))
    except KafkaError as error:
        if error.code != ErrorCode.INVALID_REPLICATION_FACTOR:
            raise
        raise KafkaError(error.code, f"Unable to replicate the partition {factor} time(s): {error.message}") from None


def too_few_brokers(factor: int, brokers: int) -> KafkaError:
    """Why there cannot be so many replicas."""
    return KafkaError(
        ErrorCode.INVALID_REPLICATION_FACTOR,
        f"The target replication factor of {factor} cannot be reached because only {brokers} broker(s) are registered "
        "or some brokers have all their log directories cordoned.",
    )


def _refused(why: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"The manual partition assignment includes {why}")
