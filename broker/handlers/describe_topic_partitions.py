"""DescribeTopicPartitions 0: topics by name, page by page (KIP-966).

A page has at most `max.request.partition.size.limit` partitions, and its cursor names the first one that it has not.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_topic_partitions import (
    Cursor,
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
)
from ...protocol.schema import ZERO_UUID
from ..authorized_operations import TOPIC_OPERATIONS
from ..context import Context
from ..nodes.seen_partition import seen
from ..session import Session
from ..slices import Steps
from ..topic_names import check_topic_name
from ..topics.partition import Partition
from ..topics.topics import Topic

NAMES_AT_ONCE = 1000
LIMIT = "max.request.partition.size.limit"


def handle_describe_topic_partitions(
    request: DescribeTopicPartitionsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeTopicPartitionsResponse]:
    """Describe topics from the cursor on; no names mean all topics. What is wrong as a whole refuses each name."""
    cursor = request.cursor
    names = [topic.name for topic in request.topics]
    is_cursor_wrong = cursor is not None and (
        cursor.partition_index < 0 or (bool(names) and cursor.topic_name not in names)
    )
    if is_cursor_wrong:
        return (yield from _refused_whole(names, ErrorCode.INVALID_REQUEST))
    first = "" if cursor is None else cursor.topic_name
    in_order = yield from _in_order(names or [topic.name for topic in context.topics], first)
    page = _Page(request.response_partition_limit, context)
    for name in in_order:
        if not name:  # Kafka has no words for an empty one
            return (yield from _refused_whole(names, ErrorCode.UNKNOWN_SERVER_ERROR))
        if page.is_full:
            page.go_on_at(name, 0)
            break
        topic = context.topics.find(name)
        if topic is not None:
            from_index = cursor.partition_index if cursor is not None and name == first else 0
            yield from page.add(topic, from_index)
        elif names:
            page.topics.append(_unknown(name))
        yield
    return DescribeTopicPartitionsResponse(topics=page.topics, next_cursor=page.next_cursor)


def _in_order(names: Sequence[str], first: str) -> Steps[Iterator[str]]:
    """The names from `first` on, each once: sorted in parts, which the walk puts together as far as it gets."""
    parts: list[list[str]] = []
    for start in range(0, len(names), NAMES_AT_ONCE):
        parts.append(sorted(name for name in names[start : start + NAMES_AT_ONCE] if name >= first))
        yield
    return (name for name, _ in groupby(merge(*parts)))


class _Page:
    """Topics of one answer, as long as there is room for partitions."""

    def __init__(self, wanted: int, context: Context) -> None:
        most = int(context.config.effective(LIMIT) or 0)
        self.topics: list[DescribeTopicPartitionsResponseTopic] = []
        self.next_cursor: Cursor | None = None
        self._left = max(min(most, wanted), 1)
        self._nodes = context.nodes

    @property
    def is_full(self) -> bool:
        """Whether no partition has room any more."""
        return self._left == 0

    def go_on_at(self, topic: str, index: int) -> None:
        """Where the next page begins, unless that is known already."""
        if self.next_cursor is None:
            self.next_cursor = Cursor(topic_name=topic, partition_index=index)

    def add(self, topic: Topic, from_index: int) -> Steps[None]:
        """The partitions of a topic that have room; the cursor names the first one that has not."""
        described: list[DescribeTopicPartitionsResponsePartition] = []
        until = min(from_index + self._left, len(topic.partitions))
        for partition in topic.partitions[from_index:until]:
            described.append(self._described(topic, partition))
            yield
        self._left -= len(described)
        if until < len(topic.partitions):
            self.go_on_at(topic.name, until)
        self.topics.append(
            DescribeTopicPartitionsResponseTopic(
                error_code=ErrorCode.NONE,
                name=topic.name,
                topic_id=topic.topic_id,
                is_internal=topic.is_internal,
                partitions=described,
                topic_authorized_operations=TOPIC_OPERATIONS,
            )
        )

    def _described(self, topic: Topic, partition: Partition) -> DescribeTopicPartitionsResponsePartition:
        record = topic.image.partitions[partition.index].record
        found = seen(record, self._nodes, is_offline=partition.is_offline)
        return DescribeTopicPartitionsResponsePartition(
            error_code=ErrorCode.NONE,  # also without a leader: who asks here looks at the leader's id
            partition_index=partition.index,
            leader_id=found.leader,
            leader_epoch=found.leader_epoch,
            replica_nodes=found.replicas,
            isr_nodes=found.isr,
            eligible_leader_replicas=record.eligible_leader_replicas or (),
            last_known_elr=record.last_known_elr or (),
            offline_replicas=found.offline,
        )


def _unknown(name: str) -> DescribeTopicPartitionsResponseTopic:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    try:
        check_topic_name(name)
    except KafkaError as error:
        code = error.code
    return DescribeTopicPartitionsResponseTopic(
        error_code=code, name=name, topic_id=ZERO_UUID, topic_authorized_operations=TOPIC_OPERATIONS
    )


def _refused_whole(names: Sequence[str], code: ErrorCode) -> Steps[DescribeTopicPartitionsResponse]:
    topics: list[DescribeTopicPartitionsResponseTopic] = []
    for name in names:
        topics.append(DescribeTopicPartitionsResponseTopic(error_code=code, name=name, topic_id=ZERO_UUID))
        yield
    return DescribeTopicPartitionsResponse(topics=topics)
