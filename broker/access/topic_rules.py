"""Rules of what is done to topics: written, created, deleted, described."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from ...protocol.batch import HEADER_BYTES, RecordBatch
from ...protocol.errors import ErrorCode
from ...protocol.messages.create_topics import CreatableTopicResult, CreateTopicsRequest, CreateTopicsResponse
from ...protocol.messages.delete_topics import DeletableTopicResult, DeleteTopicsRequest, DeleteTopicsResponse
from ...protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponseTopic,
    TopicRequest,
)
from ...protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseTopic
from ...protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from ...protocol.messages.produce import ProduceRequest
from ...protocol.schema import ZERO_UUID
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from ..slices import Steps
from ..topic_names import INTERNAL_TOPICS, METADATA_TOPIC
from .access import TOPIC, TRANSACTIONAL_ID, Access
from .common_rules import kept, on_topics, refuse, with_body

DENIED = ErrorCode.TOPIC_AUTHORIZATION_FAILED
CREATE_DENIED = "Authorization failed."
MAGIC = 2

_write_topics = on_topics(Operation.WRITE, "topic_data")
_describe_topics = on_topics(Operation.DESCRIBE)


def produce(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
    """WRITE on each topic; on the transactional id if there are records of a transaction."""
    body = received.body
    assert isinstance(body, ProduceRequest)
    transactional_id = body.transactional_id
    if (
        transactional_id is not None
        and not access.may(Operation.WRITE, TRANSACTIONAL_ID, transactional_id)
        and _has_transactional(body)
        and access.lacks(Operation.WRITE, TRANSACTIONAL_ID, transactional_id)
    ):
        return refuse(received, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    return _write_topics(received, access, proceed)


def _has_transactional(body: ProduceRequest) -> bool:
    for topic in body.topic_data:
        for data in topic.partition_data:
            if data.records is not None and len(data.records) >= HEADER_BYTES:
                batch = RecordBatch(data.records)
                if batch.magic == MAGIC and batch.is_transactional:
                    return True
    return False


def offset_for_leader_epoch(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer | Steps[Answer]:
    """CLUSTER_ACTION, which other brokers have, or DESCRIBE on each topic."""
    assert isinstance(received.body, OffsetForLeaderEpochRequest)
    if access.may_on_cluster(Operation.CLUSTER_ACTION):
        return proceed(received)
    return _describe_topics(received, access, proceed)


# Metadata


def metadata(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on each topic, CREATE for one that is to be created; of all topics, those that may be described."""
    body, version = received.body, received.header.api_version
    assert isinstance(body, MetadataRequest)
    if body.topics is None or (version == 0 and not body.topics):

        def show(given: object) -> None:
            assert isinstance(given, MetadataResponse)
            given.topics = kept(given.topics, "name", access, Operation.DESCRIBE, TOPIC)
            _tell_operations(given, access)

        return observe(proceed(received), show)
    hidden = yield from access.denied(Operation.DESCRIBE, TOPIC, [_name_of(topic, access) for topic in body.topics])
    denied = hidden | (yield from _denied_creations(body, hidden, access))
    left = [topic for topic in body.topics if _name_of(topic, access) not in denied]
    refused = _refused(body.topics, denied, access)

    def add(given: object) -> None:
        assert isinstance(given, MetadataResponse)
        _tell_operations(given, access)
        given.topics = [*(given.topics if left or not refused else ()), *refused]

    return observe(proceed(with_body(received, replace(body, topics=left)) if refused else received), add)


def _name_of(topic: MetadataRequestTopic, access: Access) -> str | None:
    return topic.name if topic.topic_id == ZERO_UUID else access.name_of(topic.topic_id)


def _denied_creations(body: MetadataRequest, hidden: Collection[str], access: Access) -> Steps[set[str]]:
    """The topics that Metadata would create, and may not for this client."""
    context = access.context
    if not body.allow_auto_topic_creation or not context.config.auto_create_topics_enable:
        return set()
    missing = [
        topic.name
        for topic in body.topics or ()
        if topic.topic_id == ZERO_UUID
        and topic.name is not None
        and topic.name not in hidden
        and context.topics.find(topic.name) is None
    ]
    if not missing or access.may_on_cluster(Operation.CREATE):
        return set()
    return (yield from access.denied(Operation.CREATE, TOPIC, missing))


def _refused(
    asked: Iterable[MetadataRequestTopic], names: Collection[str], access: Access
) -> list[MetadataResponseTopic]:
    """Who asked by id is not told the name."""
    refused: dict[tuple[bytes, str | None], MetadataResponseTopic] = {}
    for topic in asked:
        if (name := _name_of(topic, access)) in names:
            shown = name if topic.topic_id == ZERO_UUID else None
            refused[topic.topic_id, shown] = MetadataResponseTopic(
                error_code=DENIED, name=shown, topic_id=topic.topic_id, is_internal=shown in INTERNAL_TOPICS
            )
    return list(refused.values())


