"""A whole broker, asked as threads of Kafka Streams ask it (KIP-1071)."""

from collections.abc import Mapping
from typing import Any

from odradek.protocol.messages.streams_group_describe import (
    DescribedGroup,
    StreamsGroupDescribeRequest,
    StreamsGroupDescribeResponse,
)
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    TopicInfo,
    Topology,
)

from .broker_harness import AskedBroker

EAGER = {"group.streams.assignment.interval.ms": "0", "group.streams.initial.rebalance.delay.ms": "0"}


def reads(topic: str, **how: Any) -> Subtopology:
    return Subtopology(subtopology_id="0", source_topics=[topic], **how)


def stateful(topic: str, *changelogs: TopicInfo) -> Subtopology:
    return reads(topic, state_changelog_topics=changelogs)


def topology(*subtopologies: Subtopology) -> Topology:
    return Topology(subtopologies=subtopologies)


class StreamsBroker(AskedBroker):
    """Tasks are given out with every change, unless the settings say otherwise."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__({**EAGER, **(settings or {})})

    def beat(self, member_id: str, epoch: int = 0, *, group_id: str = "g", **how: Any) -> StreamsGroupHeartbeatResponse:
        """A heartbeat; with epoch 0 a whole one, of a topology that reads t."""
        if epoch == 0:
            none: dict[str, Any] = dict.fromkeys(("active_tasks", "standby_tasks", "warmup_tasks"), ())
            how = {
                "rebalance_timeout_ms": 5000,
                "process_id": f"p-{member_id}",
                "topology": topology(reads("t")),
                **none,
                **how,
            }
        request = StreamsGroupHeartbeatRequest(group_id=group_id, member_id=member_id, member_epoch=epoch, **how)
        return self.ask(request, 0, StreamsGroupHeartbeatResponse).answer

    def describe(self, group_id: str = "g", *, with_operations: bool = False) -> DescribedGroup:
        request = StreamsGroupDescribeRequest(group_ids=[group_id], include_authorized_operations=with_operations)
        (group,) = self.ask(request, 0, StreamsGroupDescribeResponse).answer.groups
        return group

    def topic_configs(self, name: str) -> Mapping[str, str]:
        return self.context.metadata.image.topics[name].configs
