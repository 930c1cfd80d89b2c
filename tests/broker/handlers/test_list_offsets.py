"""ListOffsets: by position, by time, and under isolation."""

import pytest

from odradek.broker.testing.disks import BROKEN
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.crc32c import crc32c
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.records import NewRecord, build_batch

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import NOW_MS, AskedBroker, AskedContext, batch, served

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING = -1, -2, -3, -4, -5, -6
NOTHING = (ErrorCode.NONE, -1, -1, -1)
Found = tuple[int, int, int, int]


def ask(
    broker: AskedContext,
    timestamp: int,
    version: int = 11,
    *,
    topic: str = "t",
    index: int = 0,
    current: int = -1,
    is_read_committed: bool = False,
    replica_id: int = -1,
) -> Found:
    """(error, offset, timestamp, leader epoch)."""
    asked = ListOffsetsPartition(partition_index=index, current_leader_epoch=current, timestamp=timestamp)
    request = ListOffsetsRequest(
        replica_id=replica_id,
        isolation_level=1 if is_read_committed else 0,
        topics=[ListOffsetsTopic(name=topic, partitions=[asked])],
    )
    (found,) = broker.ask(request, version, ListOffsetsResponse).answer.topics
    (answer,) = found.partitions
    return answer.error_code, answer.offset, answer.timestamp, answer.leader_epoch


@pytest.fixture
def broker() -> AskedBroker:
    """Records at 100, 300, 200 ms: times do not ascend."""
    broker = AskedBroker()
    log = broker.create().partitions[0]
    for timestamp in (100, 300, 200):
        broker.append(log, batch(b"v", timestamp=timestamp))
    return broker


@pytest.mark.parametrize("version", served(ApiKey.LIST_OFFSETS))
def test_every_version_finds_both_ends_and_a_time(broker: AskedBroker, version: int) -> None:
    epoch = 0 if version >= 4 else -1
    assert ask(broker, LATEST, version) == (0, 3, -1, epoch)
    assert ask(broker, EARLIEST, version) == (0, 0, -1, epoch)
    assert ask(broker, 150, version) == (0, 1, 300, epoch)


@pytest.mark.parametrize(
    ("timestamp", "since", "found"),
    [
        (MAX_TIMESTAMP, 7, (0, 1, 300, 0)),
        (EARLIEST_LOCAL, 8, (0, 0, -1, 0)),
        (LATEST_TIERED, 9, NOTHING),
        (EARLIEST_PENDING, 11, NOTHING),
    ],
)
def test_each_special_time_is_known_from_its_version_on(
    broker: AskedBroker, timestamp: int, since: int, found: Found
) -> None:
    assert ask(broker, timestamp, since) == found
    assert ask(broker, timestamp, since - 1) == (ErrorCode.UNSUPPORTED_VERSION, -1, -1, -1)


@pytest.mark.parametrize("timestamp", [-7, -100, -(1 << 63)])
def test_other_negative_times_are_known_to_no_version(broker: AskedBroker, timestamp: int) -> None:
    assert ask(broker, timestamp) == (ErrorCode.UNSUPPORTED_VERSION, -1, -1, -1)


@pytest.mark.parametrize(
    ("timestamp", "found"),
    [(0, (0, 0, 100, 0)), (100, (0, 0, 100, 0)), (101, (0, 1, 300, 0)), (300, (0, 1, 300, 0)), (301, NOTHING)],
)
def test_a_time_finds_the_first_record_in_offset_order_that_is_not_older(
    broker: AskedBroker, timestamp: int, found: Found
) -> None:
    assert ask(broker, timestamp) == found


def test_a_time_is_looked_up_inside_a_batch() -> None:
    broker = AskedBroker()
    records = [NewRecord(None, b"v", timestamp) for timestamp in (10, 30, 20)]
    broker.append(broker.create().partitions[0], build_batch(records, codec=1))
    assert [ask(broker, timestamp)[:3] for timestamp in (10, 11, 30, MAX_TIMESTAMP)] == [
        (0, 0, 10),
        (0, 1, 30),
        (0, 1, 30),
        (0, 1, 30),
    ]


