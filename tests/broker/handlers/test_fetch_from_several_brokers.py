"""Fetch where several brokers hold a partition: leaders, followers, the replica that is near, and where logs part."""

import pytest

from odradek.broker.config.replication_config import RACK_AWARE_SELECTOR
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.fetch import FetchResponse, PartitionData

from ..nodes.three_brokers import AskedNode, ThreeBrokers, port_of
from .broker_harness import batch, fetch_request, offsets_in, wanted
from .group_context import Asked

NOT_LEADER = ErrorCode.NOT_LEADER_OR_FOLLOWER
NOWHERE = (-1, -1)


def ask(
    node: AskedNode,
    offset: int = 0,
    version: int = 12,
    *,
    topic: str = "t",
    rack: str = "",
    epoch: int = -1,
    last_fetched_epoch: int = -1,
    max_wait_ms: int = 0,
    replica_id: int = -1,
    session: tuple[int, int] = (0, -1),
    is_read_committed: bool = False,
) -> Asked[FetchResponse]:
    request = fetch_request(
        node.topic(topic),
        wanted(offset, leader_epoch=epoch, last_fetched_epoch=last_fetched_epoch),
        max_wait_ms=max_wait_ms,
        session=session,
        is_read_committed=is_read_committed,
    )
    request.rack_id = rack if version >= 11 else ""
    request.replica_id = replica_id
    request.replica_state.replica_id = replica_id
    return node.fetch(request, version)


def of_one(asked: Asked[FetchResponse]) -> PartitionData:
    (topic,) = asked.answer.responses
    (data,) = topic.partitions
    return data


def offsets(data: PartitionData) -> tuple[int, list[int], int, int]:
    """Error, base offsets, high watermark, preferred replica."""
    return data.error_code, offsets_in(data.records), data.high_watermark, data.preferred_read_replica


def told(asked: Asked[FetchResponse]) -> tuple[tuple[int, int], list[tuple[int, str, int, str | None]]]:
    """Leader and epoch, and where that is."""
    leader = of_one(asked).current_leader
    endpoints = [(node.node_id, node.host, node.port, node.rack) for node in asked.answer.node_endpoints]
    return (leader.leader_id, leader.leader_epoch), endpoints


@pytest.fixture
def brokers() -> ThreeBrokers:
    """Two batches in a topic of all three, and one of the first two."""
    brokers = ThreeBrokers({"replica.selector.class": RACK_AWARE_SELECTOR})
    brokers.create("t", [1, 2, 3])
    brokers.create("u", [1, 2])
    brokers.produce("t", batch(b"one"))
    brokers.produce("t", batch(b"two"))
    return brokers


# Followers (KIP-392)


@pytest.mark.parametrize("version", [11, 12, 16, 18])
@pytest.mark.parametrize("rack", ["", "b", "c"])
def test_a_follower_serves_consumers_from_version_11_on(brokers: ThreeBrokers, version: int, rack: str) -> None:
    assert offsets(of_one(ask(brokers[2], version=version, rack=rack))) == (0, [0, 1], 2, -1)


def test_an_older_consumer_is_served_by_the_leader_alone(brokers: ThreeBrokers) -> None:
    assert offsets(of_one(ask(brokers[2], version=10))) == (NOT_LEADER, [], -1, -1)
    assert offsets(of_one(ask(brokers[1], version=10))) == (0, [0, 1], 2, -1)


@pytest.mark.parametrize("version", [10, 11, 15, 16, 18])
def test_a_broker_without_a_replica_serves_nobody_and_says_from_version_16_on_who_does(
    brokers: ThreeBrokers, version: int
) -> None:
    asked = ask(brokers[3], topic="u", version=version, epoch=7)
    assert offsets(of_one(asked)) == (NOT_LEADER, [], -1, -1), "whatever epoch it is asked in"
    assert told(asked) == (((1, 0), [(1, "127.0.0.1", port_of(1), "a")]) if version >= 16 else (NOWHERE, []))


