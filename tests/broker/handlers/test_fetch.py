"""Fetch: what is read, within which limits, and what is refused. Waiting has test_fetch_waits.py, sessions
test_fetch_sessions.py beside the parts.
"""

import pytest

from odradek.broker.handlers.fetch import MOST_AT_ONCE_BYTES
from odradek.broker.testing.disks import BROKEN
from odradek.broker.testing.topics import delete_topics
from odradek.broker.topics.topics import Topic
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.fetch import (
    EpochEndOffset,
    FetchRequest,
    FetchTopic,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionData,
    ReplicaState,
)

from .broker_harness import AskedBroker, batch, fetch_request, offsets_in, served, wanted

BATCH = batch(b"v" * 100)
SIZE = len(BATCH)


@pytest.fixture
def broker() -> AskedBroker:
    """A topic of two partitions with five batches of one record each."""
    broker = AskedBroker()
    for partition in broker.create(partitions=2).partitions:
        broker.append(partition, *[BATCH] * 5)
    return broker


def topic_of(broker: AskedBroker, name: str = "t") -> Topic:
    topic = broker.topics.find(name)
    assert topic is not None
    return topic


def read(broker: AskedBroker, request: FetchRequest, version: int = 12) -> list[list[int]]:
    """The base offsets of the batches, partition by partition."""
    answer = broker.fetch(request, version).answer
    return [offsets_in(partition.records) for topic in answer.responses for partition in topic.partitions]


def refused(
    code: ErrorCode, *, is_before_the_read: bool = False, leader: LeaderIdAndEpoch | None = None
) -> PartitionData:
    return PartitionData(
        partition_index=0,
        error_code=code,
        high_watermark=-1,
        last_stable_offset=-1,
        log_start_offset=-1,
        aborted_transactions=[] if is_before_the_read else None,
        current_leader=leader or LeaderIdAndEpoch(),
        records=b"",
    )


@pytest.mark.parametrize("version", served(ApiKey.FETCH))
def test_every_version_reads_the_batches_as_they_are_stored(broker: AskedBroker, version: int) -> None:
    topic = topic_of(broker)
    found = broker.fetch(fetch_request(topic, wanted(3)), version).answer
    (answer,) = found.responses
    (data,) = answer.partitions
    assert (answer.topic, answer.topic_id) == (("t", bytes(16)) if version < 13 else ("", topic.topic_id))
    assert (data.error_code, data.high_watermark, data.last_stable_offset) == (0, 5, 5)
    assert data.log_start_offset == (0 if version >= 5 else -1)
    assert data.aborted_transactions is None
    assert data.preferred_read_replica == -1
    assert offsets_in(data.records) == [3, 4]
    assert data.records is not None
    assert bytes(data.records)[16:SIZE] == BATCH[16:]
    assert (found.error_code, found.session_id) == (0, 0)


@pytest.mark.parametrize("version", [4, 11, 12, 18])
def test_where_there_is_nothing_the_records_are_empty_and_not_null(broker: AskedBroker, version: int) -> None:
    data = broker.fetch_one(fetch_request(topic_of(broker), wanted(5)), version)
    assert (data.error_code, data.records, data.high_watermark) == (0, b"", 5)


@pytest.mark.parametrize("offset", [-1, -2, 6, 1 << 62])
def test_an_offset_outside_the_log_is_out_of_range_and_nothing_is_disclosed(broker: AskedBroker, offset: int) -> None:
    assert broker.fetch_one(fetch_request("t", wanted(offset))) == refused(ErrorCode.OFFSET_OUT_OF_RANGE)


def test_an_offset_below_the_log_start_is_out_of_range(broker: AskedBroker) -> None:
    topic_of(broker).partitions[0].log.delete_records_before(2)
    assert broker.fetch_one(fetch_request("t", wanted(1))).error_code == ErrorCode.OFFSET_OUT_OF_RANGE
    data = broker.fetch_one(fetch_request("t", wanted(2)))
    assert (data.log_start_offset, offsets_in(data.records)) == (2, [2, 3, 4])


