"""Partitions on their way: begun, changed, given up, listed, and refused in Kafka's words."""

from collections.abc import Sequence

import pytest

from odradek.broker.controller import elections
from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.in_sync_replicas import ANY_EPOCH, IsrChange, IsrResult, alter_partitions
from odradek.broker.controller.reassignments import (
    OngoingReassignment,
    Reassignment,
    ReassignmentResult,
    alter_reassignments,
    list_reassignments,
)
from odradek.protocol.errors import ErrorCode, KafkaError

from .decided_cluster import T0, TOPIC_ID, DecidedCluster, code_of, directory_of, epoch_of


def move(
    cluster: DecidedCluster,
    replicas: Sequence[int] | None,
    where: TopicPartition = T0,
    *,
    may_change_factor: bool = True,
) -> KafkaError | None:
    results: list[ReassignmentResult] = []
    asked = [Reassignment(where, replicas)]
    cluster.decide(alter_reassignments(cluster.state, asked, results, may_change_factor=may_change_factor))
    (result,) = results
    assert result.partition == where
    return result.error


def report_isr(cluster: DecidedCluster, *isr: int) -> None:
    """The leader reports who is in sync."""
    record = cluster.record
    epochs = [(one, ANY_EPOCH) for one in isr]
    asked = IsrChange(TOPIC_ID, 0, record.leader_epoch, record.partition_epoch, epochs)
    results: list[IsrResult] = []
    cluster.decide(alter_partitions(cluster.state, record.leader, epoch_of(record.leader), [asked], results))
    assert code_of(results[0].error) in (ErrorCode.NONE, ErrorCode.NEW_LEADER_ELECTED)


def moved(cluster: DecidedCluster) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    record = cluster.record
    return record.replicas, record.adding_replicas, record.removing_replicas


def test_replicas_that_come_are_added_and_those_that_go_stay_until_the_others_are_in_sync() -> None:
    cluster = DecidedCluster(brokers=5)
    assert move(cluster, [4, 5, 1]) is None
    assert moved(cluster) == ([4, 5, 1, 2, 3], [4, 5], [2, 3])
    assert (cluster.record.isr, cluster.record.leader, cluster.record.leader_epoch) == ([1, 2, 3], 1, 0)
    assert cluster.record.directories == [directory_of(one) for one in (4, 5, 1, 2, 3)]
    report_isr(cluster, 1, 2, 3, 4)
    assert moved(cluster) == ([4, 5, 1, 2, 3], [4, 5], [2, 3])
    report_isr(cluster, 1, 2, 3, 4, 5)
    assert moved(cluster) == ([4, 5, 1], [], [])
    assert (cluster.record.isr, cluster.record.leader, cluster.record.leader_epoch) == ([1, 4, 5], 1, 1)


def test_replicas_that_only_go_are_gone_at_once() -> None:
    cluster = DecidedCluster()
    assert move(cluster, [1, 2]) is None
    assert moved(cluster) == ([1, 2], [], [])
    assert (cluster.record.isr, cluster.record.leader_epoch) == ([1, 2], 1)


def test_replicas_in_another_order_are_so_at_once() -> None:
    cluster = DecidedCluster()
    assert move(cluster, [3, 2, 1]) is None
    assert (moved(cluster), cluster.record.leader) == (([3, 2, 1], [], []), 1)


def test_a_reassignment_to_where_the_partition_is_changes_nothing() -> None:
    cluster = DecidedCluster()
    assert move(cluster, [1, 2, 3]) is None
    assert cluster.record.partition_epoch == 0


def test_a_reassignment_under_way_goes_elsewhere() -> None:
    cluster = DecidedCluster(brokers=5)
    move(cluster, [4, 2, 3])
    assert move(cluster, [5, 2, 3]) is None
    assert moved(cluster) == ([5, 2, 3, 1, 4], [5], [1, 4])
    report_isr(cluster, 1, 2, 3, 5)
    assert moved(cluster) == ([5, 2, 3], [], [])


