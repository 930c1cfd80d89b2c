"""A member of a share group, as its requests are: one session, its epochs counted."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import SharePartitionKey, StateError, state_refused
from odradek.broker.session import Session
from odradek.broker.topics.topics import Topic
from odradek.protocol.errors import KafkaError
from odradek.protocol.messages import share_acknowledge, share_fetch
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.share_acknowledge import ShareAcknowledgeRequest, ShareAcknowledgeResponse
from odradek.protocol.messages.share_fetch import PartitionData, ShareFetchRequest, ShareFetchResponse

from .broker_harness import AskedBroker, AskedContext
from .group_context import Asked

R = TypeVar("R")
B = TypeVar("B", bound=AskedContext)

ACCEPT, RELEASE, REJECT, RENEW = 1, 2, 3, 4
GROUP = 32

Acks = Sequence[tuple[int, int, int]]
"""First offset, last offset, type."""


class ShareMember(Generic[B]):
    """Fetches from one topic over a connection of its own."""

    def __init__(self, broker: B, topic: Topic, member: str = "m", group: str = "g") -> None:
        self.broker = broker
        self.topic = topic
        self.member = member
        self.group = group
        self.epoch = 0
        self.connection = Session("/127.0.0.1", "127.0.0.1", 9092, client_id="shop")

    def fetch(
        self,
        *partitions: int,
        acks: Acks = (),
        max_wait_ms: int = 0,
        min_bytes: int = 1,
        max_records: int = 500,
        batch_size: int = 500,
        mode: int = 0,
        max_bytes: int = 1 << 20,
        is_renew: bool = False,
        epoch: int | None = None,
        topic_id: bytes | None = None,
        forgotten: Sequence[int] = (),
        version: int = 2,
    ) -> Asked[ShareFetchResponse]:
        """Partition 0 with the first fetch, unless others are named; the acknowledgements are of partition 0."""
        named = partitions or ((0,) if self.epoch == 0 or acks else ())
        batches = [
            share_fetch.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=[kind])
            for first, last, kind in acks
        ]
        asked = [
            share_fetch.FetchPartition(partition_index=index, acknowledgement_batches=batches if index == 0 else ())
            for index in named
        ]
        topic_id = topic_id or self.topic.topic_id
        request = ShareFetchRequest(
            group_id=self.group,
            member_id=self.member,
            share_session_epoch=self.epoch if epoch is None else epoch,
            max_wait_ms=max_wait_ms,
            min_bytes=min_bytes,
            max_bytes=max_bytes,
            max_records=max_records,
            batch_size=batch_size,
            share_acquire_mode=mode,
            is_renew_ack=is_renew,
            topics=[share_fetch.FetchTopic(topic_id=topic_id, partitions=asked)] if asked else [],
            forgotten_topics_data=[share_fetch.ForgottenTopic(topic_id=topic_id, partitions=list(forgotten))]
            if forgotten
            else [],
        )
        if epoch is None:
            self.epoch += 1
        return self._ask(request, version, ShareFetchResponse)

    def acquire(self, *partitions: int, **how: Any) -> list[tuple[int, int, int]]:
        """What is acquired of the only partition that the answer has."""
        return acquired_of(self.fetch(*partitions, **how).answer)

    def acknowledge(
        self, *acks: tuple[int, int, int], epoch: int | None = None, is_renew: bool = False, version: int = 2
    ) -> Asked[ShareAcknowledgeResponse]:
        batches = [
            share_acknowledge.AcknowledgementBatch(first_offset=first, last_offset=last, acknowledge_types=[kind])
            for first, last, kind in acks
        ]
        one = share_acknowledge.AcknowledgePartition(partition_index=0, acknowledgement_batches=batches)
        request = ShareAcknowledgeRequest(
            group_id=self.group,
            member_id=self.member,
            share_session_epoch=self.epoch if epoch is None else epoch,
            is_renew_ack=is_renew,
            topics=[share_acknowledge.AcknowledgeTopic(topic_id=self.topic.topic_id, partitions=[one])],
        )
        if epoch is None:
            self.epoch += 1
        return self._ask(request, version, ShareAcknowledgeResponse)

    def disconnect(self) -> None:
        """Its connection closes."""
        assert self.connection.on_closed is not None
        self.connection.on_closed()
        self.broker.context.purgatory.complete_ready()

    def _ask(self, request: object, version: int, response_type: type[R]) -> Asked[R]:
        before, self.broker.session = self.broker.session, self.connection
        try:
            return self.broker.ask(request, version, response_type)
        finally:
            self.broker.session = before


def the_partition(answer: ShareFetchResponse) -> PartitionData:
    """The only one that an answer has."""
    (topic,) = answer.responses
    (partition,) = topic.partitions
    return partition


def acquired_of(answer: ShareFetchResponse) -> list[tuple[int, int, int]]:
    """What was acquired of the only partition of an answer, which has no error; nothing if it has none."""
    assert answer.error_code == 0
    if not answer.responses:
        return []
    data = the_partition(answer)
    assert (data.error_code, data.acknowledge_error_code) == (0, 0)
    return [(one.first_offset, one.last_offset, one.delivery_count) for one in data.acquired_records]


def set_group_config(broker: AskedBroker, group: str = "g", **configs: str) -> None:
    """As a client sets them."""
    resource = AlterConfigsResource(
        resource_type=GROUP,
        resource_name=group,
        configs=[
            AlterableConfig(name=name.replace("_", "."), config_operation=0, value=value)
            for name, value in configs.items()
        ],
    )
    request = IncrementalAlterConfigsRequest(resources=[resource])
    answer = broker.ask(request, 1, IncrementalAlterConfigsResponse).answer
    assert [one.error_code for one in answer.responses] == [0]


def begin_share_partitions(broker: AskedBroker, topic: Topic, group: str = "g") -> None:
    """As a group does of what its members are assigned: there is state to be read, and no start offset yet."""

    def begin(error: KafkaError | None) -> None:
        for partition in topic.partitions:
            key = SharePartitionKey(group, topic.topic_id, partition.index)
            broker.context.share_state.initialize(key, 0, -1, ResponseFuture(answers.append, state_refused))

    answers: list[StateError] = []
    broker.context.share_state.when_ready(begin)
    assert answers == [StateError()] * len(topic.partitions)


def move_offset(broker: AskedBroker, topic: Topic, offset: int, *, state_epoch: int, group: str = "g") -> None:
    """As AlterShareGroupOffsets does."""
    answers: list[StateError] = []
    key = SharePartitionKey(group, topic.topic_id, 0)
    broker.context.share_state.initialize(key, state_epoch, offset, ResponseFuture(answers.append, state_refused))
    assert answers == [StateError()]
