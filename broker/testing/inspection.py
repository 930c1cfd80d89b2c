"""What is in a cluster, and what a test puts there: on the cluster's own loop, past every client and every fault.

Nothing is joined, fetched or committed to find out.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ...protocol.records import Header, NewRecord, build_batch
from ...storage.log import PartitionLog
from ..config.config_def import nearest
from ..context import Context
from ..contexts import Contexts, all_groups, leader_partition
from ..metadata.topic_image import TopicImage
from ..topic_names import INTERNAL_TOPICS
from ..topics.partition import Partition
from .asking import ask
from .given import check_bytes, check_headers, check_time
from .records_seen import SeenRecord, read_seen

MOST_NAMED = 20  # topics that an error names
REPLICATED_S = 10.0  # of the machine's time, for the replicas in sync


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


async def create_topic(
    contexts: Contexts,
    name: str,
    partitions: int | None,
    config: Mapping[str, str],
    replication_factor: int | None = None,
) -> None:
    """As a client's CreateTopics would have it, with its reasons. KafkaError."""
    asked = CreatableTopic(
        name=name,
        num_partitions=-1 if partitions is None else partitions,
        replication_factor=-1 if replication_factor is None else replication_factor,
        configs=[CreatableTopicConfig(name=one, value=value) for one, value in config.items()],
    )
    answer = await ask(contexts.active, CreateTopicsRequest(topics=[asked]), CreateTopicsResponse)
    (topic,) = answer.topics
    if topic.error_code != ErrorCode.NONE:
        raise KafkaError(ErrorCode(topic.error_code), topic.error_message)


async def append_records(
    contexts: Contexts,
    topic: str,
    records: Sequence[GivenRecord],
    partition: int | None,
    *,
    is_replicated: bool = True,
) -> Sequence[tuple[int, int]]:
    """Append records, dealt out in turn where no partition is named: partition and offset of each.

    As durable as a client's with acks=all, or, where it is not to be `is_replicated`, with acks=1. KafkaError:
    KAFKA_STORAGE_ERROR for a disk that refuses, NOT_ENOUGH_REPLICAS, LEADER_NOT_AVAILABLE, REQUEST_TIMED_OUT for what
    not all that are in sync get.
    """
    config = contexts.first.config
    if topic not in contexts.image.topics and config.auto_create_topics_enable:
        if partition is not None and not 0 <= partition < config.num_partitions:
            raise KafkaError(
                ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                f"{topic!r} would have no partition {partition}, if it were created",
            )
        await create_topic(contexts, topic, None, {})
    count, now_ms = len(topic_named(contexts, topic).partitions), contexts.first.clock.now_ms()
    given: list[tuple[int, Partition, RecordBatch]] = []
    for number, record in enumerate(records):
        index = number % count if partition is None else partition
        at = partition_named(contexts, topic, index, is_to_write=True)
        given.append((index, at, _batch_of(record, now_ms)))
    for _, at, batch in given:  # all or none
        at.log.batch_check(now_ms).check(batch)
        if at.leadership is not None and is_replicated:
            at.leadership.check_in_sync()
    try:
        placed = [(index, at.append([batch], now_ms).base_offset) for index, at, batch in given]
    except OSError as error:
        raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
    finally:
        for context in contexts.all():
            context.purgatory.complete_ready()
    await await_durable({at: contexts.of_leader(topic, index) for index, at, _ in given}, is_replicated=is_replicated)
    return placed


async def await_durable(appended: Mapping[Partition, Context], *, is_replicated: bool = True) -> None:
    """What was appended to these partitions is on the disk, if a setting asks for it, and all in sync have it.

    A disk that is slow by a rule is not waited for, or a test whose clock stands still would wait for ever. With each
    partition comes the context of its broker. KAFKA_STORAGE_ERROR, REQUEST_TIMED_OUT; NOT_LEADER_OR_FOLLOWER of a
    broker that leads no more.
    """
    by_context: dict[int, tuple[Context, list[Partition]]] = {}
    for partition, context in appended.items():
        by_context.setdefault(id(context), (context, []))[1].append(partition)
    for context, its in by_context.values():
        error = await _given(partial(context.flusher.when_durable, dict.fromkeys(its), may_be_slow=False))
        if error is not None:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
    for partition in appended if is_replicated else ():
        if partition.leadership is not None:
            end = partition.replica_log.log_end_offset
            try:
                refusal = await asyncio.wait_for(
                    _given(partial(partition.leadership.when_replicated, end)), REPLICATED_S
                )
            except TimeoutError:
                why = f"{partition.name} has it, but after {REPLICATED_S} s not all replicas that are in sync"
                raise KafkaError(ErrorCode.REQUEST_TIMED_OUT, why) from None
            if refusal is not None:
                raise refusal


