import pytest

from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.consumer_group_describe import Assignment, DescribedGroup, Member, TopicPartitions
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse

from ..clusters import Changes
from .broker_harness import served
from .consumer_broker import ConsumerBroker


@pytest.fixture
def broker() -> ConsumerBroker:
    broker = ConsumerBroker()
    broker.create("t", 4)
    return broker


@pytest.mark.parametrize("version", served(ApiKey.CONSUMER_GROUP_DESCRIBE))
def test_a_group_is_shown_with_its_epochs_and_members(broker: ConsumerBroker, version: int) -> None:
    broker.beat("a", instance_id="i", rack_id="r")
    has = Assignment(
        topic_partitions=[TopicPartitions(topic_id=broker.topic_id("t"), topic_name="t", partitions=[0, 1, 2, 3])]
    )
    assert broker.describe(version=version, with_operations=True) == DescribedGroup(
        group_id="g",
        group_state="Stable",
        group_epoch=2,
        assignment_epoch=2,
        assignor_name="uniform",
        members=[
            Member(
                member_id="a",
                instance_id="i",
                rack_id="r",
                member_epoch=2,
                client_id="shop",
                client_host="/127.0.0.1",
                subscribed_topic_names=["t"],
                subscribed_topic_regex="",
                assignment=has,
                target_assignment=has,
                member_type=1 if version >= 1 else -1,
            )
        ],
        authorized_operations=3400,
    )


def test_what_a_member_has_yet_to_give_up_it_is_shown_to_have(broker: ConsumerBroker) -> None:
    broker.beat("a")
    broker.beat("b")
    broker.beat("a", 2)
    group = broker.describe()
    (a, b) = group.members
    assert [list(t.partitions) for t in a.assignment.topic_partitions] == [[0, 1, 2, 3]]
    assert [list(t.partitions) for t in a.target_assignment.topic_partitions] == [[0, 1]]
    assert (group.group_state, list(b.assignment.topic_partitions)) == ("Reconciling", [])


def test_topics_that_are_gone_are_not_shown(broker: ConsumerBroker) -> None:
    broker.beat("a")
    broker.delete("t")
    (member,) = broker.describe().members
    assert list(member.assignment.topic_partitions) == list(member.target_assignment.topic_partitions) == []


def test_a_group_that_is_none_of_this_kind_is_not_found(broker: ConsumerBroker) -> None:
    missing = broker.describe()
    assert (missing.error_code, missing.error_message) == (
        ErrorCode.GROUP_ID_NOT_FOUND,
        "Group g not found.",
    )
    assert missing.group_state == ""


def test_it_is_no_classic_group(broker: ConsumerBroker) -> None:
    broker.beat("a")
    for version, code, message in ((5, 0, None), (6, 69, "Group g is not a classic group.")):
        answer = broker.ask(DescribeGroupsRequest(groups=["g"]), version, DescribeGroupsResponse).answer
        (group,) = answer.groups
        assert (group.error_code, group.group_state, group.error_message) == (code, "Dead", message)


def test_without_the_feature_nothing_is_described(broker: ConsumerBroker) -> None:
    broker.beat("a")
    Changes(broker.context.metadata).set_features({"group.version": 0})
    assert broker.describe().error_code == ErrorCode.UNSUPPORTED_VERSION
