"""A member of a consumer group: what it reported of itself, and what it has been given.

The one rule: a member is never changed. A heartbeat makes another one, the records say what is different, and their
replay puts it into the group.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from types import MappingProxyType

PartitionEpochs = Mapping[bytes, Mapping[int, int]]
"""By topic id and partition, the member epoch at which it was given (KIP-1251)."""

NONE_ASSIGNED: PartitionEpochs = MappingProxyType({})
LEFT_FOR_NOW = -2  # the epoch of a static member that said it would be back
LEFT = -1


class MemberState(IntEnum):
    """How far a member has got towards its target; the numbers stand in records."""

    STABLE = 0
    UNREVOKED_PARTITIONS = 1
    UNRELEASED_PARTITIONS = 2
    UNKNOWN = 127


@dataclass(frozen=True, slots=True)
class ClassicProtocols:
    """What a member of the classic protocol has beside: its `protocols`, (name, metadata), in its order."""

    session_timeout_ms: int
    protocols: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class ConsumerMember:
    """A member as its records have it; `subscribed_topic_regex` and names are empty where it has none.

    `classic` is None for one that speaks the consumer protocol.
    """

    member_id: str
    instance_id: str | None = None
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    subscribed_topic_names: tuple[str, ...] = ()
    subscribed_topic_regex: str = ""
    rebalance_timeout_ms: int = -1
    server_assignor: str | None = None
    classic: ClassicProtocols | None = None
    epoch: int = 0
    previous_epoch: int = -1
    state: MemberState = MemberState.STABLE
    assigned: PartitionEpochs = field(default_factory=dict[bytes, Mapping[int, int]])
    revoking: PartitionEpochs = field(default_factory=dict[bytes, Mapping[int, int]])

    def is_reconciled_to(self, assignment_epoch: int) -> bool:
        """Whether it has what this target assignment gives it."""
        return self.state is MemberState.STABLE and self.epoch == assignment_epoch

    def at(
        self,
        state: MemberState,
        epoch: int,
        assigned: PartitionEpochs,
        revoking: PartitionEpochs = NONE_ASSIGNED,
    ) -> "ConsumerMember":
        """The member in its next state; the epoch that it had, even if it is the same, is then its previous one."""
        return replace(self, state=state, epoch=epoch, previous_epoch=self.epoch, assigned=assigned, revoking=revoking)

    def with_assignment_of(self, other: "ConsumerMember") -> "ConsumerMember":
        """What this one reported of itself, with all that the coordinator has given the other."""
        return replace(
            self,
            state=other.state,
            epoch=other.epoch,
            previous_epoch=other.previous_epoch,
            assigned=other.assigned,
            revoking=other.revoking,
        )

    def has_same_metadata(self, other: "ConsumerMember") -> bool:
        """Whether both reported the same of themselves."""
        return self._metadata() == other._metadata()

    def has_same_assignment(self, other: "ConsumerMember") -> bool:
        """Whether both have got as far, with the same partitions."""
        mine = (self.epoch, self.state, self.assigned, self.revoking)
        return mine == (other.epoch, other.state, other.assigned, other.revoking)

    def _metadata(self) -> Sequence[object]:
        return (
            self.member_id,
            self.instance_id,
            self.rack_id,
            self.client_id,
            self.client_host,
            self.subscribed_topic_names,
            self.subscribed_topic_regex,
            self.rebalance_timeout_ms,
            self.server_assignor,
            self.classic,
        )

    def assignment_epoch(self, topic_id: bytes, partition: int) -> int | None:
        """The epoch at which it was given this partition, which it has or has yet to give up."""
        for held in (self.assigned, self.revoking):
            epoch = held.get(topic_id, {}).get(partition)
            if epoch is not None:
                return epoch
        return None

    def owns_no_more_than_assigned(self, owned: Sequence[tuple[bytes, Sequence[int]]] | None) -> bool:
        """Whether what it reports to own is a part of what it was given; an absent report is not."""
        if owned is None:
            return False
        return all(
            (given := self.assigned.get(topic_id)) is not None and all(index in given for index in indexes)
            for topic_id, indexes in owned
        )


def held_partitions(*assignments: PartitionEpochs) -> Iterable[tuple[bytes, int]]:
    """Each partition in these."""
    for assignment in assignments:
        for topic_id, indexes in assignment.items():
            for index in indexes:
                yield topic_id, index


def without_epochs(assignment: PartitionEpochs) -> dict[bytes, frozenset[int]]:
    """The partitions alone."""
    return {topic_id: frozenset(indexes) for topic_id, indexes in assignment.items()}
