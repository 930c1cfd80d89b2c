"""Defaults of Kafka that want several brokers: one has one of each, and more have as many as Kafka wants."""

from collections.abc import Mapping
from typing import Final

OF_KAFKA: Final[Mapping[str, int]] = {
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
    "share.coordinator.state.topic.replication.factor": 3,
    "share.coordinator.state.topic.min.isr": 2,
}


def replicas_by_default(name: str, brokers: int) -> int | None:
    """The default of a setting that counts replicas, in a cluster of so many brokers; None for any other setting."""
    wanted = OF_KAFKA.get(name)
    return None if wanted is None else min(wanted, brokers)
