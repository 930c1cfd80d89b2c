"""Members of consumer groups that speak the classic protocol."""

import pytest

from odradek.broker.coordination.groups.classic.member import JoinResult
from odradek.broker.coordination.groups.consumer.member import MemberState
from odradek.broker.coordination.groups.consumer.settings import ConsumerConfig
from odradek.protocol.errors import ErrorCode

from .classic_client import assigned, offers
from .consumer_driver import ConsumerDriver, Topics


@pytest.fixture
def groups() -> ConsumerDriver:
    """With the member "m" of the consumer protocol, which has four partitions."""
    groups = ConsumerDriver(topics=Topics(t=4))
    groups.beat("m")
    return groups


def joined(groups: ConsumerDriver, member_id: str = "c", *topics: str, instance: str | None = None) -> JoinResult:
    return groups.join(member_id, protocols=offers(*topics), instance=instance).answer


def test_a_newcomer_is_told_its_id_and_is_answered_at_once_when_it_comes_with_it(groups: ConsumerDriver) -> None:
    told = joined(groups, "")
    assert (told.error, len(told.member_id)) == (ErrorCode.MEMBER_ID_REQUIRED, 22)
    result = joined(groups, told.member_id)
    assert (result.error, result.member_id, result.generation_id) == (ErrorCode.NONE, told.member_id, 3)
    assert (result.protocol_type, result.protocol_name, result.leader, result.members) == ("consumer", "range", "", ())


def test_an_old_client_and_a_static_member_join_without_an_id(groups: ConsumerDriver) -> None:
    old = groups.join("", protocols=offers(), version=3).answer
    static = joined(groups, "", instance="i")
    assert (old.error, static.error) == (ErrorCode.NONE, ErrorCode.NONE)
    assert groups.consumer_group.static_members == {"i": static.member_id}


def test_a_refusal_names_nobody(groups: ConsumerDriver) -> None:
    for refused in (
        groups.join("c", protocols=offers(), protocol_type="connect").answer,
        groups.join("c", protocols=()).answer,
    ):
        assert (refused.error, refused.member_id) == (ErrorCode.INCONSISTENT_GROUP_PROTOCOL, "")
    garbage = groups.join("c", protocols=[("range", b"\0")]).answer
    assert (garbage.error, garbage.member_id) == (ErrorCode.UNKNOWN_SERVER_ERROR, "")
    assert list(groups.consumer_group.members) == ["m"]


def test_classic_members_have_a_protocol_in_common(groups: ConsumerDriver) -> None:
    joined(groups)
    refused = groups.join("d", protocols=[("sticky", offers()[0][1])]).answer
    assert refused.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    both = groups.join("d", protocols=[("sticky", offers()[0][1]), *offers()]).answer
    assert (both.error, both.protocol_name) == (ErrorCode.NONE, "sticky")


def test_it_gets_what_others_have_given_up_when_it_joins_again(groups: ConsumerDriver) -> None:
    assert joined(groups).generation_id == 3
    assert assigned(groups.sync("c", 3).answer.assignment) == {}
    assert groups.heartbeat("c", 3) is ErrorCode.NONE
    groups.beat("m", 2)
    assert groups.heartbeat("c", 3) is ErrorCode.NONE  # the other has yet to confirm
    groups.beat("m", 2, owned={"t": [0, 1]})
    assert groups.heartbeat("c", 3) is ErrorCode.REBALANCE_IN_PROGRESS
    assert joined(groups).generation_id == 3
    synced = groups.sync("c", 3, protocol_type="consumer", protocol_name="range").answer
    assert assigned(synced.assignment) == {"t": [2, 3]}
    assert (synced.error, synced.protocol_type, synced.protocol_name) == (ErrorCode.NONE, "consumer", "range")
    assert groups.heartbeat("c", 3) is ErrorCode.NONE
    assert groups.consumer_group.state_name == "Stable"


def test_it_gives_up_what_it_must_by_joining_without_it() -> None:
    groups = ConsumerDriver(topics=Topics(t=4))
    groups.beat("m", subscribed_topic_names=["u"])
    assert joined(groups).generation_id == 3
    everything = assigned(groups.sync("c", 3).answer.assignment)
    assert everything == {"t": [0, 1, 2, 3]}
    groups.beat("n")
    assert groups.heartbeat("c", 3) is ErrorCode.REBALANCE_IN_PROGRESS
    still = groups.join("c", protocols=offers(owned=everything)).answer
    assert still.generation_id == 3
    assert groups.consumer_group.members["c"].state is MemberState.UNREVOKED_PARTITIONS
    # It reads its assignment, sees what is missing, and joins without that.
    kept = assigned(groups.sync("c", 3).answer.assignment)
    assert len(kept["t"]) == 2
    assert groups.heartbeat("c", 3) is ErrorCode.REBALANCE_IN_PROGRESS
    assert groups.join("c", protocols=offers(owned=kept)).answer.generation_id == 4
    assert groups.sync("c", 4).answer.error is ErrorCode.NONE
    assert groups.heartbeat("c", 4) is ErrorCode.NONE


