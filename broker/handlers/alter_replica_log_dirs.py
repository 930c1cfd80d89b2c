"""AlterReplicaLogDirs 1-2: a partition may go into the directory where it is, the only one (KIP-113)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.alter_replica_log_dirs import (
    AlterReplicaLogDirPartitionResult,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
    AlterReplicaLogDirTopicResult,
)
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topics.partition_roles import check_replica


def handle_alter_replica_log_dirs(
    request: AlterReplicaLogDirsRequest, version: int, session: Session, context: Context
) -> Steps[AlterReplicaLogDirsResponse]:
    """Answer each partition once; of two directories for one partition the last counts."""
    wanted: dict[str, dict[int, str]] = {}  # path by topic and partition
    for log_dir in request.dirs:
        for topic in log_dir.topics:
            for index in topic.partitions:
                wanted.setdefault(topic.name, {})[index] = log_dir.path
                yield
    results: list[AlterReplicaLogDirTopicResult] = []
    for name, paths in wanted.items():
        partitions: list[AlterReplicaLogDirPartitionResult] = []
        for index, path in paths.items():
            code = _outcome(name, index, path, context)
            partitions.append(AlterReplicaLogDirPartitionResult(partition_index=index, error_code=code))
            yield
        results.append(AlterReplicaLogDirTopicResult(topic_name=name, partitions=partitions))
    return AlterReplicaLogDirsResponse(results=results)


def _outcome(name: str, index: int, path: str, context: Context) -> ErrorCode:
    if path != context.log_dir.path:
        return ErrorCode.LOG_DIR_NOT_FOUND
    try:
        partition = context.topics.partition(name, index)
        check_replica(partition, context.topics, context.config.node_id)
    except KafkaError as error:
        # As Kafka, which has kept this code here for the clients that know it.
        is_elsewhere = error.code == ErrorCode.NOT_LEADER_OR_FOLLOWER
        return ErrorCode.REPLICA_NOT_AVAILABLE if is_elsewhere else error.code
    return ErrorCode.KAFKA_STORAGE_ERROR if partition.is_offline else ErrorCode.NONE
