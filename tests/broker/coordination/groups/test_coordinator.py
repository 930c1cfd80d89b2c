"""The pure coordinator: a request changes nothing that is logged, its replay does."""

from collections.abc import Iterator, Sequence
from typing import NoReturn

import pytest

from odradek.broker.coordination.groups.classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.coordinator import GroupCoordinator
from odradek.broker.coordination.groups.group import Group
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.broker.coordination.result import CoordinatorResult, Instant, ResponseFuture
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.wire import CorruptFrame

CONFIG = GroupConfig(initial_rebalance_delay_ms=0, offsets_topic_partitions=4)
AT = Instant(100.0, 1_700_000_000_000)


class Pure:
    """A coordinator whose results are taken, or not, by the test."""

    def __init__(self) -> None:
        self.it = GroupCoordinator(CONFIG, lambda: "id")
        self.offset = 0
        self.joined: list[JoinResult] = []
        self.synced: list[SyncResult] = []

    def take(self, result: CoordinatorResult[object] | None) -> object:
        """Replay what a result logs and what follows; the last response."""
        response: object = None
        while result is not None:
            for key, value in result.records:
                self.it.replay(key, value, self.offset, result.producer_id)
                self.offset += 1
            for answer in result.answers:
                answer.give()
            response = result.response or response
            result = None if result.on_logged is None else result.on_logged()
        return response

    def join(self, member_id: str = "", *, instance: str | None = None) -> CoordinatorResult[JoinResult]:
        protocols = (("range", b"r"),)
        request = JoinRequest("g", member_id, instance, "c", "/h", 10000, 60000, "consumer", protocols, False)
        future = ResponseFuture(self.joined.append, lambda code: JoinResult(code, member_id))
        return self.it.kinds.classic.join(request, future, AT)

    def sync(self, member_id: str, generation: int) -> CoordinatorResult[SyncResult]:
        request = SyncRequest("g", member_id, None, generation, assignments={member_id: b"work"})
        return self.it.kinds.classic.sync(request, ResponseFuture(self.synced.append, SyncResult), AT)

    def commit(self, topic: str = "t", *, group_id: str = "g") -> CoordinatorResult[Sequence[ErrorCode]]:
        request = OffsetCommit(group_id, -1, "", None, [OffsetToCommit(topic, 0, 5)])
        return self.it.commit(request, run_to_end(self.it.encode(request, AT.now_ms)), AT)

    def stable(self) -> str:
        self.take(self.join())
        member_id = self.joined[-1].member_id
        self.take(self.sync(member_id, self.joined[-1].generation_id))
        return member_id


@pytest.fixture
def groups() -> Pure:
    return Pure()


def test_a_new_group_is_one_record_until_that_is_replayed(groups: Pure) -> None:
    result = groups.join()
    assert (len(result.records), result.response, groups.joined) == (1, None, [])
    assert groups.it.kinds.classic.find("g") is None
    groups.take(result)
    assert groups.joined[0].generation_id == 1
    group = groups.it.kinds.classic.find("g")
    assert group is not None
    assert group.state is ClassicState.COMPLETING_REBALANCE


def test_a_leaders_assignments_are_one_record_until_that_is_replayed(groups: Pure) -> None:
    groups.take(groups.join())
    result = groups.sync("c-id", 1)
    group = groups.it.kinds.classic.find("g")
    assert group is not None
    assert (len(result.records), group.members["c-id"].assignment) == (1, b"")
    assert group.state_name == "CompletingRebalance"
    response = groups.take(result)
    assert response == SyncResult(ErrorCode.NONE, "consumer", "range", b"work")
    assert group.state_name == "Stable"


def test_the_last_to_leave_leaves_one_record_until_that_is_replayed(groups: Pure) -> None:
    member_id = groups.stable()
    result = groups.it.kinds.classic.leave("g", [(member_id, None)], AT)
    group = groups.it.kinds.classic.find("g")
    assert group is not None
    assert (len(result.records), group.is_empty) == (1, False)
    assert groups.take(result) == [ErrorCode.NONE]
    assert (group.state, group.generation) == (ClassicState.EMPTY, 2)


def test_when_a_newcomer_leaves_that_the_rest_has_waited_for_the_group_is_logged_empty_once(groups: Pure) -> None:
    member_id = groups.stable()
    group = groups.it.kinds.classic.find("g")
    assert group is not None
    group.pending_members.add("newcomer")
    groups.take(groups.join(member_id))
    assert group.state_name == "PreparingRebalance"
    result = groups.it.kinds.classic.leave("g", [(member_id, None), ("newcomer", None)], AT)
    groups.take(result)
    assert group.state is ClassicState.EMPTY
    assert len(result.records) == 1


def test_offsets_are_records_until_they_are_replayed(groups: Pure) -> None:
    result = groups.commit()
    assert (len(result.records), result.response) == (1, [ErrorCode.NONE])
    assert groups.it.offsets.find("g", "t", 0) is None
    groups.take(result)
    found = groups.it.offsets.find("g", "t", 0)
    assert found is not None
    assert (found.offset, found.log_offset) == (5, 0)


