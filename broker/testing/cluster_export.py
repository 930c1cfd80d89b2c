"""A cluster written to one file: topics, settings, records, the ends of transactions, committed offsets, quotas.

Left out is what a cluster has for its moment: members of groups, transactional ids, settings of its own.
"""

import asyncio
import gzip
import os
from collections.abc import AsyncIterator, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TextIO, cast

from ...protocol.batch import RecordBatch, sequence_after, whole_batches
from ...protocol.compression import Codec
from ...protocol.control import find_marker
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.records import Header, read_records
from ..contexts import Contexts, all_groups, leader_partition
from ..metadata.image import MetadataImage
from ..runtime import SystemClock
from ..slices import SLICE_S
from ..topic_names import INTERNAL_TOPICS
from ..topics.partition import Partition
from .exchange_lines import write_bytes, write_line
from .running_cluster import RunningCluster

READ_BYTES = 1 << 18  # of a log at a time
_numbers = count(1)  # of files that are not finished: two may be under way to the same name


async def export_cluster(running: RunningCluster, path: str | Path) -> None:
    """Write what there is; a file of that name is replaced once all is written. OSError, CorruptFrame."""
    async with running.beside():
        await _write(running.contexts, path)


async def _write(contexts: Contexts, path: str | Path) -> None:
    unfinished = f"{path}.unfinished-{next(_numbers)}"
    try:
        with open_text(unfinished, "wt", is_packed=str(path).endswith(".gz")) as file:
            async for line in export_lines(contexts):
                file.write(line)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise


def open_text(path: str | Path, mode: str, *, is_packed: bool) -> TextIO:
    """A file of lines, packed by gzip where its name says so."""
    if is_packed:
        return cast(TextIO, gzip.open(path, mode, encoding="utf-8", errors="surrogateescape"))
    return cast(TextIO, open(path, mode, encoding="utf-8", errors="surrogateescape"))


async def export_lines(contexts: Contexts) -> AsyncIterator[str]:
    """What there is at one moment, one line after the other, in slices: others go on meanwhile, and what they write is
    not in it; what is deleted meanwhile may be missing. OSError, CorruptFrame.

    KAFKA_STORAGE_ERROR names a partition that is offline, LEADER_NOT_AVAILABLE one that has no leader.
    """
    clock = SystemClock()
    until = clock.now() + SLICE_S
    for line in _lines(contexts):
        if line is not None:
            yield line
        if clock.now() >= until:
            await asyncio.sleep(0)
            until = clock.now() + SLICE_S


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Of a partition, from where its log begins up to what consumers could see of it at that moment."""

    partition: Partition
    start: int
    end: int


def _lines(contexts: Contexts) -> Iterator[str | None]:
    """The lines; None where others may be let in."""
    images = contexts.image.topics
    led = {
        name: [leader_partition(contexts, name, index) for index in sorted(images[name].partitions)]
        for name in sorted(images)
        if name not in INTERNAL_TOPICS
    }
    for partitions in led.values():
        for partition in partitions:
            if partition.is_offline:
                raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"{partition.name} is {partition.why_offline}")
            for _ in partition.open_in_steps():
                yield None
    taken = [(name, dict(images[name].configs), [_stretch(one) for one in led[name]]) for name in led if name in images]
    last = [*_offset_lines(contexts, led), *_quota_lines(contexts.image)]
    for name, configs, stretches in taken:
        yield write_line({"topic": name, "partitions": len(stretches), "config": configs})
        for index, stretch in enumerate(stretches):
            yield from _partition_lines({"topic": name, "partition": index}, stretch)
    yield from last


def _stretch(partition: Partition) -> _Stretch:
    log = partition.open_log()
    return _Stretch(partition, log.log_start_offset, log.high_watermark)


def _offset_lines(contexts: Contexts, topics: Container[str]) -> Iterator[str]:
    for context, group in sorted(all_groups(contexts), key=lambda one: one[1].group_id):
        for topic_name, indexes in context.groups.committed_partitions(group.group_id):
            for index in sorted(indexes):
                found = context.groups.find_offset(group.group_id, topic_name, index)
                if found is not None and topic_name in topics:
                    at = {"group": group.group_id, "topic": topic_name, "partition": index, "offset": found.offset}
                    yield write_line({**at, "metadata": found.metadata} if found.metadata else at)


def _quota_lines(image: MetadataImage) -> Iterator[str]:
    for entity, quotas in sorted(image.quotas.items(), key=str):
        yield write_line({"quota": dict(entity), "values": quotas})


def _partition_lines(at: dict[str, object], stretch: _Stretch) -> Iterator[str | None]:
    if stretch.start:
        yield write_line({**at, "start": stretch.start})
    offset = stretch.start
    while offset < stretch.end and not stretch.partition.is_deleted:
        log = stretch.partition.open_log()
        offset = max(offset, log.log_start_offset)
        found = log.read(offset, READ_BYTES, upper_offset=stretch.end)
        for batch in whole_batches(bytes(found.data)):
            yield from _marker_lines(at, batch) if batch.is_control else _record_lines(at, batch, offset)
        if found.next_offset <= offset:
            return
        offset = found.next_offset
        yield None


def _marker_lines(at: dict[str, object], batch: RecordBatch) -> Iterator[str]:
    marker = find_marker(batch)
    if marker is not None:
        yield write_line(
            {
                **at,
                "offset": batch.base_offset,
                "timestamp": batch.max_timestamp,
                "marker": "commit" if marker.is_commit else "abort",
                "producer": [batch.producer_id, batch.producer_epoch, -1],
            }
        )


def _record_lines(at: dict[str, object], batch: RecordBatch, start: int) -> Iterator[str]:
    for record in read_records(batch):
        if record.offset < start:
            continue
        fields = {**at, "offset": record.offset, "timestamp": record.timestamp}
        if record.key is not None:
            fields["key"] = write_bytes(record.key)
        fields["value"] = write_bytes(record.value)
        if record.headers:
            fields["headers"] = [_header(header) for header in record.headers]
        if batch.records_count > 1:
            fields["batch"] = batch.base_offset
        if batch.producer_id >= 0:
            sequence = batch.base_sequence
            if sequence >= 0:
                sequence = sequence_after(sequence, record.offset - batch.base_offset)
            fields["producer"] = [batch.producer_id, batch.producer_epoch, sequence]
        if batch.codec:
            fields["compression"] = Codec(batch.codec).name.lower()
        if batch.is_transactional:
            fields["transactional"] = True
        yield write_line(fields)


def _header(header: Header) -> list[object]:
    return [header[0], write_bytes(header[1])]
