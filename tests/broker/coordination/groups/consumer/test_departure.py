"""What becomes of a group when members go: it is a consumer group as long as one speaks that protocol."""

from dataclasses import replace
from typing import Any

import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.protocol.errors import ErrorCode

from .classic_client import assigned, assignment, offers
from .consumer_driver import EAGER, ConsumerDriver, Topics


def mixed(config: object = EAGER, *, instance: str | None = None) -> ConsumerDriver:
    """A classic group of one that "m" of the consumer protocol has joined."""
    assert isinstance(config, type(EAGER))
    groups = ConsumerDriver(config, Topics(t=4))
    told = groups.join("", protocols=offers()).answer
    member = groups.join(told.member_id, protocols=offers()).answer.member_id
    groups.sync(member, 1, {member: assignment({"t": [0, 1, 2, 3]})})
    how: dict[str, Any] = {} if instance is None else {"instance_id": instance}
    assert groups.beat("m", **how).epoch == 2
    return groups


def classic_id(groups: ConsumerDriver) -> str:
    return next(name for name in groups.consumer_group.members if name != "m")


def test_when_the_last_one_leaves_the_others_rebalance_as_a_classic_group() -> None:
    groups = mixed()
    member = classic_id(groups)
    assert groups.heartbeat(member, 1) is ErrorCode.REBALANCE_IN_PROGRESS
    assert groups.beat("m", -1).epoch == -1
    group = groups.group()
    assert (group.state, group.generation, group.protocol_name) == (ClassicState.PREPARING_REBALANCE, 2, "range")
    assert groups.heartbeat(member, 2) is ErrorCode.REBALANCE_IN_PROGRESS
    again = groups.join(member, protocols=offers()).answer
    assert (again.generation_id, again.leader) == (3, member)
    restarted = groups.restarted()
    assert isinstance(restarted.service.find_group("g"), ClassicGroup)
    assert [one for one in restarted.group().members] == [member]


def test_the_session_of_the_last_one_ends_likewise_and_the_classic_sessions_go_on() -> None:
    groups = mixed()
    member = classic_id(groups)
    for _ in range(8):
        groups.sleep(5.1)
        assert groups.heartbeat(member, 1) is ErrorCode.REBALANCE_IN_PROGRESS
    groups.sleep(5.1)  # a session of 45 s has ended
    assert (groups.group().generation, list(groups.group().members)) == (2, [member])
    groups.sleep(61)
    assert not groups.group().members


def test_a_classic_member_that_takes_the_place_of_the_last_one_needs_no_rebalance() -> None:
    groups = mixed(instance="i")
    other = classic_id(groups)
    # The other follows first, so that there is something to take over.
    groups.join(other, protocols=offers())
    groups.beat("m", 2, owned={})
    heir = groups.join("", protocols=offers(), instance="i").answer
    group = groups.group()
    assert (heir.error, heir.protocol_name, group.state) == (ErrorCode.NONE, "range", ClassicState.STABLE)
    assert set(group.members) == {other, heir.member_id}
    own = assigned(groups.sync(heir.member_id, group.generation, instance="i").answer.assignment)
    assert len(own["t"]) == 2
    assert groups.heartbeat(other, group.generation) is ErrorCode.NONE


def test_a_member_that_takes_the_last_place_with_another_subscription_has_the_others_rebalance() -> None:
    groups = mixed(instance="i")
    other = classic_id(groups)
    groups.join(other, protocols=offers())
    heir = groups.join("", protocols=offers("u"), instance="i").answer
    assert (heir.error, heir.generation_id) == (ErrorCode.NONE, 0)
    assert groups.group().state is ClassicState.PREPARING_REBALANCE
    assert groups.heartbeat(other, groups.group().generation) is ErrorCode.REBALANCE_IN_PROGRESS


@pytest.mark.parametrize("why", ["disabled", "too many"])
def test_where_that_may_not_be_it_stays_a_consumer_group(why: str) -> None:
    groups = mixed(replace(EAGER, may_downgrade=why != "disabled"))
    if why == "too many":
        groups.coordinator.kinds.classic._config = replace(groups.settings, max_size=0)
    groups.beat("m", -1)
    assert (groups.consumer_group.state_name, len(groups.consumer_group.members)) == ("Assigning", 1)


def test_a_group_that_may_not_become_a_consumer_group_says_so() -> None:
    groups = ConsumerDriver(replace(EAGER, may_upgrade=False))
    groups.stable_group()
    refused = groups.beat("a")
    assert refused.error is ErrorCode.GROUP_ID_NOT_FOUND
    assert refused.message == "Cannot upgrade classic group g to consumer group because online upgrade is disabled."


def test_a_pattern_that_nobody_has_any_more_goes_with_its_last_subscriber() -> None:
    groups = ConsumerDriver(topics=Topics(t=1))
    for name in ("a", "b"):
        groups.beat(name, subscribed_topic_regex="t.*")
    groups.sleep(0)
    groups.beat("a", -1)
    assert list(groups.consumer_group.regexes) == ["t.*"]
    groups.beat("b", -1)
    assert groups.consumer_group.regexes == {}