@pytest.mark.parametrize("timestamp", [0, MAX_TIMESTAMP])
def test_an_empty_log_has_no_times_but_two_ends(timestamp: int) -> None:
    broker = AskedBroker()
    broker.create()
    assert ask(broker, timestamp) == NOTHING
    assert ask(broker, LATEST) == ask(broker, EARLIEST) == (0, 0, -1, 0)


def test_log_append_time_is_the_time_of_every_record() -> None:
    broker = AskedBroker()
    broker.create(message_timestamp_type="LogAppendTime")
    broker.produce("t", batch(b"a", b"b", timestamp=5))
    broker.clock.advance(1)
    broker.produce("t", batch(b"c", timestamp=4))
    assert ask(broker, 0) == (0, 0, NOW_MS, 0)
    assert ask(broker, MAX_TIMESTAMP) == (0, 2, NOW_MS + 1000, 0)


def test_an_open_transaction_hides_what_follows_from_read_committed() -> None:
    broker = AskedBroker()
    log = broker.create().partitions[0]
    broker.append(log, batch(b"a", timestamp=100), batch(b"b", pid=9, is_transactional=True, timestamp=200))
    assert ask(broker, LATEST, is_read_committed=True) == (0, 1, -1, 0)
    assert ask(broker, LATEST)[1] == 2
    assert ask(broker, 150, is_read_committed=True) == NOTHING
    assert ask(broker, MAX_TIMESTAMP, is_read_committed=True) == NOTHING
    assert ask(broker, 150) == (0, 1, 200, 0)
    broker.end_transaction(log, 9, is_commit=True)
    assert ask(broker, LATEST, is_read_committed=True) == (0, 3, -1, 0)
    assert ask(broker, 150, is_read_committed=True) == (0, 1, 200, 0)


def test_version_1_knows_no_isolation() -> None:
    broker = AskedBroker()
    broker.append(broker.create().partitions[0], batch(b"b", pid=9, is_transactional=True))
    assert ask(broker, LATEST, 1, is_read_committed=True)[1] == 1


def test_records_deleted_from_the_front_are_not_found(broker: AskedBroker) -> None:
    broker.topics.partition("t", 0).log.delete_records_before(2)
    assert ask(broker, EARLIEST) == (0, 2, -1, 0)
    assert ask(broker, 0) == (0, 2, 200, 0)


@pytest.mark.parametrize(("topic", "index"), [("nobody", 0), ("t", 1), ("t", -1), ("", 0)])
def test_what_does_not_exist_is_unknown(broker: AskedBroker, topic: str, index: int) -> None:
    assert ask(broker, LATEST, topic=topic, index=index) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1, -1)


def test_a_partition_named_twice_is_refused_once_and_its_neighbour_is_not() -> None:
    broker = AskedBroker()
    broker.create(partitions=2)
    asked = [ListOffsetsPartition(partition_index=index, timestamp=LATEST) for index in (0, 1, 0)]
    request = ListOffsetsRequest(topics=[ListOffsetsTopic(name="t", partitions=asked)])
    (found,) = broker.ask(request, 11, ListOffsetsResponse).answer.topics
    assert [(p.partition_index, p.error_code) for p in found.partitions] == [(0, ErrorCode.INVALID_REQUEST), (1, 0)]


def test_a_newer_leader_epoch_is_unknown_here_and_the_current_one_is_not(broker: AskedBroker) -> None:
    assert ask(broker, LATEST, current=1) == (ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1, -1)
    assert ask(broker, LATEST, current=0)[0] == ErrorCode.NONE


def test_a_replica_is_answered_like_anybody(broker: AskedBroker) -> None:
    assert ask(broker, LATEST, replica_id=3) == (0, 3, -1, 0)


