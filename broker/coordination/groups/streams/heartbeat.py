"""A heartbeat of a member that stays or enters: what it changes, what that makes of the target, what it is given.

The one rule (KIP-1071): whatever changes who should have what raises the group's epoch; the target assignment follows
the group's epoch, and each member follows the target at its own heartbeats.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from .....protocol.errors import ErrorCode, KafkaError
from ...result import Instant, Record
from ..modern.topics_view import TopicsView, metadata_hash
from .configured_topology import ConfiguredSubtopology, ConfiguredTopology, configure_topology
from .group import StreamsGroup
from .heartbeat_request import StreamsHeartbeatRequest
from .member import StreamsMember
from .reconciliation import reconcile
from .records import (
    current_record,
    group_record,
    member_record,
    target_epoch_record,
    target_member_record,
    topology_record,
)
from .settings import StreamsGroupSettings
from .status import Status, StatusCode
from .sticky_assignor import StreamsAssignee, assign_sticky
from .tasks import NO_TASKS, Partitions, Tasks
from .topology import Topology

NOT_VALIDATED = -1


@dataclass(slots=True)
class StreamsBeat:
    """What a heartbeat amounts to: the member before and after it, and the records of the difference.

    `configured` is how the topology stands to the topics; `has_looked` whether that was looked at.
    """

    before: StreamsMember
    after: StreamsMember
    configured: ConfiguredTopology
    records: list[Record]
    status: list[Status] = field(default_factory=list[Status])
    has_looked: bool = False


class StreamsHeartbeats:
    """Decides heartbeats over groups and topics that it is given."""

    def __init__(self, topics: TopicsView) -> None:
        self._topics = topics

    def beat(
        self,
        group: StreamsGroup,
        request: StreamsHeartbeatRequest,
        settings: StreamsGroupSettings,
        at: Instant,
        *,
        is_delayed: bool,
    ) -> StreamsBeat:
        """What this heartbeat changes; KafkaError if the member may not send it.

        `is_delayed` is whether a new group still waits for the members that are yet to come.
        """
        before = _find_member(group, request)
        after = _reported(before, request)
        records: list[Record] = []
        must_raise = not after.has_same_metadata(before)
        if must_raise:
            records.append(member_record(group.group_id, after))
        topology = _topology_after(group, request, records)
        beat = StreamsBeat(before, after, _NOT_CONFIGURED, records)
        if group.topology is not None and after.topology_epoch < group.topology.epoch:
            beat.status.append(_stale(after.topology_epoch, group.topology.epoch))
        topics_hash = self._configure(group, topology, beat)
        must_raise |= topics_hash != group.metadata_hash
        validated_epoch = NOT_VALIDATED
        if beat.configured.is_ready:
            validated_epoch = topology.epoch
            _check_tasks(beat.configured.subtopologies or {}, request)
        configs = settings.assignment_configs
        must_raise |= validated_epoch != group.validated_topology_epoch or configs != group.assignment_configs
        epoch = group.epoch
        if must_raise:
            epoch += 1
            records.append(group_record(group.group_id, epoch, topics_hash, validated_epoch, configs))
        target_epoch, target = self._target(group, epoch, beat, settings, at, is_delayed=is_delayed)
        beat.after = reconcile(after, target_epoch, target, request.owned, group.holders)
        if beat.after != after:
            records.append(current_record(group.group_id, beat.after))
        if beat.configured.status is not None:
            beat.status.append(beat.configured.status)
        return beat

    def _configure(self, group: StreamsGroup, topology: Topology, beat: StreamsBeat) -> int:
        """How the topology stands to the topics, and their hash: looked at anew when either may have changed."""
        known = group.configured
        if group.topology is not None and known is not None and not group.needs_refresh:
            beat.configured = known
            return group.metadata_hash
        topics_hash = metadata_hash(topology.required_topics, self._topics)
        beat.has_looked = True
        if group.topology is not None and known is not None and topics_hash == group.metadata_hash:
            beat.configured = known
        else:
            beat.configured = configure_topology(topology, topics_hash, group.existing)
        return topics_hash

    def _target(
        self,
        group: StreamsGroup,
        epoch: int,
        beat: StreamsBeat,
        settings: StreamsGroupSettings,
        at: Instant,
        *,
        is_delayed: bool,
    ) -> tuple[int, Tasks]:
        """The target of this member, and its epoch: made anew where it is behind, but not too early nor too often."""
        member_id = beat.after.member_id
        if is_delayed:
            beat.status.append(_delayed("initial rebalance delay"))
            return group.assignment_epoch, NO_TASKS
        if epoch <= group.assignment_epoch:
            return group.assignment_epoch, group.target_of(member_id)
        if not group.may_assign(at.now_ms, settings.assignment_interval_ms):
            beat.status.append(_delayed("assignment interval"))
            return group.assignment_epoch, group.target_of(member_id)
        members = {**group.members, member_id: beat.after}
        assigned = assign(group, members.values(), beat.configured, settings.num_standby_replicas)
        beat.records += target_records(group, assigned, epoch, at.now_ms)
        return epoch, assigned[member_id]


_NOT_CONFIGURED = ConfiguredTopology(0, 0, None)


def assign(
    group: StreamsGroup, members: Iterable[StreamsMember], configured: ConfiguredTopology, num_standby_replicas: int
) -> Mapping[str, Tasks]:
    """The target of each member: no tasks while the topics are not ready."""
    if configured.subtopologies is None or not configured.is_ready:
        return {member.member_id: NO_TASKS for member in members}
    assignees = [
        StreamsAssignee(member.member_id, member.process_id, group.target_of(member.member_id)) for member in members
    ]
    return assign_sticky(assignees, configured.subtopologies, num_standby_replicas)


def target_records(group: StreamsGroup, assigned: Mapping[str, Tasks], epoch: int, now_ms: int) -> list[Record]:
    """The records of a target assignment: of the members whose tasks are new, and its epoch."""
    return [
        *(
            target_member_record(group.group_id, member_id, tasks)
            for member_id, tasks in assigned.items()
            if group.target.get(member_id) != tasks
        ),
        target_epoch_record(group.group_id, epoch, now_ms),
    ]


def _find_member(group: StreamsGroup, request: StreamsHeartbeatRequest) -> StreamsMember:
    """The member that a heartbeat is of: UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH.

    The epoch before its own is taken where the answer that brought the newer one was lost.
    """
    if request.is_join:
        return group.members.get(request.member_id, StreamsMember(request.member_id))
    member = group.known_member(request.member_id)
    if request.epoch == member.epoch:
        return member
    is_late = request.epoch < member.epoch and request.epoch == member.previous_epoch
    if is_late and member.owns_no_more_than_given(request.owned):
        return member
    raise group.refuse_epoch(member, request.epoch)


def _reported(member: StreamsMember, request: StreamsHeartbeatRequest) -> StreamsMember:
    """The member with what it reports; null is no change."""
    timeout_ms = request.rebalance_timeout_ms
    return replace(
        member,
        rack_id=member.rack_id if request.rack_id is None else request.rack_id,
        client_id=request.client_id,
        client_host=request.client_host,
        rebalance_timeout_ms=member.rebalance_timeout_ms if timeout_ms == -1 else timeout_ms,
        topology_epoch=member.topology_epoch if request.topology is None else request.topology.epoch,
        process_id=member.process_id if request.process_id is None else request.process_id,
        user_endpoint=member.user_endpoint if request.user_endpoint is None else request.user_endpoint,
        client_tags=member.client_tags if request.client_tags is None else _checked_tags(request.client_tags),
    )


def _checked_tags(tags: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if len(dict(tags)) < len(tags):
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
    return tuple(sorted(tags))


def _topology_after(group: StreamsGroup, request: StreamsHeartbeatRequest, records: list[Record]) -> Topology:
    """The group's topology: the first that is reported stays. INVALID_REQUEST."""
    if request.topology is None:
        if group.topology is None:
            raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)
        return group.topology
    reported = request.topology.checked()
    if group.topology is None:
        records.append(topology_record(group.group_id, reported))
        return reported
    if reported.epoch >= group.topology.epoch and reported != group.topology:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Topology updates are not supported yet.")
    return group.topology


