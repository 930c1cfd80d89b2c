"""One streams group: what it has beside those of other kinds are a topology, and processes that hold tasks."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ...result import Record
from ..modern.committing_group import CommittingGroup
from ..modern.topics_view import TopicsView
from .configured_topology import ConfiguredTopology
from .endpoints import EndpointPartitions, endpoint_partitions
from .member import LEFT, StreamsMember
from .records import group_tombstones
from .task_holders import HeldByProcesses
from .tasks import NO_TASKS, Tasks
from .topology import Topology

STREAMS = "streams"


class StreamsGroup(CommittingGroup[StreamsMember, Tasks]):
    """A group as its coordinator knows it.

    Not in the log, as in Kafka: how the topology stands to the topics (`configured`), the epoch of what is told of
    endpoints, and who asked for the application to end.
    """

    group_type = STREAMS
    protocol_type = STREAMS
    __slots__ = (
        "_endpoints",
        "assignment_configs",
        "configured",
        "endpoint_epoch",
        "holders",
        "shutdown_member_id",
        "topology",
        "validated_topology_epoch",
    )

    def __init__(self, group_id: str, topics: TopicsView) -> None:
        super().__init__(group_id, topics)
        self.topology: Topology | None = None
        self.validated_topology_epoch = 0
        self.assignment_configs: Mapping[str, str] = {}
        self.holders = HeldByProcesses()
        self.configured: ConfiguredTopology | None = None
        self.endpoint_epoch = 0
        self.shutdown_member_id: str | None = None
        self._endpoints: dict[str, EndpointPartitions] = {}

    # Questions

    def _current_state(self) -> str:
        if not self.members:
            return "Empty"
        if self.topology is None or self.topology.epoch != self.validated_topology_epoch:
            return "NotReady"
        if self.epoch > self.assignment_epoch:
            return "Assigning"
        if all(member.is_reconciled_to(self.assignment_epoch) for member in self.members.values()):
            return "Stable"
        return "Reconciling"

    def subscribed_topics(self) -> AbstractSet[str]:
        """All topics that must be there for the application to run."""
        return frozenset() if self.topology is None else self.topology.required_topics

    def existing(self, topic: str) -> int | None:
        """How many partitions a topic has, if it is there."""
        found = self.topics.find(topic)
        return None if found is None else found.partitions

    def target_of(self, member_id: str) -> Tasks:
        """What a member should have."""
        return self.target.get(member_id, NO_TASKS)

    def endpoints(self, updated: StreamsMember, configured: ConfiguredTopology) -> list[EndpointPartitions]:
        """What is behind the endpoints of all members, `updated` being one of them, or new."""
        is_current = configured is self.configured
        found: list[EndpointPartitions] = []
        for member in (*(m for m in self.members.values() if m.member_id != updated.member_id), updated):
            if member.user_endpoint is None:
                continue
            may_keep = is_current and member is not updated
            known = self._endpoints.get(member.member_id) if may_keep else None
            if known is None:
                known = endpoint_partitions(member, member.user_endpoint, configured.subtopologies, self.existing)
                if may_keep:
                    self._endpoints[member.member_id] = known
            found.append(known)
        return found

    # What is asked of a group of any kind

    def given_at(self, member: StreamsMember, topic: str, partition: int) -> int | None:
        """Of the task that reads the partition."""
        reader = None if self.topology is None else self.topology.readers.get(topic)
        return None if reader is None else member.active_since(reader, partition)

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether it reads a topic: an empty group reads none."""
        return bool(self.members) and self.topology is not None and topic in self.topology.readers

    def tombstones(self) -> list[Record]:
        return group_tombstones(self.group_id, self.members)

    # What replay changes

    def set_validated(self, topology_epoch: int, assignment_configs: Mapping[str, str]) -> None:
        """The topics of this topology are all there, or -1; the settings that the assignment depends on."""
        self.validated_topology_epoch, self.assignment_configs = topology_epoch, assignment_configs
        self.forget_state()

    def set_topology(self, topology: Topology | None) -> None:
        """The topology has been reported."""
        self.topology = topology
        self.forget_state()

    def put_metadata(self, reported: StreamsMember) -> None:
        """A member has reported of itself."""
        known = self.members.get(reported.member_id)
        self._put(known, reported if known is None else reported.with_assignment_of(known))

    def put_assignment(self, current: StreamsMember) -> None:
        """A member has got tasks, or is to give some up; only what is said of that counts.

        In a compacted log this may come before what the member reported of itself.
        """
        known = self.members.get(current.member_id)
        self._put(known, (known or StreamsMember(current.member_id)).with_assignment_of(current))

    def drop_assignment(self, member_id: str) -> None:
        """A member has nothing any more."""
        if member_id in self.members:
            self.put_assignment(StreamsMember(member_id, epoch=LEFT, previous_epoch=LEFT))

    def remove(self, member_id: str) -> None:
        """A member has gone."""
        known = self.members.pop(member_id, None)
        if known is None:
            return
        self.holders.drop(known)
        self._endpoints.pop(member_id, None)
        if not self.members:
            self.shutdown_member_id = None
        self.forget_state()

    def _put(self, known: StreamsMember | None, member: StreamsMember) -> None:
        if known is not None:
            self.holders.drop(known)
        self.holders.add(member)
        self.members[member.member_id] = member
        self._endpoints.pop(member.member_id, None)
        self.forget_state()

    # What is of this process alone

    def set_configured(self, configured: ConfiguredTopology) -> None:
        """The topology has been held against the topics."""
        self.configured = configured
        self._endpoints.clear()
