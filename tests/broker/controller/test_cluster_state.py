"""What holds in a cluster and of its topics while something is decided."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.controller.partition_change import Election
from odradek.broker.metadata.image import config_record
from odradek.broker.metadata.registrations import LOST_DIRECTORY, UNASSIGNED_DIRECTORY
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import ConfigResourceType

from .decided_cluster import DecidedCluster, directory_of, epoch_of

MIN_ISR = "min.insync.replicas"
UNCLEAN = "unclean.leader.election.enable"


def test_the_minimal_isr_of_a_topic_is_no_more_than_it_has_replicas() -> None:
    cluster = DecidedCluster(configs={MIN_ISR: "2"})
    assert cluster.state.min_isr(cluster.partition.topic) == 2
    cluster.configure({MIN_ISR: "9"})
    assert cluster.state.min_isr(cluster.partition.topic) == 3


def test_a_setting_of_the_topic_counts_before_that_of_the_cluster_and_that_before_the_controllers_own() -> None:
    cluster = DecidedCluster()
    topic = cluster.partition.topic
    assert (cluster.state.min_isr(topic), cluster.state.allows_unclean_elections(topic)) == (1, False)
    cluster.config = BrokerConfig.from_settings({MIN_ISR: "3", UNCLEAN: "true"})
    assert (cluster.state.min_isr(topic), cluster.state.allows_unclean_elections(topic)) == (3, True)
    of_all = (ConfigResourceType.BROKER, "")
    cluster.apply([config_record(of_all, MIN_ISR, "2"), config_record(of_all, UNCLEAN, "false")])
    assert (cluster.state.min_isr(topic), cluster.state.allows_unclean_elections(topic)) == (2, False)
    cluster.configure({MIN_ISR: "1", UNCLEAN: "true"})
    assert (cluster.state.min_isr(topic), cluster.state.allows_unclean_elections(topic)) == (1, True)


def test_a_broker_is_known_by_its_epoch() -> None:
    state = DecidedCluster().state
    state.check_epoch(2, epoch_of(2))
    with pytest.raises(KafkaError, match="Expected broker epoch 12, but got broker epoch 11") as stale:
        state.check_epoch(2, 11)
    assert stale.value.code == ErrorCode.STALE_BROKER_EPOCH
    with pytest.raises(KafkaError, match="No broker registration found for broker id 9") as unknown:
        state.check_epoch(9, 11)
    assert unknown.value.code == ErrorCode.STALE_BROKER_EPOCH


def test_a_broker_that_is_not_registered_is_named() -> None:
    state = DecidedCluster().state
    assert state.registration(1).broker_id == 1
    with pytest.raises(KafkaError, match="Broker ID 9 is not currently registered") as unknown:
        state.registration(9)
    assert unknown.value.code == ErrorCode.BROKER_ID_NOT_REGISTERED
    assert (state.is_active(1), state.is_active(9)) == (True, False)


def test_replicas_come_to_the_directory_of_their_broker() -> None:
    state = DecidedCluster().state
    assert (state.default_directory(2), state.default_directory(9)) == (directory_of(2), UNASSIGNED_DIRECTORY)


def test_who_may_lead_is_there_holds_the_partition_and_has_its_directory() -> None:
    cluster = DecidedCluster(brokers=4)
    cluster.set_broker(2, fenced=1)
    cluster.change(directories=[directory_of(1), directory_of(2), LOST_DIRECTORY])

    def leaders(**brokers: tuple[int, ...]) -> list[int]:
        change = cluster.state.change(cluster.partition, Election.ONLINE, **brokers)
        return [one for one in range(1, 6) if change.rules.may_lead(cluster.record, one)]

    assert leaders() == [1]
    assert leaders(back=(2,)) == [1, 2]
    assert leaders(lost=(1,)) == []
    assert leaders(unclean_shutdown=(1,), back=(2,)) == [2]


def test_a_cluster_keeps_eligible_leaders_where_the_feature_is_on() -> None:
    assert DecidedCluster().state.has_eligible_leaders
    assert not DecidedCluster(has_eligible_leaders=False).state.has_eligible_leaders
