"""WriteTxnMarkers: the end of transactions, partition by partition, whatever their coordinator thinks of them."""

import pytest

from odradek.broker.testing.disks import FULL
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)

from .transaction_harness import Producer, TransactingBroker


def mark(
    broker: TransactingBroker,
    who: Producer,
    version: int = 2,
    *,
    commit: bool = False,
    coordinator_epoch: int = 0,
    transaction_version: int = 0,
    topic: str = "t",
    index: int = 0,
) -> int:
    """WriteTxnMarkers for one partition: its error."""
    marker = WritableTxnMarker(
        producer_id=who[0],
        producer_epoch=who[1],
        transaction_result=commit,
        topics=[WritableTxnMarkerTopic(name=topic, partition_indexes=[index])],
        coordinator_epoch=coordinator_epoch,
        transaction_version=transaction_version,
    )
    answer = broker.ask(WriteTxnMarkersRequest(markers=[marker]), version, WriteTxnMarkersResponse).answer
    ((found,),) = [[p.error_code for p in t.partitions] for one in answer.markers for t in one.topics]
    return found


@pytest.mark.parametrize("version", [1, 2])
def test_a_marker_ends_a_transaction_that_hangs(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.write(who, version=12)
    assert mark(broker, who, version) == 0
    assert broker.stable_and_end() == (2, 2)
    assert mark(broker, (who[0], who[1] - 1), version) == ErrorCode.INVALID_PRODUCER_EPOCH
    assert mark(broker, who, version, topic="nope") == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert mark(broker, who, version, index=9) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert mark(broker, (77, 3), version) == 0


def test_a_marker_of_an_old_coordinator_is_refused() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert mark(broker, who, coordinator_epoch=3) == 0
    assert mark(broker, who, coordinator_epoch=2) == ErrorCode.TRANSACTION_COORDINATOR_FENCED


def test_a_v2_marker_must_raise_the_epoch_of_the_open_transaction() -> None:
    broker = TransactingBroker()
    pid, epoch = who = broker.begin()
    broker.write(who, version=12)
    assert mark(broker, who, transaction_version=2) == ErrorCode.INVALID_PRODUCER_EPOCH
    assert mark(broker, (pid, epoch + 1), transaction_version=2) == 0
    assert mark(broker, (pid, epoch + 1), transaction_version=2) == 0


def test_a_marker_on_the_offsets_topic_shows_what_it_commits_and_a_full_disk_is_told() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.commit_offset(who, 5, version=5)
    at = broker.context.groups.partition_of("g")
    broker.files.write_error = FULL
    refused = mark(broker, who, commit=True, topic="__consumer_offsets", index=at)
    assert refused == ErrorCode.KAFKA_STORAGE_ERROR
    broker.files.write_error = None
    assert mark(broker, who, commit=True, topic="__consumer_offsets", index=at) == 0
    assert broker.offset() == 5
