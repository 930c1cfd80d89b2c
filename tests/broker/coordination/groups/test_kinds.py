import pytest

from odradek.broker.coordination.groups.group import Group
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.kind import GroupKind, TimerKey
from odradek.broker.coordination.groups.kinds import GroupKinds, offsets_only
from odradek.broker.coordination.groups.modern.topics_view import NoTopics
from odradek.broker.coordination.timers import Deadlines
from odradek.protocol.state_records import decode_group_record


@pytest.fixture
def groups() -> dict[str, Group]:
    return {}


@pytest.fixture
def kinds(groups: dict[str, Group]) -> GroupKinds:
    deadlines: Deadlines[TimerKey] = Deadlines()
    return GroupKinds(GroupConfig(), groups, deadlines, lambda: "id", NoTopics())


def test_a_group_that_has_committed_offsets_and_nothing_else_is_of_a_kind(kinds: GroupKinds) -> None:
    group = offsets_only("g")
    kind: GroupKind = kinds.kind_of(group)
    assert kind is kinds.classic
    assert (group.protocol_type, group.is_abandoned) == (None, True)


def test_a_timer_of_a_group_that_has_gone_has_nothing_to_do(kinds: GroupKinds, groups: dict[str, Group]) -> None:
    for name, kind in kinds.by_timer.items():
        assert kind.on_timer((name, "gone", "m")) is None
    assert groups == {}


def test_the_tombstone_of_an_unknown_group_does_nothing(kinds: GroupKinds, groups: dict[str, Group]) -> None:
    for record_type, kind in kinds.by_record_type.items():
        key = record_type.to_bytes(2, "big") + b"\0\1g" + b"\0\1m"
        decoded = None
        for length in (5, 8):  # with a member or without
            try:
                decoded = decode_group_record(key[:length], None)
            except ValueError:
                continue
            break
        assert decoded is not None
        kind.replay(*decoded)
    assert groups == {}