def test_the_generation_is_the_members_own_epoch(groups: ConsumerDriver) -> None:
    joined(groups)
    for generation, error in (
        (3, ErrorCode.NONE),
        (2, ErrorCode.ILLEGAL_GENERATION),
        (4, ErrorCode.ILLEGAL_GENERATION),
    ):
        assert groups.heartbeat("c", generation) is error
        assert groups.sync("c", generation).answer.error is error
        assert groups.commit("c", generation).answer == [error]
    assert groups.heartbeat("m", 2) is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.heartbeat("nobody", 2) is ErrorCode.UNKNOWN_MEMBER_ID
    assert groups.sync("c", 3, protocol_type="connect").answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert groups.sync("c", 3, protocol_name="sticky").answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_it_is_not_to_sync_where_it_should_join_again(groups: ConsumerDriver) -> None:
    joined(groups)
    groups.beat("n")
    assert groups.sync("c", 3).answer.error is ErrorCode.REBALANCE_IN_PROGRESS


@pytest.mark.parametrize("is_told", [True, False])
def test_who_does_not_join_again_or_sync_in_time_is_out(groups: ConsumerDriver, is_told: bool) -> None:
    groups.join("c", protocols=offers(), session_s=100, rebalance_s=20)
    if is_told:
        groups.sync("c", 3)
        groups.beat("n")
        groups.heartbeat("c", 3)
        groups.sleep(10)
        groups.heartbeat("c", 3)  # being told once more gives no more time
        groups.sleep(9)
    else:
        groups.sleep(19)
    for name in groups.consumer_group.members:
        if name != "c":
            groups.follow(name, 1)
    assert "c" in groups.consumer_group.members
    groups.sleep(2)
    assert "c" not in groups.consumer_group.members


def test_it_has_the_session_that_it_joined_with(groups: ConsumerDriver) -> None:
    groups.join("c", protocols=offers(), session_s=10, rebalance_s=60)
    groups.sync("c", 3)
    groups.sleep(9)
    groups.heartbeat("c", 3)
    groups.sleep(9)
    assert "c" in groups.consumer_group.members
    groups.sleep(2)
    assert list(groups.consumer_group.members) == ["m"]


def test_members_of_both_protocols_may_leave_by_a_leave_group(groups: ConsumerDriver) -> None:
    joined(groups)
    joined(groups, "", instance="i")
    errors = groups.leave("c", "m", ("", "i"), ("", "j"), "nobody").answer
    assert errors == [ErrorCode.NONE] * 3 + [ErrorCode.UNKNOWN_MEMBER_ID] * 2
    assert groups.consumer_group.is_empty


def test_a_static_member_is_replaced_at_once_and_its_heir_has_what_it_had(groups: ConsumerDriver) -> None:
    first = joined(groups, "", instance="i").member_id
    second = joined(groups, "", instance="i")
    assert second.member_id != first
    assert groups.heartbeat(first, 3, instance="i") is ErrorCode.FENCED_INSTANCE_ID
    assert groups.heartbeat(second.member_id, 3, instance="i") is ErrorCode.NONE
    assert groups.join("x", protocols=offers(), instance="i").answer.error is ErrorCode.FENCED_INSTANCE_ID
    assert groups.join("x", protocols=offers(), instance="k").answer.error is ErrorCode.UNKNOWN_MEMBER_ID


def test_it_goes_over_to_the_consumer_protocol_with_what_it_has(groups: ConsumerDriver) -> None:
    joined(groups)
    assert groups.beat("c").epoch == 3
    member = groups.consumer_group.members["c"]
    assert (member.classic, member.epoch) == (None, 3)
    assert groups.heartbeat("c", 3) is ErrorCode.UNKNOWN_MEMBER_ID
    groups.sleep(61)  # nobody waits for its SyncGroup any more
    assert "c" not in groups.consumer_group.members  # its session has ended meanwhile


def test_it_is_not_told_to_join_again_before_there_is_anything_to_get() -> None:
    groups = ConsumerDriver(ConsumerConfig(), Topics(t=4))  # a target once a second at the most
    groups.beat("m")
    groups.join("c", protocols=offers())
    groups.beat("n")
    assert groups.heartbeat("c", 2) is ErrorCode.NONE
    assert groups.sync("c", 2).answer.error is ErrorCode.NONE
    groups.sleep(1.1)
    groups.beat("m", 2)
    assert groups.heartbeat("c", 2) is ErrorCode.REBALANCE_IN_PROGRESS
    assert groups.sync("c", 2).answer.error is ErrorCode.REBALANCE_IN_PROGRESS


@pytest.mark.parametrize("session_s", [-0.001, 0.001, 2_147_483])
def test_a_session_that_no_group_allows_is_refused_and_changes_nothing(
    groups: ConsumerDriver, session_s: float
) -> None:
    epoch = groups.consumer_group.epoch
    refused = groups.join("c", protocols=offers(), session_s=session_s).answer
    assert refused.error is ErrorCode.INVALID_SESSION_TIMEOUT
    assert (groups.consumer_group.epoch, list(groups.consumer_group.members)) == (epoch, ["m"])
