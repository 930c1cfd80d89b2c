"""What consumer and streams groups share of commits; the tests of both kinds have the cases of each."""

import pytest

from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.member import ClassicProtocols, ConsumerMember
from odradek.broker.coordination.groups.modern.committing_group import CommittingGroup
from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.broker.coordination.groups.streams.group import StreamsGroup
from odradek.protocol.errors import ErrorCode, KafkaError

from ..consumer.consumer_driver import Topics, topic_id

GIVEN = {topic_id("t"): {0: 2}}


@pytest.fixture
def group() -> ConsumerGroup:
    group = ConsumerGroup("g", Topics(t=4))
    for name, classic in (("new", None), ("old", ClassicProtocols(1, ()))):
        group.put_metadata(ConsumerMember(name, subscribed_topic_names=("t",), classic=classic))
        group.put_assignment(ConsumerMember(name, epoch=5, assigned=GIVEN))
    return group


def error_of(group: ConsumerGroup, member_id: str, epoch: int, **how: int) -> ErrorCode:
    commit = OffsetCommit("g", epoch, member_id, None, [OffsetToCommit("t", 0, 1)], **how)  # type: ignore[arg-type]
    try:
        group.check_commit(commit)
    except KafkaError as error:
        return error.code
    return ErrorCode.NONE


def test_both_kinds_are_such_groups() -> None:
    assert issubclass(ConsumerGroup, CommittingGroup)
    assert issubclass(StreamsGroup, CommittingGroup)


@pytest.mark.parametrize(
    ("epoch", "of_new", "of_old"),
    [
        (5, ErrorCode.NONE, ErrorCode.NONE),
        (2, ErrorCode.NONE, ErrorCode.ILLEGAL_GENERATION),
        (1, ErrorCode.STALE_MEMBER_EPOCH, ErrorCode.ILLEGAL_GENERATION),
        (6, ErrorCode.STALE_MEMBER_EPOCH, ErrorCode.ILLEGAL_GENERATION),
    ],
)
def test_a_member_may_be_late_but_a_classic_one_may_not(
    group: ConsumerGroup, epoch: int, of_new: ErrorCode, of_old: ErrorCode
) -> None:
    assert (error_of(group, "new", epoch), error_of(group, "old", epoch)) == (of_new, of_old)
    for member_id, code in (("new", of_new), ("old", of_old)):
        if epoch == 5:
            group.check_fetch(member_id, epoch)
        else:
            with pytest.raises(KafkaError) as refused:
                group.check_fetch(member_id, epoch)
            expected = ErrorCode.ILLEGAL_GENERATION if member_id == "old" else ErrorCode.STALE_MEMBER_EPOCH
            assert refused.value.code is expected, code


def test_only_classic_members_commit_in_versions_without_epochs(group: ConsumerGroup) -> None:
    assert error_of(group, "new", 5, has_member_epoch=False) is ErrorCode.UNSUPPORTED_VERSION
    assert error_of(group, "old", 5, has_member_epoch=False) is ErrorCode.NONE


def test_what_a_kind_must_say_is_not_said_here() -> None:
    nothing: CommittingGroup[ConsumerMember, object] = CommittingGroup("g", Topics())
    with pytest.raises(NotImplementedError):
        nothing.given_at(ConsumerMember("m"), "t", 0)
    assert not nothing.is_by_generation(ConsumerMember("m"))
