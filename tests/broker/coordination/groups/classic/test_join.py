"""Who may join, and what it costs the others: the rules of JoinGroup in their order."""

import pytest

from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.protocol.errors import ErrorCode

from ..group_driver import AT_ONCE, GroupDriver


@pytest.fixture
def groups() -> GroupDriver:
    return GroupDriver()


def test_a_group_needs_a_name_before_anything_else(groups: GroupDriver) -> None:
    assert groups.join(group_id="", session_s=0).answer.error is ErrorCode.INVALID_GROUP_ID


@pytest.mark.parametrize(("session_s", "is_allowed"), [(5.999, False), (6, True), (1800, True), (1800.001, False)])
def test_the_session_timeout_has_limits(groups: GroupDriver, session_s: float, is_allowed: bool) -> None:
    error = groups.join(session_s=session_s, version=3).answer.error
    assert error is (ErrorCode.NONE if is_allowed else ErrorCode.INVALID_SESSION_TIMEOUT)


def test_an_unknown_group_knows_no_members(groups: GroupDriver) -> None:
    assert groups.join("somebody").answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.service.find_group("g") is None


def test_an_empty_type_or_no_protocols_are_refused_and_leave_an_empty_group(groups: GroupDriver) -> None:
    assert groups.join(protocol_type="").answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    refused = groups.join(protocols=()).answer
    assert (refused.error, refused.generation_id, refused.protocol_name) == (
        ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
        -1,
        None,
    )
    assert groups.group().state is ClassicState.EMPTY


def test_a_newcomer_must_agree_with_the_groups_type_and_one_of_its_protocols(groups: GroupDriver) -> None:
    groups.stable_group()
    assert groups.join(protocol_type="connect").answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert groups.join(protocols=[("sticky", b"")]).answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert groups.join(protocols=[("sticky", b""), ("range", b"")]).answer.error is ErrorCode.MEMBER_ID_REQUIRED


def test_an_empty_group_changes_its_type_with_its_next_member(groups: GroupDriver) -> None:
    groups.leave(*groups.stable_group())
    assert groups.join(protocol_type="connect", version=3).answer.protocol_type == "connect"


def test_from_version_4_a_newcomer_is_told_its_id_first(groups: GroupDriver) -> None:
    told = groups.join(client_id="shop", version=4).answer
    assert (told.error, told.member_id) == (ErrorCode.MEMBER_ID_REQUIRED, "shop-1")
    assert groups.group().state is ClassicState.EMPTY
    joined = groups.join(told.member_id, version=4).answer
    assert (joined.error, joined.generation_id, joined.leader) == (ErrorCode.NONE, 1, "shop-1")


def test_up_to_version_3_a_newcomer_is_admitted_at_once(groups: GroupDriver) -> None:
    joined = groups.join(client_id="old", version=3).answer
    assert (joined.error, joined.member_id, joined.generation_id) == (ErrorCode.NONE, "old-1", 1)


def test_a_newcomer_that_never_comes_back_is_forgotten_after_its_session(groups: GroupDriver) -> None:
    told = groups.join(session_s=6).answer
    groups.sleep(5.9)
    assert groups.group().pending_members == {told.member_id}
    groups.sleep(0.2)
    assert groups.group().pending_members == set()
    assert groups.join(told.member_id).answer.error is ErrorCode.UNKNOWN_MEMBER_ID


def test_only_the_leader_gets_the_members_with_their_metadata(groups: GroupDriver) -> None:
    (leader,) = groups.stable_group()
    follower = groups.join_fresh(protocols=[("other", b"?"), ("range", b"f")])
    led = groups.join(leader).answer
    followed = follower.answer
    assert [(m.member_id, m.metadata) for m in led.members] == [(leader, b"r"), (followed.member_id, b"f")]
    assert followed.members == ()
    assert led.leader == followed.leader == leader
    assert led.generation_id == followed.generation_id == 2
    assert led.protocol_name == followed.protocol_name == "range"


def test_a_full_group_turns_newcomers_away_before_they_get_an_id() -> None:
    groups = GroupDriver(GroupConfig(initial_rebalance_delay_ms=0, max_size=2))
    members = groups.stable_group(2)
    refused = groups.join().answer
    assert (refused.error, refused.member_id) == (ErrorCode.GROUP_MAX_SIZE_REACHED, "")
    assert groups.heartbeat(members[0], 2) is ErrorCode.NONE


