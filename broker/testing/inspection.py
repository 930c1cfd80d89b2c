"""What is in a cluster, and what a test puts there: on the cluster's own loop, past every client and every fault.

Nothing is joined, fetched or committed to find out.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ...protocol.records import Header, NewRecord, build_batch
from ..config.config_def import nearest
from ..context import Context
from ..topics.partition import Partition
from ..topics.topics import Topic
from .asking import ask
from .given import check_bytes, check_headers, check_time
from .records_seen import SeenRecord, read_seen

MOST_NAMED = 20  # topics that an error names

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class GivenRecord:
    """A record to be produced. Without a timestamp it has the time of the cluster's clock.

    TypeError for what no record can have, such as a text.
    """

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[Header] = ()
    timestamp_ms: int | None = None

    def __post_init__(self) -> None:
        check_bytes("value", self.value)
        check_bytes("key", self.key)
        check_headers(self.headers)
        check_time(self.timestamp_ms)


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """A group: its kind, its state as Kafka calls it, and its members' ids."""

    group_id: str
    group_type: str
    state: str
    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class SeenOffsets:
    """Where a partition's log stands."""

    log_start: int
    high_watermark: int
    last_stable: int


async def create_topic(context: Context, name: str, partitions: int | None, config: Mapping[str, str]) -> None:
    """As a client's CreateTopics would have it, with its reasons. KafkaError."""
    asked = CreatableTopic(
        name=name,
        num_partitions=-1 if partitions is None else partitions,
        replication_factor=-1,
        configs=[CreatableTopicConfig(name=one, value=value) for one, value in config.items()],
    )
    answer = await ask(context, CreateTopicsRequest(topics=[asked]), CreateTopicsResponse)
    (topic,) = answer.topics
    if topic.error_code != ErrorCode.NONE:
        raise KafkaError(ErrorCode(topic.error_code), topic.error_message)


async def append_records(
    context: Context, topic: str, records: Sequence[GivenRecord], partition: int | None
) -> Sequence[tuple[int, int]]:
    """Append records, dealt out in turn where no partition is named: partition and offset of each.

    As durable as a client's with acks=all. KafkaError, KAFKA_STORAGE_ERROR for a disk that refuses.
    """
    if context.topics.find(topic) is None and context.config.auto_create_topics_enable:
        if partition is not None and not 0 <= partition < context.config.num_partitions:
            raise KafkaError(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                f"{topic!r} would have no partition {partition}, if it were created",
            )
        await create_topic(context, topic, None, {})
    count, now_ms = len(topic_named(context, topic).partitions), context.clock.now_ms()
    given: list[tuple[int, Partition, RecordBatch]] = []
    for number, record in enumerate(records):
        index = number % count if partition is None else partition
        given.append((index, partition_named(context, topic, index), _batch_of(record, now_ms)))
    for _, at, batch in given:  # all or none
        at.log.batch_check(now_ms).check(batch)
    try:
        placed = [(index, at.append([batch], now_ms).base_offset) for index, at, batch in given]
    except OSError as error:
        raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
    finally:
        context.purgatory.complete_ready()
    await await_durable(context, [at for _, at, _ in given])
    return placed


async def await_durable(context: Context, partitions: Iterable[Partition]) -> None:
    """What was appended is on the disk, if a setting asks for it; a disk that is slow by a rule is not waited for.

    Or a test whose clock stands still would wait for ever. KAFKA_STORAGE_ERROR.
    """
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def then(error: Exception | None) -> None:
        if not done.done():  # whoever waited may have been cancelled
            done.set_result(error)

    context.flusher.when_durable(dict.fromkeys(partitions), then, may_be_slow=False)
    if (error := await done) is not None:
        raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error


def _batch_of(record: GivenRecord, now_ms: int) -> RecordBatch:
    timestamp = now_ms if record.timestamp_ms is None else record.timestamp_ms
    return RecordBatch(build_batch([NewRecord(record.key, record.value, timestamp, record.headers)]))


def topic_named(context: Context, name: str) -> Topic:
    """KafkaError names the topics that are there, the likeliest first."""
    topic = context.topics.find(name)
    if topic is None:
        there = sorted(topic.name for topic in context.topics if not topic.is_internal)
        said = ", ".join(there[:MOST_NAMED]) + (", …" if len(there) > MOST_NAMED else "") if there else "none"
        raise KafkaError(
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {name!r}{nearest(name, there)}; there are: {said}"
        )
    return topic


def partition_named(context: Context, topic: str, index: int) -> Partition:
    """KafkaError names the topics, or the partitions, that are there."""
    count = len(topic_named(context, topic).partitions)
    if not 0 <= index < count:
        raise KafkaError(
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"{topic!r} has no partition {index}: it has 0 to {count - 1}"
        )
    return context.topics.partition(topic, index)


def records_of(context: Context, topic: str, partition: int | None) -> list[SeenRecord]:
    """Everything in a topic, or in one partition, by partition and offset. KafkaError."""
    count = len(topic_named(context, topic).partitions)
    found: list[SeenRecord] = []
    for index in range(count) if partition is None else [partition]:
        log = partition_named(context, topic, index).log
        seen = read_seen(topic, index, log.batches())
        found += [record for record in seen if record.offset >= log.log_start_offset]
    return found


def offsets_of(context: Context, topic: str, partition: int) -> SeenOffsets:
    """Where a partition stands. KafkaError."""
    log = partition_named(context, topic, partition).log
    return SeenOffsets(log.log_start_offset, log.high_watermark, log.last_stable_offset)


def committed_offsets(context: Context, group: str) -> dict[tuple[str, int], int]:
    """The committed offsets of a group, by topic and partition; none for a group that is not there."""
    found: dict[tuple[str, int], int] = {}
    for topic, indexes in context.groups.committed_partitions(group):
        for index in indexes:
            offset = context.groups.find_offset(group, topic, index)
            if offset is not None:
                found[topic, index] = offset.offset
    return found


def seen_groups(context: Context) -> dict[str, SeenGroup]:
    """All groups, by their ids."""
    return {
        group.group_id: SeenGroup(
            group.group_id, group.group_type, group.state_name, sorted(getattr(group, "members", ()))
        )
        for group in context.groups.groups()
    }
