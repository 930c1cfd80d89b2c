"""SyncGroup, Heartbeat and LeaveGroup: the rules in their order."""

import pytest

from odradek.broker.coordination.groups.classic.group import ClassicState
from odradek.protocol.errors import ErrorCode, KafkaError

from ..group_driver import GroupDriver


@pytest.fixture
def groups() -> GroupDriver:
    return GroupDriver()


def test_followers_wait_for_the_leaders_assignments(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    groups.join(follower, protocols=[("range", b"new")])
    groups.join(leader)
    parked = groups.sync(follower, 3, {follower: b"what a follower says does not count"})
    assert parked.is_parked
    assert groups.sync(leader, 3, {follower: b"f"}).answer.assignment == b""  # it gave itself nothing
    assert parked.answer.assignment == b"f"
    assert (parked.answer.protocol_type, parked.answer.protocol_name) == ("consumer", "range")


def test_a_stable_group_answers_a_sync_at_once(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    assert groups.sync(follower, 2).answer.assignment == follower.encode()
    assert groups.sync(leader, 2, {follower: b"too late"}).answer.assignment == leader.encode()
    assert groups.sync(follower, 2).answer.assignment == follower.encode()


def test_a_second_sync_of_the_same_member_takes_the_place_of_the_first(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    groups.join(follower, protocols=[("range", b"new")])
    groups.join(leader)
    first, second = groups.sync(follower, 3), groups.sync(follower, 3)
    assert first.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    groups.sync(leader, 3, {follower: b"f"})
    assert second.answer.assignment == b"f"


def test_a_rebalance_calls_back_those_who_wait_for_assignments(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    groups.join(follower, protocols=[("range", b"new")])
    groups.join(leader)
    parked = groups.sync(follower, 3)
    groups.join_fresh()
    assert parked.answer.error is ErrorCode.REBALANCE_IN_PROGRESS
    assert groups.sync(follower, 3).answer.error is ErrorCode.REBALANCE_IN_PROGRESS


def test_a_sync_is_checked_in_kafkas_order(groups: GroupDriver) -> None:
    assert groups.sync("m", 1, group_id="").answer.error is ErrorCode.INVALID_GROUP_ID
    assert groups.sync("m", 1).answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    member = groups.join(instance="i").answer.member_id
    assert groups.sync("m", 9).answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.sync(member, 9, instance="j").answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.sync("m", 9, instance="i").answer.error is ErrorCode.FENCED_INSTANCE_ID
    assert groups.sync(member, 9, protocol_type="connect").answer.error is ErrorCode.ILLEGAL_GENERATION
    assert groups.sync(member, 1, protocol_type="connect").answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert groups.sync(member, 1, protocol_name="sticky").answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    agreed = groups.sync(member, 1, {}, protocol_type="consumer", protocol_name="range")
    assert agreed.answer.error is ErrorCode.NONE


def test_a_heartbeat_is_checked_in_kafkas_order(groups: GroupDriver) -> None:
    assert groups.heartbeat("m", 1, group_id="") is ErrorCode.INVALID_GROUP_ID
    assert groups.heartbeat("m", 1) is ErrorCode.UNKNOWN_MEMBER_ID
    member = groups.join(instance="i").answer.member_id
    assert groups.heartbeat("m", 9) is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.heartbeat("m", 9, instance="i") is ErrorCode.FENCED_INSTANCE_ID
    assert groups.heartbeat(member, 9) is ErrorCode.ILLEGAL_GENERATION
    assert groups.heartbeat(member, 1) is ErrorCode.NONE


def test_only_a_running_join_phase_calls_members_back(groups: GroupDriver) -> None:
    (leader,) = groups.stable_group()
    assert groups.heartbeat(leader, 1) is ErrorCode.NONE
    newcomer = groups.join_fresh()
    assert groups.heartbeat(leader, 1) is ErrorCode.REBALANCE_IN_PROGRESS
    groups.join(leader)
    assert groups.group().state is ClassicState.COMPLETING_REBALANCE
    assert groups.heartbeat(leader, 2) is ErrorCode.NONE
    assert groups.heartbeat(newcomer.answer.member_id, 2) is ErrorCode.NONE


def test_an_empty_group_has_no_members_to_hear_from(groups: GroupDriver) -> None:
    (leader,) = groups.stable_group()
    assert groups.leave(leader).answer == [ErrorCode.NONE]
    assert groups.group().state is ClassicState.EMPTY
    assert groups.heartbeat(leader, 2) is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.sync(leader, 2).answer.error is ErrorCode.UNKNOWN_MEMBER_ID


def test_leaving_makes_the_others_share_again(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    groups.leave(leader)
    assert groups.heartbeat(follower, 2) is ErrorCode.REBALANCE_IN_PROGRESS
    joined = groups.join(follower).answer
    assert (joined.leader, joined.generation_id) == (follower, 3)


def test_leaving_may_be_what_a_rebalance_waited_for(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    waiting = groups.join(leader)
    groups.leave(follower)
    assert waiting.answer.generation_id == 3


def test_leaving_answers_what_the_member_left_parked(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    join = groups.join(leader)
    groups.leave(leader)
    assert join.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    rejoined = groups.join(follower)
    newcomer = groups.join_fresh()
    groups.join(follower)
    sync = groups.sync(newcomer.answer.member_id, rejoined.answer.generation_id + 1)
    groups.leave(newcomer.answer.member_id)
    assert sync.answer.error is ErrorCode.UNKNOWN_MEMBER_ID


def test_every_leaving_member_gets_an_error_of_its_own(groups: GroupDriver) -> None:
    member = groups.join(instance="i").answer.member_id
    groups.sync(member, 1)
    told = groups.join().answer.member_id
    left = groups.leave(("other", "i"), (member, "j"), ("", "j"), "", "stranger", (told, None), ("", "i"), ("", "i"))
    assert left.answer == [
        ErrorCode.FENCED_INSTANCE_ID,
        ErrorCode.UNKNOWN_MEMBER_ID,
        ErrorCode.UNKNOWN_MEMBER_ID,
        ErrorCode.UNKNOWN_MEMBER_ID,
        ErrorCode.UNKNOWN_MEMBER_ID,
        ErrorCode.NONE,
        ErrorCode.NONE,
        ErrorCode.UNKNOWN_MEMBER_ID,
    ]
    assert groups.group().state is ClassicState.EMPTY
    assert groups.group().pending_members == set()


def test_a_pending_newcomer_that_leaves_holds_nobody_back(groups: GroupDriver) -> None:
    (leader,) = groups.stable_group()
    told = groups.join().answer.member_id
    rejoined = groups.join(leader)
    assert rejoined.is_parked
    assert groups.leave(told).answer == [ErrorCode.NONE]
    assert rejoined.answer.generation_id == 2


def test_nobody_leaves_a_group_that_does_not_exist(groups: GroupDriver) -> None:
    assert groups.leave("a", "b").answer == [ErrorCode.UNKNOWN_MEMBER_ID] * 2
    with pytest.raises(KafkaError) as refused:
        groups.leave("a", group_id="")
    assert refused.value.code is ErrorCode.INVALID_GROUP_ID
