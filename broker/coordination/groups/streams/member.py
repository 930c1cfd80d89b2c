"""A member of a streams group, one thread of an application: what it reported, and the tasks it has been given.

The one rule: a member is never changed. A heartbeat makes another one, the records say what is different, and their
replay puts it into the group.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from .tasks import NONE_HELD, HeldTasks, Tasks

LEFT = -1
LEFT_FOR_NOW = -2


class MemberState(IntEnum):
    """How far a member has got towards its target; the numbers stand in records."""

    STABLE = 1
    UNREVOKED_TASKS = 2
    UNRELEASED_TASKS = 3
    UNKNOWN = 127


@dataclass(frozen=True, slots=True)
class StreamsMember:
    """A member as its records have it; `user_endpoint` is where its state can be asked, a host and a port."""

    member_id: str
    instance_id: str | None = None
    rack_id: str | None = None
    client_id: str = ""
    client_host: str = ""
    rebalance_timeout_ms: int = -1
    topology_epoch: int = -1
    process_id: str = ""
    user_endpoint: tuple[str, int] | None = None
    client_tags: tuple[tuple[str, str], ...] = ()
    epoch: int = 0
    previous_epoch: int = 0
    state: MemberState = MemberState.STABLE
    held: HeldTasks = field(default_factory=HeldTasks)
    revoking: HeldTasks = field(default_factory=HeldTasks)

    def is_reconciled_to(self, assignment_epoch: int) -> bool:
        """Whether it has what this target assignment gives it."""
        return self.state is MemberState.STABLE and self.epoch == assignment_epoch

    def at(self, state: MemberState, epoch: int, held: HeldTasks, revoking: HeldTasks = NONE_HELD) -> "StreamsMember":
        """The member in its next state; the epoch that it had, even if it is the same, is then its previous one."""
        return replace(self, state=state, epoch=epoch, previous_epoch=self.epoch, held=held, revoking=revoking)

    def with_assignment_of(self, other: "StreamsMember") -> "StreamsMember":
        """What this one reported of itself, with all that the coordinator has given the other."""
        return replace(
            self,
            state=other.state,
            epoch=other.epoch,
            previous_epoch=other.previous_epoch,
            held=other.held,
            revoking=other.revoking,
        )

    def has_same_metadata(self, other: "StreamsMember") -> bool:
        """Whether both reported the same of themselves."""
        return self._metadata() == other._metadata()

    def _metadata(self) -> Sequence[object]:
        return (
            self.member_id,
            self.instance_id,
            self.rack_id,
            self.client_id,
            self.client_host,
            self.rebalance_timeout_ms,
            self.topology_epoch,
            self.process_id,
            self.user_endpoint,
            self.client_tags,
        )

    def active_since(self, subtopology_id: str, partition: int) -> int | None:
        """The epoch at which it was given this active task, which it has or has yet to give up."""
        for tasks in (self.held, self.revoking):
            epoch = tasks.active.get(subtopology_id, {}).get(partition)
            if epoch is not None:
                return epoch
        return None

    def owns_no_more_than_given(self, owned: Tasks | None) -> bool:
        """Whether what it reports to own is a part of what it was given; an absent report is not."""
        if owned is None:
            return False
        pairs = (
            (owned.active, self.held.active),
            (owned.standby, self.held.standby),
            (owned.warmup, self.held.warmup),
        )
        return all(
            (given := held.get(subtopology_id)) is not None and all(index in given for index in indexes)
            for reported, held in pairs
            for subtopology_id, indexes in reported.items()
        )
