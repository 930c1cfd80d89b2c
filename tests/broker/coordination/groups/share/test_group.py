import pytest

from odradek.broker.coordination.groups.offset_commit import OffsetCommit
from odradek.broker.coordination.groups.share.group import ShareGroup
from odradek.broker.coordination.groups.share.member import ShareMember
from odradek.broker.coordination.groups.share.state_partitions import NamedPartitions, StatePartitions
from odradek.protocol.errors import ErrorCode, KafkaError

from ..consumer.consumer_driver import Topics, topic_id

T = topic_id("t")
BOTH = frozenset({0, 1})


@pytest.fixture
def group() -> ShareGroup:
    return ShareGroup("g", Topics(t=2))


def test_a_group_is_empty_or_stable_and_stays_until_it_is_deleted(group: ShareGroup) -> None:
    assert (group.state_name, group.is_abandoned, group.is_replaceable) == ("Empty", False, False)
    group.put_metadata(ShareMember("m", subscribed_topic_names=("t",)))
    assert (group.state_name, group.subscribed_topics()) == ("Stable", frozenset({"t"}))
    with pytest.raises(KafkaError) as refusal:
        group.check_delete()
    assert refusal.value.code is ErrorCode.NON_EMPTY_GROUP
    group.remove("m")
    group.remove("m")
    assert (group.state_name, group.subscribed_topics()) == ("Empty", frozenset())


def test_it_has_no_offsets_but_an_administrator_finds_nothing_without_an_error(group: ShareGroup) -> None:
    commit = OffsetCommit("g", -1, "", None, [])
    with pytest.raises(KafkaError, match="GROUP_ID_NOT_FOUND"):
        group.check_commit(commit)
    with pytest.raises(KafkaError, match="GROUP_ID_NOT_FOUND"):
        group.check_offset_delete()
    for epoch in (1, -1):
        with pytest.raises(KafkaError, match="GROUP_ID_NOT_FOUND"):
            group.check_fetch("m", epoch)
    group.check_fetch(None, -1)


def test_what_a_member_has_and_what_it_reported_may_come_in_any_order(group: ShareGroup) -> None:
    group.put_assignment(ShareMember("m", epoch=3, previous_epoch=2, assigned={T: BOTH}))
    group.put_metadata(ShareMember("m", "r", "c", "/h", ("t",)))
    assert group.members["m"] == ShareMember("m", "r", "c", "/h", ("t",), 3, 2, 0, {T: BOTH})
    group.drop_assignment("m")
    assert (group.members["m"].epoch, group.members["m"].assigned) == (-1, {})
    group.drop_assignment("stranger")
    assert set(group.members) == {"m"}


def test_what_a_member_has_says_nothing_of_states_that_may_be_missing(group: ShareGroup) -> None:
    group.put_metadata(ShareMember("m", subscribed_topic_names=("t",)))
    group.needs_states = False
    group.put_assignment(ShareMember("m", epoch=3, previous_epoch=2, assigned={T: BOTH}))
    assert not group.needs_states
    group.put_metadata(ShareMember("m", subscribed_topic_names=("t", "u")))
    assert group.needs_states


def test_it_is_settled_when_the_target_has_all_that_is_subscribed_to_and_has_a_state(group: ShareGroup) -> None:
    assert group.is_settled
    group.set_state_partitions(StatePartitions({}, {T: NamedPartitions("t", BOTH)}))
    assert group.is_settled  # nobody reads it
    group.put_metadata(ShareMember("m", subscribed_topic_names=("t",)))
    assert not group.is_settled
    group.set_target("m", {T: frozenset({0})})
    assert not group.is_settled
    group.set_target("n", {T: frozenset({1})})
    assert group.is_settled
    group.set_target("n", None)
    assert not group.is_settled


def test_when_states_were_asked_for_is_known_as_long_as_they_are_under_way(group: ShareGroup) -> None:
    under_way = StatePartitions({T: NamedPartitions("t", BOTH)})
    group.set_state_partitions(under_way)
    group.began_ms[T] = 5
    group.set_state_partitions(under_way)
    assert group.began_ms == {T: 5}
    group.set_state_partitions(under_way.with_initialized(under_way.initializing))
    assert group.began_ms == {}
    group.set_state_partitions(None)
    assert group.states == StatePartitions()
