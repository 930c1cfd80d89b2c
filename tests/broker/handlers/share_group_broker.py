"""A broker with a topic and a share group, asked through its handlers."""

from collections.abc import Mapping, Sequence

from odradek.protocol.messages.alter_share_group_offsets import (
    AlterShareGroupOffsetsRequest,
    AlterShareGroupOffsetsRequestPartition,
    AlterShareGroupOffsetsRequestTopic,
    AlterShareGroupOffsetsResponse,
)
from odradek.protocol.messages.delete_share_group_offsets import (
    DeleteShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequestTopic,
    DeleteShareGroupOffsetsResponse,
)
from odradek.protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
    DescribeShareGroupOffsetsRequestTopic,
    DescribeShareGroupOffsetsResponse,
    DescribeShareGroupOffsetsResponseGroup,
)
from odradek.protocol.messages.share_group_heartbeat import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse

from ..clusters import Changes
from .broker_harness import AskedBroker


class ShareGroupBroker(AskedBroker):
    """With a topic `t` of two partitions; targets are made with every change."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__({"group.share.assignment.interval.ms": "0", **(settings or {})})
        self.topic_id = self.create("t", 2).topic_id

    def switch_off(self) -> None:
        """There are no share groups."""
        Changes(self.context.metadata).set_features({"share.version": 0})

    def beat(
        self, member_id: str = "a", epoch: int = 0, names: Sequence[str] | None = ("t",), group_id: str = "g"
    ) -> ShareGroupHeartbeatResponse:
        request = ShareGroupHeartbeatRequest(
            group_id=group_id, member_id=member_id, member_epoch=epoch, subscribed_topic_names=names
        )
        return self.ask(request, 1, ShareGroupHeartbeatResponse).answer

    def describe_offsets(
        self, topics: Mapping[str, Sequence[int]] | None = None, *, group_id: str = "g", version: int = 1
    ) -> DescribeShareGroupOffsetsResponseGroup:
        wanted = None
        if topics is not None:
            wanted = [
                DescribeShareGroupOffsetsRequestTopic(topic_name=name, partitions=indexes)
                for name, indexes in topics.items()
            ]
        request = DescribeShareGroupOffsetsRequest(
            groups=[DescribeShareGroupOffsetsRequestGroup(group_id=group_id, topics=wanted)]
        )
        (group,) = self.ask(request, version, DescribeShareGroupOffsetsResponse).answer.groups
        return group

    def alter_offsets(
        self, offsets: Mapping[str, Mapping[int, int]], *, group_id: str = "g"
    ) -> AlterShareGroupOffsetsResponse:
        request = AlterShareGroupOffsetsRequest(
            group_id=group_id,
            topics=[
                AlterShareGroupOffsetsRequestTopic(
                    topic_name=name,
                    partitions=[
                        AlterShareGroupOffsetsRequestPartition(partition_index=index, start_offset=offset)
                        for index, offset in wanted.items()
                    ],
                )
                for name, wanted in offsets.items()
            ],
        )
        return self.ask(request, 0, AlterShareGroupOffsetsResponse).answer

    def delete_offsets(self, *names: str, group_id: str = "g") -> DeleteShareGroupOffsetsResponse:
        topics = [DeleteShareGroupOffsetsRequestTopic(topic_name=name) for name in names]
        request = DeleteShareGroupOffsetsRequest(group_id=group_id, topics=topics)
        return self.ask(request, 0, DeleteShareGroupOffsetsResponse).answer
