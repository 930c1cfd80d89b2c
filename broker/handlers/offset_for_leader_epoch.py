"""OffsetForLeaderEpoch 2-4: where an epoch ended, so that a client can tell whether its log was cut (KIP-320)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderTopicResult,
)
from ..context import Context
from ..session import Session
from ..slices import Steps
from ..topics.partition_roles import check_replica


def handle_offset_for_leader_epoch(
    request: OffsetForLeaderEpochRequest, version: int, session: Session, context: Context
) -> Steps[OffsetForLeaderEpochResponse]:
    """Answer each partition from its leader-epoch cache."""
    topics: list[OffsetForLeaderTopicResult] = []
    for topic in request.topics:
        answers: list[EpochEndOffset] = []
        for asked in topic.partitions:
            try:
                partition = context.topics.partition(topic.topic, asked.partition)
                check_replica(partition, context.topics, context.config.node_id)
                partition.check_leader_epoch(asked.current_leader_epoch)
                epoch, end_offset = partition.log.end_offset_for_epoch(asked.leader_epoch)
                code = ErrorCode.NONE
            except KafkaError as error:
                epoch, end_offset, code = -1, -1, error.code
            answers.append(
                EpochEndOffset(error_code=code, partition=asked.partition, leader_epoch=epoch, end_offset=end_offset)
            )
            yield
        topics.append(OffsetForLeaderTopicResult(topic=topic.topic, partitions=answers))
    return OffsetForLeaderEpochResponse(topics=topics)
