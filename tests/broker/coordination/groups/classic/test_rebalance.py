"""When a rebalance ends, who it leaves behind, what members may ask meanwhile, and what the clock does to them."""

import pytest

from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.protocol.errors import ErrorCode, KafkaError

from ..group_driver import GroupDriver, LoggedGroup


@pytest.fixture
def groups() -> GroupDriver:
    return GroupDriver()


@pytest.fixture
def slow_start() -> GroupDriver:
    """group.initial.rebalance.delay.ms = 1500."""
    return GroupDriver(GroupConfig(initial_rebalance_delay_ms=1500))


def test_without_a_delay_the_first_member_has_its_generation_at_once(groups: GroupDriver) -> None:
    assert groups.join(version=3).answer.generation_id == 1


def test_the_first_rebalance_waits_for_others(slow_start: GroupDriver) -> None:
    call = slow_start.join(version=3)
    slow_start.sleep(1.49)
    assert call.is_deferred
    slow_start.sleep(0.02)
    assert call.answer.generation_id == 1


def test_the_wait_is_repeated_while_someone_new_came_in_the_last_round(slow_start: GroupDriver) -> None:
    calls = [slow_start.join(version=3)]
    for _ in range(2):
        slow_start.sleep(1)
        calls.append(slow_start.join(version=3))
    slow_start.sleep(2.49)
    assert all(call.is_deferred for call in calls)
    slow_start.sleep(0.02)  # 4.5 s after the first, as on Apache Kafka
    assert [call.answer.generation_id for call in calls] == [1, 1, 1]


def test_the_first_wait_never_exceeds_the_rebalance_timeout(slow_start: GroupDriver) -> None:
    calls = [slow_start.join(version=3, rebalance_s=2.5)]
    for _ in range(2):
        slow_start.sleep(1)
        calls.append(slow_start.join(version=3, rebalance_s=2.5))
    slow_start.sleep(0.49)
    assert all(call.is_deferred for call in calls)
    slow_start.sleep(0.02)
    assert [call.answer.generation_id for call in calls] == [1, 1, 1]


def test_a_group_that_ended_empty_waits_for_its_next_first_member_as_for_any_first(slow_start: GroupDriver) -> None:
    slow_start.leave(slow_start.join(version=4).answer.member_id)
    first = slow_start.join(version=3)
    slow_start.join(version=3)
    slow_start.leave(*slow_start.group().members)
    slow_start.sleep(3.1)
    assert slow_start.group().state is ClassicState.EMPTY
    assert first.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    again = slow_start.join(version=3)
    slow_start.sleep(1.49)
    assert again.is_deferred
    slow_start.sleep(0.02)
    assert again.answer.generation_id == 2


def test_a_rebalance_waits_for_every_known_member(groups: GroupDriver) -> None:
    first, second = groups.stable_group(2)
    newcomer = groups.join_fresh()
    rejoined = groups.join(first)
    assert newcomer.is_deferred
    assert rejoined.is_deferred
    last = groups.join(second)
    assert [call.answer.generation_id for call in (newcomer, rejoined, last)] == [3, 3, 3]


def test_a_rebalance_waits_for_newcomers_that_were_told_their_id(groups: GroupDriver) -> None:
    (first,) = groups.stable_group()
    told = groups.join(session_s=6).answer
    rejoined = groups.join(first)
    assert rejoined.is_deferred
    newcomer = groups.join(told.member_id)
    assert [rejoined.answer.generation_id, newcomer.answer.generation_id] == [2, 2]


def test_a_newcomer_that_never_comes_back_holds_the_others_no_longer_than_its_session(groups: GroupDriver) -> None:
    (first,) = groups.stable_group()
    groups.join(session_s=6)
    rejoined = groups.join(first)
    groups.sleep(5.9)
    assert rejoined.is_deferred
    groups.sleep(0.2)
    assert rejoined.answer.generation_id == 2


