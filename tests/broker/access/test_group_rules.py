"""What is done to groups, by clients that may do some of it."""

from odradek.broker.security.authorization.acl import Operation
from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
    DescribeShareGroupOffsetsRequestTopic,
    DescribeShareGroupOffsetsResponse,
)
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    TaskIds,
    TopicInfo,
    Topology,
)

from .secured_broker import CLUSTER, CLUSTER_NAME, GROUP, TOPIC, SecuredBroker

GROUP_DENIED, TOPIC_DENIED = 30, 29
READ, DESCRIBE, CREATE = Operation.READ, Operation.DESCRIBE, Operation.CREATE


def join(broker: SecuredBroker, group: str, topic: str) -> int:
    beat = ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id="AAAAAAAAAAAAAAAAAAAABw",
        member_epoch=0,
        rebalance_timeout_ms=1000,
        subscribed_topic_names=[topic],
        topic_partitions=[],
    )
    return broker.serve(beat, 1, ConsumerGroupHeartbeatResponse).error_code


def test_a_member_needs_its_group_and_all_of_its_topics() -> None:
    broker = SecuredBroker()
    broker.create("t")
    assert join(broker, "g", "t") == GROUP_DENIED
    broker.allow(GROUP, "g", READ)
    assert join(broker, "g", "t") == TOPIC_DENIED
    broker.allow(TOPIC, "t", DESCRIBE)
    assert join(broker, "g", "t") == 0


def test_groups_that_may_not_be_described_come_first_with_their_error() -> None:
    broker = SecuredBroker()
    broker.allow(GROUP, "mine", Operation.DELETE)
    for version in (0, 6):
        request = DescribeGroupsRequest(groups=["mine", "yours"], include_authorized_operations=version > 2)
        answer = broker.serve(request, version, DescribeGroupsResponse)
        denied, described = answer.groups
        assert (denied.group_id, denied.error_code, described.group_id) == ("yours", GROUP_DENIED, "mine")
    only = broker.serve(DescribeGroupsRequest(groups=["yours"]), 0, DescribeGroupsResponse)
    assert [(one.group_id, one.error_code) for one in only.groups] == [("yours", GROUP_DENIED)]


def test_a_group_is_hidden_while_its_members_have_a_topic_that_is() -> None:
    broker = SecuredBroker()
    broker.create("t")
    broker.allow(GROUP, "g", READ)
    broker.allow(TOPIC, "t", DESCRIBE)
    join(broker, "g", "t")
    request = ConsumerGroupDescribeRequest(group_ids=["g"], include_authorized_operations=True)
    (seen,) = broker.serve(request, 1, ConsumerGroupDescribeResponse).groups
    assert (seen.error_code, len(seen.members), seen.authorized_operations) == (0, 1, 1 << 3 | 1 << 8)
    broker.deny(TOPIC, "t", DESCRIBE)
    (hidden,) = broker.serve(request, 1, ConsumerGroupDescribeResponse).groups
    assert (hidden.error_code, hidden.members) == (TOPIC_DENIED, [])
    assert hidden.error_message == "The group has described topic(s) that the client is not authorized to describe."


def test_groups_are_listed_that_may_be_described() -> None:
    broker = SecuredBroker()
    broker.create("t")
    broker.allow(TOPIC, "t", DESCRIBE)
    broker.allow(GROUP, "mine", READ)
    broker.allow(GROUP, "other", READ)
    join(broker, "mine", "t")
    join(broker, "other", "t")
    broker.deny(GROUP, "other", DESCRIBE)

    def listed() -> list[str]:
        return sorted(one.group_id for one in broker.serve(ListGroupsRequest(), 5, ListGroupsResponse).groups)

    assert listed() == ["mine"]
    broker.allow(CLUSTER, CLUSTER_NAME, DESCRIBE)
    assert listed() == ["mine", "other"]


def test_groups_are_deleted_by_those_who_may() -> None:
    broker = SecuredBroker()
    broker.allow(GROUP, "mine", Operation.DELETE)
    answer = broker.serve(DeleteGroupsRequest(groups_names=["yours", "mine"]), 2, DeleteGroupsResponse)
    assert [(one.group_id, one.error_code) for one in answer.results] == [("mine", 69), ("yours", GROUP_DENIED)]


def test_offsets_of_share_groups_are_told_of_topics_that_may_be_described() -> None:
    broker = SecuredBroker()
    broker.create("t")
    topics = [DescribeShareGroupOffsetsRequestTopic(topic_name="t", partitions=[0])]
    asked = [DescribeShareGroupOffsetsRequestGroup(group_id=group, topics=topics) for group in ("yours", "mine")]
    request = DescribeShareGroupOffsetsRequest(groups=asked)
    broker.allow(GROUP, "mine", READ)
    denied, hidden = broker.serve(request, 1, DescribeShareGroupOffsetsResponse).groups
    assert (denied.group_id, denied.error_code) == ("yours", GROUP_DENIED)
    if hidden.error_code == 0:
        assert [one.partitions[0].error_code for one in hidden.topics] == [TOPIC_DENIED]


def streams(broker: SecuredBroker) -> StreamsGroupHeartbeatResponse:
    changelog = TopicInfo(name="app-changelog")
    subtopology = Subtopology(subtopology_id="0", source_topics=["t"], state_changelog_topics=[changelog])
    beat = StreamsGroupHeartbeatRequest(
        group_id="app",
        member_id="AAAAAAAAAAAAAAAAAAAABw",
        member_epoch=0,
        rebalance_timeout_ms=1000,
        topology=Topology(epoch=1, subtopologies=[subtopology]),
        process_id="p",
        active_tasks=list[TaskIds](),
        standby_tasks=[],
        warmup_tasks=[],
    )
    return broker.serve(beat, 0, StreamsGroupHeartbeatResponse)


def test_internal_topics_of_an_application_are_created_for_those_who_may() -> None:
    broker = SecuredBroker()
    broker.create("t")
    assert streams(broker).error_code == GROUP_DENIED
    broker.allow(GROUP, "app", READ)
    assert streams(broker).error_code == TOPIC_DENIED
    broker.allow(TOPIC, "t", READ)
    broker.allow(TOPIC, "app-changelog", READ)
    told = streams(broker)
    assert told.error_code == 0
    assert "Unauthorized to CREATE on topics app-changelog." in [s.status_detail for s in told.status or ()][-1]
    assert broker.topics.find("app-changelog") is None
    broker.allow(TOPIC, "app-changelog", CREATE)
    streams(broker)
    assert broker.topics.find("app-changelog") is not None
