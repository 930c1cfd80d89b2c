"""Who leads when brokers go and come back, when elections are asked for, and by the clock."""

import pytest

from odradek.broker.controller import elections
from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.elections import ElectionResult, ElectionType
from odradek.broker.controller.partition_change import NO_LEADER, RECOVERING
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import (
    BrokerRegistrationChangeRecord,
    PartitionChangeRecord,
    UnregisterBrokerRecord,
)

from .decided_cluster import T0, DecidedCluster, code_of

UNCLEAN = {"unclean.leader.election.enable": "true"}
MIN_ISR_2 = {"min.insync.replicas": "2"}


def fence(cluster: DecidedCluster, *broker_ids: int) -> None:
    for broker_id in broker_ids:
        cluster.decide(elections.fence(cluster.state, broker_id))


def unfence(cluster: DecidedCluster, broker_id: int) -> None:
    cluster.decide(elections.unfence(cluster.state, broker_id))


# Brokers that go and come


def test_a_fenced_broker_leads_nothing_and_is_in_no_isr() -> None:
    cluster = DecidedCluster()
    cluster.add_partition([2, 3])
    change, fenced = cluster.decide(elections.fence(cluster.state, 1))
    assert (cluster.record.leader, cluster.record.isr, cluster.record.leader_epoch) == (2, [2, 3], 1)
    assert isinstance(change, PartitionChangeRecord)
    assert fenced == BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=11, fenced=1)
    assert cluster.image.brokers[1].is_fenced


def test_a_follower_that_is_fenced_costs_no_election() -> None:
    cluster = DecidedCluster()
    fence(cluster, 3)
    assert (cluster.record.leader, cluster.record.isr, cluster.record.leader_epoch) == (1, [1, 2], 0)


def test_without_eligible_leaders_the_last_one_in_sync_stays_in_the_isr_and_leads_again() -> None:
    cluster = DecidedCluster(has_eligible_leaders=False)
    fence(cluster, 1, 2, 3)
    assert (cluster.record.leader, cluster.record.isr) == (NO_LEADER, [3])
    unfence(cluster, 1)
    assert cluster.record.leader == NO_LEADER
    unfence(cluster, 3)
    assert (cluster.record.leader, cluster.record.isr) == (3, [3])


def test_with_eligible_leaders_whoever_comes_back_first_of_them_leads() -> None:
    cluster = DecidedCluster(configs=MIN_ISR_2)
    fence(cluster, 1, 2, 3)
    assert (cluster.record.leader, cluster.record.isr) == (NO_LEADER, [])
    assert (cluster.record.eligible_leader_replicas, cluster.record.last_known_elr) == ([2, 3], [3])
    unfence(cluster, 1)
    assert cluster.record.leader == NO_LEADER
    unfence(cluster, 2)
    assert (cluster.record.leader, cluster.record.isr) == (2, [2])
    assert (cluster.record.eligible_leader_replicas, cluster.record.last_known_elr) == ([3], None)


def test_a_topic_that_allows_it_is_led_by_a_replica_that_was_not_in_sync() -> None:
    cluster = DecidedCluster(has_eligible_leaders=False, configs=UNCLEAN)
    cluster.change(isr=[1])
    fence(cluster, 1)
    assert (cluster.record.leader, cluster.record.isr) == (2, [2])
    assert cluster.record.leader_recovery_state == RECOVERING


def test_what_changes_no_broker_is_not_recorded() -> None:
    cluster = DecidedCluster()
    assert cluster.decide(elections.unfence(cluster.state, 1)) == []
    fence(cluster, 1)
    assert cluster.decide(elections.fence(cluster.state, 1)) == []


@pytest.mark.parametrize("what", [elections.fence, elections.unfence, elections.unregister])
def test_a_broker_that_is_not_registered_neither_goes_nor_comes(what: type) -> None:
    cluster = DecidedCluster()
    with pytest.raises(KafkaError, match="Broker ID 9 is not currently registered"):
        cluster.decide(what(cluster.state, 9))


def test_a_broker_that_shuts_down_hands_over_what_others_can_lead() -> None:
    cluster = DecidedCluster()
    cluster.add_partition([1])
    assert elections.leads_any(cluster.state, 1)
    cluster.decide(elections.begin_controlled_shutdown(cluster.state, 1))
    assert cluster.image.brokers[1].is_in_controlled_shutdown
    assert (cluster.record.leader, cluster.record.isr) == (2, [2, 3])
    assert cluster.image.topics["t"].partitions[1].record.leader == NO_LEADER
    assert not elections.leads_any(cluster.state, 1)


def test_a_shutdown_is_begun_once_and_what_is_left_is_handed_over_later() -> None:
    cluster = DecidedCluster()
    cluster.decide(elections.begin_controlled_shutdown(cluster.state, 1))
    cluster.change(isr=[1, 2], leader=1)
    (change,) = cluster.decide(elections.begin_controlled_shutdown(cluster.state, 1))
    assert isinstance(change, PartitionChangeRecord)
    assert (cluster.record.leader, cluster.record.isr) == (2, [2])


