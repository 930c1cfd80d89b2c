"""Metadata (3): who the brokers are and which partitions they lead."""

from collections.abc import Sequence

from ..schema import ZERO_UUID, boolean, field, i16, i32, message, nested, uuid


@nested
class MetadataRequestTopic:
    topic_id: uuid = field(default=ZERO_UUID, versions="10+")
    name: str | None = field(nullable="10+")


@message(api_key=3, versions="0-13", flexible="9+")
class MetadataRequest:
    """Topics to describe, by name or by id; null asks for all of them."""

    topics: Sequence[MetadataRequestTopic] | None = field(nullable="1+")
    allow_auto_topic_creation: boolean = field(default=True, versions="4+")
    include_cluster_authorized_operations: boolean = field(default=False, versions="8-10")
    include_topic_authorized_operations: boolean = field(default=False, versions="8+")


@nested
class MetadataResponseBroker:
    node_id: i32
    host: str
    port: i32
    rack: str | None = field(default=None, versions="1+")


@nested
class MetadataResponsePartition:
    error_code: i16 = 0
    partition_index: i32
    leader_id: i32
    leader_epoch: i32 = field(default=-1, versions="7+")
    replica_nodes: Sequence[i32] = ()
    isr_nodes: Sequence[i32] = ()
    offline_replicas: Sequence[i32] = field(default=(), versions="5+")


@nested
class MetadataResponseTopic:
    error_code: i16 = 0
    name: str | None = field(nullable="12+")
    topic_id: uuid = field(default=ZERO_UUID, versions="10+")
    is_internal: boolean = field(default=False, versions="1+")
    partitions: Sequence[MetadataResponsePartition] = ()
    topic_authorized_operations: i32 = field(default=-2147483648, versions="8+")


@message(api_key=3, versions="0-13", flexible="9+")
class MetadataResponse:
    """The cluster as clients see it: brokers, topics, partitions."""

    throttle_time_ms: i32 = field(default=0, versions="3+")
    brokers: Sequence[MetadataResponseBroker] = ()
    cluster_id: str | None = field(default=None, versions="2+")
    controller_id: i32 = field(default=-1, versions="1+")
    topics: Sequence[MetadataResponseTopic] = ()
    cluster_authorized_operations: i32 = field(default=-2147483648, versions="8-10")
    error_code: i16 = field(default=0, versions="13+")
