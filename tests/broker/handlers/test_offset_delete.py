import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
)
from odradek.protocol.subscription import ConsumerProtocolSubscription, encode_subscription

from ..conftest import Parts
from .group_context import GroupBroker, offsets_of


@pytest.fixture
def broker(parts: Parts) -> GroupBroker:
    broker = GroupBroker(parts)
    for topic in "tu":
        broker.create_topic(topic)
    return broker


def delete(broker: GroupBroker, asked: dict[str, list[int]], group_id: str = "g") -> tuple[int, list[list[int]]]:
    """The error of the request, and those of the partitions by topic."""
    topics = [
        OffsetDeleteRequestTopic(
            name=name, partitions=[OffsetDeleteRequestPartition(partition_index=index) for index in indexes]
        )
        for name, indexes in asked.items()
    ]
    response = broker.ask(OffsetDeleteRequest(group_id=group_id, topics=topics), 0, OffsetDeleteResponse).answer
    return response.error_code, [[p.error_code for p in topic.partitions] for topic in response.topics]


def test_what_exists_is_deleted_and_what_does_not_is_refused(broker: GroupBroker) -> None:
    broker.commit(offsets_of("t", {0: 1, 1: 1}))
    missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert delete(broker, {"t": [0, 9], "u": [0], "nope": [0]}) == (0, [[0, missing], [0], [missing]])
    broker.restart()
    assert broker.context.groups.committed_partitions("g") == [("t", [1])]


def test_topics_that_members_read_are_kept(broker: GroupBroker) -> None:
    broker.stable_member(metadata=encode_subscription(ConsumerProtocolSubscription(topics=["t"])))
    assert delete(broker, {"t": [0], "u": [0]}) == (0, [[ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC], [0]])


@pytest.mark.parametrize(
    ("group_id", "code"), [("", ErrorCode.INVALID_GROUP_ID), ("nope", ErrorCode.GROUP_ID_NOT_FOUND)]
)
def test_no_group_is_an_error_of_the_whole_request(broker: GroupBroker, group_id: str, code: ErrorCode) -> None:
    assert delete(broker, {"t": [0], "nope": [0]}, group_id) == (code, [])
