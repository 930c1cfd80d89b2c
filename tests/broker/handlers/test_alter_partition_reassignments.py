"""AlterPartitionReassignments: where a partition may be put, which is where it is."""

import pytest

from odradek.broker.handlers.alter_partition_reassignments import handle_alter_partition_reassignments
from odradek.broker.nodes.links import CONTROLLER
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignableTopic,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, batch, served

Moves = dict[str, dict[int, list[int] | None]]


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create(partitions=3)
    return broker


def request_for(
    moves: Moves, *, timeout_ms: int = 1000, may_change_factor: bool = True
) -> AlterPartitionReassignmentsRequest:
    return AlterPartitionReassignmentsRequest(
        timeout_ms=timeout_ms,
        allow_replication_factor_change=may_change_factor,
        topics=[
            ReassignableTopic(
                name=name,
                partitions=[
                    ReassignablePartition(partition_index=index, replicas=replicas) for index, replicas in asked.items()
                ],
            )
            for name, asked in moves.items()
        ],
    )


def moved(broker: AskedContext, moves: Moves, version: int = 1) -> dict[tuple[str, int], tuple[int, str | None]]:
    answer = broker.ask(request_for(moves), version, AlterPartitionReassignmentsResponse).answer
    assert (answer.error_code, answer.error_message) == (0, None)
    return {
        (topic.name, one.partition_index): (one.error_code, one.error_message)
        for topic in answer.responses
        for one in topic.partitions
    }


@pytest.mark.parametrize("version", served(ApiKey.ALTER_PARTITION_REASSIGNMENTS))
def test_a_partition_may_stay_where_it_is_and_there_is_no_move_to_cancel(broker: AskedBroker, version: int) -> None:
    assert moved(broker, {"t": {2: [1], 0: None}}, version) == {("t", 2): (0, None), ("t", 0): (85, None)}


@pytest.mark.parametrize(
    ("replicas", "why"),
    [
        ([], "an empty replica list."),
        ([9], "broker 9, but no such broker is registered."),
        ([1, 1], "the broker 1 more than once."),
        ([1, 9], "broker 9, but no such broker is registered."),
    ],
)
def test_it_may_go_nowhere_else(broker: AskedBroker, replicas: list[int], why: str) -> None:
    message = f"The manual partition assignment includes {why}"
    assert moved(broker, {"t": {0: replicas}}) == {("t", 0): (39, message)}


@pytest.mark.parametrize("replicas", [[1], None, []])
def test_what_does_not_exist_is_named(broker: AskedBroker, replicas: list[int] | None) -> None:
    assert moved(broker, {"nope": {0: replicas}, "t": {3: replicas, -1: replicas}}) == {
        ("nope", 0): (3, "Unable to find a topic named nope."),
        ("t", 3): (3, "Unable to find partition t:3."),
        ("t", -1): (3, "Unable to find partition t:-1."),
    }


def test_leave_to_change_the_replication_factor_is_repeated_in_the_answer(broker: AskedBroker) -> None:
    request = request_for({"t": {0: [1]}}, may_change_factor=False)
    assert not broker.ask(request, 1, AlterPartitionReassignmentsResponse).answer.allow_replication_factor_change


def test_no_time_refuses_all_and_nothing_asked_for_is_no_error(broker: AskedBroker) -> None:
    answer = broker.ask(request_for({"t": {0: [1]}}, timeout_ms=0), 1, AlterPartitionReassignmentsResponse).answer
    assert (answer.error_code, answer.responses[0].partitions[0].error_code) == (7, 7)
    answer = broker.ask(request_for({}, timeout_ms=0), 1, AlterPartitionReassignmentsResponse).answer
    assert (answer.error_code, answer.error_message, answer.responses) == (0, "", [])


