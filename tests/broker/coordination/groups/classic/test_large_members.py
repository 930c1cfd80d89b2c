"""What large members hold is bounded over all groups, and given back when their groups drop them."""

import pytest

from odradek.broker.coordination.groups.classic import large_members
from odradek.protocol.errors import ErrorCode

from ..group_driver import GroupDriver

LARGE = 100_000


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> GroupDriver:
    """Room for two large members and a half."""
    monkeypatch.setattr(large_members, "LARGE_MEMBERS_BYTES", 250_000)
    return GroupDriver()


def join(groups: GroupDriver, group_id: str, size: int = LARGE, member_id: str = "", version: int = 3) -> ErrorCode:
    call = groups.join(member_id, group_id=group_id, protocols=[("range", bytes(size))], version=version)
    return call.answer.error


def test_large_members_of_all_groups_share_their_room_and_small_ones_are_let_in(groups: GroupDriver) -> None:
    assert [join(groups, name) for name in "abc"] == [
        ErrorCode.NONE,
        ErrorCode.NONE,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ]
    assert join(groups, "c", large_members.SMALL_MEMBER_BYTES // 2) is ErrorCode.NONE
    assert not any(len(member.protocols[0][1]) > LARGE for member in groups.group("c").members.values())


def test_the_room_of_a_member_that_is_gone_is_free_again(groups: GroupDriver) -> None:
    for name in "ab":
        join(groups, name)
    assert join(groups, "c") is ErrorCode.COORDINATOR_NOT_AVAILABLE
    groups.sleep(11)  # no heartbeat has come
    assert [join(groups, name) for name in "cd"] == [ErrorCode.NONE] * 2


def test_a_member_may_join_again_with_as_much_as_it_has_and_not_with_more(groups: GroupDriver) -> None:
    for name in "ab":
        join(groups, name)
    (member,) = groups.group("a").members
    assert join(groups, "a", LARGE, member) is ErrorCode.NONE
    assert join(groups, "a", 2 * LARGE, member) is ErrorCode.COORDINATOR_NOT_AVAILABLE
    assert join(groups, "a", LARGE + 49_000, member) is ErrorCode.NONE
    assert join(groups, "c") is ErrorCode.COORDINATOR_NOT_AVAILABLE


def test_a_newcomer_that_is_only_told_its_id_holds_nothing(groups: GroupDriver) -> None:
    for number in range(9):
        assert join(groups, f"g{number}", version=4) is ErrorCode.MEMBER_ID_REQUIRED
    assert [join(groups, name) for name in "ab"] == [ErrorCode.NONE] * 2


def test_a_restarted_static_member_takes_the_room_of_the_one_before_it(groups: GroupDriver) -> None:
    for _ in range(5):
        large = groups.join(instance="i", protocols=[("range", bytes(2 * LARGE))], version=3).answer
        assert large.error is ErrorCode.NONE
        groups.sync(large.member_id, groups.group().generation, instance="i")
