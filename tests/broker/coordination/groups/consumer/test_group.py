"""What is asked of a consumer group as of a group of any kind."""

import inspect

import pytest

from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.member import ConsumerMember
from odradek.broker.coordination.groups.group import Group
from odradek.broker.coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from odradek.protocol.errors import ErrorCode, KafkaError

from .consumer_driver import ConsumerDriver, Topics, topic_id

HELD = ConsumerMember("m", epoch=5, previous_epoch=4, assigned={topic_id("t"): {0: 2, 1: 5}}, revoking={})


@pytest.fixture
def group() -> ConsumerGroup:
    group = ConsumerGroup("g", Topics(t=4))
    group.put_metadata(ConsumerMember("m", subscribed_topic_names=("t",)))
    group.put_assignment(HELD)
    return group


def commit(member_id: str = "m", epoch: int = 5, *partitions: int, **how: int) -> OffsetCommit:
    offsets = [OffsetToCommit("t", partition, 1) for partition in partitions or (0,)]
    return OffsetCommit("g", epoch, member_id, None, offsets, **how)  # type: ignore[arg-type]


def test_it_has_what_a_group_must_have(group: ConsumerGroup) -> None:
    any_group: Group = group
    for name, _ in inspect.getmembers(Group):
        if not name.startswith("_"):
            assert hasattr(any_group, name)
    assert (any_group.group_type, any_group.protocol_type) == ("consumer", "consumer")


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (commit(), None),
        (commit("m", 5, 3), None),  # with the right epoch any partition
        (commit("m", 4, 0), None),
        (commit("m", 2, 0), None),
        (commit("m", 1, 0), ErrorCode.STALE_MEMBER_EPOCH),
        (commit("m", 4, 0, 1), ErrorCode.STALE_MEMBER_EPOCH),
        (commit("m", 4, 3), ErrorCode.STALE_MEMBER_EPOCH),
        (commit("m", 6), ErrorCode.STALE_MEMBER_EPOCH),
        (commit("x"), ErrorCode.UNKNOWN_MEMBER_ID),
        (commit("", -1), ErrorCode.UNKNOWN_MEMBER_ID),
        (commit("m", 5, has_member_epoch=False), ErrorCode.UNSUPPORTED_VERSION),
        (commit("", -1, producer_id=7), None),
        (commit("m", 5, producer_id=7, has_member_epoch=False), None),
        (commit("m", 6, producer_id=7), ErrorCode.ILLEGAL_GENERATION),
        (commit("m", 4, 1, producer_id=7), ErrorCode.ILLEGAL_GENERATION),
    ],
)
def test_who_may_commit(group: ConsumerGroup, asked: OffsetCommit, refusal: ErrorCode | None) -> None:
    if refusal is None:
        group.check_commit(asked)
        return
    with pytest.raises(KafkaError) as refused:
        group.check_commit(asked)
    assert refused.value.code is refusal


def test_an_administrator_commits_to_an_empty_group() -> None:
    ConsumerGroup("g", Topics(t=1)).check_commit(commit("", -1))


@pytest.mark.parametrize(
    ("member_id", "epoch", "refusal"),
    [
        (None, -1, None),
        ("m", 5, None),
        ("m", 4, ErrorCode.STALE_MEMBER_EPOCH),
        ("m", 6, ErrorCode.STALE_MEMBER_EPOCH),
        ("m", -1, ErrorCode.STALE_MEMBER_EPOCH),
        ("x", 5, ErrorCode.UNKNOWN_MEMBER_ID),
    ],
)
def test_who_may_fetch(group: ConsumerGroup, member_id: str | None, epoch: int, refusal: ErrorCode | None) -> None:
    if refusal is None:
        group.check_fetch(member_id, epoch)
        return
    with pytest.raises(KafkaError) as refused:
        group.check_fetch(member_id, epoch)
    assert refused.value.code is refusal


def test_a_group_in_use_is_not_deleted_and_its_topics_keep_their_offsets(group: ConsumerGroup) -> None:
    with pytest.raises(KafkaError) as refused:
        group.check_delete()
    assert refused.value.code is ErrorCode.NON_EMPTY_GROUP
    group.check_offset_delete()
    assert (group.is_subscribed_to("t"), group.is_subscribed_to("u")) == (True, False)
    assert (group.expiration_base_ms("t", 7), group.expiration_base_ms("u", 7)) == (None, 7)


def test_a_partition_has_one_holder_who_lets_go_when_it_leaves(group: ConsumerGroup) -> None:
    assert (group.holder_of(topic_id("t"), 0), group.holder_of(topic_id("t"), 2)) == ("m", None)
    group.put_assignment(ConsumerMember("n", assigned={topic_id("t"): {0: 6}}))
    group.remove("m")  # in a compacted log it may go after its heir came
    assert (group.holder_of(topic_id("t"), 0), group.holder_of(topic_id("t"), 1)) == ("n", None)


def test_a_deleted_group_is_gone_after_a_restart_too() -> None:
    groups = ConsumerDriver()
    groups.beat("a")
    groups.beat("a", -1)
    groups.commit()
    assert groups.committed() == 5
    assert groups.delete_group().answer is ErrorCode.NONE
    assert groups.service.find_group("g") is None
    assert groups.restarted().service.find_group("g") is None