def test_the_handler_pauses_from_partition_to_partition(broker: AskedBroker) -> None:
    for timeout_ms in (0, 1000):
        request = request_for({"t": dict.fromkeys(range(20))}, timeout_ms=timeout_ms)
        steps = handle_alter_partition_reassignments(request, 1, broker.session, broker.context)
        assert sum(1 for _ in steps) >= 20


# Several brokers


def state(brokers: ThreeBrokers, topic: str = "t") -> tuple[list[int], list[int], int, int, list[int], list[int]]:
    """Replicas, in sync, leader, epoch, adding, removing."""
    one = brokers.record(topic)
    coming_and_going = list(one.adding_replicas), list(one.removing_replicas)
    return list(one.replicas), sorted(one.isr), one.leader, one.leader_epoch, *coming_and_going


def test_a_partition_moves_once_the_replicas_that_come_are_in_sync() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.produce("t", batch(b"v"))
    brokers.freeze(3)
    assert moved(brokers[2], {"t": {0: [3, 1]}}) == {("t", 0): (0, None)}
    assert state(brokers) == ([3, 1, 2], [1, 2], 1, 0, [3], [2])
    brokers.resume(3)
    assert state(brokers) == ([3, 1], [1, 3], 1, 1, [], [])
    assert brokers[3].partition().replica_log.log_end_offset == 1
    assert brokers[2].partition().opened_log is None


def test_a_partition_that_leaves_its_leader_is_led_by_who_stays() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1])
    brokers.produce("t", batch(b"v"))
    assert moved(brokers[1], {"t": {0: [2]}}) == {("t", 0): (0, None)}
    brokers.settle()
    assert state(brokers) == ([2], [2], 2, 1, [], [])
    assert brokers.produce("t", batch(b"w")).base_offset == 1


def test_replicas_that_only_go_are_gone_at_once() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    assert moved(brokers[1], {"t": {0: [1, 2]}}) == {("t", 0): (0, None)}
    assert state(brokers) == ([1, 2], [1, 2], 1, 1, [], [])


def test_a_move_is_given_up_and_there_is_none_then() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.freeze(3)
    moved(brokers[1], {"t": {0: [3, 1]}})
    assert moved(brokers[2], {"t": {0: None}}) == {("t", 0): (0, None)}
    assert state(brokers)[0] == [1, 2]
    assert moved(brokers[2], {"t": {0: None}}) == {("t", 0): (85, None)}


def test_a_move_that_cannot_be_is_refused_in_kafkas_words_and_order() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2], [2, 3])
    manual = "The manual partition assignment includes"
    asked: Moves = {"t": {1: [9], 0: [1, 1], 5: [1]}, "nope": {0: [1]}}
    assert list(moved(brokers[3], asked).items()) == [
        (("t", 1), (39, f"{manual} broker 9, but no such broker is registered.")),
        (("t", 0), (39, f"{manual} the broker 1 more than once.")),
        (("t", 5), (3, "Unable to find partition t:5.")),
        (("nope", 0), (3, "Unable to find a topic named nope.")),
    ]
    assert moved(brokers[3], {"t": {0: []}}) == {("t", 0): (39, f"{manual} an empty replica list.")}
    request = request_for({"t": {0: [1]}}, may_change_factor=False)
    (topic,) = brokers[3].ask(request, 1, AlterPartitionReassignmentsResponse).answer.responses
    (one,) = topic.partitions
    assert (one.error_code, one.error_message) == (38, "The replication factor is changed from 2 to 1")
    assert moved(brokers[3], {"t": {0: [1, 2]}}) == {("t", 0): (0, None)}


def test_a_controller_that_cannot_be_reached_in_time_moves_nothing_yet() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2])
    brokers.links.set(1, CONTROLLER, is_cut=True)
    asked = brokers[1].ask(request_for({"t": {0: [3]}}), 1, AlterPartitionReassignmentsResponse)
    brokers.advance(1.1)
    assert (asked.answer.error_code, asked.answer.responses[0].partitions[0].error_code) == (7, 7)
    assert state(brokers)[0] == [1, 2]
