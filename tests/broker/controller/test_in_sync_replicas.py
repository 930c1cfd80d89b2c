"""What leaders report of their ISRs is held against what is recorded, and recorded."""

from collections.abc import Sequence
from typing import Any

import pytest

from odradek.broker.controller.in_sync_replicas import ANY_EPOCH, IsrChange, IsrResult, alter_partitions
from odradek.broker.controller.partition_change import RECOVERED, RECOVERING
from odradek.protocol.errors import ErrorCode, KafkaError

from .decided_cluster import TOPIC_ID, DecidedCluster, code_of, directory_of, epoch_of


def ask(cluster: DecidedCluster, isr: Sequence[int | tuple[int, int]], leader: int = 1, **fields: Any) -> IsrResult:
    """Broker `leader` reports an ISR of partition 0 as it knows it, but for the `fields` of an IsrChange.

    A broker has the epoch that it registered in, unless it comes with another.
    """
    record = cluster.record
    epochs = [(one, epoch_of(one)) if isinstance(one, int) else one for one in isr]
    asked = IsrChange(TOPIC_ID, 0, record.leader_epoch, record.partition_epoch, epochs)._replace(**fields)
    results: list[IsrResult] = []
    cluster.decide(alter_partitions(cluster.state, leader, epoch_of(leader), [asked], results))
    (result,) = results
    return result


def test_an_isr_shrinks_and_grows_in_new_partition_epochs() -> None:
    cluster = DecidedCluster()
    result = ask(cluster, [1, 2])
    assert (result.error, result.isr, result.leader, result.leader_epoch) == (None, [1, 2], 1, 0)
    assert (result.partition_epoch, cluster.record.partition_epoch) == (1, 1)
    assert ask(cluster, [1, 2, 3]).partition_epoch == 2
    assert cluster.record.isr == [1, 2, 3]


def test_an_isr_that_is_recorded_already_is_answered_as_it_is() -> None:
    cluster = DecidedCluster()
    result = ask(cluster, [1, 2, 3])
    assert (result.error, result.isr, result.partition_epoch) == (None, [1, 2, 3], 0)


def test_an_isr_that_falls_below_the_minimum_leaves_an_eligible_leader() -> None:
    cluster = DecidedCluster(configs={"min.insync.replicas": "2"})
    ask(cluster, [1, 2])
    ask(cluster, [1])
    assert (cluster.record.isr, cluster.record.eligible_leader_replicas) == ([1], [2])
    ask(cluster, [1, 3])
    assert (cluster.record.isr, cluster.record.eligible_leader_replicas) == ([1, 3], None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"topic_id": b"?" * 16}, ErrorCode.UNKNOWN_TOPIC_ID),
        ({"partition": 7}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ({"leader_epoch": 2}, ErrorCode.NOT_CONTROLLER),
        ({"partition_epoch": 2}, ErrorCode.NOT_CONTROLLER),
        ({"leader_epoch": 0}, ErrorCode.FENCED_LEADER_EPOCH),
        ({"partition_epoch": 0}, ErrorCode.INVALID_UPDATE_VERSION),
        ({"leader_epoch": 0, "partition_epoch": 0}, ErrorCode.FENCED_LEADER_EPOCH),
    ],
)
def test_who_does_not_know_the_partition_as_it_is_is_told(fields: dict[str, Any], code: ErrorCode) -> None:
    cluster = DecidedCluster()
    cluster.change(leader=1)
    result = ask(cluster, [1, 2], **fields)
    assert (code_of(result.error), cluster.record.isr) == (code, [1, 2, 3])


@pytest.mark.parametrize(
    ("isr", "fields"),
    [
        ([], {}),
        ([1, 1], {}),
        ([1, 4], {}),
        ([2, 3], {}),
        ([1, 2], {"recovery_state": RECOVERING}),
        ([1], {"recovery_state": RECOVERING}),
    ],
)
def test_an_isr_is_of_replicas_with_the_leader_among_them(isr: list[int], fields: dict[str, Any]) -> None:
    cluster = DecidedCluster(brokers=4)
    assert code_of(ask(cluster, isr, **fields).error) == ErrorCode.INVALID_REQUEST
    assert cluster.record.isr == [1, 2, 3]


def test_only_the_leader_reports_an_isr() -> None:
    assert code_of(ask(DecidedCluster(), [1, 2], leader=2).error) == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("flags", "epoch", "why"),
    [
        ({"fenced": 1}, 12, "2 (fenced)"),
        ({"in_controlled_shutdown": 1}, 12, "2 (shutting down)"),
        ({}, 11, "2 (broker epoch mismatch: requested=11 VS expected=12)"),
    ],
)
def test_a_broker_that_is_not_there_as_it_is_known_is_not_in_sync(flags: dict[str, int], epoch: int, why: str) -> None:
    cluster = DecidedCluster()
    cluster.set_broker(2, **flags)
    error = ask(cluster, [(1, ANY_EPOCH), (2, epoch)]).error
    assert error is not None
    assert (error.code, error.why) == (ErrorCode.INELIGIBLE_REPLICA, why)


def test_a_broker_that_is_forgotten_is_not_in_sync() -> None:
    cluster = DecidedCluster(brokers=2)
    error = ask(cluster, [(1, ANY_EPOCH), (3, ANY_EPOCH)]).error
    assert error is not None
    assert (error.code, error.why) == (ErrorCode.INELIGIBLE_REPLICA, "3 (not registered)")


def test_a_leader_that_recovers_is_in_sync_alone_until_it_has() -> None:
    cluster = DecidedCluster()
    cluster.change(isr=[1], leader_recovery_state=RECOVERING)
    assert ask(cluster, [1], recovery_state=RECOVERING).error is None
    assert ask(cluster, [1], recovery_state=RECOVERED).recovery_state == RECOVERED
    assert cluster.record.leader_recovery_state == RECOVERED


def test_a_broker_of_an_older_epoch_changes_nothing() -> None:
    cluster = DecidedCluster()
    with pytest.raises(KafkaError) as stale:
        cluster.decide(alter_partitions(cluster.state, 1, 7, [], []))
    assert stale.value.code == ErrorCode.STALE_BROKER_EPOCH


def reassigned(replicas: Sequence[int], removing: int) -> DecidedCluster:
    """Broker 4 comes and another goes."""
    cluster = DecidedCluster(brokers=4)
    cluster.change(
        replicas=replicas,
        adding_replicas=[4],
        removing_replicas=[removing],
        directories=[directory_of(one) for one in replicas],
    )
    return cluster


def test_an_isr_with_everybody_who_comes_ends_a_reassignment_and_with_it_a_leader_that_goes() -> None:
    cluster = reassigned([4, 2, 3, 1], removing=1)
    assert code_of(ask(cluster, [1, 2, 3, 4]).error) == ErrorCode.NEW_LEADER_ELECTED
    assert (cluster.record.replicas, cluster.record.adding_replicas) == ([4, 2, 3], [])
    assert (cluster.record.isr, cluster.record.leader, cluster.record.leader_epoch) == ([2, 3, 4], 4, 1)


def test_a_leader_that_stays_is_told_of_the_end_of_a_reassignment() -> None:
    cluster = reassigned([1, 2, 4, 3], removing=3)
    result = ask(cluster, [1, 2, 3, 4])
    assert (result.error, result.isr, result.leader_epoch) == (None, [1, 2, 4], 1)
    assert cluster.record.replicas == [1, 2, 4]