def _tell_operations(given: MetadataResponse, access: Access) -> None:
    named = [topic for topic in given.topics if topic.name is not None]
    access.tell_operations(named, "topic_authorized_operations", TOPIC, "name")
    if given.cluster_authorized_operations >= 0:
        may_see = access.may_on_cluster(Operation.DESCRIBE)
        bits = access.operations(ResourceType.CLUSTER, CLUSTER_NAME) if may_see else 0
        given.cluster_authorized_operations = bits


def describe_topic_partitions(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on each topic; of all topics, those that may be described."""
    body = received.body
    assert isinstance(body, DescribeTopicPartitionsRequest)
    names = [topic.name for topic in body.topics] or [topic.name for topic in access.context.topics]
    hidden = yield from access.denied(Operation.DESCRIBE, TOPIC, names)
    refused = [
        DescribeTopicPartitionsResponseTopic(
            error_code=DENIED, name=name, topic_id=ZERO_UUID, is_internal=name in INTERNAL_TOPICS
        )
        for name in names
        if body.topics and name in hidden
    ]
    left = [TopicRequest(name=name) for name in names if name not in hidden]

    def add(given: object) -> None:
        assert isinstance(given, DescribeTopicPartitionsResponse)
        access.tell_operations(given.topics, "topic_authorized_operations", TOPIC, "name")
        given.topics = [*given.topics, *refused]

    if not left and hidden:
        answer = DescribeTopicPartitionsResponse()
        add(answer)
        return answer
    return observe(proceed(with_body(received, replace(body, topics=left)) if hidden else received), add)


# Changes


def create_topics(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """CREATE on the cluster or the topic; without DESCRIBE_CONFIGS its settings are not told."""
    body = received.body
    assert isinstance(body, CreateTopicsRequest)
    names = [topic.name for topic in body.topics if topic.name != METADATA_TOPIC]
    times = Counter(names)
    single = [name for name in names if times[name] == 1]
    denied: set[str] = set()
    if not access.may_on_cluster(Operation.CREATE):
        denied = yield from access.denied(Operation.CREATE, TOPIC, single)
    refused = [
        CreatableTopicResult(name=name, error_code=DENIED, error_message=CREATE_DENIED)
        for name in single
        if name in denied
    ]
    left = [topic for topic in body.topics if topic.name not in denied]

    def add(given: object) -> None:
        assert isinstance(given, CreateTopicsResponse)
        for topic in given.topics:
            if topic.error_code == ErrorCode.NONE and not access.may(Operation.DESCRIBE_CONFIGS, TOPIC, topic.name):
                topic.num_partitions = topic.replication_factor = -1
                topic.topic_config_error_code, topic.configs = DENIED, ()
        given.topics = [*given.topics, *refused]

    return observe(proceed(with_body(received, replace(body, topics=left)) if refused else received), add)


def delete_topics(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DELETE on the cluster or the topic; without DESCRIBE nobody is told the name of an id, or that a name is none."""
    body = received.body
    assert isinstance(body, DeleteTopicsRequest)
    if access.may_on_cluster(Operation.DELETE) or not access.context.config.delete_topic_enable:
        return proceed(received)
    names = [*body.topic_names, *(topic.name for topic in body.topics if topic.topic_id == ZERO_UUID)]
    ids = [topic.topic_id for topic in body.topics if topic.name is None]
    times, id_times = Counter(names), Counter(ids)
    refused: list[DeletableTopicResult] = []
    left_names, left_ids = set[str](), set[bytes]()
    for name in dict.fromkeys(name for name in names if name is not None):
        exists = access.context.topics.find(name) is not None
        if times[name] > 1 or _may_delete(name, exists=exists, access=access):
            left_names.add(name)
        else:
            refused.append(_undeletable(name, ZERO_UUID))
        yield
    for topic_id in dict.fromkeys(ids):
        name_of_id = access.name_of(topic_id)
        if name_of_id is None or id_times[topic_id] > 1 or access.may(Operation.DELETE, TOPIC, name_of_id):
            left_ids.add(topic_id)
        else:
            shown = name_of_id if access.may(Operation.DESCRIBE, TOPIC, name_of_id) else None
            refused.append(_undeletable(shown, topic_id))
        yield
    if not refused:
        return proceed(received)
    left = replace(
        body,
        topic_names=[name for name in body.topic_names if name in left_names],
        topics=[
            topic
            for topic in body.topics
            if (topic.name in left_names if topic.topic_id == ZERO_UUID else topic.name or topic.topic_id in left_ids)
            or (topic.name is None and topic.topic_id == ZERO_UUID)
        ],
    )

    def add(given: object) -> None:
        assert isinstance(given, DeleteTopicsResponse)
        given.responses = [*given.responses, *refused]

    return observe(proceed(with_body(received, left)), add)


def _may_delete(name: str, *, exists: bool, access: Access) -> bool:
    """Of a topic that is not there, whoever may describe it is told just that."""
    if not access.may(Operation.DESCRIBE, TOPIC, name):
        return False
    return not exists or access.may(Operation.DELETE, TOPIC, name)


def _undeletable(name: str | None, topic_id: bytes) -> DeletableTopicResult:
    return DeletableTopicResult(name=name, topic_id=topic_id, error_code=DENIED, error_message=DENIED.message)