async def _given(begin: Callable[[Callable[[Exception | None], None]], object]) -> Exception | None:
    """What `begin` hands to the call that it is given."""
    done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()

    def then(error: Exception | None) -> None:
        if not done.done():  # whoever waited may have been cancelled
            done.set_result(error)

    begin(then)
    return await done


def _batch_of(record: GivenRecord, now_ms: int) -> RecordBatch:
    timestamp = now_ms if record.timestamp_ms is None else record.timestamp_ms
    return RecordBatch(build_batch([NewRecord(record.key, record.value, timestamp, record.headers)]))


def topic_named(contexts: Contexts, name: str) -> TopicImage:
    """KafkaError names the topics that are there, the likeliest first."""
    topic = contexts.image.topics.get(name)
    if topic is None:
        there = sorted(one for one in contexts.image.topics if one not in INTERNAL_TOPICS)
        said = ", ".join(there[:MOST_NAMED]) + (", …" if len(there) > MOST_NAMED else "") if there else "none"
        raise KafkaError(
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"there is no topic {name!r}{nearest(name, there)}; there are: {said}"
        )
    return topic


def check_partition_of(contexts: Contexts, topic: str, index: int) -> None:
    """KafkaError names the topics, or the partitions, that are there."""
    count = len(topic_named(contexts, topic).partitions)
    if not 0 <= index < count:
        raise KafkaError(
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"{topic!r} has no partition {index}: it has 0 to {count - 1}"
        )


def partition_named(contexts: Contexts, topic: str, index: int, *, is_to_write: bool = False) -> Partition:
    """A partition as its leader has it; KafkaError names the topics, or the partitions, that are there.

    LEADER_NOT_AVAILABLE says what has become of its leader; where it `is_to_write`, also of one that is frozen.
    """
    check_partition_of(contexts, topic, index)
    return leader_partition(contexts, topic, index, is_to_write=is_to_write)


def records_of(contexts: Contexts, topic: str, partition: int | None) -> list[SeenRecord]:
    """Everything in a topic that consumers may see, or in one partition, by partition and offset. KafkaError."""
    count = len(topic_named(contexts, topic).partitions)
    found: list[SeenRecord] = []
    for index in range(count) if partition is None else [partition]:
        log = partition_named(contexts, topic, index).replica_log
        found += _seen_in(log, topic, index, log.high_watermark)
    return found


def replica_log(contexts: Contexts, broker_id: int, topic: str, partition: int) -> PartitionLog | None:
    """The log of one replica, whoever leads, opened if nobody has yet; None where the broker has none, or is down.

    Also where its disk does not give it, or it is still being recovered.
    """
    for context in contexts.all():
        found = context.topics.find(topic)
        if context.config.node_id == broker_id and found is not None and found.has_partition(partition):
            if broker_id not in found.image.partitions[partition].record.replicas:
                return None
            try:
                return found.partitions[partition].replica_log
            except KafkaError:
                return None
    return None


def replica_records(contexts: Contexts, broker_id: int, topic: str, partition: int) -> list[SeenRecord]:
    """Everything in the log of one replica, up to its end; nothing where there is none. KafkaError."""
    check_partition_of(contexts, topic, partition)
    log = replica_log(contexts, broker_id, topic, partition)
    return [] if log is None else _seen_in(log, topic, partition, log.log_end_offset)


def _seen_in(log: PartitionLog, topic: str, index: int, end: int) -> list[SeenRecord]:
    seen = read_seen(topic, index, log.batches())
    return [record for record in seen if log.log_start_offset <= record.offset < end]


def offsets_of(contexts: Contexts, topic: str, partition: int) -> SeenOffsets:
    """Where a partition stands. KafkaError."""
    log = partition_named(contexts, topic, partition).replica_log
    return SeenOffsets(log.log_start_offset, log.high_watermark, log.last_stable_offset)


def committed_offsets(contexts: Contexts, group: str) -> dict[tuple[str, int], int]:
    """The committed offsets of a group, by topic and partition; none for a group that is not there.

    COORDINATOR_NOT_AVAILABLE.
    """
    groups = contexts.of_group(group).groups
    found: dict[tuple[str, int], int] = {}
    for topic, indexes in groups.committed_partitions(group):
        for index in indexes:
            offset = groups.find_offset(group, topic, index)
            if offset is not None:
                found[topic, index] = offset.offset
    return found


def seen_groups(contexts: Contexts) -> dict[str, SeenGroup]:
    """All groups, by their ids; not those whose coordinator is not there."""
    return {
        group.group_id: SeenGroup(
            group.group_id, group.group_type, group.state_name, sorted(getattr(group, "members", ()))
        )
        for _, group in all_groups(contexts)
    }
