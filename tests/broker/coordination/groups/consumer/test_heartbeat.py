"""What a heartbeat changes, and what the member is told; the answers are those that Apache Kafka 4.3 gave."""

import pytest

from odradek.broker.coordination.groups.consumer.heartbeat import preferred_assignor
from odradek.broker.coordination.groups.consumer.member import ConsumerMember
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.protocol.errors import ErrorCode

from .consumer_driver import ConsumerDriver, Topics, named


@pytest.fixture
def groups() -> ConsumerDriver:
    return ConsumerDriver()


def test_the_first_member_has_everything_at_once(groups: ConsumerDriver) -> None:
    joined = groups.beat("a")
    assert (joined.error, joined.member_id, joined.epoch) == (ErrorCode.NONE, "a", 2)
    assert named(joined.assignment) == {"t": [0, 1, 2, 3]}
    assert (joined.heartbeat_interval_ms, groups.consumer_group.state_name) == (5000, "Stable")


def test_a_join_is_logged_in_the_order_of_kafka(groups: ConsumerDriver) -> None:
    groups.beat("a")
    assert groups.keys() == [5, 3, 7, 6, 8]


def test_a_heartbeat_that_changes_nothing_logs_nothing(groups: ConsumerDriver) -> None:
    groups.beat("a")
    logged = groups.keys()
    again = groups.beat("a", 2)
    assert (again.epoch, again.assignment, groups.keys()) == (2, None, logged)


def test_partitions_go_over_when_the_first_owner_has_confirmed_that_it_gave_them_up(groups: ConsumerDriver) -> None:
    groups.beat("a")
    joined = groups.beat("b")
    assert (joined.epoch, named(joined.assignment)) == (3, {})
    revoking = groups.beat("a", 2)
    assert (revoking.epoch, named(revoking.assignment)) == (2, {"t": [0, 1]})
    assert groups.beat("a", 2, owned={"t": [0, 1, 2, 3]}).assignment is None
    assert groups.beat("b", 3).assignment is None
    assert groups.beat("a", 2, owned={"t": [0, 1]}).epoch == 3
    assert named(groups.beat("b", 3).assignment) == {"t": [2, 3]}
    assert groups.consumer_group.state_name == "Stable"


def test_targets_are_made_no_more_often_than_the_interval_allows() -> None:
    groups = ConsumerDriver(ConsumerConfig())
    groups.beat("a")
    groups.sleep(0.5)
    joined = groups.beat("b")
    assert (joined.epoch, named(joined.assignment)) == (2, {})
    assert groups.consumer_group.state_name == "Assigning"
    groups.sleep(0.5)
    assert named(groups.beat("a", 2).assignment) == {"t": [0, 1]}
    assert groups.consumer_group.state_name == "Reconciling"


def test_a_wall_clock_that_went_back_does_not_keep_a_target_from_being_made() -> None:
    groups = ConsumerDriver(ConsumerConfig())
    groups.beat("a")
    groups.consumer_group.set_assignment_epoch(2, groups.clock.now_ms() + 3_600_000)
    assert groups.beat("b").epoch == 3


def test_a_topic_that_grows_is_seen_at_the_next_heartbeat(groups: ConsumerDriver) -> None:
    groups.beat("a")
    groups.topics.partitions["t"] = 6
    groups.coordinator.kinds.consumer.groups.on_topics_changed(["u"])
    assert groups.beat("a", 2).epoch == 2
    groups.coordinator.kinds.consumer.groups.on_topics_changed(["t"])
    grown = groups.beat("a", 2)
    assert (grown.epoch, named(grown.assignment)) == (3, {"t": [0, 1, 2, 3, 4, 5]})


def test_a_topic_that_comes_later_is_assigned_when_it_is_there(groups: ConsumerDriver) -> None:
    assert named(groups.beat("a", subscribed_topic_names=["new"]).assignment) == {}
    groups.topics.partitions["new"] = 1
    groups.coordinator.kinds.consumer.groups.on_topics_changed(["new"])
    assert named(groups.beat("a", 2).assignment) == {"new": [0]}


def test_a_topic_that_has_gone_is_taken_away(groups: ConsumerDriver) -> None:
    groups.beat("a", subscribed_topic_names=["t", "u"])
    del groups.topics.partitions["u"]
    groups.coordinator.kinds.consumer.groups.on_topics_changed(["u"])
    assert named(groups.beat("a", 2).assignment) == {"t": [0, 1, 2, 3]}


def test_a_topic_that_is_dropped_from_the_subscription_is_taken_away_before_the_target_follows() -> None:
    groups = ConsumerDriver(ConsumerConfig())
    groups.beat("a", subscribed_topic_names=["t", "u"])
    changed = groups.beat("a", 2, subscribed_topic_names=["u"])
    assert (changed.epoch, named(changed.assignment)) == (2, {"u": [0, 1]})
    assert groups.consumer_group.state_name == "Assigning"


def test_a_full_heartbeat_is_told_everything_again(groups: ConsumerDriver) -> None:
    groups.beat("a")
    owned = {"t": [0, 1, 2, 3]}
    full = groups.beat("a", 2, owned=owned, rebalance_timeout_ms=5000, subscribed_topic_names=["t"])
    assert named(full.assignment) == owned
    assert groups.beat("a", 2, owned=owned, subscribed_topic_names=["t"]).assignment is None


def test_the_assignor_that_most_members_want_is_taken() -> None:
    def member(name: str, assignor: str | None) -> ConsumerMember:
        return ConsumerMember(name, server_assignor=assignor)

    config = ConsumerConfig()
    assert preferred_assignor([member("a", None)], config) == "uniform"
    assert preferred_assignor([member("a", "range"), member("b", None)], config) == "range"
    assert preferred_assignor([member("a", "range"), member("b", "uniform")], config) == "uniform"
    votes = [member("a", "range"), member("b", "uniform"), member("c", "uniform"), member("d", "unknown")]
    assert preferred_assignor(votes, config) == "uniform"


def test_a_heartbeat_that_cannot_be_logged_has_changed_nothing(groups: ConsumerDriver) -> None:
    from odradek.protocol.errors import KafkaError

    groups.beat("a")
    groups.log.refusal = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR)
    assert groups.beat("b").error is ErrorCode.NOT_COORDINATOR
    assert list(groups.consumer_group.members) == ["a"]
    groups.log.refusal = None
    assert groups.beat("b").epoch == 3


def test_members_that_read_nothing_raise_no_epoch() -> None:
    groups = ConsumerDriver(topics=Topics())
    assert groups.beat("a", subscribed_topic_names=[]).epoch == 1
    assert groups.keys() == [5, 8]
