"""StreamsGroupHeartbeat 0: enter a streams group, stay in it, leave it (KIP-1071)."""

from collections.abc import Iterable, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages import streams_group_heartbeat as wire
from ...protocol.messages.create_topics import CreatableTopic, CreatableTopicConfig
from ...protocol.messages.streams_group_heartbeat import StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse
from ..context import Context
from ..coordination.groups.streams.endpoints import EndpointPartitions, TopicPartitions
from ..coordination.groups.streams.heartbeat_request import StreamsHeartbeatRequest, StreamsHeartbeatResult
from ..coordination.groups.streams.java_order import in_hash_order
from ..coordination.groups.streams.status import Status, StatusCode
from ..coordination.groups.streams.tasks import PartitionEpochs, Partitions
from ..coordination.groups.streams.topology import InternalTopic, read_topology
from ..coordination.result import ResponseFuture
from ..deferred import Deferred
from ..security.authorization.acl import CLUSTER_NAME, Operation, ResourceType
from ..session import Session
from ..topic_names import INTERNAL_TOPICS, check_topic_name

MOST_ERRORS_TOLD = 3
# A topology is looked at in one go; its record may not be larger than a megabyte in any case.
MOST_PARTS = 4_000


def handle_streams_group_heartbeat(
    request: StreamsGroupHeartbeatRequest, version: int, session: Session, context: Context
) -> Deferred[StreamsGroupHeartbeatResponse] | StreamsGroupHeartbeatResponse:
    """Let the group decide; UNSUPPORTED_VERSION where there are no such groups."""
    if not context.has_streams_groups():
        return _refused(ErrorCode.UNSUPPORTED_VERSION, None)
    if request.topology is not None and (fault := _fault_of_names(request.topology)) is not None:
        return _refused(ErrorCode.STREAMS_INVALID_TOPOLOGY, fault)
    deferred: Deferred[StreamsGroupHeartbeatResponse] = Deferred()

    def deliver(result: StreamsHeartbeatResult) -> None:
        status = result.status
        if result.missing:
            status = _create_missing(result, session, context)
        deferred.answer(_response(result, status))

    context.groups.streams_heartbeat(
        _asked(request, session), ResponseFuture[StreamsHeartbeatResult](deliver, StreamsHeartbeatResult)
    )
    return deferred


def _asked(request: StreamsGroupHeartbeatRequest, session: Session) -> StreamsHeartbeatRequest:
    topology, tags, endpoint = request.topology, request.client_tags, request.user_endpoint
    return StreamsHeartbeatRequest(
        group_id=request.group_id,
        member_id=request.member_id,
        epoch=request.member_epoch,
        client_id=session.client_id,
        client_host=session.client_host,
        endpoint_epoch=request.endpoint_information_epoch,
        instance_id=request.instance_id,
        rack_id=request.rack_id,
        rebalance_timeout_ms=request.rebalance_timeout_ms,
        topology=None if topology is None else read_topology(topology.epoch, topology.subtopologies),
        active=_tasks(request.active_tasks),
        standby=_tasks(request.standby_tasks),
        warmup=_tasks(request.warmup_tasks),
        process_id=request.process_id,
        user_endpoint=None if endpoint is None else (endpoint.host, endpoint.port),
        client_tags=None if tags is None else tuple((tag.key, tag.value) for tag in tags),
        has_task_offsets=request.task_offsets is not None,
        has_task_end_offsets=request.task_end_offsets is not None,
        shuts_down=request.shutdown_application,
    )


def _tasks(tasks: Sequence[wire.TaskIds] | None) -> Partitions | None:
    return None if tasks is None else {of.subtopology_id: frozenset(of.partitions) for of in tasks}


# The topology's names


def _fault_of_names(topology: wire.Topology) -> str | None:
    """Why these topics cannot be, in Kafka's words; it knows no bound."""
    if sum(map(_size, topology.subtopologies)) > MOST_PARTS:
        return f"The topology has more than {MOST_PARTS} parts."
    names = list(dict.fromkeys(_names(topology)))
    internal = [name for name in names if name in INTERNAL_TOPICS]
    if internal:
        return f"Use of Kafka internal topics {','.join(internal)} in a Kafka Streams topology is prohibited."
    illegal = [name for name in names if not _is_legal(name)]
    return f"Topic names {','.join(illegal)} are not valid topic names." if illegal else None


def _size(subtopology: wire.Subtopology) -> int:
    """How many topics, settings and places it names, and itself."""
    internal = (*subtopology.repartition_source_topics, *subtopology.state_changelog_topics)
    size = 1 + len(subtopology.source_topics) + len(subtopology.source_topic_regex)
    size += len(subtopology.repartition_sink_topics) + len(internal)
    size += sum(len(topic.topic_configs) for topic in internal)
    for group in subtopology.copartition_groups:
        size += 1 + len(group.source_topics) + len(group.source_topic_regex) + len(group.repartition_source_topics)
    return size


