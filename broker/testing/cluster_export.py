"""A cluster written to one file: topics, settings, records, the ends of transactions, committed offsets, quotas.

Left out is what a cluster has for its moment: members of groups, transactional ids, settings of its own.
"""

import gzip
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO, cast

from ...protocol.batch import RecordBatch, sequence_after
from ...protocol.compression import Codec
from ...protocol.control import find_marker
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.records import Header, read_records
from ..context import Context
from ..topics.topics import Topic
from .exchange_lines import write_bytes, write_line


def export_cluster(context: Context, path: str | Path) -> None:
    """Write what there is; a file of that name is replaced once all is written. OSError, CorruptFrame."""
    unfinished = f"{path}.unfinished"
    try:
        with open_text(unfinished, "wt", is_packed=str(path).endswith(".gz")) as file:
            for line in export_lines(context):
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


def export_lines(context: Context) -> Iterator[str]:
    """What there is, one line after the other; nothing is to change meanwhile. OSError, CorruptFrame.

    KAFKA_STORAGE_ERROR names a partition that is offline.
    """
    topics = sorted((topic for topic in context.topics if not topic.is_internal), key=lambda topic: topic.name)
    for topic in topics:
        yield write_line({"topic": topic.name, "partitions": len(topic.partitions), "config": dict(topic.configs)})
        for index in range(len(topic.partitions)):
            yield from _partition_lines(topic, index)
    names = {topic.name for topic in topics}
    for group in sorted(context.groups.groups(), key=lambda group: group.group_id):
        for topic_name, indexes in context.groups.committed_partitions(group.group_id):
            for index in sorted(indexes):
                found = context.groups.find_offset(group.group_id, topic_name, index)
                if found is not None and topic_name in names:
                    at = {"group": group.group_id, "topic": topic_name, "partition": index, "offset": found.offset}
                    yield write_line({**at, "metadata": found.metadata} if found.metadata else at)
    for entity, quotas in sorted(context.metadata.image.quotas.items(), key=str):
        yield write_line({"quota": dict(entity), "values": quotas})


def _partition_lines(topic: Topic, index: int) -> Iterator[str]:
    partition = topic.partitions[index]
    if partition.is_offline:
        raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"{partition.name} is {partition.why_offline}")
    log = partition.open_log()
    at: dict[str, object] = {"topic": topic.name, "partition": index}
    if log.log_start_offset:
        yield write_line({**at, "start": log.log_start_offset})
    for batch in log.batches():
        if batch.is_control:
            yield from _marker_lines(at, batch)
        else:
            yield from _record_lines(at, batch, log.log_start_offset)


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
