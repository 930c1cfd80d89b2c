"""Produce where several brokers hold a partition: who takes it, who says who does, and what it waits for."""

import pytest

from odradek.broker.deferred import Disconnect
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse

from ..nodes.three_brokers import ThreeBrokers, port_of
from .broker_harness import batch, produce_request
from .group_context import Asked

NOT_LEADER = ErrorCode.NOT_LEADER_OR_FOLLOWER


def of_one(asked: Asked[ProduceResponse]) -> PartitionProduceResponse:
    (topic,) = asked.answer.responses
    (answer,) = topic.partition_responses
    return answer


def offsets(answer: PartitionProduceResponse) -> tuple[int, int, int]:
    """Error, base offset, log start."""
    return answer.error_code, answer.base_offset, answer.log_start_offset


@pytest.fixture
def brokers() -> ThreeBrokers:
    """A topic of all three, and one of the first two."""
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.create("u", [1, 2])
    return brokers


# At a broker that does not lead


@pytest.mark.parametrize(("at", "topic"), [(2, "t"), (3, "u")])
@pytest.mark.parametrize("version", [3, 9, 10, 12, 13])
def test_a_broker_that_does_not_lead_takes_nothing_and_says_from_version_10_on_who_does(
    brokers: ThreeBrokers, at: int, topic: str, version: int
) -> None:
    asked = brokers[at].send(batch(b"v"), topic, version=version)
    answer = of_one(asked)
    assert offsets(answer) == (NOT_LEADER, -1, -1)
    assert (answer.log_append_time_ms, answer.error_message) == (-1, None)
    told = (answer.current_leader.leader_id, answer.current_leader.leader_epoch)
    endpoints = [(node.node_id, node.host, node.port, node.rack) for node in asked.answer.node_endpoints]
    if version >= 10:
        assert (told, endpoints) == ((1, 0), [(1, "127.0.0.1", port_of(1), "a")])
    else:
        assert (told, endpoints) == ((-1, -1), [])


def test_without_a_leader_none_is_named(brokers: ThreeBrokers) -> None:
    brokers.create("alone", [1])
    brokers.kill(1)
    asked = brokers[2].send(batch(b"v"), "alone", version=10)
    answer = of_one(asked)
    assert offsets(answer) == (NOT_LEADER, -1, -1)
    assert (answer.current_leader.leader_id, answer.current_leader.leader_epoch) == (-1, 1)
    assert not asked.answer.node_endpoints


def test_who_wants_no_answer_is_told_by_a_closed_connection(brokers: ThreeBrokers) -> None:
    with pytest.raises(Disconnect):
        brokers[2].send(batch(b"v"), acks=0)
    assert brokers[1].hand(produce_request({"t": {0: batch(b"v")}}, acks=0), 9) is None
    assert brokers[1].partition().replica_log.log_end_offset == 1


@pytest.mark.parametrize("at", [1, 2, 3])
def test_acks_that_there_are_not_are_refused_by_any_broker(brokers: ThreeBrokers, at: int) -> None:
    assert of_one(brokers[at].send(batch(b"v"), acks=2)).error_code == ErrorCode.INVALID_REQUIRED_ACKS


# What acks=all waits for


def test_an_answer_to_acks_all_waits_for_everyone_in_sync(brokers: ThreeBrokers) -> None:
    brokers.freeze(3)
    asked = brokers[1].send(batch(b"v"))
    brokers.settle()
    assert asked.is_deferred
    assert offsets(of_one(brokers[1].send(batch(b"w"), acks=1))) == (0, 1, 0)
    brokers.resume(3)
    assert offsets(of_one(asked)) == (0, 0, 0)


def test_one_that_comes_too_late_says_where_the_records_are(brokers: ThreeBrokers) -> None:
    brokers.produce("t", batch(b"v"))
    brokers.freeze(3)
    asked = brokers[1].send(batch(b"w"), timeout_ms=1500)
    brokers.advance(1.4)
    assert asked.is_deferred
    brokers.advance(0.2)
    assert offsets(of_one(asked)) == (ErrorCode.REQUEST_TIMED_OUT, 1, 0)


def test_too_few_in_sync_take_nothing_for_all_and_anything_for_one() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3], min_insync_replicas="3")
    brokers.produce("t", batch(b"v"))
    brokers.kill(3)
    assert offsets(of_one(brokers[1].send(batch(b"w")))) == (ErrorCode.NOT_ENOUGH_REPLICAS, -1, 0)
    assert offsets(of_one(brokers[1].send(batch(b"w"), acks=1))) == (0, 1, 0)
    brokers.settle()
    log = brokers[1].partition().replica_log
    assert (log.high_watermark, log.log_end_offset) == (1, 2), "what too few have is not committed (KIP-966)"
    brokers.start(3)
    assert log.high_watermark == 2


def test_what_was_taken_before_too_few_were_in_sync_is_answered_once_enough_are_again() -> None:
    brokers = ThreeBrokers({"replica.lag.time.max.ms": "2000"})
    brokers.create("t", [1, 2, 3], min_insync_replicas="3")
    brokers.links.set(3, 1, is_cut=True)
    asked = brokers[1].send(batch(b"v"), timeout_ms=60_000)
    brokers.advance(5.0)
    assert sorted(brokers.record().isr) == [1, 2]
    assert asked.is_deferred
    brokers.links.heal()
    brokers.settle()
    assert offsets(of_one(asked)) == (0, 0, 0)


def test_a_leader_that_leads_no_more_says_so_to_who_waits_and_names_the_new_one(brokers: ThreeBrokers) -> None:
    brokers.produce("t", batch(b"v"))
    brokers.freeze(1)  # it does not hear that it has been fenced
    asked = brokers[1].send(batch(b"w"), version=10, timeout_ms=60_000)
    brokers.fence(1)
    assert asked.is_deferred
    brokers.resume(1)
    answer = of_one(asked)
    assert offsets(answer) == (NOT_LEADER, 1, 0), "the offset that it had: it is gone"
    assert (answer.current_leader.leader_id, answer.current_leader.leader_epoch) == (2, 1)
    assert [node.node_id for node in asked.answer.node_endpoints] == [2]
    brokers.unfence(1)
    assert brokers[1].partition().replica_log.log_end_offset == 1
    assert offsets(of_one(brokers[1].send(batch(b"x")))) == (NOT_LEADER, -1, -1)