def test_a_read_begins_with_the_batch_that_holds_the_offset() -> None:
    broker = AskedBroker()
    broker.append(broker.create().partitions[0], batch(b"a", b"b", b"c"), batch(b"d"))
    assert read(broker, fetch_request("t", wanted(2))) == [[0, 3]]


# Limits


@pytest.mark.parametrize(
    ("partition_max", "max_bytes", "count"),
    [
        (2 * SIZE, 1 << 30, 2),
        (1 << 30, 3 * SIZE, 3),
        (2 * SIZE + SIZE // 2, 1 << 30, 2),  # whole batches only
        (1, 1 << 30, 1),  # the first one, however large
        (1 << 30, 1, 1),
        (0, 0, 1),
    ],
)
def test_limits_cut_between_batches_and_never_the_first(
    broker: AskedBroker, partition_max: int, max_bytes: int, count: int
) -> None:
    request = fetch_request("t", wanted(max_bytes=partition_max), max_bytes=max_bytes)
    assert read(broker, request) == [list(range(count))]


@pytest.mark.parametrize(("partition_max", "max_bytes"), [(-1, 1000), (1000, -1)])
def test_a_negative_limit_is_an_unknown_error(broker: AskedBroker, partition_max: int, max_bytes: int) -> None:
    request = fetch_request("t", wanted(max_bytes=partition_max), max_bytes=max_bytes)
    assert broker.fetch_one(request) == refused(ErrorCode.UNKNOWN_SERVER_ERROR)


@pytest.mark.parametrize(
    ("max_bytes", "found"),
    [
        (1, [[0], []]),
        (4 * SIZE, [[0, 1, 2, 3], []]),
        (6 * SIZE, [[0, 1, 2, 3, 4], [0]]),
        (6 * SIZE - 1, [[0, 1, 2, 3, 4], []]),  # what does not fit whole is the next fetch's
    ],
)
def test_partitions_share_one_budget_in_their_order(
    broker: AskedBroker, max_bytes: int, found: list[list[int]]
) -> None:
    request = fetch_request("t", wanted(), wanted(index=1), max_bytes=max_bytes)
    assert read(broker, request) == found


def test_the_first_batch_may_be_too_large_only_where_nothing_was_read_before(broker: AskedBroker) -> None:
    request = fetch_request("t", wanted(5), wanted(index=1), max_bytes=1)
    assert read(broker, request) == [[], [0]]


def test_the_brokers_own_limit_counts_too() -> None:
    broker = AskedBroker({"fetch.max.bytes": "1024"})
    broker.append(broker.create().partitions[0], *[batch(b"v" * 500)] * 5)
    assert read(broker, fetch_request("t")) == [[0]]


# Who does not exist


@pytest.mark.parametrize(("name", "index"), [("nobody", 0), ("t", 7), ("t", -1), ("", 0)])
@pytest.mark.parametrize("is_read_committed", [True, False])
def test_what_does_not_exist_is_refused_before_the_read(
    broker: AskedBroker, name: str, index: int, is_read_committed: bool
) -> None:
    request = fetch_request(name, wanted(index=index), is_read_committed=is_read_committed)
    data = broker.fetch_one(request)
    assert (data.error_code, data.aborted_transactions, data.records) == (
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        [],
        b"",
    )


@pytest.mark.parametrize("topic_id", [b"n" * 16, bytes(16)])
def test_an_unknown_id_is_refused_partition_by_partition(topic_id: bytes) -> None:
    request = FetchRequest(topics=[FetchTopic(topic_id=topic_id, partitions=[wanted()])])
    assert AskedBroker().fetch_one(request, 13) == refused(ErrorCode.UNKNOWN_TOPIC_ID, is_before_the_read=True)


def test_an_unknown_partition_of_a_known_id_is_unknown(broker: AskedBroker) -> None:
    data = broker.fetch_one(fetch_request(topic_of(broker), wanted(index=7)), 13)
    assert data.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_a_partition_named_twice_is_read_once_from_the_later_offset(broker: AskedBroker) -> None:
    assert read(broker, fetch_request("t", wanted(1), wanted(4))) == [[4]]


def test_a_refused_partition_keeps_no_other_from_being_read(broker: AskedBroker) -> None:
    assert read(broker, fetch_request("t", wanted(9), wanted(index=7), wanted(3, index=1))) == [[], [], [3, 4]]


def test_a_session_is_told_that_its_topic_has_gone_and_that_it_came_back_as_another() -> None:
    broker = AskedBroker()
    topic = broker.create()
    session_id = broker.fetch(fetch_request(topic, session=(0, 0)), 13).answer.session_id
    delete_topics(broker.topics, [topic])
    again = FetchRequest(session_id=session_id, session_epoch=1)
    assert broker.fetch_one(again, 13).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    broker.create()
    again = FetchRequest(session_id=session_id, session_epoch=2)
    assert broker.fetch_one(again, 13).error_code == ErrorCode.INCONSISTENT_TOPIC_ID


@pytest.mark.parametrize("version", [14, 15, 18])
@pytest.mark.parametrize(("replica_id", "code"), [(-2, ErrorCode.NONE), (1, ErrorCode.NOT_LEADER_OR_FOLLOWER)])
def test_a_debugging_consumer_may_read_and_a_replica_may_not(
    broker: AskedBroker, version: int, replica_id: int, code: ErrorCode
) -> None:
    request = fetch_request(topic_of(broker))
    request.replica_id = replica_id
    request.replica_state = ReplicaState(replica_id=replica_id)
    assert broker.fetch_one(request, version).error_code == code


# Epochs


@pytest.mark.parametrize(("epoch", "code"), [(-1, 0), (0, 0), (1, ErrorCode.UNKNOWN_LEADER_EPOCH)])
def test_the_leader_epoch_a_client_believes_in_is_checked(broker: AskedBroker, epoch: int, code: ErrorCode) -> None:
    assert broker.fetch_one(fetch_request("t", wanted(leader_epoch=epoch))).error_code == code


@pytest.mark.parametrize("version", [12, 16])
def test_only_a_fenced_client_is_told_who_leads_and_from_version_16_on(broker: AskedBroker, version: int) -> None:
    broker.topics.partition("t", 0).leader_epoch = 3
    request = fetch_request(topic_of(broker), wanted(leader_epoch=2))
    answer = broker.fetch(request, version).answer
    leader = LeaderIdAndEpoch(leader_id=1, leader_epoch=3) if version >= 16 else None
    assert answer.responses[0].partitions == [refused(ErrorCode.FENCED_LEADER_EPOCH, leader=leader)]
    endpoints = [NodeEndpoint(node_id=1, host="127.0.0.1", port=9092)] if version >= 16 else ()
    assert list(answer.node_endpoints) == list(endpoints)


def test_a_client_that_read_beyond_the_end_of_its_epoch_is_told_where_it_ended(broker: AskedBroker) -> None:
    data = broker.fetch_one(fetch_request("t", wanted(9, last_fetched_epoch=0)))
    assert (data.error_code, data.diverging_epoch) == (0, EpochEndOffset(epoch=0, end_offset=5))
    assert (data.high_watermark, data.records) == (5, b"")


def test_a_client_whose_epoch_agrees_reads_on(broker: AskedBroker) -> None:
    assert read(broker, fetch_request("t", wanted(4, last_fetched_epoch=0))) == [[4]]


def test_a_last_epoch_that_never_was_is_out_of_range(broker: AskedBroker) -> None:
    data = broker.fetch_one(fetch_request("t", wanted(1, last_fetched_epoch=7)))
    assert data == refused(ErrorCode.OFFSET_OUT_OF_RANGE)


# Sessions, as far as the handler shapes their answers


@pytest.mark.parametrize(
    ("session", "code"),
    [((7, 1), ErrorCode.FETCH_SESSION_ID_NOT_FOUND), ((0, 1), ErrorCode.FETCH_SESSION_ID_NOT_FOUND)],
)
def test_a_session_that_is_not_there_refuses_the_whole_request(
    broker: AskedBroker, session: tuple[int, int], code: ErrorCode
) -> None:
    answer = broker.fetch(fetch_request("t", session=session)).answer
    assert (answer.error_code, answer.session_id, answer.responses) == (code, 0, [])


def test_an_incremental_answer_carries_only_what_is_new(broker: AskedBroker) -> None:
    partitions = topic_of(broker).partitions
    full = broker.fetch(fetch_request("t", wanted(5), wanted(5, index=1), session=(0, 0))).answer
    assert [p.partition_index for p in full.responses[0].partitions] == [0, 1]

    def again(epoch: int) -> list[int]:
        request = FetchRequest(session_id=full.session_id, session_epoch=epoch)
        answer = broker.fetch(request).answer
        assert answer.session_id == full.session_id
        return [p.partition_index for topic in answer.responses for p in topic.partitions]

    assert again(1) == []
    broker.append(partitions[1], BATCH)
    assert again(2) == [1]
    partitions[0].log.delete_records_before(3)
    assert again(3) == [0, 1]  # the log start has moved; and 1 still has its record to read
    partitions[0].log.delete_records_before(5)
    assert again(4) == [0, 1]


def test_after_an_error_a_session_is_told_of_the_recovery() -> None:
    broker = AskedBroker()
    log = broker.create().partitions[0]
    broker.append(log, BATCH)
    broker.files.read_error = BROKEN
    first = broker.fetch(fetch_request("t", session=(0, 0))).answer
    assert first.responses[0].partitions[0].error_code == ErrorCode.KAFKA_STORAGE_ERROR
    broker.files.read_error = None
    moved = fetch_request("t", wanted(1), session=(first.session_id, 1))
    assert [p.high_watermark for t in broker.fetch(moved).answer.responses for p in t.partitions] == [1]


@pytest.mark.parametrize(
    ("version", "code"),
    [(4, ErrorCode.NOT_LEADER_OR_FOLLOWER), (5, ErrorCode.NOT_LEADER_OR_FOLLOWER), (6, ErrorCode.KAFKA_STORAGE_ERROR)],
)
def test_a_disk_that_cannot_be_read_is_a_storage_error_from_version_6_on(
    broker: AskedBroker, version: int, code: ErrorCode
) -> None:
    broker.files.read_error = BROKEN
    data = broker.fetch_one(fetch_request("t"), version)
    assert (data.error_code, data.records) == (code, b"")


def test_a_log_that_cannot_be_opened_is_a_storage_error() -> None:
    broker = AskedBroker()
    broker.create()
    broker.files.write_error = BROKEN
    assert broker.fetch_one(fetch_request("t")) == refused(ErrorCode.KAFKA_STORAGE_ERROR)


def test_a_consumer_with_a_small_limit_gets_its_partitions_in_turn() -> None:
    broker = AskedBroker()
    topic = broker.create(partitions=2)
    for _ in range(6):
        for partition in topic.partitions:
            broker.append(partition, batch())
    at = [0, 0]
    both = [wanted(0, index=index) for index in range(2)]
    answer = broker.fetch(fetch_request("t", *both, max_bytes=1, session=(0, 0))).answer
    session_id, served = answer.session_id, list[int]()
    for epoch in range(1, 12):
        for data in answer.responses[0].partitions if answer.responses else ():
            if data.records:
                served.append(data.partition_index)
                at[data.partition_index] += 1
        moved = fetch_request(
            "t", *(wanted(at[index], index=index) for index in range(2)), max_bytes=1, session=(session_id, epoch)
        )
        answer = broker.fetch(moved).answer
    # As Apache Kafka answers: the first answer of all does not count yet.
    assert served == [0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]


def test_one_answer_reads_no_more_of_a_partition_than_is_read_within_a_moment() -> None:
    broker = AskedBroker()
    partition = broker.create(max_message_bytes="9000000").partitions[0]
    for _ in range(12):
        broker.append(partition, batch(bytes(MOST_AT_ONCE_BYTES // 8)))
    found = broker.fetch(fetch_request("t", wanted(0))).answer.responses[0].partitions[0]
    assert len(found.records or b"") <= MOST_AT_ONCE_BYTES
    broker.append(partition, batch(bytes(2 * MOST_AT_ONCE_BYTES)))
    found = broker.fetch(fetch_request("t", wanted(12))).answer.responses[0].partitions[0]
    assert offsets_in(found.records) == [12]
