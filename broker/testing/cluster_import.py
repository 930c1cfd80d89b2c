"""Lines brought into a cluster: topics made, records where they were or at the end, offsets committed.

The one rule: all lines are read and held against each other and the cluster before anything is done.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...protocol.batch import RecordBatch
from ...protocol.compression import Codec
from ...protocol.control import marker_batch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from ...protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from ...protocol.records import NewRecord, ProducerStamp, build_batch
from ...protocol.uuid_text import encode_uuid
from ...storage.file_names import LOG_SUFFIX, offset_name
from ...storage.segment import MOST_RELATIVE_OFFSET
from ..config.config_def import nearest
from ..context import Context
from ..topics.partition import Partition
from .asking import ask
from .cluster_export import open_text
from .exchange_lines import ImportRefused, Line, OffsetLine, QuotaLine, RecordLine, StartLine, TopicLine, read_lines
from .inspection import await_durable
from .quota_lines import set_quotas
from .running_cluster import RunningCluster

BATCH_RECORDS = 1000
SEGMENT_BYTES = 256 << 20
MIXED = "either all records of a topic have offsets, or none of them has"

Place = tuple[str, int]


@dataclass
class _Plan:
    """What all lines amount to."""

    topics: dict[str, TopicLine] = field(default_factory=dict[str, TopicLine])
    starts: dict[Place, int] = field(default_factory=dict[Place, int])
    placed: dict[Place, list[RecordLine]] = field(default_factory=lambda: defaultdict[Place, list[RecordLine]](list))
    added: list[RecordLine] = field(default_factory=list[RecordLine])
    with_offsets: set[str] = field(default_factory=set[str])
    without_offsets: set[str] = field(default_factory=set[str])
    offsets: list[OffsetLine] = field(default_factory=list[OffsetLine])
    quotas: list[QuotaLine] = field(default_factory=list[QuotaLine])


async def import_cluster(running: RunningCluster, path: str | Path) -> None:
    """Bring in what a file has. ImportRefused names the line; then nothing is changed. OSError."""
    with open_text(path, "rt", is_packed=str(path).endswith(".gz")) as file:
        await import_lines(running, file)


async def import_lines(running: RunningCluster, lines: Iterable[str]) -> None:
    """Bring in what these lines have. ImportRefused names the line; then nothing is changed."""
    async with running.alone():
        context = running.cluster.context
        plan = _plan(context, read_lines(lines))
        await _create_topics(context, plan, is_trial=True)
        await set_quotas(context, plan.quotas, is_trial=True)
        before = await running.copy_files()
        try:
            await _carry_out(running, plan)
        except BaseException:
            await running.replace(before, "as before an import that failed")
            raise


async def _carry_out(running: RunningCluster, plan: _Plan) -> None:
    context = running.cluster.context
    await _create_topics(context, plan, is_trial=False)
    producer_ids = [record.producer[0] for records in plan.placed.values() for record in records]
    await _skip_producer_ids(context, max(producer_ids, default=-1) + 1)
    for place in sorted({*plan.placed, *plan.starts}):
        _put_log(running, place, plan)
        await asyncio.sleep(0)
    await await_durable(context, _append(context, plan.added))
    context.purgatory.complete_ready()
    for offset in plan.offsets:
        await commit_offset(context, offset)
    await set_quotas(context, plan.quotas, is_trial=False)


def _plan(context: Context, lines: Iterator[Line]) -> _Plan:
    """Sort the lines, each held against those before it and what the cluster has."""
    plan = _Plan()
    for line in lines:
        if isinstance(line, TopicLine):
            if line.topic in plan.topics or context.topics.find(line.topic) is not None:
                raise ImportRefused(line.line, f"the topic {line.topic!r} is there already")
            plan.topics[line.topic] = line
            continue
        if isinstance(line, QuotaLine):
            plan.quotas.append(line)
            continue
        _check_place(context, plan, line)
        if isinstance(line, OffsetLine):
            plan.offsets.append(line)
        elif isinstance(line, StartLine):
            _check_new(plan, line)
            if plan.placed.get((line.topic, line.partition)):
                raise ImportRefused(line.line, "where a log begins stands before its records")
            plan.starts[line.topic, line.partition] = line.start
        elif line.offset is None:
            if line.topic in plan.with_offsets:
                raise ImportRefused(line.line, MIXED)
            plan.added.append(line)
            plan.without_offsets.add(line.topic)
        else:
            _check_new(plan, line)
            if line.topic in plan.without_offsets:
                raise ImportRefused(line.line, MIXED)
            plan.with_offsets.add(line.topic)
            _place(plan, line, line.offset)
    return plan


def _check_place(context: Context, plan: _Plan, line: StartLine | RecordLine | OffsetLine) -> None:
    """Its topic and partition are there, or will be."""
    made, found = plan.topics.get(line.topic), context.topics.find(line.topic)
    if made is None and (found is None or found.is_internal):
        known = [*plan.topics, *(topic.name for topic in context.topics if not topic.is_internal)]
        raise ImportRefused(line.line, f"there is no topic {line.topic!r} before it{nearest(line.topic, known)}")
    if made is not None:
        count = context.config.num_partitions if made.partitions is None else made.partitions
    else:
        count = 0 if found is None else len(found.partitions)
    if line.partition is not None and line.partition >= count:
        raise ImportRefused(line.line, f"{line.topic!r} has the partitions 0 to {count - 1}, not {line.partition}")


def _check_new(plan: _Plan, line: StartLine | RecordLine) -> None:
    if line.topic not in plan.topics:
        raise ImportRefused(line.line, f"only a topic that the file makes takes offsets, and {line.topic!r} is none")


def _place(plan: _Plan, line: RecordLine, offset: int) -> None:
    place = line.topic, line.partition or 0
    before = plan.placed[place]
    least = before[-1].offset if before else plan.starts.get(place, 0) - 1
    if least is not None and offset <= least:
        raise ImportRefused(line.line, f"offset {offset} is not beyond {least}, which is before it")
    before.append(line)


async def _create_topics(context: Context, plan: _Plan, *, is_trial: bool) -> None:
    lines = list(plan.topics.values())
    asked = [
        CreatableTopic(
            name=line.topic,
            num_partitions=-1 if line.partitions is None else line.partitions,
            replication_factor=-1,
            configs=[CreatableTopicConfig(name=name, value=value) for name, value in line.config.items()],
        )
        for line in lines
    ]
    if asked:
        answer = await ask(context, CreateTopicsRequest(topics=asked, validate_only=is_trial), CreateTopicsResponse)
        errors = {topic.name: topic for topic in answer.topics}
        for line in lines:
            if (found := errors[line.topic]).error_code:
                raise ImportRefused(line.line, found.error_message or ErrorCode(found.error_code).name)


async def _skip_producer_ids(context: Context, end: int) -> None:
    """New producers get none of the ids that the records have."""
    done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()
    context.producer_ids.skip(end, done.set_result)
    if (error := await done) is not None:
        raise error


def _put_log(running: RunningCluster, place: Place, plan: _Plan) -> None:
    """Lay the log down as files, and open it: recovery makes the rest of it anew."""
    context, directory = running.cluster.context, running.cluster.directory
    topic, index = place
    found = context.topics.find(topic)
    assert found is not None
    path = directory.create_partition(topic, index, encode_uuid(found.topic_id))
    partition = found.partitions[index]
    records = plan.placed.get(place, [])
    next_offset = base = plan.starts.get(place, 0)
    has_gaps, size = False, 0
    running.memory.files.write(_log_path(path, base), [], 0)
    for batch in _batches(records, partition.leader_epoch, context.clock.now_ms()):
        has_gaps |= batch.base_offset != next_offset
        if size >= SEGMENT_BYTES or batch.next_offset - base > MOST_RELATIVE_OFFSET:
            base, size = batch.base_offset, 0
        running.memory.files.write(_log_path(path, base), [batch.view], size)
        size += batch.size_bytes
        next_offset = batch.next_offset
    if has_gaps:
        directory.cleaner_offsets[place] = next_offset
    partition.open_log()
    partition.notify_changed()


def _log_path(path: str, base: int) -> str:
    return f"{path}/{offset_name(base)}{LOG_SUFFIX}"


def _batches(records: Sequence[RecordLine], leader_epoch: int, now_ms: int) -> Iterator[RecordBatch]:
    """The records in batches as they came; what was left open ends with an abort, for nobody else will end it."""
    open_epochs: dict[int, int] = {}
    next_offset = last_ms = 0
    for run in _runs(records):
        first = run[0]
        offset = first.offset or 0
        producer_id, epoch, sequence = first.producer
        times = [now_ms if one.timestamp is None else one.timestamp for one in run]
        last_ms = max([last_ms, *times])
        next_offset = offset + len(run)
        if first.marker is not None:
            open_epochs.pop(producer_id, None)
            is_commit = first.marker == "commit"
            yield _marker(offset, producer_id, epoch, times[0], leader_epoch, is_commit=is_commit)
            continue
        if first.is_transactional:
            open_epochs[producer_id] = epoch
        new = [NewRecord(one.key, one.value, at_ms, one.headers) for one, at_ms in zip(run, times, strict=True)]
        producer = ProducerStamp(producer_id, epoch, sequence, first.is_transactional)
        codec = Codec[first.compression.upper()] if first.compression else Codec.NONE
        yield RecordBatch(
            build_batch(new, codec=codec, base_offset=offset, partition_leader_epoch=leader_epoch, producer=producer)
        )
    for producer_id, epoch in open_epochs.items():
        yield _marker(next_offset, producer_id, epoch, last_ms, leader_epoch, is_commit=False)
        next_offset += 1


def _runs(records: Sequence[RecordLine]) -> Iterator[list[RecordLine]]:
    """Records that can stand in one batch: of one batch before, with nothing missing between them."""
    run: list[RecordLine] = []
    for one in records:
        if run and not _goes_on(run, one):
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _goes_on(run: list[RecordLine], one: RecordLine) -> bool:
    last = run[-1]
    return (
        one.marker is None
        and last.marker is None
        and one.offset == (last.offset or 0) + 1
        and one.batch is not None
        and one.batch == last.batch
        and one.producer[:2] == last.producer[:2]
        and one.is_transactional == last.is_transactional
        and one.compression == last.compression
        and len(run) < BATCH_RECORDS
    )


def _marker(
    offset: int, producer_id: int, epoch: int, timestamp_ms: int, leader_epoch: int, *, is_commit: bool
) -> RecordBatch:
    return RecordBatch(
        marker_batch(
            producer_id=producer_id,
            producer_epoch=epoch,
            is_commit=is_commit,
            coordinator_epoch=0,
            timestamp_ms=timestamp_ms,
            base_offset=offset,
            partition_leader_epoch=leader_epoch,
        )
    )


def _append(context: Context, records: Sequence[RecordLine]) -> Sequence[Partition]:
    """Records without offsets, one after the other; those without a partition are dealt out in turn.

    Returns the partitions that have them. ImportRefused, KAFKA_STORAGE_ERROR.
    """
    appended: dict[Partition, None] = {}
    dealt: dict[str, int] = defaultdict(int)
    now_ms = context.clock.now_ms()
    for one in records:
        found = context.topics.find(one.topic)
        assert found is not None
        index = one.partition
        if index is None:
            index = dealt[one.topic] % len(found.partitions)
            dealt[one.topic] += 1
        timestamp = now_ms if one.timestamp is None else one.timestamp
        batch = build_batch([NewRecord(one.key, one.value, timestamp, one.headers)])
        partition = found.partitions[index]
        try:
            partition.append([RecordBatch(batch)], now_ms)
        except KafkaError as error:
            raise ImportRefused(one.line, error.message) from error
        except OSError as error:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"line {one.line}: {error}") from error
        appended[partition] = None
        partition.notify_changed()
    return list(appended)


async def commit_offset(context: Context, line: OffsetLine) -> None:
    """As a client that manages its offsets alone would have it. ImportRefused."""
    found = context.topics.find(line.topic)
    assert found is not None
    partition = OffsetCommitRequestPartition(
        partition_index=line.partition, committed_offset=line.offset, committed_metadata=line.metadata
    )
    topic = OffsetCommitRequestTopic(name=line.topic, topic_id=found.topic_id, partitions=[partition])
    request = OffsetCommitRequest(group_id=line.group, member_id="", topics=[topic])
    answer = await ask(context, request, OffsetCommitResponse)
    code = answer.topics[0].partitions[0].error_code
    if code:
        raise ImportRefused(line.line, f"the offset cannot be committed: {ErrorCode(code).name}")
