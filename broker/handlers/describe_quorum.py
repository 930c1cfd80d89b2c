"""DescribeQuorum 0-2: the metadata log, which one node leads alone (KIP-595, KIP-836, KIP-853).

As in a cluster with `kraft.version` 0 voters have no directory ids. The node's listener is given under the name that
Kafka's own configurations have for a controller's. The controller of several brokers is reached through any of them, so
that its address is that of the broker that is asked.
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
from ..context import CONTROLLER_TIMEOUT_MS, Context
from ..controller.asked_controller import QuorumReplica, QuorumState
from ..deferred import Deferred
from ..metadata.quorum import CONTROLLER_LISTENER
from ..session import Session
from ..slices import Steps
from ..topic_names import METADATA_TOPIC


def handle_describe_quorum(
    request: DescribeQuorumRequest, version: int, session: Session, context: Context
) -> Steps[DescribeQuorumResponse | Deferred[DescribeQuorumResponse]]:
    """Describe partition 0 of the metadata log where that alone is asked for; else each partition is refused."""
    if not request.topics:
        return DescribeQuorumResponse(error_message="")
    if not _is_metadata_log(request.topics):
        refused: list[ResponseTopicData] = []
        for topic in request.topics:
            refused.append((yield from _refused(topic)))
        return DescribeQuorumResponse(error_message="", topics=refused)
    host, port = context.endpoint(session)
    deferred: Deferred[DescribeQuorumResponse] = Deferred()
    code = ErrorCode.REQUEST_TIMED_OUT
    late = DescribeQuorumResponse(error_code=code, error_message=code.message)
    answer = context.answer_in_time(deferred, CONTROLLER_TIMEOUT_MS, lambda: late)

    def described(state: QuorumState) -> None:
        listeners = [Listener(name=CONTROLLER_LISTENER, host=host, port=port)]
        answer(
            DescribeQuorumResponse(
                error_code=ErrorCode.NONE,
                error_message="",
                topics=[ResponseTopicData(topic_name=METADATA_TOPIC, partitions=[_described(state)])],
                nodes=[Node(node_id=voter.node_id, listeners=listeners) for voter in state.voters],
            )
        )

    context.controller.describe_quorum(described)
    return deferred


def _is_metadata_log(topics: Sequence[TopicData]) -> bool:
    if len(topics) != 1 or topics[0].topic_name != METADATA_TOPIC:
        return False
    return [one.partition_index for one in topics[0].partitions] == [0]


def _described(state: QuorumState) -> ResponsePartitionData:
    return ResponsePartitionData(
        partition_index=0,
        error_code=ErrorCode.NONE,
        error_message="",
        leader_id=state.leader_id,
        leader_epoch=state.leader_epoch,
        high_watermark=state.high_watermark,
        current_voters=[_replica(one) for one in state.voters],
        observers=[_replica(one) for one in state.observers],
    )


def _replica(replica: QuorumReplica) -> ReplicaState:
    return ReplicaState(
        replica_id=replica.node_id,
        log_end_offset=replica.log_end_offset,
        last_fetch_timestamp=replica.fetched_ms,
        last_caught_up_timestamp=replica.caught_up_ms,
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