def _names(topology: wire.Topology) -> Iterable[str]:
    for subtopology in topology.subtopologies:
        yield from subtopology.source_topics
        yield from subtopology.repartition_sink_topics
        yield from (topic.name for topic in subtopology.repartition_source_topics)
        yield from (topic.name for topic in subtopology.state_changelog_topics)


def _is_legal(name: str) -> bool:
    try:
        check_topic_name(name)
    except KafkaError:
        return False
    return True


# Topics that are missing


def _create_missing(result: StreamsHeartbeatResult, session: Session, context: Context) -> Sequence[Status]:
    """Have the missing topics created; what the client is told, with the reasons for which that failed before."""
    if denied := _denied_creations(result, session, context):
        return _with_denied(result.status, denied)
    clock = context.clock.now
    errors = context.streams_topics.errors(result.missing, clock())
    mutations = context.quotas.mutations(session, clock(), is_strict=True)
    context.streams_topics.create(
        {name: _creatable(topic) for name, topic in result.missing.items()},
        lambda partitions: mutations.record(partitions, clock()),
        clock,
        keep_s=2 * result.heartbeat_interval_ms / 1000,
    )
    if not errors:
        return result.status
    told = [f"{name} ({errors[name]})" for name in in_hash_order(errors)[:MOST_ERRORS_TOLD]]
    more = f" and {len(errors) - MOST_ERRORS_TOLD} more" if len(errors) > MOST_ERRORS_TOLD else ""
    failed = f"; Creation failed: {', '.join(told)}{more}."
    return _with_detail(result.status, failed)


def _denied_creations(result: StreamsHeartbeatResult, session: Session, context: Context) -> Sequence[str]:
    if context.is_allowed(session, Operation.CREATE, ResourceType.CLUSTER, CLUSTER_NAME):
        return ()
    return [
        name for name in result.missing if not context.is_allowed(session, Operation.CREATE, ResourceType.TOPIC, name)
    ]


def _with_denied(told: Sequence[Status], denied: Sequence[str]) -> Sequence[Status]:
    """What a client is told that may not have these topics created; none is then, in Kafka either."""
    why = f"Unauthorized to CREATE on topics {', '.join(denied)}."
    if not any(status.code is StatusCode.MISSING_INTERNAL_TOPICS for status in told):
        return [*told, Status(StatusCode.MISSING_INTERNAL_TOPICS, why)]
    return _with_detail(told, f"; {why}")


def _with_detail(told: Sequence[Status], detail: str) -> Sequence[Status]:
    return [
        status._replace(detail=status.detail + detail) if status.code is StatusCode.MISSING_INTERNAL_TOPICS else status
        for status in told
    ]


def _creatable(topic: InternalTopic) -> CreatableTopic:
    return CreatableTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=topic.replication_factor or -1,
        assignments=(),
        configs=[CreatableTopicConfig(name=name, value=value) for name, value in dict(topic.configs).items()],
    )


# The answer


def _refused(code: ErrorCode, message: str | None) -> StreamsGroupHeartbeatResponse:
    return StreamsGroupHeartbeatResponse(error_code=code, error_message=message, member_id="", status=())


def _response(result: StreamsHeartbeatResult, status: Sequence[Status]) -> StreamsGroupHeartbeatResponse:
    tasks = result.tasks
    return StreamsGroupHeartbeatResponse(
        error_code=result.error,
        error_message=result.message,
        member_id=result.member_id,
        member_epoch=result.epoch,
        heartbeat_interval_ms=result.heartbeat_interval_ms,
        status=[wire.Status(status_code=one.code, status_detail=one.detail) for one in status],
        endpoint_information_epoch=result.endpoint_epoch,
        partitions_by_user_endpoint=None if result.endpoints is None else list(map(_endpoint, result.endpoints)),
        active_tasks=None if tasks is None else _task_ids(tasks.active),
        standby_tasks=None if tasks is None else _task_ids(tasks.standby),
        warmup_tasks=None if tasks is None else _task_ids(tasks.warmup),
    )


def _task_ids(tasks: Partitions | PartitionEpochs) -> list[wire.TaskIds]:
    return [wire.TaskIds(subtopology_id=name, partitions=sorted(tasks[name])) for name in in_hash_order(tasks)]


def _endpoint(of: EndpointPartitions) -> wire.EndpointToPartitions:
    return wire.EndpointToPartitions(
        user_endpoint=wire.Endpoint(host=of.host, port=of.port),
        active_partitions=_partitions(of.active),
        standby_partitions=_partitions(of.standby),
    )


def _partitions(topics: TopicPartitions) -> list[wire.TopicPartition]:
    return [wire.TopicPartition(topic=topic, partitions=indexes) for topic, indexes in topics]
