"""AlterReplicaLogDirs (34): move replicas between log directories."""

from collections.abc import Sequence

from ..schema import i16, i32, message, nested


@nested
class AlterReplicaLogDirTopic:
    name: str
    partitions: Sequence[i32] = ()


@nested
class AlterReplicaLogDir:
    path: str
    topics: Sequence[AlterReplicaLogDirTopic] = ()


@message(api_key=34, versions="1-2", flexible="2+")
class AlterReplicaLogDirsRequest:
    """Which partitions belong into which log directory."""

    dirs: Sequence[AlterReplicaLogDir] = ()


@nested
class AlterReplicaLogDirPartitionResult:
    partition_index: i32
    error_code: i16 = 0


@nested
class AlterReplicaLogDirTopicResult:
    topic_name: str
    partitions: Sequence[AlterReplicaLogDirPartitionResult] = ()


@message(api_key=34, versions="1-2", flexible="2+")
class AlterReplicaLogDirsResponse:
    """Per partition, whether the move was accepted."""

    throttle_time_ms: i32 = 0
    results: Sequence[AlterReplicaLogDirTopicResult] = ()
