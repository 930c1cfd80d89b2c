"""Timers, replay and the change from one kind to the other."""

import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.protocol.errors import ErrorCode

from .consumer_driver import ConsumerDriver, named


@pytest.fixture
def groups() -> ConsumerDriver:
    return ConsumerDriver()


def test_a_member_that_is_not_heard_of_is_out_and_the_others_have_what_it_had(groups: ConsumerDriver) -> None:
    groups.beat("a")
    groups.sleep(30)
    groups.beat("b")
    groups.sleep(14.9)
    assert list(groups.consumer_group.members) == ["a", "b"]
    groups.sleep(0.2)
    assert list(groups.consumer_group.members) == ["b"]
    assert named(groups.beat("b", 3).assignment) == {"t": [0, 1, 2, 3]}


def test_each_group_has_the_session_timeout_that_it_was_given_last() -> None:
    timeouts = {"g": 45_000}
    groups = ConsumerDriver(ConsumerConfig(of_group=lambda group_id: ModernGroupSettings(timeouts[group_id])))
    groups.beat("a")
    timeouts["g"] = 60_000
    groups.beat("a", 2)
    groups.sleep(59)
    assert groups.consumer_group.members
    groups.sleep(1.1)
    assert not groups.consumer_group.members


def test_a_member_that_does_not_give_up_what_it_must_in_its_time_is_out(groups: ConsumerDriver) -> None:
    groups.beat("a")
    groups.beat("b")
    groups.beat("a", 2)
    groups.sleep(4.9)
    groups.beat("a", 2, owned={"t": [0, 1, 2, 3]})
    groups.sleep(0.2)
    assert list(groups.consumer_group.members) == ["b"]


def test_a_member_that_has_given_up_what_it_must_stays(groups: ConsumerDriver) -> None:
    groups.beat("a")
    groups.beat("b")
    groups.beat("a", 2)
    groups.beat("a", 2, owned={"t": [0, 1]})
    groups.sleep(6)
    assert list(groups.consumer_group.members) == ["a", "b"]


def test_a_static_member_that_is_away_is_out_when_its_session_ends(groups: ConsumerDriver) -> None:
    groups.beat("a", instance_id="i")
    groups.beat("a", -2, instance_id="i")
    groups.sleep(44)
    assert list(groups.consumer_group.members) == ["a"]
    groups.sleep(1.1)
    assert groups.consumer_group.is_empty


def test_a_restart_knows_everything_and_gives_members_a_whole_session(groups: ConsumerDriver) -> None:
    groups.beat("a", instance_id="i")
    groups.beat("b", subscribed_topic_names=["t", "u"], rack_id="r")
    groups.settle()
    again = groups.restarted()
    assert again.consumer_group.members == groups.consumer_group.members
    assert again.consumer_group.target == groups.consumer_group.target
    assert (again.consumer_group.epoch, again.consumer_group.state_name) == (groups.consumer_group.epoch, "Stable")
    epoch = again.consumer_group.members["b"].epoch
    again.sleep(44)
    assert again.beat("b", epoch).error is ErrorCode.NONE
    again.sleep(1.1)
    assert list(again.consumer_group.members) == ["b"]


def test_a_restart_goes_on_to_wait_for_what_a_member_has_yet_to_give_up(groups: ConsumerDriver) -> None:
    groups.beat("a")
    groups.beat("b")
    groups.beat("a", 2)
    again = groups.restarted()
    again.sleep(5.1)
    assert list(again.consumer_group.members) == ["b"]


def test_an_empty_classic_group_becomes_a_consumer_group_and_keeps_its_offsets(groups: ConsumerDriver) -> None:
    (member_id,) = groups.stable_group()
    groups.leave(member_id)
    groups.commit(offset=7)
    assert groups.beat("a").error is ErrorCode.NONE
    assert groups.consumer_group.state_name == "Stable"
    again = groups.restarted()
    assert (again.committed(), again.consumer_group.state_name) == (7, "Stable")


def test_an_empty_consumer_group_becomes_a_classic_group_and_keeps_its_offsets(groups: ConsumerDriver) -> None:
    groups.beat("a")
    groups.commit("a", 2, 7)
    groups.beat("a", -1)
    groups.stable_group()
    for one in (groups, groups.restarted()):
        group = one.service.find_group("g")
        assert isinstance(group, ClassicGroup)
        assert (group.state_name, one.committed()) == ("Stable", 7)


def test_a_group_that_only_kept_offsets_becomes_a_consumer_group(groups: ConsumerDriver) -> None:
    groups.commit(offset=3)
    assert groups.beat("a").error is ErrorCode.NONE
    assert groups.restarted().committed() == 3


def test_who_asks_for_a_group_of_the_other_kind_is_told_so(groups: ConsumerDriver) -> None:
    groups.stable_group()
    refused = groups.beat("a", 3)
    assert refused.error is ErrorCode.GROUP_ID_NOT_FOUND
    assert refused.message == "Group g is not a consumer group."


def test_offsets_of_topics_that_nobody_reads_any_more_expire() -> None:
    groups = ConsumerDriver(ConsumerConfig(of_group=lambda group_id: ModernGroupSettings(1 << 40)))
    groups.beat("a")
    for topic in ("t", "u"):
        groups.commit("a", 2, topic=topic)
    groups.sleep(groups.settings.offsets_retention_ms / 1000 + 601)
    assert (groups.committed("t"), groups.committed("u")) == (5, None)
