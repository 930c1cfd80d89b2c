"""The marker that ends a transaction in a partition, and the way to the broker that leads the partition."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ....protocol.errors import ErrorCode
from ....storage.log_results import AppendInfo
from ...topics.partition import Partition
from .transaction import TopicPartition


class TransactionMarker(NamedTuple):
    """As WriteTxnMarkers has it: whose transaction ends, how, and in which epoch of its coordinator."""

    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    is_commit: bool
    must_raise_epoch: bool  # transactions V2 end in a higher epoch than they were written with (KIP-1228)

    def append_to(self, partition: Partition, now_ms: int) -> AppendInfo:
        """Write it to a partition that is led here, if enough replicas are in sync. KafkaError, OSError."""
        partition.check_leader()
        if partition.leadership is not None:
            partition.leadership.check_in_sync()
        return partition.append_marker(
            self.producer_id,
            self.producer_epoch,
            self.coordinator_epoch,
            is_commit=self.is_commit,
            now_ms=now_ms,
            must_raise_epoch=self.must_raise_epoch,
        )


class Sent(Protocol):
    """A marker on its way."""

    def cancel(self) -> None:
        """It is not to be written any more, unless it has been; nobody waits for the answer."""
        ...


class MarkerChannel(Protocol):
    """Where a coordinator gives the markers of partitions that other brokers lead."""

    def write(self, at: TopicPartition, marker: TransactionMarker, then: Callable[[ErrorCode], None]) -> Sent:
        """Have the leader write it; `then` hears in a later turn of the loop that all in sync have it, or an error.

        NETWORK_EXCEPTION where nobody knows whether it was written.
        """
        ...