def test_whoever_is_late_to_a_full_rebalance_is_out() -> None:
    groups = GroupDriver(GroupConfig(initial_rebalance_delay_ms=0, max_size=2))
    first, second = groups.stable_group(2)
    groups.leave(second)
    newcomers = [groups.join_fresh(), groups.join_fresh()]
    refused = groups.join(first).answer
    assert (refused.error, refused.member_id) == (ErrorCode.GROUP_MAX_SIZE_REACHED, "")
    assert {call.answer.member_id for call in newcomers} == set(groups.group().members)


def test_newcomers_that_wait_for_their_id_do_not_fill_an_empty_group() -> None:
    groups = GroupDriver(GroupConfig(initial_rebalance_delay_ms=0, max_size=1))
    assert [groups.join().answer.error for _ in range(3)] == [ErrorCode.MEMBER_ID_REQUIRED] * 3


def test_an_unknown_client_is_refused_and_an_instance_guards_its_member_id(groups: GroupDriver) -> None:
    owner = groups.join(instance="i").answer.member_id
    groups.sync(owner, 1)
    assert groups.join("unknown").answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.join(owner, instance="unheard of").answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.join("unknown", instance="i").answer.error is ErrorCode.FENCED_INSTANCE_ID


def test_a_follower_that_rejoins_unchanged_gets_its_generation_again(groups: GroupDriver) -> None:
    _, follower = groups.stable_group(2)
    again = groups.join(follower).answer
    assert (again.error, again.generation_id, again.members) == (ErrorCode.NONE, 2, ())
    assert groups.group().state is ClassicState.STABLE