def test_who_looks_for_faults_is_served_anywhere_and_sees_everything(brokers: ThreeBrokers) -> None:
    brokers.freeze(3)
    brokers[1].send(batch(b"three"), acks=1)
    brokers.settle()
    assert offsets(of_one(ask(brokers[2], replica_id=-2, version=4))) == (0, [0, 1, 2], 2, -1)
    assert offsets(of_one(ask(brokers[2]))) == (0, [0, 1], 2, -1)


@pytest.mark.parametrize("at", [1, 2])
def test_what_not_everyone_in_sync_has_is_there_for_nobody(brokers: ThreeBrokers, at: int) -> None:
    brokers.freeze(3)
    brokers[1].send(batch(b"three"), acks=1)
    brokers.settle()
    for offset in (2, 3):
        assert offsets(of_one(ask(brokers[at], offset))) == (0, [], 2, -1)
    assert offsets(of_one(ask(brokers[at], 4))) == (ErrorCode.OFFSET_OUT_OF_RANGE, [], -1, -1)


def test_a_fetch_waits_at_a_follower_until_it_knows_that_everyone_has_the_records(brokers: ThreeBrokers) -> None:
    asked = ask(brokers[2], 2, max_wait_ms=60_000)
    brokers.freeze(3)
    brokers[1].send(batch(b"three"), acks=1)
    brokers.advance(1.0)
    assert asked.is_deferred
    brokers.resume(3)
    assert offsets(of_one(asked)) == (0, [2], 3, -1)


def test_a_fetch_that_waits_at_a_follower_goes_on_when_the_leader_changes(brokers: ThreeBrokers) -> None:
    asked = ask(brokers[3], 2, max_wait_ms=60_000)
    brokers.kill(1)
    assert asked.is_deferred
    brokers.produce("t", batch(b"three"))
    assert offsets(of_one(asked)) == (0, [2], 3, -1)


def test_a_session_goes_on_at_a_follower(brokers: ThreeBrokers) -> None:
    begun = ask(brokers[2], session=(0, 0)).answer
    asked = ask(brokers[2], 2, session=(begun.session_id, 1))
    assert (asked.answer.error_code, asked.answer.responses) == (0, [])
    brokers.produce("t", batch(b"three"))
    assert offsets(of_one(ask(brokers[2], 2, session=(begun.session_id, 2)))) == (0, [2], 3, -1)


def test_read_committed_ends_at_a_follower_where_a_transaction_is_open(brokers: ThreeBrokers) -> None:
    partition = brokers[1].partition()
    partition.append([RecordBatch(batch(b"open", pid=7, is_transactional=True))], brokers.clock.now_ms())
    brokers.settle()
    data = of_one(ask(brokers[2], is_read_committed=True))
    assert (offsets_in(data.records), data.last_stable_offset, data.aborted_transactions) == ([0, 1], 2, [])
    partition.append_marker(7, 0, 0, is_commit=False, now_ms=brokers.clock.now_ms())
    brokers.settle()
    data = of_one(ask(brokers[2], is_read_committed=True))
    aborted = [(one.producer_id, one.first_offset) for one in data.aborted_transactions or ()]
    assert (offsets_in(data.records), data.last_stable_offset, aborted) == ([0, 1, 2, 3], 4, [(7, 2)])


# The replica that is near


@pytest.mark.parametrize("version", [11, 12, 18])
def test_a_leader_sends_a_consumer_to_the_replica_in_its_rack(brokers: ThreeBrokers, version: int) -> None:
    asked = ask(brokers[1], version=version, rack="b", max_wait_ms=60_000)
    data = of_one(asked)
    assert offsets(data) == (0, [], 2, 2), "at once"
    assert (data.last_stable_offset, data.log_start_offset, data.aborted_transactions) == (2, 0, None)
    assert told(asked) == (NOWHERE, [])