def test_a_reassignment_that_is_given_up_leaves_everything_as_it_was() -> None:
    cluster = DecidedCluster(brokers=5)
    move(cluster, [4, 5, 1])
    report_isr(cluster, 1, 2, 3, 4)
    assert move(cluster, None) is None
    assert moved(cluster) == ([1, 2, 3], [], [])
    assert (cluster.record.isr, cluster.record.leader) == ([1, 2, 3], 1)


def test_a_leader_that_was_to_come_gives_way_when_that_is_given_up() -> None:
    cluster = DecidedCluster(brokers=5)
    move(cluster, [4, 5, 1])
    report_isr(cluster, 1, 2, 4)
    cluster.change(leader=4)
    assert move(cluster, None) is None
    assert (cluster.record.leader, cluster.record.isr) == (1, [1, 2])


@pytest.mark.parametrize("is_allowed", [True, False])
def test_giving_up_loses_records_only_where_the_topic_allows_it(is_allowed: bool) -> None:
    cluster = DecidedCluster(brokers=5, configs={"unclean.leader.election.enable": str(is_allowed).lower()})
    move(cluster, [4, 5])
    cluster.change(isr=[4], leader=4)
    error = move(cluster, None)
    if is_allowed:
        assert error is None
        assert (cluster.record.leader, cluster.record.isr) == (1, [1])
        return
    assert error is not None
    assert error.code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    assert error.why == (
        "Unable to revert partition assignment for t:0 because it would require an unclean leader election."
    )


def test_there_is_nothing_to_give_up_where_nothing_is_under_way() -> None:
    error = move(DecidedCluster(), None)
    assert error is not None
    assert (error.code, error.why) == (ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, None)


@pytest.mark.parametrize(
    ("where", "replicas", "code", "why"),
    [
        (TopicPartition("u", 0), [1], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Unable to find a topic named u."),
        (TopicPartition("t", 7), [1], ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "Unable to find partition t:7."),
        (
            T0,
            [1, 9],
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes broker 9, but no such broker is registered.",
        ),
        (
            T0,
            [],
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "The manual partition assignment includes an empty replica list.",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_kafkas_words(
    where: TopicPartition, replicas: list[int], code: ErrorCode, why: str
) -> None:
    error = move(DecidedCluster(), replicas, where)
    assert error is not None
    assert (error.code, error.why) == (code, why)


def test_partitions_keep_their_number_of_replicas_where_that_is_asked_for() -> None:
    cluster = DecidedCluster(brokers=5)
    error = move(cluster, [4, 5], may_change_factor=False)
    assert error is not None
    assert error.code == ErrorCode.INVALID_REPLICATION_FACTOR
    assert error.why == "The replication factor is changed from 3 to 2"
    assert move(cluster, [4, 5, 1], may_change_factor=False) is None
    assert move(cluster, [4, 2, 3], may_change_factor=False) is None  # of five by now, two of which go


def test_a_broker_that_is_away_can_be_given_a_partition() -> None:
    cluster = DecidedCluster(brokers=4)
    cluster.decide(elections.fence(cluster.state, 4))
    assert move(cluster, [4, 2, 3]) is None
    assert moved(cluster) == ([4, 2, 3, 1], [4], [1])


def test_what_is_on_its_way_is_listed() -> None:
    cluster = DecidedCluster(brokers=4)
    cluster.add_partition([1])
    assert list(list_reassignments(cluster.state, None)) == []
    move(cluster, [4, 2, 3])
    ongoing = OngoingReassignment(T0, [4, 2, 3, 1], [4], [1])
    assert list(list_reassignments(cluster.state, None)) == [ongoing]
    others = [TopicPartition("t", 1), TopicPartition("t", 7), TopicPartition("u", 0)]
    assert list(list_reassignments(cluster.state, [*others, T0])) == [ongoing]
    assert list(list_reassignments(cluster.state, others)) == []