def test_a_disk_that_cannot_be_read_is_a_storage_error(broker: AskedBroker) -> None:
    broker.files.read_error = BROKEN
    assert ask(broker, 150) == (ErrorCode.KAFKA_STORAGE_ERROR, -1, -1, -1)


def test_records_that_do_not_decompress_are_corrupt() -> None:
    broker = AskedBroker()
    topic = broker.create()
    damaged = bytearray(batch(b"v" * 50, codec=1))
    damaged[-20:] = bytes(20)
    damaged[17:21] = crc32c(damaged[21:]).to_bytes(4)
    assert broker.produce("t", bytes(damaged)).error_code == ErrorCode.INVALID_RECORD
    broker.append(topic.partitions[0], bytes(damaged))  # as another broker may have left it
    assert ask(broker, 0) == (ErrorCode.CORRUPT_MESSAGE, -1, -1, -1)


# Several brokers


@pytest.fixture
def brokers() -> ThreeBrokers:
    """Three records that everybody has, and one that the third broker has not."""
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.create("u", [1, 2])
    for timestamp in (100, 200, 300):
        brokers.produce("t", batch(b"v", timestamp=timestamp))
    brokers.freeze(3)
    brokers[1].send(batch(b"w", timestamp=400), acks=1)
    brokers.settle()
    return brokers


@pytest.mark.parametrize("timestamp", [LATEST, EARLIEST, MAX_TIMESTAMP, 100])
def test_the_leader_alone_is_asked_for_offsets(brokers: ThreeBrokers, timestamp: int) -> None:
    assert ask(brokers[1], timestamp)[0] == 0
    for at, topic in ((2, "t"), (3, "t"), (3, "u")):
        assert ask(brokers[at], timestamp, topic=topic) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, -1, -1)


def test_an_epoch_to_come_is_refused_before_the_question_who_leads(brokers: ThreeBrokers) -> None:
    assert ask(brokers[2], LATEST, current=9)[0] == ErrorCode.UNKNOWN_LEADER_EPOCH
    assert ask(brokers[3], LATEST, current=9, topic="u")[0] == ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_consumers_see_what_everyone_in_sync_has_and_who_looks_for_faults_the_whole_log(brokers: ThreeBrokers) -> None:
    assert ask(brokers[1], LATEST) == (0, 3, -1, 0)
    assert ask(brokers[1], MAX_TIMESTAMP) == NOTHING, "it is that of a record that cannot be seen yet"
    assert ask(brokers[1], 400) == NOTHING
    assert ask(brokers[1], LATEST, replica_id=-2) == (0, 4, -1, 0)
    assert ask(brokers[2], LATEST, replica_id=-2) == (0, 4, -1, 0)
    assert ask(brokers[2], 400, replica_id=-2) == (0, 3, 400, 0)


@pytest.mark.parametrize(
    ("version", "code"), [(4, ErrorCode.LEADER_NOT_AVAILABLE), (5, ErrorCode.OFFSET_NOT_AVAILABLE)]
)
def test_a_leader_that_does_not_know_yet_what_is_committed_has_no_latest_offset(
    brokers: ThreeBrokers, version: int, code: ErrorCode
) -> None:
    """KIP-207: what it began with may be committed, and an offset below it would go backwards."""
    brokers.kill(1)
    assert brokers.record().leader == 2
    assert ask(brokers[2], LATEST, version)[0] == code
    assert ask(brokers[2], 400, version)[0] == code
    assert ask(brokers[2], EARLIEST, version)[:2] == (0, 0)
    assert ask(brokers[2], 100, version)[:3] == (0, 0, 100)
    assert ask(brokers[2], LATEST, version, replica_id=-2)[:2] == (0, 4)
    brokers.resume(3)
    assert ask(brokers[2], LATEST, version)[:2] == (0, 4)
