"""Three brokers in memory, a share group, and what its members ask of whoever leads and coordinates by then."""

from odradek.broker.controller.cluster_state import TopicPartition
from odradek.broker.controller.elections import ElectionType
from odradek.broker.controller.reassignments import Reassignment
from odradek.broker.coordination.share_state.requests import SharePartitionKey
from odradek.broker.topic_names import OFFSETS_TOPIC, SHARE_TOPIC
from odradek.protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
    DescribeShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponsePartition,
)
from odradek.protocol.messages.share_group_heartbeat import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse

from ..handlers.broker_harness import batch
from ..handlers.share_member import ShareMember
from ..nodes.three_brokers import AskedNode, ThreeBrokers

SETTINGS = {
    "share.coordinator.state.topic.num.partitions": "1",
    "offsets.topic.num.partitions": "1",
    "group.share.assignment.interval.ms": "0",
}


class SharingBrokers(ThreeBrokers):
    """Topic `t` is led by broker 1, the state of share partitions is kept by broker 2, groups are coordinated by 3."""

    def __init__(self) -> None:
        super().__init__(settings=SETTINGS)
        self.t = self.create("t", [1, 2, 3])
        self.create(SHARE_TOPIC, [2, 3, 1], min_insync_replicas="1", cleanup_policy="delete")
        self.create(OFFSETS_TOPIC, [3, 1, 2], min_insync_replicas="1", cleanup_policy="compact")
        self.key = SharePartitionKey("g", self.t.topic_id, 0)

    def leader_of(self, topic: str) -> AskedNode:
        """The broker that leads the only partition."""
        return self[self.record(topic).leader]

    def move(self, topic: str, *replicas: int) -> None:
        """Have a partition led by the first of these, for good."""
        at = TopicPartition(topic, 0)
        self.controller.alter_reassignments([Reassignment(at, replicas)], lambda results, error: None)
        self.settle()
        self.controller.elect_leaders(ElectionType.PREFERRED, [at], lambda results, error: None)
        self.settle()
        assert self.record(topic).leader == replicas[0]

    def begin(self) -> None:
        """The group has a member, and so its share partition a state, which begins at the end of the log."""
        request = ShareGroupHeartbeatRequest(group_id="g", member_id="m", member_epoch=0, subscribed_topic_names=["t"])
        asked = self.leader_of(OFFSETS_TOPIC).ask(request, 1, ShareGroupHeartbeatResponse)
        self.settle()
        assert asked.answer.error_code == 0
        self.acquire(self.member())

    def member(self, name: str = "m") -> ShareMember[AskedNode]:
        """At the broker that leads now."""
        return ShareMember(self.leader_of("t"), self.t, name)

    def acquire(
        self, member: ShareMember[AskedNode], acks: tuple[tuple[int, int, int], ...] = ()
    ) -> list[tuple[int, int, int]]:
        """First and last offset and delivery count of what a member acquires."""
        asked = member.fetch(acks=acks, max_wait_ms=500)
        self.advance(0.6)
        found = [one for topic in asked.answer.responses for one in topic.partitions]
        assert all(one.error_code == 0 and one.acknowledge_error_code == 0 for one in found), found
        return [
            (one.first_offset, one.last_offset, one.delivery_count)
            for partition in found
            for one in partition.acquired_records
        ]

    def fill(self, *values: bytes) -> None:
        """A batch of these."""
        assert self.produce("t", batch(*values)).error_code == 0

    def describe(self) -> DescribeShareGroupOffsetsResponsePartition:
        """Where the group stands."""
        request = DescribeShareGroupOffsetsRequest(
            groups=[DescribeShareGroupOffsetsRequestGroup(group_id="g", topics=None)]
        )
        asked = self.leader_of(OFFSETS_TOPIC).ask(request, 1, DescribeShareGroupOffsetsResponse)
        self.settle()
        ((found,),) = (topic.partitions for group in asked.answer.groups for topic in group.topics)
        return found