def test_who_does_not_rejoin_within_the_longest_rebalance_timeout_is_out(groups: GroupDriver) -> None:
    first, silent = groups.stable_group(2, rebalance_s=3)
    rejoined = groups.join(first, rebalance_s=3)
    groups.sleep(2.9)
    assert groups.heartbeat(silent, 2) is ErrorCode.REBALANCE_IN_PROGRESS
    groups.sleep(0.2)
    assert (rejoined.answer.generation_id, len(rejoined.answer.members)) == (3, 1)
    assert groups.heartbeat(silent, 2) is ErrorCode.UNKNOWN_MEMBER_ID


def test_static_members_stay_although_they_did_not_rejoin(groups: GroupDriver) -> None:
    static = groups.join(instance="i", rebalance_s=3, session_s=20).answer.member_id
    groups.sync(static, 1)
    newcomer = groups.join_fresh(rebalance_s=3)
    groups.sleep(3.1)
    joined = newcomer.answer
    assert joined.leader == joined.member_id  # the old leader was not there
    assert [m.member_id for m in joined.members] == [static, joined.member_id]


def test_with_absent_static_members_only_the_wait_is_prolonged_until_their_sessions_end(groups: GroupDriver) -> None:
    static = groups.join(instance="i", rebalance_s=3, session_s=8).answer.member_id
    groups.sync(static, 1)
    newcomer = groups.join_fresh(rebalance_s=3)
    groups.leave(list(groups.group().members)[-1])
    assert newcomer.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    groups.sleep(7.9)
    assert groups.group().state is ClassicState.PREPARING_REBALANCE
    groups.sleep(0.2)
    assert groups.group().state is ClassicState.EMPTY


@pytest.mark.parametrize("rebalance_s", [0, -0.001, -(1 << 31) / 1000])
def test_a_static_member_without_patience_is_waited_for_again_and_again_and_others_are_served(
    groups: GroupDriver, rebalance_s: float
) -> None:
    static = groups.join(instance="i", rebalance_s=rebalance_s, session_s=8).answer.member_id
    groups.sync(static, 1)
    newcomer = groups.join_fresh(rebalance_s=rebalance_s)
    groups.leave(list(groups.group().members)[-1])
    assert newcomer.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    groups.sleep(7.9)
    assert groups.group().state is ClassicState.PREPARING_REBALANCE
    groups.sleep(0.2)
    assert groups.group().state is ClassicState.EMPTY


@pytest.mark.parametrize("rebalance_s", [0, -0.001, -(1 << 31) / 1000])
def test_a_member_without_patience_may_still_sync_and_is_out_if_it_does_not(
    groups: GroupDriver, rebalance_s: float
) -> None:
    quick = groups.join_fresh(rebalance_s=rebalance_s).answer.member_id
    groups.sleep(0.01)
    assert groups.sync(quick, 1, {quick: b"all"}).answer.error is ErrorCode.NONE
    slow = groups.join_fresh(rebalance_s=rebalance_s, group_id="slow").answer.member_id
    groups.sleep(0.1)
    assert groups.sync(slow, 1, group_id="slow").answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.group("slow").state is ClassicState.EMPTY


def test_the_lead_outlasts_rebalances(groups: GroupDriver) -> None:
    first, second = groups.stable_group(2)
    late = groups.join(second, protocols=[("range", b"new")])
    groups.join(first)
    assert late.answer.leader == first


def test_a_silent_member_is_out_after_its_session(groups: GroupDriver) -> None:
    first, silent = groups.stable_group(2, session_s=6)
    for _ in range(2):
        groups.sleep(2.9)
        assert groups.heartbeat(first, 2) is ErrorCode.NONE
    groups.sleep(0.3)
    assert groups.heartbeat(first, 2) is ErrorCode.REBALANCE_IN_PROGRESS
    assert list(groups.group().members) == [first]
    assert groups.heartbeat(silent, 2) is ErrorCode.UNKNOWN_MEMBER_ID


def test_when_the_last_member_is_gone_the_empty_group_is_logged_under_a_new_generation(groups: GroupDriver) -> None:
    groups.stable_group(session_s=6)
    groups.sleep(6.1)
    assert groups.group().state is ClassicState.EMPTY
    last = groups.log.records()[-1]
    assert isinstance(last, LoggedGroup)
    assert last.stored is not None
    assert (last.stored.generation, last.stored.protocol_type, last.stored.protocol, last.stored.leader) == (
        2,
        "consumer",
        None,
        None,
    )
    assert last.stored.members == ()