def test_a_broker_that_is_unregistered_is_gone_from_isrs() -> None:
    cluster = DecidedCluster()
    records = cluster.decide(elections.unregister(cluster.state, 2))
    assert records[-1] == UnregisterBrokerRecord(broker_id=2, broker_epoch=12)
    assert (list(cluster.image.brokers), cluster.record.isr) == ([1, 3], [1, 3])


def test_a_broker_that_begins_anew_after_an_unclean_end_is_eligible_no_more() -> None:
    cluster = DecidedCluster(configs={"min.insync.replicas": "3"})
    fence(cluster, 3)
    assert cluster.record.eligible_leader_replicas == [3]
    cluster.decide(elections.forget_incarnation(cluster.state, 3, is_clean=False))
    assert cluster.record.eligible_leader_replicas is None
    cluster.decide(elections.forget_incarnation(cluster.state, 2, is_clean=False))
    assert (cluster.record.isr, cluster.record.eligible_leader_replicas) == ([1], None)


def test_a_broker_that_begins_anew_after_a_clean_end_stays_eligible() -> None:
    cluster = DecidedCluster(configs={"min.insync.replicas": "3"})
    cluster.decide(elections.forget_incarnation(cluster.state, 3, is_clean=True))
    assert (cluster.record.isr, cluster.record.eligible_leader_replicas) == ([1, 2], [3])


# Elections that are asked for


def elect(cluster: DecidedCluster, kind: ElectionType, *asked: TopicPartition) -> list[ElectionResult]:
    results: list[ElectionResult] = []
    cluster.decide(elections.elect_leaders(cluster.state, kind, list(asked) or None, results))
    return results


def test_the_preferred_replica_leads_again_once_it_is_in_sync() -> None:
    cluster = DecidedCluster()
    cluster.change(leader=2)
    assert elect(cluster, ElectionType.PREFERRED, T0) == [ElectionResult(T0, None)]
    assert (cluster.record.leader, cluster.record.leader_epoch) == (1, 2)


def test_why_there_was_no_election_is_said_in_kafkas_words() -> None:
    cluster = DecidedCluster()
    asked = (T0, TopicPartition("t", 7), TopicPartition("u", 0))
    results = elect(cluster, ElectionType.PREFERRED, *asked)
    assert [one.partition for one in results] == list(asked)
    assert [(code_of(one.error), one.error and one.error.why) for one in results] == [
        (ErrorCode.ELECTION_NOT_NEEDED, None),
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "No such partition as t-7"),
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "No such topic as u"),
    ]


def test_a_preferred_replica_that_is_not_in_sync_does_not_lead() -> None:
    cluster = DecidedCluster()
    fence(cluster, 1)
    (result,) = elect(cluster, ElectionType.PREFERRED, T0)
    assert code_of(result.error) == ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE


def test_an_unclean_election_needs_a_partition_without_leader_and_a_replica_that_is_there() -> None:
    cluster = DecidedCluster(has_eligible_leaders=False)
    assert code_of(elect(cluster, ElectionType.UNCLEAN, T0)[0].error) == ErrorCode.ELECTION_NOT_NEEDED
    fence(cluster, 1, 2, 3)
    assert code_of(elect(cluster, ElectionType.UNCLEAN, T0)[0].error) == ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE
    unfence(cluster, 2)
    assert elect(cluster, ElectionType.UNCLEAN, T0) == [ElectionResult(T0, None)]
    assert (cluster.record.leader, cluster.record.isr, cluster.record.leader_recovery_state) == (2, [2], RECOVERING)


def test_of_all_partitions_only_those_are_told_of_that_need_a_leader() -> None:
    cluster = DecidedCluster()
    cluster.add_partition([2, 1])
    cluster.change(leader=3)
    assert elect(cluster, ElectionType.PREFERRED) == [ElectionResult(T0, None)]
    assert cluster.record.leader == 1


# By the clock


def test_leadership_returns_to_preferred_replicas_that_are_in_sync() -> None:
    cluster = DecidedCluster()
    cluster.add_partition([3, 2])
    fence(cluster, 1, 3)
    cluster.set_broker(1, fenced=-1)
    cluster.change(isr=[2, 1])
    (change,) = cluster.decide(elections.balance_leaders(cluster.state))
    assert isinstance(change, PartitionChangeRecord)
    assert (change.partition_id, change.leader) == (0, 1)
    assert cluster.decide(elections.balance_leaders(cluster.state)) == []


def test_a_topic_that_comes_to_allow_unclean_elections_gets_its_leaders_then() -> None:
    cluster = DecidedCluster(has_eligible_leaders=False)
    fence(cluster, 1, 2, 3)
    unfence(cluster, 1)
    assert cluster.decide(elections.elect_unclean_leaders(cluster.state)) == []
    cluster.configure(UNCLEAN)
    cluster.decide(elections.elect_unclean_leaders(cluster.state))
    assert (cluster.record.leader, cluster.record.isr) == (1, [1])
    assert cluster.decide(elections.elect_unclean_leaders(cluster.state)) == []
