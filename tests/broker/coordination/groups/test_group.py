"""What every kind of group answers, so far asked of the classic one."""

import inspect

import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.group import Group
from odradek.protocol.errors import ErrorCode, KafkaError

from .group_driver import LoggedGroup, logged

KINDS = [ClassicGroup]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_what_a_group_must_have(kind: type[ClassicGroup]) -> None:
    group: Group = kind("g")
    for name, member in inspect.getmembers(Group):
        if not name.startswith("_"):
            answer = getattr(group, name)
            assert callable(answer) or isinstance(member, property)
    assert (group.group_id, group.group_type, group.state_name) == ("g", "classic", "Empty")


def test_the_tombstone_removes_the_group_of_that_name() -> None:
    assert [logged(*record) for record in ClassicGroup("g").tombstones()] == [LoggedGroup("g", None)]


def test_an_empty_group_may_be_deleted_and_is_abandoned_when_nobody_is_on_the_way() -> None:
    group = ClassicGroup("g")
    group.check_delete()
    group.check_offset_delete()
    assert group.is_abandoned
    group.pending_members.add("newcomer")
    assert not group.is_abandoned


@pytest.mark.parametrize(("protocol_type", "may_delete_offsets"), [("consumer", True), ("connect", False)])
def test_a_group_in_use_is_not_deleted_and_loses_offsets_only_where_its_topics_are_known(
    protocol_type: str, may_delete_offsets: bool
) -> None:
    group = ClassicGroup("g")
    group.state, group.protocol_type = ClassicState.STABLE, protocol_type
    with pytest.raises(KafkaError) as refused:
        group.check_delete()
    assert refused.value.code is ErrorCode.NON_EMPTY_GROUP
    if may_delete_offsets:
        group.check_offset_delete()
    else:
        with pytest.raises(KafkaError):
            group.check_offset_delete()


@pytest.mark.parametrize(
    ("protocol_type", "state", "base_ms"),
    [
        (None, ClassicState.EMPTY, 5),
        ("consumer", ClassicState.EMPTY, 9),
        ("consumer", ClassicState.PREPARING_REBALANCE, None),
        ("consumer", ClassicState.STABLE, None),
    ],
)
def test_an_offset_is_unused_since_it_was_committed_or_the_group_became_empty(
    protocol_type: str | None, state: ClassicState, base_ms: int | None
) -> None:
    group = ClassicGroup("g", now_ms=9)
    group.state, group.protocol_type = state, protocol_type
    assert group.expiration_base_ms("t", 5) == base_ms
