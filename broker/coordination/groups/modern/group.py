"""A group whose coordinator assigns: epochs, members, target assignment, whatever its kind.

The one rule: all of it is in the log. It changes by the replay of records alone, live as after a restart; only what is
said of `needs_refresh` is of this process.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Generic, Protocol, TypeVar

from .....protocol.errors import ErrorCode, KafkaError
from .topics_view import TopicsView

FIRST_EPOCH = 1

Partitions = Mapping[bytes, frozenset[int]]
"""Partitions by topic id."""

NO_PARTITIONS: Partitions = MappingProxyType({})


class ModernMember(Protocol):
    """What there is to every member."""

    @property
    def member_id(self) -> str: ...
    @property
    def epoch(self) -> int: ...


M = TypeVar("M", bound=ModernMember)
T = TypeVar("T")


class ModernGroup(Generic[M, T]):
    """A group of members `M`, each with a target assignment `T`. A kind adds its states and its subscriptions."""

    group_type: str
    __slots__ = (
        "_state",
        "assignment_epoch",
        "assignment_timestamp_ms",
        "epoch",
        "group_id",
        "members",
        "metadata_hash",
        "needs_refresh",
        "target",
        "topics",
    )

    def __init__(self, group_id: str, topics: TopicsView) -> None:
        self.group_id = group_id
        # Where a group begins there is no record of it: the first change raises the epoch to 2.
        self.epoch = self.assignment_epoch = FIRST_EPOCH
        self.metadata_hash = 0
        self.assignment_timestamp_ms = 0
        self.members: dict[str, M] = {}
        self.target: dict[str, T] = {}
        # Topics may have changed since the epoch was raised: the next heartbeat looks.
        self.needs_refresh = True
        self.topics = topics
        self._state: str | None = None

    # Questions

    @property
    def is_empty(self) -> bool:
        return not self.members

    @property
    def is_abandoned(self) -> bool:
        return self.is_empty

    @property
    def is_replaceable(self) -> bool:
        return self.is_empty

    @property
    def state_name(self) -> str:
        """The state; whatever replay changes must call `forget_state`."""
        if self._state is None:
            self._state = self._current_state()
        return self._state

    def _current_state(self) -> str:
        raise NotImplementedError

    def subscribed_topics(self) -> AbstractSet[str]:
        """The names to which any member subscribes."""
        raise NotImplementedError

    def known_member(self, member_id: str) -> M:
        """The member of that id; UNKNOWN_MEMBER_ID."""
        member = self.members.get(member_id)
        if member is None:
            raise KafkaError(
                ErrorCode.UNKNOWN_MEMBER_ID, f"Member {member_id} is not a member of group {self.group_id}."
            )
        return member

    def may_assign(self, now_ms: int, interval_ms: int) -> bool:
        """Whether so long has passed since the last target assignment that a new one may be made (KIP-1263)."""
        return not 0 <= now_ms - self.assignment_timestamp_ms < interval_ms

    def check_room(self, member_id: str, max_size: int) -> None:
        """GROUP_MAX_SIZE_REACHED where this member would be one too many."""
        if len(self.members) >= max_size and member_id not in self.members:
            raise KafkaError(
                ErrorCode.GROUP_MAX_SIZE_REACHED,
                f"The {self.group_type} group has reached its maximum capacity of {max_size} members.",
            )

    def refuse_epoch(self, member: M, epoch: int) -> KafkaError:
        """FENCED_MEMBER_EPOCH for a member that comes with an epoch which is not its own."""
        which = "greater" if epoch > member.epoch else "smaller"
        return KafkaError(
            ErrorCode.FENCED_MEMBER_EPOCH,
            f"The {self.group_type} group member has a {which} member epoch ({epoch}) than the one known by the group"
            f" coordinator ({member.epoch}). The member must abandon all its partitions and rejoin.",
        )

    # What is asked of a group of any kind

    def check_delete(self) -> None:
        """NON_EMPTY_GROUP while there are members."""
        if self.members:
            raise KafkaError(ErrorCode.NON_EMPTY_GROUP)

    def is_subscribed_to(self, topic: str) -> bool:
        return topic in self.subscribed_topics()

    def expiration_base_ms(self, topic: str, commit_timestamp_ms: int) -> int | None:
        return None if self.is_subscribed_to(topic) else commit_timestamp_ms

    # What replay changes

    def set_epoch(self, epoch: int, metadata_hash: int) -> None:
        """The group's epoch has been raised."""
        self.epoch, self.metadata_hash = epoch, metadata_hash
        self.forget_state()

    def set_assignment_epoch(self, epoch: int, timestamp_ms: int) -> None:
        """A target assignment has been made for a group epoch."""
        self.assignment_epoch, self.assignment_timestamp_ms = epoch, timestamp_ms
        self.forget_state()

    def forget_state(self) -> None:
        """The state is to be looked at anew."""
        self._state = None
