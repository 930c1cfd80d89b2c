"""CreateTopics (19): create topics."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, boolean, field, i8, i16, i32, message, nested, uuid


@nested
class CreatableReplicaAssignment:
    partition_index: i32
    broker_ids: Sequence[i32] = ()


@nested
class CreatableTopicConfig:
    name: str
    value: str | None


@nested
class CreatableTopic:
    name: str
    num_partitions: i32 = 0
    replication_factor: i16 = 0
    assignments: Sequence[CreatableReplicaAssignment] = ()
    configs: Sequence[CreatableTopicConfig] = ()


@message(api_key=19, versions="2-7", flexible="5+")
class CreateTopicsRequest:
    """The topics to create, with partitions, placement and configuration."""

    topics: Sequence[CreatableTopic] = ()
    timeout_ms: i32 = 60000
    validate_only: boolean = False


@nested
class CreatableTopicConfigs:
    name: str
    value: str | None
    read_only: boolean = False
    config_source: i8 = -1
    is_sensitive: boolean = False


@nested
class CreatableTopicResult:
    name: str
    topic_id: uuid = field(default=ZERO_UUID, versions="7+")
    error_code: i16 = 0
    error_message: str | None = None
    topic_config_error_code: i16 = field(default=0, versions="5+", tag=0)
    num_partitions: i32 = field(default=-1, versions="5+")
    replication_factor: i16 = field(default=-1, versions="5+")
    configs: Sequence[CreatableTopicConfigs] | None = field(default=(), versions="5+")


@message(api_key=19, versions="2-7", flexible="5+")
class CreateTopicsResponse:
    """Per topic, what was created or why not."""

    throttle_time_ms: i32 = 0
    topics: Sequence[CreatableTopicResult] = ()
