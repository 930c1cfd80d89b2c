"""DescribeQuorum 0-2: the metadata log, which this node leads alone (KIP-595, KIP-836, KIP-853).

As in a cluster with `kraft.version` 0 voters have no directory ids. The node's one listener is given under the name
that Kafka's own configurations have for a controller's.
"""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode
from ...protocol.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    Listener,
    Node,
    ReplicaState,
    ResponsePartitionData,
    ResponseTopicData,
    TopicData,
)
from ..context import Context
from ..metadata.quorum import CONTROLLER_LISTENER
from ..session import Session
from ..slices import Steps
from ..topic_names import METADATA_TOPIC


def handle_describe_quorum(
    request: DescribeQuorumRequest, version: int, session: Session, context: Context
) -> Steps[DescribeQuorumResponse]:
    """Describe partition 0 of the metadata log where that alone is asked for; else each partition is refused."""
    if not request.topics:
        return DescribeQuorumResponse(error_message="")
    if not _is_metadata_log(request.topics):
        refused: list[ResponseTopicData] = []
        for topic in request.topics:
            refused.append((yield from _refused(topic)))
        return DescribeQuorumResponse(error_message="", topics=refused)
    node_id = context.config.node_id
    host, port = context.endpoint(session)
    return DescribeQuorumResponse(
        error_code=ErrorCode.NONE,
        error_message="",
        topics=[ResponseTopicData(topic_name=METADATA_TOPIC, partitions=[_described(context)])],
        nodes=[Node(node_id=node_id, listeners=[Listener(name=CONTROLLER_LISTENER, host=host, port=port)])],
    )


def _is_metadata_log(topics: Sequence[TopicData]) -> bool:
    if len(topics) != 1 or topics[0].topic_name != METADATA_TOPIC:
        return False
    return [one.partition_index for one in topics[0].partitions] == [0]


def _described(context: Context) -> ResponsePartitionData:
    node_id, now_ms = context.config.node_id, context.clock.now_ms()
    end_offset = context.metadata.end_offset
    return ResponsePartitionData(
        partition_index=0,
        error_code=ErrorCode.NONE,
        error_message="",
        leader_id=node_id,
        leader_epoch=context.metadata.leader_epoch,
        high_watermark=end_offset,
        current_voters=[
            ReplicaState(
                replica_id=node_id,
                log_end_offset=end_offset,
                last_fetch_timestamp=now_ms,
                last_caught_up_timestamp=now_ms,
            )
        ],
    )


def _refused(topic: TopicData) -> Steps[ResponseTopicData]:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    partitions: list[ResponsePartitionData] = []
    for one in topic.partitions:
        partitions.append(
            ResponsePartitionData(
                partition_index=one.partition_index,
                error_code=code,
                error_message=code.message,
                leader_id=0,
                high_watermark=0,
            )
        )
        yield
    return ResponseTopicData(topic_name=topic.topic_name, partitions=partitions)
