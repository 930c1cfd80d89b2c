import pytest

from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.broker.coordination.groups.streams.configured_topology import configure_topology
from odradek.broker.coordination.groups.streams.group import StreamsGroup
from odradek.broker.coordination.groups.streams.member import MemberState, StreamsMember
from odradek.broker.coordination.groups.streams.tasks import HeldTasks
from odradek.protocol.errors import ErrorCode, KafkaError

from .streams_driver import Topics, subtopology, topology

WHOLE = topology(subtopology("0", ["t"], changelogs=["c"]))


def group_of(*members: StreamsMember, epoch: int = 5) -> StreamsGroup:
    group = StreamsGroup("g", Topics(t=4, c=4))
    group.set_topology(WHOLE)
    group.set_epoch(epoch, 0)
    group.set_assignment_epoch(5, 0)
    for member in members:
        group.put_metadata(member)
        group.put_assignment(member)
    return group


def member(name: str = "m", epoch: int = 5, **how: object) -> StreamsMember:
    held = HeldTasks({"0": {0: 3, 1: 5}})
    return StreamsMember(name, epoch=epoch, **{"process_id": "p", "held": held, **how})  # type: ignore[arg-type]


def commit(
    generation: int = 5, member_id: str = "m", *, partition: int = 0, topic: str = "t", producer_id: int = -1
) -> OffsetCommit:
    offsets = [OffsetToCommit(topic, partition, 1)]
    return OffsetCommit("g", generation, member_id, None, offsets, producer_id=producer_id)


def code_of(group: StreamsGroup, asked: OffsetCommit) -> ErrorCode:
    try:
        group.check_commit(asked)
    except KafkaError as error:
        return error.code
    return ErrorCode.NONE


def test_the_state_follows_from_members_topology_and_epochs() -> None:
    group = group_of()
    assert (group.state_name, group.is_empty) == ("Empty", True)
    group.put_metadata(member())
    group.put_assignment(member(epoch=5))
    group.set_validated(-1, {})
    assert group.state_name == "NotReady"
    group.set_validated(0, {})
    assert group.state_name == "Stable"
    group.set_epoch(6, 0)
    assert group.state_name == "Assigning"
    group.set_assignment_epoch(6, 0)
    assert group.state_name == "Reconciling"
    group.put_assignment(member(epoch=6, state=MemberState.UNRELEASED_TASKS))
    assert group.state_name == "Reconciling"
    group.put_assignment(member(epoch=6))
    assert group.state_name == "Stable"
    group.set_topology(None)
    assert group.state_name == "NotReady"


def test_an_empty_group_reads_nothing_and_one_with_members_reads_its_sources() -> None:
    group = group_of()
    assert not group.is_subscribed_to("t")
    group.put_metadata(member())
    assert group.is_subscribed_to("t")
    assert not group.is_subscribed_to("c")
    assert group.subscribed_topics() == {"t", "c"}  # of these it must hear


def test_what_a_member_holds_is_known_until_it_is_gone() -> None:
    group = group_of(member())
    assert group.holders.active_holder("0", 1) == "p"
    group.drop_assignment("m")
    assert (group.holders.active_holder("0", 1), group.members["m"].epoch) == (None, -1)
    group.put_assignment(member())
    group.remove("m")
    assert group.holders.active_holder("0", 1) is None
    group.remove("m")  # a second time, as in a compacted log
    group.drop_assignment("m")
    assert group.members == {}


def test_tasks_are_held_by_the_process_that_the_member_says_it_is_in() -> None:
    group = group_of(member())
    group.put_metadata(member(process_id="q"))
    assert group.holders.active_holder("0", 1) == "q"


def test_who_asked_for_the_end_is_forgotten_with_the_last_member() -> None:
    group = group_of(member("m"), member("n"))
    group.shutdown_member_id = "m"
    group.remove("m")
    assert group.shutdown_member_id == "m"
    group.remove("n")
    assert group.shutdown_member_id is None


def test_members_commit_by_their_epoch_and_late_ones_for_what_they_had_by_then() -> None:
    group = group_of(member())
    assert code_of(group, commit()) is ErrorCode.NONE
    assert code_of(group, commit(6)) is ErrorCode.STALE_MEMBER_EPOCH
    assert [code_of(group, commit(4, partition=n)) for n in (0, 1, 2)] == [
        ErrorCode.NONE,  # its own since epoch 3
        ErrorCode.STALE_MEMBER_EPOCH,
        ErrorCode.STALE_MEMBER_EPOCH,
    ]
    assert code_of(group, commit(4, topic="other")) is ErrorCode.STALE_MEMBER_EPOCH
    assert code_of(group, commit(member_id="x")) is ErrorCode.UNKNOWN_MEMBER_ID
    assert code_of(group, commit(-1, "")) is ErrorCode.UNKNOWN_MEMBER_ID
    group.set_topology(None)
    assert code_of(group, commit(4)) is ErrorCode.STALE_MEMBER_EPOCH


def test_a_version_without_member_epochs_cannot_commit() -> None:
    old = OffsetCommit("g", 5, "m", None, [], has_member_epoch=False)
    assert code_of(group_of(member()), old) is ErrorCode.UNSUPPORTED_VERSION


def test_in_a_transaction_the_code_is_another_and_who_gives_no_name_passes() -> None:
    group = group_of(member())
    assert code_of(group, commit(6, producer_id=1)) is ErrorCode.ILLEGAL_GENERATION
    assert code_of(group, commit(-1, "", producer_id=1)) is ErrorCode.NONE


def test_anybody_commits_to_an_empty_group_without_an_epoch() -> None:
    assert code_of(group_of(), commit(-1, "")) is ErrorCode.NONE
    assert code_of(group_of(), commit(5)) is ErrorCode.UNKNOWN_MEMBER_ID


def test_offsets_are_fetched_in_nobodys_name_or_by_a_member_of_this_epoch() -> None:
    group = group_of(member())
    group.check_fetch(None, -1)
    group.check_fetch("m", 5)
    for name, epoch, code in (("m", 4, ErrorCode.STALE_MEMBER_EPOCH), ("x", 5, ErrorCode.UNKNOWN_MEMBER_ID)):
        with pytest.raises(KafkaError) as refused:
            group.check_fetch(name, epoch)
        assert refused.value.code is code


def test_endpoints_are_worked_out_once_until_the_member_or_the_topics_change() -> None:
    a, b = member("a", user_endpoint=("a", 1)), member("b", user_endpoint=("b", 2))
    group = group_of(a, b, member("c"))
    configured = configure_topology(WHOLE, 0, group.existing)
    group.set_configured(configured)
    first = group.endpoints(group.members["a"], configured)
    again = group.endpoints(group.members["a"], configured)
    assert [(one.host, one.active) for one in first] == [("b", [("t", [0, 1])]), ("a", [("t", [0, 1])])]
    assert again[0] is first[0]
    group.put_assignment(member("b", held=HeldTasks()))
    assert next(one.active for one in group.endpoints(group.members["a"], configured)) == []
    newer = configure_topology(WHOLE, 1, group.existing)
    assert group.endpoints(group.members["a"], newer)[0] == group.endpoints(group.members["a"], configured)[0]
    group.set_configured(newer)
    assert group.endpoints(group.members["a"], newer)[1] is not first[1]


def test_a_member_without_an_endpoint_is_not_told_of() -> None:
    group = group_of(member("m"))
    assert group.endpoints(group.members["m"], configure_topology(WHOLE, 0, group.existing)) == []
