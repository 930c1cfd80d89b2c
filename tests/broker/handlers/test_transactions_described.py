"""DescribeTransactions, ListTransactions, DescribeProducers and WriteTxnMarkers: what tools see and do."""

import pytest

from odradek.broker.testing.disks import FULL
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    TopicRequest,
)
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)

from .transaction_harness import Producer, TransactingBroker


def listed(broker: TransactingBroker, version: int, **filters: object) -> list[str]:
    """The ids that pass."""
    answer = broker.ask(ListTransactionsRequest(**filters), version, ListTransactionsResponse).answer  # type: ignore[arg-type]
    assert answer.error_code == 0
    return [state.transactional_id for state in answer.transaction_states]


def test_an_id_is_described_with_its_state_and_an_unknown_one_with_an_error() -> None:
    broker = TransactingBroker()
    who = broker.begin(timeout_ms=1234)
    found = broker.describe()
    assert (found.error_code, found.transaction_state, found.transaction_timeout_ms) == (0, "Empty", 1234)
    assert (found.producer_id, found.producer_epoch, found.transaction_start_time_ms) == (*who, -1)
    broker.add(who)
    assert broker.describe().transaction_start_time_ms == broker.clock.now_ms()
    for name, code in (("", ErrorCode.INVALID_REQUEST), ("nobody", ErrorCode.TRANSACTIONAL_ID_NOT_FOUND)):
        refused = broker.describe(name)
        assert (refused.error_code, refused.transaction_state, refused.producer_id) == (code, "", 0)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_ids_are_listed_by_state_and_producer(version: int) -> None:
    broker = TransactingBroker()
    broker.begin("idle")
    pid, _ = who = broker.begin("busy")
    broker.add(who, name="busy")
    assert listed(broker, version) == ["idle", "busy"]
    assert listed(broker, version, state_filters=["Ongoing"]) == ["busy"]
    assert listed(broker, version, state_filters=["empty", "Dead"]) == []
    assert listed(broker, version, producer_id_filters=[pid]) == ["busy"]
    request = ListTransactionsRequest(state_filters=["empty", "Empty", "?"])
    assert list(broker.ask(request, version, ListTransactionsResponse).answer.unknown_state_filters) == ["empty", "?"]


def test_ids_are_listed_by_age_and_name() -> None:
    broker = TransactingBroker()
    who = broker.begin("a-1")
    broker.add(who, name="a-1")
    broker.clock.advance(5.0)
    later = broker.begin("a-2")
    broker.add(later, name="a-2")
    assert listed(broker, 1, duration_filter=4999) == ["a-1"]
    assert listed(broker, 1, duration_filter=5000) == []
    assert listed(broker, 2, transactional_id_pattern="a-.") == ["a-1", "a-2"]
    assert listed(broker, 2, transactional_id_pattern="a") == []
    assert listed(broker, 2, transactional_id_pattern="") == ["a-1", "a-2"]
    request = ListTransactionsRequest(transactional_id_pattern="(")
    code = broker.ask(request, 2, ListTransactionsResponse).answer.error_code
    assert code == ErrorCode.INVALID_REGULAR_EXPRESSION


def producers(broker: TransactingBroker, topic: str = "t", index: int = 0) -> PartitionResponse:
    asked = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[index])])
    (found,) = broker.ask(asked, 0, DescribeProducersResponse).answer.topics
    (partition,) = found.partitions
    return partition


def test_producers_are_described_while_they_write_and_after() -> None:
    broker = TransactingBroker()
    pid, epoch = who = broker.begin()
    broker.write(who, version=12)
    (one,) = producers(broker).active_producers
    assert (one.producer_id, one.producer_epoch, one.last_sequence) == (pid, epoch, 0)
    assert (one.current_txn_start_offset, one.coordinator_epoch) == (0, -1)
    broker.end(who, commit=True, version=5)
    (one,) = producers(broker).active_producers
    assert (one.producer_epoch, one.last_sequence, one.current_txn_start_offset) == (epoch + 1, -1, -1)
    assert one.last_timestamp == broker.clock.now_ms()


def test_producers_of_what_does_not_exist_are_refused_with_a_reason_for_the_topic_only() -> None:
    broker = TransactingBroker()
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    for topic, message in (("t", None), ("nope", unknown.message)):
        found = producers(broker, topic, 9)
        assert (found.error_code, found.error_message) == (unknown, message)


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
