"""What the stories of three brokers ask, in few words: of which broker, about which topic, in which version."""

from collections.abc import Sequence

from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    TopicRequest,
)
from odradek.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from odradek.protocol.messages.describe_topic_partitions import TopicRequest as DescribedTopic
from odradek.protocol.messages.fetch import (
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    ReplicaState,
)
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.schema import ZERO_UUID

from .batches import batch
from .node_dialogue import NodeDialogue, Topic

PRODUCE_BY_ID, FETCH_BY_ID = 13, 13
CONSUMER, DEBUGGER = -1, -2
LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3


def produce_request(
    topic: Topic, values: Sequence[bytes], *, version: int, acks: int, timeout_ms: int, index: int = 0
) -> ProduceRequest:
    """One batch for one partition."""
    named = version < PRODUCE_BY_ID
    data = TopicProduceData(
        name=topic.name if named else "",
        topic_id=ZERO_UUID if named else topic.topic_id,
        partition_data=[PartitionProduceData(index=index, records=batch(list(values)))],
    )
    return ProduceRequest(acks=acks, timeout_ms=timeout_ms, topic_data=[data])


def write(
    d: NodeDialogue,
    label: str,
    node_id: int,
    topic: Topic,
    values: Sequence[bytes] = (b"a",),
    *,
    index: int = 0,
    version: int = 10,
    acks: int = -1,
    timeout_ms: int = 10_000,
) -> ProduceResponse:
    """Produce."""
    request = produce_request(topic, values, version=version, acks=acks, timeout_ms=timeout_ms, index=index)
    return d.ask(label, node_id, request, version, ProduceResponse)


def read(
    d: NodeDialogue,
    label: str,
    node_id: int,
    topic: Topic,
    offset: int = 0,
    *,
    index: int = 0,
    version: int = 16,
    epoch: int = -1,
    last_epoch: int = -1,
    rack: str = "",
    max_wait_ms: int = 0,
    isolation: int = 0,
) -> FetchResponse:
    """Fetch, as a consumer does without a session."""
    partition = FetchPartition(
        partition=index,
        current_leader_epoch=epoch,
        fetch_offset=offset,
        last_fetched_epoch=last_epoch,
        partition_max_bytes=1 << 20,
    )
    named = version < FETCH_BY_ID
    asked = FetchTopic(
        topic=topic.name if named else "",
        topic_id=ZERO_UUID if named else topic.topic_id,
        partitions=[partition],
    )
    request = FetchRequest(
        replica_id=CONSUMER,
        replica_state=ReplicaState(),
        max_wait_ms=max_wait_ms,
        min_bytes=1,
        isolation_level=isolation,
        topics=[asked],
        rack_id=rack,
    )
    return d.ask(label, node_id, request, version, FetchResponse)


def list_offsets(
    d: NodeDialogue,
    label: str,
    node_id: int,
    topic: Topic,
    timestamp: int = LATEST,
    *,
    index: int = 0,
    version: int = 7,
    epoch: int = -1,
    replica_id: int = CONSUMER,
    isolation: int = 0,
) -> ListOffsetsResponse:
    """ListOffsets."""
    partition = ListOffsetsPartition(partition_index=index, current_leader_epoch=epoch, timestamp=timestamp)
    topics = [ListOffsetsTopic(name=topic.name, partitions=[partition])]
    request = ListOffsetsRequest(replica_id=replica_id, isolation_level=isolation, topics=topics, timeout_ms=1000)
    return d.ask(label, node_id, request, version, ListOffsetsResponse)


def epoch_end(
    d: NodeDialogue,
    label: str,
    node_id: int,
    topic: Topic,
    epoch: int,
    *,
    index: int = 0,
    current_epoch: int = -1,
    replica_id: int = CONSUMER,
) -> OffsetForLeaderEpochResponse:
    """OffsetForLeaderEpoch."""
    partition = OffsetForLeaderPartition(partition=index, current_leader_epoch=current_epoch, leader_epoch=epoch)
    topics = [OffsetForLeaderTopic(topic=topic.name, partitions=[partition])]
    request = OffsetForLeaderEpochRequest(replica_id=replica_id, topics=topics)
    return d.ask(label, node_id, request, 4, OffsetForLeaderEpochResponse)


def delete_records(
    d: NodeDialogue, label: str, node_id: int, topic: Topic, offset: int, *, index: int = 0, timeout_ms: int = 10_000
) -> DeleteRecordsResponse:
    """DeleteRecords."""
    topics = [
        DeleteRecordsTopic(name=topic.name, partitions=[DeleteRecordsPartition(partition_index=index, offset=offset)])
    ]
    request = DeleteRecordsRequest(topics=topics, timeout_ms=timeout_ms)
    return d.ask(label, node_id, request, 2, DeleteRecordsResponse)


def producers(d: NodeDialogue, label: str, node_id: int, topic: Topic, index: int = 0) -> DescribeProducersResponse:
    """DescribeProducers."""
    request = DescribeProducersRequest(topics=[TopicRequest(name=topic.name, partition_indexes=[index])])
    return d.ask(label, node_id, request, 0, DescribeProducersResponse)


def metadata(d: NodeDialogue, label: str, node_id: int, *topics: Topic, version: int = 13) -> MetadataResponse:
    """Metadata of these topics, by name."""
    asked = [MetadataRequestTopic(name=topic.name) for topic in topics]
    request = MetadataRequest(topics=asked, allow_auto_topic_creation=False)
    return d.ask(label, node_id, request, version, MetadataResponse)


def partitions(d: NodeDialogue, label: str, node_id: int, *topics: Topic) -> DescribeTopicPartitionsResponse:
    """DescribeTopicPartitions."""
    request = DescribeTopicPartitionsRequest(topics=[DescribedTopic(name=topic.name) for topic in topics])
    return d.ask(label, node_id, request, 0, DescribeTopicPartitionsResponse)


def brokers(
    d: NodeDialogue, label: str, node_id: int, *, version: int = 2, with_fenced: bool = True
) -> DescribeClusterResponse:
    """DescribeCluster."""
    request = DescribeClusterRequest(include_fenced_brokers=with_fenced and version >= 2)
    return d.ask(label, node_id, request, version, DescribeClusterResponse)