@pytest.mark.parametrize("rack", ["", "a", "nowhere"])
def test_a_leader_serves_who_is_near_to_it_or_to_nobody(brokers: ThreeBrokers, rack: str) -> None:
    assert offsets(of_one(ask(brokers[1], rack=rack))) == (0, [0, 1], 2, -1)


def test_a_follower_that_is_not_in_sync_is_nobodys_replica(brokers: ThreeBrokers) -> None:
    brokers.freeze(2)
    assert of_one(ask(brokers[1], rack="b")).preferred_read_replica == 2, "as long as it is taken to be in sync"
    brokers.fence(2)
    assert offsets(of_one(ask(brokers[1], rack="b"))) == (0, [0, 1], 2, -1)


def test_a_follower_that_does_not_have_an_offset_is_not_asked_for_it(brokers: ThreeBrokers) -> None:
    brokers.freeze(2)
    brokers[1].send(batch(b"three"), acks=1)
    assert of_one(ask(brokers[1], 2, rack="b")).preferred_read_replica == 2
    assert offsets(of_one(ask(brokers[1], 3, rack="b"))) == (0, [], 2, -1)


def test_without_a_selector_everybody_reads_from_the_leader() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.produce("t", batch(b"one"))
    assert offsets(of_one(ask(brokers[1], rack="b"))) == (0, [0], 1, -1)


def test_a_session_is_told_of_a_better_replica_each_time(brokers: ThreeBrokers) -> None:
    begun = ask(brokers[1], session=(0, 0), rack="b").answer
    asked = ask(brokers[1], session=(begun.session_id, 1), rack="b")
    assert of_one(asked).preferred_read_replica == 2


# Epochs (KIP-320)


@pytest.mark.parametrize(("at", "version"), [(1, 16), (2, 16), (2, 9)])
def test_an_epoch_to_come_is_refused_before_anything_else(brokers: ThreeBrokers, at: int, version: int) -> None:
    asked = ask(brokers[at], epoch=3, version=version)
    assert offsets(of_one(asked)) == (ErrorCode.UNKNOWN_LEADER_EPOCH, [], -1, -1)
    assert told(asked) == (NOWHERE, [])


@pytest.mark.parametrize("version", [12, 16])
@pytest.mark.parametrize("at", [2, 3])
def test_an_epoch_that_is_over_is_refused_with_the_new_leader(brokers: ThreeBrokers, at: int, version: int) -> None:
    brokers.kill(1)
    asked = ask(brokers[at], epoch=0, version=version)
    assert offsets(of_one(asked)) == (ErrorCode.FENCED_LEADER_EPOCH, [], -1, -1)
    assert told(asked) == (((2, 1), [(2, "127.0.0.1", port_of(2), "b")]) if version >= 16 else (NOWHERE, []))


def test_who_has_more_of_an_epoch_than_the_leader_is_told_where_it_ended(brokers: ThreeBrokers) -> None:
    brokers.kill(1)
    brokers.produce("t", batch(b"three"))
    data = of_one(ask(brokers[2], 5, epoch=1, last_fetched_epoch=0))
    assert offsets(data) == (0, [], 3, -1)
    assert (data.diverging_epoch.epoch, data.diverging_epoch.end_offset) == (0, 2)


def test_without_a_leader_a_replica_that_is_there_goes_on_for_consumers(brokers: ThreeBrokers) -> None:
    brokers.create("m", [1, 2])
    brokers.produce("m", batch(b"one"))
    brokers.kill(2)
    brokers.kill(1)
    brokers.start(2)
    assert brokers.record("m").leader == -1
    assert offsets(of_one(ask(brokers[2], topic="m"))) == (0, [], 0, -1)
    asked = ask(brokers[2], topic="m", version=10)
    assert of_one(asked).error_code == NOT_LEADER
    asked = ask(brokers[3], topic="m", version=16)
    assert of_one(asked).error_code == NOT_LEADER
    leader, endpoints = told(asked)
    assert (leader[0], endpoints) == (-1, [])
