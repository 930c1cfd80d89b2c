"""Lines brought into a cluster: topics made, records where they were or at the end, offsets committed.

The one rule: all lines are read and held against each other and the cluster before anything is done.
"""

import asyncio
import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...protocol.batch import RecordBatch
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
from ...protocol.records import NewRecord, build_batch
from ..config.config_def import nearest
from ..context import Context
from ..contexts import Contexts, leader_partition
from ..slices import Steps, slice_by_slice
from ..topic_names import INTERNAL_TOPICS, OFFSETS_TOPIC
from ..topics.partition import Partition
from .asking import ask
from .cluster_export import open_text
from .exchange_lines import (
    ImportRefused,
    Line,
    OffsetLine,
    Packed,
    QuotaLine,
    RecordLine,
    StartLine,
    TopicLine,
    pack,
    read_lines,
    unpack,
)
from .inspection import await_durable
from .placed_logs import Place, PlacedLogs
from .quota_lines import set_quotas
from .running_cluster import RunningCluster

NOT_PACKED = (gzip.BadGzipFile, EOFError, zlib.error)
MIXED = "either all records of a topic have offsets, or none of them has"


@dataclass
class _Plan:
    """What all lines amount to."""

    topics: dict[str, TopicLine] = field(default_factory=dict[str, TopicLine])
    starts: dict[Place, int] = field(default_factory=dict[Place, int])
    placed: dict[Place, list[Packed]] = field(default_factory=lambda: defaultdict[Place, list[Packed]](list))
    last: dict[Place, int] = field(default_factory=dict[Place, int])  # the offset that was placed last
    added: list[Packed] = field(default_factory=list[Packed])
    with_offsets: set[str] = field(default_factory=set[str])
    without_offsets: set[str] = field(default_factory=set[str])
    offsets: list[OffsetLine] = field(default_factory=list[OffsetLine])
    quotas: list[QuotaLine] = field(default_factory=list[QuotaLine])
    last_producer_id: int = -1


async def import_cluster(running: RunningCluster, path: str | Path) -> None:
    """Bring in what a file has. ImportRefused names the line; then nothing is changed. OSError."""
    with open_text(path, "rt", is_packed=str(path).endswith(".gz")) as file:
        await import_lines(running, _read(file))


def _read(file: Iterable[str]) -> Iterator[str]:
    try:
        yield from file
    except NOT_PACKED as error:
        raise ImportRefused(0, f"the file is packed, but cannot be unpacked: {error}") from error


async def import_lines(running: RunningCluster, lines: Iterable[str]) -> None:
    """Bring in what these lines have. ImportRefused names the line; then nothing is changed."""
    async with running.alone():
        contexts = running.contexts
        plan = await slice_by_slice(_plan(contexts, read_lines(lines)))
        await _create_topics(contexts, plan, is_trial=True)
        await set_quotas(contexts.active, plan.quotas, is_trial=True)
        before = await running.copy_files()
        try:
            await _carry_out(running, plan)
        except BaseException:
            await running.replace(before, "as before an import that failed")
            raise


async def _carry_out(running: RunningCluster, plan: _Plan) -> None:
    contexts, logs = running.contexts, PlacedLogs(running)
    for place in sorted({*plan.placed, *plan.starts}):
        await slice_by_slice(logs.write(place, plan.placed.get(place, []), plan.starts.get(place, 0)))
    await _skip_producer_ids(contexts, plan.last_producer_id + 1)
    await _create_topics(contexts, plan, is_trial=False)
    if (taken := logs.put() or await slice_by_slice(logs.open())) is not None:
        raise ImportRefused(plan.topics[taken[0]].line, f"a client has used {taken[0]!r} before its records were there")
    await await_durable({**logs.appended, **await slice_by_slice(_append(contexts, plan.added))})
    for context in contexts.all():
        context.purgatory.complete_ready()
    for offset in plan.offsets:
        await commit_offset(contexts, offset)
    await set_quotas(contexts.active, plan.quotas, is_trial=False)


def _plan(contexts: Contexts, lines: Iterator[Line]) -> Steps[_Plan]:
    """Sort the lines, each held against those before it and what the cluster has."""
    plan = _Plan()
    for line in lines:
        _take(contexts, plan, line)
        yield
    return plan


def _take(contexts: Contexts, plan: _Plan, line: Line) -> None:
    if isinstance(line, TopicLine):
        if line.topic in plan.topics or contexts.image.topics.get(line.topic) is not None:
            raise ImportRefused(line.line, f"the topic {line.topic!r} is there already")
        plan.topics[line.topic] = line
        return
    if isinstance(line, QuotaLine):
        plan.quotas.append(line)
        return
    _check_place(contexts, plan, line)
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
        plan.added.append(pack(line))
        plan.without_offsets.add(line.topic)
    else:
        _check_new(plan, line)
        if line.topic in plan.without_offsets:
            raise ImportRefused(line.line, MIXED)
        plan.with_offsets.add(line.topic)
        plan.last_producer_id = max(plan.last_producer_id, line.producer[0])
        _place(plan, line, line.offset)


