"""A whole broker, asked as consumers of the new protocol ask it (KIP-848)."""

from collections.abc import Mapping, Sequence
from typing import Any

from odradek.broker.testing.topics import delete_topics
from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    DescribedGroup,
)
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)

from .broker_harness import AskedBroker

EAGER = {"group.consumer.assignment.interval.ms": "0"}


class ConsumerBroker(AskedBroker):
    """Targets are made with every change, unless the settings say otherwise."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__({**EAGER, **(settings or {})})

    def beat(
        self,
        member_id: str,
        epoch: int = 0,
        *,
        group_id: str = "g",
        version: int = 1,
        owned: Mapping[str, Sequence[int]] | None = None,
        **how: Any,
    ) -> ConsumerGroupHeartbeatResponse:
        """A heartbeat; with epoch 0 a full one, subscribed to t."""
        if epoch == 0:
            owned = owned or {}
            how = {"rebalance_timeout_ms": 5000, "subscribed_topic_names": ["t"], **how}
        request = ConsumerGroupHeartbeatRequest(
            group_id=group_id,
            member_id=member_id,
            member_epoch=epoch,
            topic_partitions=None
            if owned is None
            else [TopicPartitions(topic_id=self.topic_id(name), partitions=indexes) for name, indexes in owned.items()],
            **how,
        )
        return self.ask(request, version, ConsumerGroupHeartbeatResponse).answer

    def delete(self, name: str) -> None:
        topic = self.topics.find(name)
        assert topic is not None
        delete_topics(self.topics, [topic])

    def topic_id(self, name: str) -> bytes:
        topic = self.topics.find(name)
        assert topic is not None
        return topic.topic_id

    def named(self, answer: ConsumerGroupHeartbeatResponse) -> dict[str, list[int]] | None:
        """The assignment of an answer."""
        if answer.assignment is None:
            return None
        names = self.context.metadata.image.names
        return {names[bytes(t.topic_id)]: list(t.partitions) for t in answer.assignment.topic_partitions}

    def describe(self, group_id: str = "g", version: int = 1, *, with_operations: bool = False) -> DescribedGroup:
        request = ConsumerGroupDescribeRequest(group_ids=[group_id], include_authorized_operations=with_operations)
        (group,) = self.ask(request, version, ConsumerGroupDescribeResponse).answer.groups
        return group