def test_deleting_a_topic_is_one_operation_for_each_group_that_knows_it(groups: Pure) -> None:
    for group_id in ("a", "b"):
        groups.take(groups.commit("gone", group_id=group_id))
    groups.take(groups.commit("kept", group_id="c"))
    operations = list(groups.it.delete_topics(["gone"]))
    assert [operation.key for operation in operations] == ["a", "b"]
    assert [operation.partition for operation in operations] == [groups.it.partition_of(name) for name in "ab"]
    for operation in operations:
        groups.take(operation.decide(AT))
    assert [groups.it.offsets.has_offsets(name) for name in "abc"] == [False, False, True]


def test_each_deadline_brings_the_operation_of_its_group(groups: Pure) -> None:
    groups.stable()
    assert groups.it.next_deadline() == AT.now + 10
    assert groups.it.take_due(Instant(AT.now + 9.9, AT.now_ms)) is None
    operation = groups.it.take_due(Instant(AT.now + 10, AT.now_ms))
    assert operation is not None
    assert (operation.name, operation.key, operation.partition) == ("session", "g", groups.it.partition_of("g"))
    groups.take(operation.decide(Instant(AT.now + 10, AT.now_ms)))
    group = groups.it.kinds.classic.find("g")
    assert group is not None
    assert group.is_empty


def test_expiry_looks_at_one_group_after_the_other(groups: Pure) -> None:
    for group_id in "ab":
        groups.take(groups.commit(group_id=group_id))
    groups.it.start(AT)
    late = Instant(AT.now + CONFIG.offsets_retention_check_interval_ms / 1000, AT.now_ms + CONFIG.offsets_retention_ms)
    keys: list[str] = []
    while (operation := groups.it.take_due(late)) is not None:
        keys.append(operation.key)
        groups.take(operation.decide(late))
    assert sorted(keys) == ["a", "b"]
    assert list(groups.it.groups()) == []
    assert groups.it.next_deadline() == late.now + CONFIG.offsets_retention_check_interval_ms / 1000


def test_an_unloaded_partition_leaves_neither_groups_nor_offsets_nor_deadlines(groups: Pure) -> None:
    groups.stable()
    groups.take(groups.commit(group_id="a"))
    assert groups.it.partition_of("a") != groups.it.partition_of("g")
    groups.it.unload(groups.it.partition_of("g"))
    assert [group.group_id for group in groups.it.groups()] == ["a"]
    assert groups.it.offsets.has_offsets("a")
    assert groups.it.next_deadline() is None


def test_a_refused_request_has_changed_nothing(groups: Pure) -> None:
    groups.stable()
    deadline = groups.it.next_deadline()
    for ask, code in (
        (lambda: groups.join("stale member"), ErrorCode.UNKNOWN_MEMBER_ID),
        (lambda: groups.sync("c-id", 9), ErrorCode.ILLEGAL_GENERATION),
        (groups.commit, ErrorCode.UNKNOWN_MEMBER_ID),
        (lambda: groups.it.delete_group("g"), ErrorCode.NON_EMPTY_GROUP),
        (lambda: groups.it.delete_group("h"), ErrorCode.GROUP_ID_NOT_FOUND),
        (lambda: groups.it.delete_offsets("", [("t", 0)]), ErrorCode.INVALID_GROUP_ID),
    ):
        with pytest.raises(KafkaError) as refused:
            ask()
        assert refused.value.code is code
    assert groups.it.next_deadline() == deadline


def test_a_record_that_is_not_what_its_version_says_is_reported(groups: Pure) -> None:
    with pytest.raises(CorruptFrame):
        groups.it.replay(b"\0\2\0\5torn", b"", 0)
    groups.it.replay(b"\x7f\xff", b"of the future", 0)
    assert list(groups.it.groups()) == []


def test_a_look_at_all_offsets_lets_what_else_is_due_go_first_and_goes_on_where_it_was(groups: Pure) -> None:
    for number in range(3):
        groups.take(groups.commit(group_id=f"g{number}"))
    groups.it.start(AT)
    later = Instant(AT.now + 600, AT.now_ms + 600_000)
    first = groups.it.take_due(later)
    assert first is not None
    assert (first.key, groups.it.next_deadline()) == ("g0", later.now)
    rest = [operation.key for _ in range(2) if (operation := groups.it.take_due(later)) is not None]
    assert rest == ["g1", "g2"]
    assert groups.it.take_due(later) is None
    assert groups.it.next_deadline() == later.now + 600


class NeverWalkedOver(dict[str, Group]):
    """Groups that may be looked up, and not all be looked at."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("every group was looked at")

    def keys(self) -> NoReturn:
        raise AssertionError("every group was looked at")


def test_a_commit_looks_at_its_own_group_and_not_at_all_that_there_are(
    groups: Pure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups.it, "_groups", NeverWalkedOver())
    for group_id in ("g", "h", "g"):
        request = OffsetCommit(group_id, -1, "", None, [OffsetToCommit("t", 0, 5)])
        result = groups.it.commit(request, run_to_end(groups.it.encode(request, AT.now_ms)), AT)
        assert result.replay is not None
        result.replay(0)
    assert len(groups.it._groups) == 2