def test_a_member_that_waits_in_a_join_does_not_lose_its_session(groups: GroupDriver) -> None:
    first, second = groups.stable_group(2, session_s=6, rebalance_s=60)
    waiting = groups.join(first, session_s=6, rebalance_s=60)
    for _ in range(5):
        groups.sleep(4)
        groups.heartbeat(second, 2)
    assert waiting.is_deferred
    groups.join(second, session_s=6)
    assert waiting.answer.error is ErrorCode.NONE


def test_a_newcomer_waits_for_its_first_generation_for_five_minutes_at_most(groups: GroupDriver) -> None:
    (first,) = groups.stable_group(session_s=6, rebalance_s=600)
    newcomer = groups.join_fresh(session_s=6, rebalance_s=600)
    for _ in range(59):
        groups.sleep(5)
        groups.heartbeat(first, 1)
    assert newcomer.is_deferred
    groups.sleep(5.1)
    assert newcomer.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    groups.heartbeat(first, 1)
    assert list(groups.group().members) == [first]


def test_members_that_take_a_generation_and_never_sync_are_out(groups: GroupDriver) -> None:
    first, second = groups.stable_group(2, rebalance_s=7)
    groups.join(second, protocols=[("range", b"new")], rebalance_s=7)
    groups.join(first, rebalance_s=7)
    assert groups.sync(first, 3, {}).answer.error is ErrorCode.NONE
    assert groups.group().state is ClassicState.STABLE
    groups.sleep(4)
    groups.heartbeat(first, 3)
    groups.heartbeat(second, 3)
    groups.sleep(3.1)
    assert list(groups.group().members) == [first]
    assert groups.heartbeat(first, 3) is ErrorCode.REBALANCE_IN_PROGRESS


def test_a_leader_that_never_syncs_loses_its_followers_wait_to_a_rebalance(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2, rebalance_s=7)
    groups.join(follower, protocols=[("range", b"new")], rebalance_s=7)
    groups.join(leader, rebalance_s=7)
    waiting = groups.sync(follower, 3)
    groups.sleep(4)
    groups.heartbeat(leader, 3)
    groups.sleep(3.1)
    assert waiting.answer.error is ErrorCode.REBALANCE_IN_PROGRESS
    assert list(groups.group().members) == [follower]
    assert groups.group().leader == follower


def test_a_loaded_group_is_stable_and_its_members_have_a_whole_session(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2, session_s=6)
    again = groups.restarted()
    assert again.group().state is ClassicState.STABLE
    assert again.sync(follower, 2).answer.assignment == follower.encode()
    again.sleep(5.9)
    assert again.heartbeat(leader, 2) is ErrorCode.NONE
    again.sleep(0.2)
    assert list(again.group().members) == [leader]


# SyncGroup, Heartbeat and LeaveGroup: the rules in their order


def test_followers_wait_for_the_leaders_assignments(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    groups.join(follower, protocols=[("range", b"new")])
    groups.join(leader)
    waiting = groups.sync(follower, 3, {follower: b"what a follower says does not count"})
    assert waiting.is_deferred
    assert groups.sync(leader, 3, {follower: b"f"}).answer.assignment == b""  # it gave itself nothing
    assert waiting.answer.assignment == b"f"
    assert (waiting.answer.protocol_type, waiting.answer.protocol_name) == ("consumer", "range")


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
    waiting = groups.sync(follower, 3)
    groups.join_fresh()
    assert waiting.answer.error is ErrorCode.REBALANCE_IN_PROGRESS
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
    assert rejoined.is_deferred
    assert groups.leave(told).answer == [ErrorCode.NONE]
    assert rejoined.answer.generation_id == 2


def test_nobody_leaves_a_group_that_does_not_exist(groups: GroupDriver) -> None:
    assert groups.leave("a", "b").answer == [ErrorCode.UNKNOWN_MEMBER_ID] * 2
    with pytest.raises(KafkaError) as refused:
        groups.leave("a", group_id="")
    assert refused.value.code is ErrorCode.INVALID_GROUP_ID