def test_a_follower_with_other_metadata_starts_a_rebalance(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    assert groups.join(follower, protocols=[("range", b"new")]).is_deferred
    assert groups.heartbeat(leader, 2) is ErrorCode.REBALANCE_IN_PROGRESS


def test_a_leader_that_rejoins_always_starts_a_rebalance(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    assert groups.join(leader).is_deferred
    assert groups.heartbeat(follower, 2) is ErrorCode.REBALANCE_IN_PROGRESS


def test_a_lost_answer_is_sent_again_while_assignments_are_awaited(groups: GroupDriver) -> None:
    leader = groups.join(version=3).answer
    assert groups.join(leader.member_id).answer == leader
    assert groups.group().state is ClassicState.COMPLETING_REBALANCE


def test_changed_metadata_while_assignments_are_awaited_starts_over(groups: GroupDriver) -> None:
    leader = groups.join(version=3).answer.member_id
    again = groups.join(leader, protocols=[("range", b"new")]).answer
    assert (again.generation_id, again.members[0].metadata) == (2, b"new")


def test_a_second_join_of_the_same_member_takes_the_place_of_the_first(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    first, second = groups.join(leader), groups.join(leader)
    assert first.answer.error is ErrorCode.UNKNOWN_MEMBER_ID
    assert second.is_deferred
    groups.join(follower)
    assert second.answer.generation_id == 3


def test_a_static_member_is_admitted_at_once_under_a_name_made_of_its_instance(groups: GroupDriver) -> None:
    joined = groups.join(instance="till-4").answer
    assert (joined.error, joined.member_id) == (ErrorCode.NONE, "till-4-1")
    assert joined.members[0].group_instance_id == "till-4"


def restartable(groups: GroupDriver) -> str:
    """A Stable group of one static member, its leader."""
    old = groups.join(instance="i").answer.member_id
    assert groups.sync(old, 1, {old: b"work"}).answer.assignment == b"work"
    return old


def test_a_restarted_static_member_takes_over_without_a_rebalance(groups: GroupDriver) -> None:
    old = restartable(groups)
    joined = groups.join(instance="i", protocols=[("range", b"other rack")]).answer
    assert joined.member_id != old
    assert (joined.error, joined.generation_id, joined.leader) == (ErrorCode.NONE, 1, joined.member_id)
    assert joined.skip_assignment
    assert [(m.member_id, m.metadata) for m in joined.members] == [(joined.member_id, b"other rack")]
    assert groups.group().state is ClassicState.STABLE
    assert groups.sync(joined.member_id, 1, instance="i").answer.assignment == b"work"
    assert groups.heartbeat(old, 1, instance="i") is ErrorCode.FENCED_INSTANCE_ID
    assert groups.heartbeat(old, 1) is ErrorCode.UNKNOWN_MEMBER_ID


def test_below_version_9_a_restarted_leader_is_told_the_old_leader_so_that_it_assigns_nothing(
    groups: GroupDriver,
) -> None:
    old = restartable(groups)
    joined = groups.join(instance="i", version=8).answer
    assert (joined.leader, joined.skip_assignment, joined.members) == (old, False, ())


def test_a_restarted_follower_is_told_the_leader_and_nothing_to_skip(groups: GroupDriver) -> None:
    leader = restartable(groups)
    newcomer = groups.join(instance="k")
    groups.join(leader, instance="i")
    groups.sync(newcomer.answer.member_id, 2)
    groups.sync(leader, 2, {})
    joined = groups.join(instance="k").answer
    assert (joined.leader, joined.skip_assignment, joined.members) == (leader, False, ())


def test_all_protocols_of_a_restarted_member_count_from_then_on(groups: GroupDriver) -> None:
    restartable(groups)
    assert groups.join(protocols=[("sticky", b"")]).answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    groups.join(instance="i", protocols=[("range", b"r"), ("sticky", b"s")])
    assert groups.join(protocols=[("sticky", b"")]).answer.error is ErrorCode.MEMBER_ID_REQUIRED


def test_a_restarted_member_owes_the_sync_that_the_old_one_owed(groups: GroupDriver) -> None:
    leader = restartable(groups)
    old = groups.join(instance="k", rebalance_s=7)
    groups.join(leader, instance="i", rebalance_s=7)
    groups.sync(leader, 2, {old.answer.member_id: b"k"})
    new = groups.join(instance="k", rebalance_s=7).answer
    assert (new.error, groups.group().pending_sync) == (ErrorCode.NONE, {new.member_id})
    groups.sleep(4)
    groups.heartbeat(leader, 2)
    groups.heartbeat(new.member_id, 2)
    groups.sleep(3.1)
    assert list(groups.group().members) == [leader]


def test_the_takeover_is_logged_so_that_a_restart_of_the_broker_knows_it(groups: GroupDriver) -> None:
    restartable(groups)
    joined = groups.join(instance="i").answer
    again = groups.restarted()
    assert again.group().leader == joined.member_id
    assert again.sync(joined.member_id, 1, instance="i").answer.assignment == b"work"


def test_a_restarted_static_member_that_changes_the_chosen_protocol_costs_a_rebalance(groups: GroupDriver) -> None:
    old = restartable(groups)
    joined = groups.join(instance="i", protocols=[("sticky", b""), ("range", b"")]).answer
    assert (joined.generation_id, joined.protocol_name) == (2, "sticky")
    assert groups.heartbeat(old, 1, instance="i") is ErrorCode.FENCED_INSTANCE_ID


def test_a_static_member_restarted_during_a_rebalance_fences_the_waiting_join(groups: GroupDriver) -> None:
    leader = restartable(groups)
    waiting = groups.join(instance="k")
    assert waiting.is_deferred
    restarted = groups.join(instance="k")
    assert waiting.answer.error is ErrorCode.FENCED_INSTANCE_ID
    groups.join(leader, instance="i")
    assert restarted.answer.generation_id == 2


def test_a_static_member_restarted_while_assignments_are_awaited_fences_the_waiting_sync(groups: GroupDriver) -> None:
    leader = restartable(groups)
    newcomer = groups.join(instance="k")
    groups.join(leader, instance="i")
    waiting = groups.sync(newcomer.answer.member_id, 2, instance="k")
    restarted = groups.join(instance="k")
    assert waiting.answer.error is ErrorCode.FENCED_INSTANCE_ID
    assert groups.group().state is ClassicState.PREPARING_REBALANCE
    groups.join(leader, instance="i")
    assert restarted.answer.generation_id == 3


def test_a_pending_member_that_comes_back_as_somebodys_instance_is_not_admitted() -> None:
    groups = GroupDriver(AT_ONCE)
    told = groups.join().answer
    assert groups.join(told.member_id, instance="i").answer.error is ErrorCode.UNKNOWN_MEMBER_ID
