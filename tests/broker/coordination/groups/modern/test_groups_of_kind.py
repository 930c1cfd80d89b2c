import pytest

from odradek.broker.coordination.groups.classic.group import ClassicGroup
from odradek.broker.coordination.groups.consumer.group import ConsumerGroup
from odradek.broker.coordination.groups.consumer.member import ConsumerMember
from odradek.broker.coordination.groups.group import Group
from odradek.broker.coordination.groups.modern.groups_of_kind import GroupsOfKind
from odradek.protocol.errors import ErrorCode, KafkaError

from ..consumer.consumer_driver import Topics

Table = dict[str, Group]


@pytest.fixture
def table() -> Table:
    return {"classic": ClassicGroup("classic"), "mine": ConsumerGroup("mine", Topics(t=1))}


@pytest.fixture
def groups(table: Table) -> GroupsOfKind[ConsumerGroup]:
    return GroupsOfKind(table, ConsumerGroup, "consumer", lambda group_id: ConsumerGroup(group_id, Topics(t=1)))


def test_groups_of_another_kind_are_not_found_and_kafka_has_words_for_it(groups: GroupsOfKind[ConsumerGroup]) -> None:
    assert groups.find("mine").group_id == "mine"
    assert [group.group_id for group in groups] == ["mine"]
    assert groups.known("classic") is None
    for group_id, why in (("classic", "Group classic is not a consumer group."), ("none", "Streams none not found.")):
        with pytest.raises(KafkaError) as refused:
            groups.find(group_id, "Streams")
        assert (refused.value.code, refused.value.why) == (ErrorCode.GROUP_ID_NOT_FOUND, why)


def test_a_record_makes_a_group_in_place_of_one_that_only_kept_offsets(
    groups: GroupsOfKind[ConsumerGroup], table: Table
) -> None:
    assert groups.replayed("mine") is table["mine"]
    assert table["classic"] is not groups.replayed("classic") is table["classic"]


def test_only_groups_of_this_kind_are_removed(groups: GroupsOfKind[ConsumerGroup], table: Table) -> None:
    for group_id in ("classic", "mine", "none"):
        groups.remove(group_id)
    assert list(table) == ["classic"]


def test_those_that_read_a_topic_look_again(groups: GroupsOfKind[ConsumerGroup]) -> None:
    mine = groups.replayed("mine")
    mine.put_metadata(ConsumerMember("m", subscribed_topic_names=("t",)))
    mine.needs_refresh = False
    groups.on_topics_changed(["u"])
    assert mine.needs_refresh is False
    groups.on_topics_changed(["u", "t"])
    assert mine.needs_refresh is True
