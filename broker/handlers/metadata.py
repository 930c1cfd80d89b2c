"""Metadata 0-13: brokers, topics and their partitions; creates a missing topic where the client may.

A topic created here is in the answer at once; Kafka answers UNKNOWN_TOPIC_OR_PARTITION first and clients retry.
Version 0 leaves out replicas that are not there; later ones list them, and as offline, too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from ...protocol.metadata_records import PartitionRecord
from ...protocol.schema import ZERO_UUID
from ..authorized_operations import CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS
from ..context import Context
from ..deferred import Deferred
from ..nodes.seen_partition import seen
from ..session import Session
from ..slices import Steps, run_to_end
from ..topic_names import check_topic_name
from ..topics.partition import Partition
from ..topics.topics import Topic

AUTO_CREATION_MS = 1000  # then the answer is Kafka's: who asks again later finds the topic


def handle_metadata(
    request: MetadataRequest, version: int, session: Session, context: Context
) -> Steps[MetadataResponse | Deferred[MetadataResponse]]:
    """Describe the topics asked for: null means all, and so does an empty list in version 0."""
    operations = TOPIC_OPERATIONS if request.include_topic_authorized_operations else NOT_ASKED
    asked = request.topics
    if asked is None or (version == 0 and not asked):
        described: list[MetadataResponseTopic] = []
        for topic in context.topics:
            described.append((yield from _described(topic, version, context, operations)))
            yield
        return _answer(request, described, session, context)
    if version >= 10 and (refusal := _malformed(asked, version)) is not None:
        # An answer to nothing but the mistake: no brokers, no cluster.
        return MetadataResponse(topics=[_refused(refusal, t.name or "", t.topic_id) for t in asked], error_code=refusal)
    wanted = _once_each(asked)
    yield

    def answer(refused: Mapping[str, KafkaError]) -> Steps[MetadataResponse]:
        topics: list[MetadataResponseTopic] = []
        for topic in wanted:
            topics.append((yield from _find(topic, version, refused, context, operations)))
            yield
        return _answer(request, topics, session, context)

    missing = _names_to_create(wanted, context) if request.allow_auto_topic_creation else []
    if not missing:
        return (yield from answer({}))
    deferred: Deferred[MetadataResponse] = Deferred()
    in_time = context.answer_in_time(deferred, AUTO_CREATION_MS, lambda: run_to_end(answer({})))
    mutations = context.quotas.mutations(session, context.clock.now(), is_strict=True)
    context.topics.auto_create(
        missing,
        lambda refused: context.slices.start(answer(refused), in_time, deferred.fail),
        lambda partitions: mutations.record(partitions, context.clock.now()),
    )
    return deferred


def _answer(
    request: MetadataRequest, topics: Sequence[MetadataResponseTopic], session: Session, context: Context
) -> MetadataResponse:
    return MetadataResponse(
        brokers=[
            MetadataResponseBroker(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
            for node in context.nodes.alive(session)
        ],
        cluster_id=context.cluster_id,
        controller_id=context.nodes.controller_id,
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


def _once_each(asked: Iterable[MetadataRequestTopic]) -> Collection[MetadataRequestTopic]:
    return {(topic.topic_id, topic.name if topic.topic_id == ZERO_UUID else None): topic for topic in asked}.values()


def _names_to_create(asked: Iterable[MetadataRequestTopic], context: Context) -> list[str]:
    if not context.config.auto_create_topics_enable:
        return []
    names = [topic.name or "" for topic in asked if topic.topic_id == ZERO_UUID]
    return [name for name in names if context.topics.find(name) is None]


def _find(
    asked: MetadataRequestTopic, version: int, refused: Mapping[str, KafkaError], context: Context, operations: int
) -> Steps[MetadataResponseTopic]:
    if asked.topic_id != ZERO_UUID:
        topic = context.topics.find_by_id(asked.topic_id)
        if topic is None:
            return _refused(ErrorCode.UNKNOWN_TOPIC_ID, None, asked.topic_id)
        return (yield from _described(topic, version, context, operations))
    name = asked.name or ""
    topic = context.topics.find(name)
    if topic is not None:
        return (yield from _described(topic, version, context, operations))
    code = refused[name].code if name in refused else _unknown(name)
    if code == ErrorCode.THROTTLING_QUOTA_EXCEEDED:  # Kafka has not asked its controller yet when it answers
        code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return _refused(code, name, ZERO_UUID, operations)


def _unknown(name: str) -> ErrorCode:
    """What a name is answered that is not to be created."""
    try:
        check_topic_name(name)
    except KafkaError as error:
        return error.code
    return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _refused(code: ErrorCode, name: str | None, topic_id: bytes, operations: int = NOT_ASKED) -> MetadataResponseTopic:
    # The partition list stays empty: clients take partitions of an error as usable.
    return MetadataResponseTopic(error_code=code, name=name, topic_id=topic_id, topic_authorized_operations=operations)


def _described(topic: Topic, version: int, context: Context, operations: int) -> Steps[MetadataResponseTopic]:
    partitions: list[MetadataResponsePartition] = []
    for partition in topic.partitions:
        record = topic.image.partitions[partition.index].record
        partitions.append(_described_partition(partition, record, version, context))
        yield
    return MetadataResponseTopic(
        error_code=ErrorCode.NONE,
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic.is_internal,
        partitions=partitions,
        topic_authorized_operations=operations,
    )


def _described_partition(
    partition: Partition, record: PartitionRecord, version: int, context: Context
) -> MetadataResponsePartition:
    found = seen(record, context.nodes, is_offline=partition.is_offline)
    if version == 0:
        found = found.only_alive(context.nodes)
    return MetadataResponsePartition(
        error_code=found.error,
        partition_index=partition.index,
        leader_id=found.leader,
        leader_epoch=found.leader_epoch,
        replica_nodes=found.replicas,
        isr_nodes=found.isr,
        offline_replicas=found.offline,
    )
