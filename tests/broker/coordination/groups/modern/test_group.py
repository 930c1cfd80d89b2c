"""What all groups share whose coordinator assigns."""

import pytest

from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.member import ConsumerMember
from odradek.broker.coordination.groups.modern.group import FIRST_EPOCH
from odradek.protocol.errors import ErrorCode, KafkaError

from ..consumer.consumer_driver import Topics


@pytest.fixture
def group() -> ConsumerGroup:
    group = ConsumerGroup("g", Topics(t=4))
    group.put_metadata(ConsumerMember("m", subscribed_topic_names=("t",)))
    return group


def test_a_new_group_is_at_the_first_epoch_and_must_look_at_its_topics() -> None:
    group = ConsumerGroup("g", Topics())
    assert (group.epoch, group.assignment_epoch, group.needs_refresh) == (FIRST_EPOCH, FIRST_EPOCH, True)
    assert (group.is_empty, group.is_abandoned, group.state_name) == (True, True, "Empty")


def test_the_state_is_looked_at_anew_after_each_change(group: ConsumerGroup) -> None:
    assert group.state_name == "Reconciling"
    group.set_epoch(2, 7)
    assert (group.state_name, group.metadata_hash) == ("Assigning", 7)
    group.set_assignment_epoch(2, 50)
    assert group.state_name == "Reconciling"
    group.put_assignment(ConsumerMember("m", epoch=2))
    assert group.state_name == "Stable"


@pytest.mark.parametrize(("now_ms", "may"), [(50, False), (1049, False), (1050, True), (49, True)])
def test_it_is_not_assigned_too_often_and_a_clock_that_went_back_does_not_stop_it(
    group: ConsumerGroup, now_ms: int, may: bool
) -> None:
    group.set_assignment_epoch(2, 50)
    assert group.may_assign(now_ms, 1000) is may


def test_a_full_group_takes_nobody_but_who_is_there(group: ConsumerGroup) -> None:
    group.check_room("m", 1)
    with pytest.raises(KafkaError) as refused:
        group.check_room("n", 1)
    assert refused.value.code is ErrorCode.GROUP_MAX_SIZE_REACHED
    assert refused.value.why == "The consumer group has reached its maximum capacity of 1 members."


def test_a_wrong_epoch_is_refused_by_name(group: ConsumerGroup) -> None:
    member = ConsumerMember("m", epoch=5)
    for epoch, which in ((6, "greater"), (4, "smaller")):
        refusal = group.refuse_epoch(member, epoch)
        assert refusal.code is ErrorCode.FENCED_MEMBER_EPOCH
        assert f"The consumer group member has a {which} member epoch ({epoch}) than" in (refusal.why or "")


def test_an_unknown_member_is_named(group: ConsumerGroup) -> None:
    assert group.known_member("m").member_id == "m"
    with pytest.raises(KafkaError, match="Member x is not a member of group g"):
        group.known_member("x")


def test_offsets_of_topics_that_are_read_do_not_expire_and_a_group_with_members_is_not_deleted(
    group: ConsumerGroup,
) -> None:
    assert (group.expiration_base_ms("t", 3), group.expiration_base_ms("u", 3)) == (None, 3)
    with pytest.raises(KafkaError) as refused:
        group.check_delete()
    assert refused.value.code is ErrorCode.NON_EMPTY_GROUP
    group.remove("m")
    group.check_delete()
