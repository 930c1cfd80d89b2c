"""One share group: what it has beside those of other kinds is which of its partitions have a stored state."""

from collections.abc import Iterable

from .....protocol.errors import ErrorCode, KafkaError
from ...result import Record
from ..modern.group import NO_PARTITIONS, ModernGroup, Partitions
from ..modern.topics_view import TopicsView
from ..offset_commit import OffsetCommit
from .member import LEFT, ShareMember
from .records import group_tombstones
from .state_partitions import StatePartitions

SHARE = "share"


class ShareGroup(ModernGroup[ShareMember, Partitions]):
    """A group as its coordinator knows it."""

    group_type = SHARE
    protocol_type = SHARE
    __slots__ = ("_is_settled", "_subscribed", "began_ms", "needs_states", "state_partitions")

    def __init__(self, group_id: str, topics: TopicsView) -> None:
        super().__init__(group_id, topics)
        # None where there is no such record.
        self.state_partitions: StatePartitions | None = None
        # What follows is of this process: when the states of topics were asked for, and whether any may be missing.
        self.began_ms: dict[bytes, int] = {}
        self.needs_states = True
        self._subscribed: frozenset[str] | None = None
        self._is_settled: bool | None = None

    # Questions

    def _current_state(self) -> str:
        return "Stable" if self.members else "Empty"

    @property
    def is_abandoned(self) -> bool:
        """It never is: a share group stays until it is deleted."""
        return False

    @property
    def is_replaceable(self) -> bool:
        """No group of another kind takes its place."""
        return False

    @property
    def states(self) -> StatePartitions:
        """Which partitions have a stored state."""
        return self.state_partitions or StatePartitions()

    def target_of(self, member_id: str) -> Partitions:
        """What a member should have."""
        return self.target.get(member_id, NO_PARTITIONS)

    def subscribed_topics(self) -> frozenset[str]:
        """The names to which any member subscribes."""
        if self._subscribed is None:
            self._subscribed = self.subscribed_topics_of(self.members.values())
        return self._subscribed

    @staticmethod
    def subscribed_topics_of(members: Iterable[ShareMember]) -> frozenset[str]:
        """The names to which any of these members subscribes."""
        return frozenset(name for member in members for name in member.subscribed_topic_names)

    @property
    def is_settled(self) -> bool:
        """Whether the target has all of what members subscribe to and has a state."""
        if self._is_settled is None:
            self._is_settled = self._has_all_in_target()
        return self._is_settled

    def _has_all_in_target(self) -> bool:
        subscribed = self.subscribed_topics()
        assigned: dict[bytes, set[int]] = {}
        for target in self.target.values():
            for topic_id, indexes in target.items():
                assigned.setdefault(topic_id, set()).update(indexes)
        return all(
            topic.partitions == frozenset(assigned.get(topic_id, ())) and topic_id in assigned
            for topic_id, topic in self.states.initialized.items()
            if topic.name in subscribed
        )

    # What is asked of a group of any kind

    def check_commit(self, commit: OffsetCommit) -> None:
        """A share group commits nothing: GROUP_ID_NOT_FOUND."""
        self._refuse_offsets()

    def check_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Nor is anything fetched in the name of a member; without a name there is nothing, which is no error."""
        if member_id is not None or member_epoch >= 0:
            self._refuse_offsets()

    def check_offset_delete(self) -> None:
        """And of deleting it."""
        self._refuse_offsets()

    def _refuse_offsets(self) -> None:
        raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {self.group_id} is not a consumer group.")

    def tombstones(self) -> list[Record]:
        return group_tombstones(self.group_id, self.members)

    # What replay changes

    def put_metadata(self, reported: ShareMember) -> None:
        """A member has reported of itself."""
        known = self.members.get(reported.member_id)
        self.members[reported.member_id] = reported if known is None else reported.with_assignment_of(known)
        self._forget_subscriptions()

    def put_assignment(self, current: ShareMember) -> None:
        """A member has got partitions; in a compacted log that may come before what it reported of itself."""
        known = self.members.get(current.member_id, ShareMember(current.member_id))
        self.members[current.member_id] = known.with_assignment_of(current)
        self.forget_state()

    def drop_assignment(self, member_id: str) -> None:
        """A member has nothing any more."""
        if member_id in self.members:
            self.put_assignment(ShareMember(member_id, epoch=LEFT, previous_epoch=LEFT))

    def remove(self, member_id: str) -> None:
        """A member has gone."""
        if self.members.pop(member_id, None) is not None:
            self._forget_subscriptions()

    def set_target(self, member_id: str, target: Partitions | None) -> None:
        """A member should have these, or has gone from the target."""
        if target is None:
            self.target.pop(member_id, None)
        else:
            self.target[member_id] = target
        self._is_settled = None

    def set_state_partitions(self, state: StatePartitions | None) -> None:
        """Other partitions have a stored state."""
        self.state_partitions = state
        self.needs_states = True
        self._is_settled = None
        under_way = () if state is None else state.initializing
        self.began_ms = {topic_id: at for topic_id, at in self.began_ms.items() if topic_id in under_way}

    def _forget_subscriptions(self) -> None:
        self._subscribed = self._is_settled = None
        self.needs_states = True
        self.forget_state()
