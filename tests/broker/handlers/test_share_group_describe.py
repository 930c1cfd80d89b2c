from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.share_group_describe import (
    DescribedGroup,
    ShareGroupDescribeRequest,
    ShareGroupDescribeResponse,
)

from .share_group_broker import ShareGroupBroker


def describe(broker: ShareGroupBroker, *groups: str, wants_operations: bool = False) -> list[DescribedGroup]:
    request = ShareGroupDescribeRequest(group_ids=groups, include_authorized_operations=wants_operations)
    return list(broker.ask(request, 1, ShareGroupDescribeResponse).answer.groups)


def test_a_group_is_described_with_its_members_and_what_they_have() -> None:
    broker = ShareGroupBroker()
    broker.beat()
    broker.beat(epoch=2)
    (group,) = describe(broker, "g")
    assert (group.group_state, group.group_epoch, group.assignment_epoch, group.assignor_name) == (
        "Stable",
        3,
        3,
        "simple",
    )
    (member,) = group.members
    assert (member.member_id, member.member_epoch, member.client_id, member.client_host) == (
        "a",
        3,
        "shop",
        "/127.0.0.1",
    )
    assert list(member.subscribed_topic_names) == ["t"]
    (topic,) = member.assignment.topic_partitions
    assert (topic.topic_id, topic.topic_name, list(topic.partitions)) == (broker.topic_id, "t", [0, 1])
    assert group.authorized_operations == -2147483648
    assert describe(broker, "g", wants_operations=True)[0].authorized_operations > 0


def test_what_is_no_share_group_is_an_error_of_its_own() -> None:
    found = describe(ShareGroupBroker(), "", "nope")
    assert [(one.group_id, one.error_code, one.error_message) for one in found] == [
        ("", ErrorCode.INVALID_GROUP_ID, None),
        ("nope", ErrorCode.GROUP_ID_NOT_FOUND, "Group nope not found."),
    ]


def test_without_the_feature_there_are_no_share_groups() -> None:
    broker = ShareGroupBroker()
    broker.switch_off()
    (group,) = describe(broker, "g")
    assert (group.group_id, group.error_code) == ("g", ErrorCode.UNSUPPORTED_VERSION)
