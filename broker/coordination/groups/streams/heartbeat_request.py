"""What a StreamsGroupHeartbeat asks and is answered, and what makes one invalid before any group is looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .....protocol.errors import ErrorCode, KafkaError
from .endpoints import EndpointPartitions
from .member import LEFT, LEFT_FOR_NOW
from .status import Status
from .tasks import HeldTasks, Partitions, Tasks
from .topology import InternalTopic, ReportedTopology


@dataclass(frozen=True, slots=True)
class StreamsHeartbeatRequest:
    """A StreamsGroupHeartbeat; None, and -1 for the timeout, is what has not changed.

    `has_task_offsets` is whether it brings offsets of tasks, which Kafka 4.3 refuses.
    """

    group_id: str
    member_id: str
    epoch: int
    client_id: str
    client_host: str
    endpoint_epoch: int = 0
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout_ms: int = -1
    topology: ReportedTopology | None = None
    active: Partitions | None = None
    standby: Partitions | None = None
    warmup: Partitions | None = None
    process_id: str | None = None
    user_endpoint: tuple[str, int] | None = None
    client_tags: tuple[tuple[str, str], ...] | None = None
    has_task_offsets: bool = False
    has_task_end_offsets: bool = False
    shuts_down: bool = False

    @property
    def is_join(self) -> bool:
        """Whether it enters the group, or begins anew in it."""
        return self.epoch == 0

    @property
    def owned(self) -> Tasks | None:
        """The tasks that it reports to own; None where it reports none."""
        if self.active is None or self.standby is None or self.warmup is None:
            return None
        return Tasks(self.active, self.standby, self.warmup)


@dataclass(frozen=True, slots=True)
class StreamsHeartbeatResult:
    """The answer; tasks of None are unchanged ones, endpoints of None likewise.

    `missing` are the internal topics that are to be created on behalf of the client.
    """

    error: ErrorCode = ErrorCode.NONE
    message: str | None = None
    member_id: str = ""
    epoch: int = 0
    heartbeat_interval_ms: int = 0
    tasks: HeldTasks | None = None
    endpoint_epoch: int = 0
    endpoints: Sequence[EndpointPartitions] | None = None
    status: Sequence[Status] = ()
    missing: Mapping[str, InternalTopic] = field(default_factory=dict[str, InternalTopic])


def check_request(request: StreamsHeartbeatRequest) -> None:
    """INVALID_REQUEST, STREAMS_INVALID_TOPOLOGY; in the order and with the words of Kafka 4.3."""
    _check_support(request)
    _refuse_if(not request.member_id.strip(), "MemberId can't be empty.")
    _refuse_if(not request.group_id.strip(), "GroupId can't be empty.")
    _refuse_if(request.rack_id is not None and not request.rack_id.strip(), "RackId can't be empty.")
    if request.is_join:
        _check_join(request)
    elif request.epoch == LEFT_FOR_NOW:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "InstanceId can't be null.")
    elif request.epoch < LEFT:
        raise KafkaError(
            ErrorCode.INVALID_REQUEST, f"MemberEpoch is {request.epoch}, but must be greater than or equal to -2."
        )
    reported = [tasks is not None for tasks in (request.active, request.standby, request.warmup)]
    _refuse_if(any(reported) and not all(reported), "If one task-type is non-null, all must be non-null.")
    if not request.is_join:
        _refuse_if(request.topology is not None, "Topology can only be provided when (re-)joining.")


def _check_support(request: StreamsHeartbeatRequest) -> None:
    """What Kafka 4.3 does not do yet."""
    _refuse_if(request.instance_id is not None, "Static membership is not yet supported.")
    _refuse_if(request.has_task_offsets, "TaskOffsets are not supported yet.")
    _refuse_if(request.has_task_end_offsets, "TaskEndOffsets are not supported yet.")
    _refuse_if(bool(request.warmup), "WarmupTasks are not supported yet.")
    if request.topology is not None:
        _refuse_if(
            any(subtopology.source_topic_regex for subtopology in request.topology.subtopologies),
            "Regular expressions for source topics are not supported yet.",
        )


def _check_join(request: StreamsHeartbeatRequest) -> None:
    _refuse_if(request.rebalance_timeout_ms == -1, "RebalanceTimeoutMs must be provided in first request.")
    for kind, tasks in (("Active", request.active), ("Standby", request.standby), ("Warmup", request.warmup)):
        _refuse_if(tasks is None or len(tasks) > 0, f"{kind}Tasks must be empty when (re-)joining.")
    if request.topology is None:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Topology must be non-null when (re-)joining.")
    for subtopology in request.topology.subtopologies:
        for topic in subtopology.changelog_topics:
            if topic.partitions != 0:
                raise KafkaError(
                    ErrorCode.STREAMS_INVALID_TOPOLOGY,
                    f"Changelog topic {topic.name} must have an undefined partition count, "
                    f"but it is set to {topic.partitions}.",
                )


def _refuse_if(is_wrong: bool, why: str) -> None:
    if is_wrong:
        raise KafkaError(ErrorCode.INVALID_REQUEST, why)