def _check_place(contexts: Contexts, plan: _Plan, line: StartLine | RecordLine | OffsetLine) -> None:
    """Its topic and partition are there, or will be."""
    made, found = plan.topics.get(line.topic), contexts.image.topics.get(line.topic)
    if made is None and (found is None or line.topic in INTERNAL_TOPICS):
        known = [*plan.topics, *(one for one in contexts.image.topics if one not in INTERNAL_TOPICS)]
        raise ImportRefused(line.line, f"there is no topic {line.topic!r} before it{nearest(line.topic, known)}")
    if made is not None:
        count = contexts.first.config.num_partitions if made.partitions is None else made.partitions
    else:
        count = 0 if found is None else len(found.partitions)
    if line.partition is not None and line.partition >= count:
        raise ImportRefused(line.line, f"{line.topic!r} has the partitions 0 to {count - 1}, not {line.partition}")


def _check_new(plan: _Plan, line: StartLine | RecordLine) -> None:
    if line.topic not in plan.topics:
        raise ImportRefused(line.line, f"only a topic that the file makes takes offsets, and {line.topic!r} is none")


def _place(plan: _Plan, line: RecordLine, offset: int) -> None:
    place = line.topic, line.partition or 0
    least = plan.last.get(place, plan.starts.get(place, 0) - 1)
    if offset <= least:
        raise ImportRefused(line.line, f"offset {offset} is not beyond {least}, which is before it")
    plan.last[place] = offset
    plan.placed[place].append(pack(line))


async def _create_topics(contexts: Contexts, plan: _Plan, *, is_trial: bool) -> None:
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
        answer = await ask(
            contexts.active, CreateTopicsRequest(topics=asked, validate_only=is_trial), CreateTopicsResponse
        )
        errors = {topic.name: topic for topic in answer.topics}
        for line in lines:
            if (found := errors[line.topic]).error_code:
                raise ImportRefused(line.line, found.error_message or ErrorCode(found.error_code).name)


async def _skip_producer_ids(contexts: Contexts, end: int) -> None:
    """New producers get none of the ids that the records have, at whichever broker."""
    done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()
    active = contexts.active
    active.producer_ids.skip(end, done.set_result)
    if (error := await done) is not None:
        raise error
    for context in contexts.all():
        if context is not active:  # those at hand are left out at once; one that is cut off hears of the others later
            context.producer_ids.skip(end, lambda error: None)


def _append(contexts: Contexts, records: Sequence[Packed]) -> Steps[Mapping[Partition, Context]]:
    """Records without offsets, one after the other; those without a partition are dealt out in turn.

    Returns the partitions that have them, as their leaders do. ImportRefused, KAFKA_STORAGE_ERROR.
    """
    appended: dict[Partition, Context] = {}
    dealt: dict[str, int] = defaultdict(int)
    now_ms = contexts.first.clock.now_ms()
    for one in map(unpack, records):
        found = contexts.image.topics.get(one.topic)
        if found is None:
            raise ImportRefused(one.line, f"the topic {one.topic!r} has been deleted meanwhile")
        index = one.partition
        if index is None:
            index = dealt[one.topic] % len(found.partitions)
            dealt[one.topic] += 1
        timestamp = now_ms if one.timestamp is None else one.timestamp
        batch = build_batch([NewRecord(one.key, one.value, timestamp, one.headers)])
        try:
            partition = leader_partition(contexts, one.topic, index, is_to_write=True)
            partition.append([RecordBatch(batch)], now_ms)
        except KafkaError as error:
            raise ImportRefused(one.line, error.message) from error
        except OSError as error:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"line {one.line}: {error}") from error
        appended[partition] = contexts.of_leader(one.topic, index)
        partition.notify_changed()
        yield
    return appended


async def commit_offset(contexts: Contexts, line: OffsetLine) -> None:
    """As a client that manages its offsets alone would have it. ImportRefused, COORDINATOR_NOT_AVAILABLE."""
    found = contexts.image.topics.get(line.topic)
    if found is None:
        raise ImportRefused(line.line, f"the topic {line.topic!r} has been deleted meanwhile")
    partition = OffsetCommitRequestPartition(
        partition_index=line.partition, committed_offset=line.offset, committed_metadata=line.metadata
    )
    topic = OffsetCommitRequestTopic(name=line.topic, topic_id=found.topic_id, partitions=[partition])
    request = OffsetCommitRequest(group_id=line.group, member_id="", topics=[topic])
    answer = await ask(await coordinator_of(contexts, line.group), request, OffsetCommitResponse)
    code = answer.topics[0].partitions[0].error_code
    if code:
        raise ImportRefused(line.line, f"the offset cannot be committed: {ErrorCode(code).name}")


async def coordinator_of(contexts: Contexts, group_id: str) -> Context:
    """Of a group, as soon as its log has been read; the topic is created where it is missing. KafkaError."""
    if OFFSETS_TOPIC not in contexts.image.topics:
        done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()
        contexts.active.groups.when_ready(done.set_result)
        if (error := await done) is not None:
            raise error
    while True:
        try:
            return contexts.of_group(group_id)
        except KafkaError as error:
            if error.code not in (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NOT_COORDINATOR):
                raise
        await asyncio.sleep(0)
