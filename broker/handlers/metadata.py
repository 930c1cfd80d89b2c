"""Metadata 0-13: brokers, topics and their partitions; creates a missing topic where the client may.

A topic created here is in the answer at once; Kafka answers UNKNOWN_TOPIC_OR_PARTITION first and clients retry.
"""

from collections.abc import Iterable

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ...protocol.schema import ZERO_UUID
from ..authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS
from ..context import Context
from ..session import Session
from ..topics.topics import Topic

NO_LEADER = -1


def handle_metadata(request: MetadataRequest, version: int, session: Session, context: Context) -> MetadataResponse:
    """Describe the topics asked for: null means all, and so does an empty list in version 0."""
    operations = TOPIC_OPERATIONS if request.include_topic_authorized_operations else NOT_ASKED
    asked = request.topics
    if asked is None or (version == 0 and not asked):
        topics = [_described(topic, context, operations) for topic in context.topics]
    elif version >= 10 and (refusal := _malformed(asked, version)) is not None:
        # An answer to nothing but the mistake: no brokers, no cluster.
        return MetadataResponse(topics=[_refused(refusal, t.name or "", t.topic_id) for t in asked], error_code=refusal)
    else:
        may_create = request.allow_auto_topic_creation and context.config.auto_create_topics_enable
        topics = [_answer(t, context, may_create, operations) for t in _once_each(asked)]
    host, port = context.endpoint(session)
    node_id = context.config.node_id
    return MetadataResponse(
        brokers=[MetadataResponseBroker(node_id=node_id, host=host, port=port, rack=context.config.broker_rack)],
        cluster_id=context.cluster_id,
        controller_id=node_id,
        topics=topics,
        cluster_authorized_operations=(
            CLUSTER_OPERATIONS if request.include_cluster_authorized_operations else NOT_ASKED
        ),
    )


def _malformed(asked: Iterable[MetadataRequestTopic], version: int) -> ErrorCode | None:
    """What refuses the whole request: ids before version 12, or an entry with neither name nor id."""
    for topic in asked:
        if version < 12 and (topic.name is None or topic.topic_id != ZERO_UUID):
            return ErrorCode.INVALID_REQUEST
        if topic.name is None and topic.topic_id == ZERO_UUID:
            return ErrorCode.UNKNOWN_SERVER_ERROR
    return None


def _once_each(asked: Iterable[MetadataRequestTopic]) -> Iterable[MetadataRequestTopic]:
    return {(topic.topic_id, topic.name if topic.topic_id == ZERO_UUID else None): topic for topic in asked}.values()


def _answer(asked: MetadataRequestTopic, context: Context, may_create: bool, operations: int) -> MetadataResponseTopic:
    if asked.topic_id != ZERO_UUID:
        topic = context.topics.find_by_id(asked.topic_id)
        if topic is None:
            return _refused(ErrorCode.UNKNOWN_TOPIC_ID, None, asked.topic_id)
        return _described(topic, context, operations)
    name = asked.name or ""
    topic = context.topics.find(name)
    if topic is None:
        try:
            topic = context.topics.auto_create(name, may_create=may_create)
        except KafkaError as error:
            return _refused(error.code, name, ZERO_UUID, operations)
    return _described(topic, context, operations)


def _refused(code: ErrorCode, name: str | None, topic_id: bytes, operations: int = NOT_ASKED) -> MetadataResponseTopic:
    # The partition list stays empty: clients take partitions of an error as usable.
    return MetadataResponseTopic(error_code=code, name=name, topic_id=topic_id, topic_authorized_operations=operations)


def _described(topic: Topic, context: Context, operations: int) -> MetadataResponseTopic:
    replicas = (context.config.node_id,)
    return MetadataResponseTopic(
        error_code=ErrorCode.NONE,
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=[
            MetadataResponsePartition(
                error_code=ErrorCode.LEADER_NOT_AVAILABLE if partition.is_offline else ErrorCode.NONE,
                partition_index=partition.index,
                leader_id=NO_LEADER if partition.is_offline else replicas[0],
                leader_epoch=partition.leader_epoch,
                replica_nodes=replicas,
                isr_nodes=() if partition.is_offline else replicas,
                offline_replicas=replicas if partition.is_offline else (),
            )
            for partition in topic.partitions
        ],
        topic_authorized_operations=operations,
    )