def _check_tasks(subtopologies: Mapping[str, ConfiguredSubtopology], request: StreamsHeartbeatRequest) -> None:
    """Whether the tasks that a member reports can be. INVALID_REQUEST."""
    for tasks in (request.active, request.standby, request.warmup):
        _check_role(subtopologies, tasks or {})


def _check_role(subtopologies: Mapping[str, ConfiguredSubtopology], tasks: Partitions) -> None:
    for subtopology_id, indexes in tasks.items():
        subtopology = subtopologies.get(subtopology_id)
        if subtopology is None:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Subtopology {subtopology_id} does not exist in the topology.")
        for index in sorted(indexes):
            if not 0 <= index < subtopology.tasks:
                raise KafkaError(
                    ErrorCode.INVALID_REQUEST,
                    f"Task {index} for subtopology {subtopology_id} is invalid. "
                    f"Number of tasks for this subtopology: {subtopology.tasks}",
                )


def _stale(member_epoch: int, group_epoch: int) -> Status:
    return Status(
        StatusCode.STALE_TOPOLOGY,
        f"The member's topology epoch {member_epoch} is behind the group's topology epoch {group_epoch}.",
    )


def _delayed(by: str) -> Status:
    return Status(StatusCode.ASSIGNMENT_DELAYED, f"Assignment delayed due to the configured {by}.")
