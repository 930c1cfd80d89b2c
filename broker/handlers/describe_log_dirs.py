"""DescribeLogDirs 1-5: what the data directory holds, and the room on its volume (KIP-113, KIP-827).

Sizes come from the logs themselves; a log that nobody has used since the start is looked up in the file system, once.
Of several brokers each tells of its own replicas. The lag is that of a log behind its own high watermark: it has none.
No replica is on its way to another directory.
"""

from collections.abc import Iterable, Iterator

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topics.partition import Partition
from ..topics.partition_roles import check_replica

UNKNOWN_VOLUME_BYTES = -1


def handle_describe_log_dirs(
    request: DescribeLogDirsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeLogDirsResponse]:
    """Describe the partitions asked for, null meaning all; what does not exist is left out."""
    try:
        result = yield from _describe(request.topics, context)
    except OSError:
        result = DescribeLogDirsResult(error_code=ErrorCode.KAFKA_STORAGE_ERROR, log_dir=context.log_dir.path)
    return DescribeLogDirsResponse(results=[result])


def _describe(asked: Iterable[DescribableLogDirTopic] | None, context: Context) -> Steps[DescribeLogDirsResult]:
    volume = context.log_dir.volume_bytes()
    found: dict[str, dict[int, DescribeLogDirsPartition]] = {}  # by topic and index: one asked for again is one
    for partition in context.topics.partitions() if asked is None else _partitions(asked, context):
        if partition is not None and _is_held(partition, context):
            size = context.log_dir.size_bytes(partition.topic, partition.index)
            found.setdefault(partition.topic, {})[partition.index] = DescribeLogDirsPartition(
                partition_index=partition.index, partition_size=size
            )
        yield
    return DescribeLogDirsResult(
        error_code=ErrorCode.NONE,
        log_dir=context.log_dir.path,
        topics=[DescribeLogDirsTopic(name=name, partitions=[*described.values()]) for name, described in found.items()],
        total_bytes=UNKNOWN_VOLUME_BYTES if volume is None else volume.total,
        usable_bytes=UNKNOWN_VOLUME_BYTES if volume is None else volume.usable,
    )


def _is_held(partition: Partition, context: Context) -> bool:
    """Whether it is there, and this broker has a replica of it."""
    try:
        check_replica(partition, context.topics, context.config.node_id)
    except KafkaError:
        return False
    return not partition.is_deleted


def _partitions(asked: Iterable[DescribableLogDirTopic], context: Context) -> Iterator[Partition | None]:
    """Each partition asked for, None for one that does not exist."""
    for wanted in asked:
        for index in wanted.partitions:
            topic = context.topics.find(wanted.topic)
            yield topic.partitions[index] if topic is not None and topic.has_partition(index) else None
