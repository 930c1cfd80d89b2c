"""One classic group: its state, members, generation and leader.

The one rule: what is logged (generation, protocol, leader, the assignments of a Stable group) is taken over by `adopt`
from a record, live as after a restart; who is just joining lives here only.
"""

from collections.abc import Iterable, Mapping
from enum import Enum

from .....protocol.errors import ErrorCode, KafkaError
from ..group_records import StoredGroup, StoredMember
from .member import JoinedMember, JoinRequest, JoinResult, Member, choose_protocol, common_protocols
from .subscribed_topics import CONSUMER, find_subscribed_topics


class ClassicState(Enum):
    """The values are the names that DescribeGroups and ListGroups show."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


# Every legal move, so that a test can walk the table.
TRANSITIONS: Mapping[ClassicState, frozenset[ClassicState]] = {
    ClassicState.EMPTY: frozenset({ClassicState.PREPARING_REBALANCE, ClassicState.DEAD}),
    ClassicState.PREPARING_REBALANCE: frozenset(
        {ClassicState.COMPLETING_REBALANCE, ClassicState.EMPTY, ClassicState.DEAD}
    ),
    ClassicState.COMPLETING_REBALANCE: frozenset(
        {ClassicState.STABLE, ClassicState.PREPARING_REBALANCE, ClassicState.DEAD}
    ),
    ClassicState.STABLE: frozenset({ClassicState.PREPARING_REBALANCE, ClassicState.DEAD}),
    ClassicState.DEAD: frozenset(),
}


class ClassicGroup:
    """A group as its coordinator knows it; one without a protocol type only keeps offsets."""

    def __init__(self, group_id: str, now_ms: int = -1) -> None:
        self.group_id = group_id
        self.state = ClassicState.EMPTY
        self.state_timestamp_ms = now_ms
        self.generation: int = 0
        self.protocol_type: str | None = None
        self.protocol_name: str | None = None
        self.leader: str | None = None
        self.members: dict[str, Member] = {}
        self.static_members: dict[str, str] = {}
        # Newcomers that were told their id and have not come back with it (KIP-394).
        self.pending_members: set[str] = set()
        # Members of a fresh generation from which no SyncGroup has come.
        self.pending_sync: set[str] = set()
        # The first rebalance of an Empty group waits for a while, and longer when others come (KIP-134).
        self.is_first_rebalance = False
        self.has_newcomers = False
        self._subscribed_topics: frozenset[str] | None = None

    def transition_to(self, state: ClassicState, now_ms: int) -> None:
        """Move to `state`; a move that the table does not know is a bug of ours."""
        if state not in TRANSITIONS[self.state]:
            raise AssertionError(f"group {self.group_id!r}: {self.state.name} -> {state.name}")
        self.state = state
        self.state_timestamp_ms = now_ms

    # Questions

    @property
    def is_empty(self) -> bool:
        return self.state is ClassicState.EMPTY

    @property
    def is_between_generations(self) -> bool:
        """Whether a generation has been handed out whose assignments are not known yet."""
        return self.state is ClassicState.COMPLETING_REBALANCE

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member may take to join again."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def awaited_joins(self) -> int:
        """How many members have joined the generation that is being made."""
        return sum(member.join is not None for member in self.members.values())

    def has_all_joined(self) -> bool:
        """Whether nobody is left to wait for."""
        return not self.pending_members and self.awaited_joins == len(self.members)

    def supports(self, joining: JoinRequest) -> bool:
        """Whether the newcomer's protocols agree with the group's."""
        if self.is_empty:
            return bool(joining.protocol_type and joining.protocols)
        if joining.protocol_type != self.protocol_type:
            return False
        return not common_protocols(self.members.values()).isdisjoint(name for name, _ in joining.protocols)

    def has_room_for(self, member_id: str, max_size: int) -> bool:
        """Whether a join of this member keeps the group within `max_size`."""
        if self.state is ClassicState.PREPARING_REBALANCE:
            member = self.members.get(member_id)
            return (member is not None and member.join is not None) or self.awaited_joins < max_size
        return self.is_empty or member_id in self.members or len(self.members) < max_size

    def find_member_error(self, member_id: str, group_instance_id: str | None) -> ErrorCode | None:
        """What is wrong with these names of a member: 25 unknown, 82 replaced by another of the same instance."""
        if group_instance_id is not None:
            owner = self.static_members.get(group_instance_id)
            if owner is None:
                return ErrorCode.UNKNOWN_MEMBER_ID
            if owner != member_id:
                return ErrorCode.FENCED_INSTANCE_ID
        return None if member_id in self.members else ErrorCode.UNKNOWN_MEMBER_ID

    def check_commit(
        self,
        member_id: str,
        group_instance_id: str | None,
        generation: int,
        *,
        is_transactional: bool = False,
    ) -> None:
        """Whether offsets may be committed in this name; raises 25, 82, 22, 27.

        Without any name it is an administrator, who must wait until the group is empty; a transactional producer
        without one is an old client (before KIP-447) and passes.
        """
        if generation < 0 and self.is_empty:
            return
        if generation >= 0 or member_id or group_instance_id is not None:
            error = self.find_member_error(member_id, group_instance_id)
            if error is not None:
                raise KafkaError(error)
            if generation != self.generation:
                raise KafkaError(ErrorCode.ILLEGAL_GENERATION)
        elif not is_transactional:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        # PreparingRebalance is fine: consumers commit when partitions are revoked from them.
        if self.is_between_generations and not is_transactional:
            raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)

    def is_subscribed_to(self, topic: str) -> bool:
        """Whether a consumer reads `topic`; when subscriptions cannot be read, every topic may be."""
        if self.protocol_type is None or not self.members:
            return False
        if self._subscribed_topics is None:
            return self.protocol_type == CONSUMER
        return topic in self._subscribed_topics

    def has_known_subscriptions(self) -> bool:
        """Whether every member's subscription could be read."""
        return self._subscribed_topics is not None

    def leader_view(self) -> tuple[JoinedMember, ...]:
        """The member list, each with its metadata under the chosen protocol."""
        return tuple(
            JoinedMember(m.member_id, m.group_instance_id, m.metadata(self.protocol_name))
            for m in self.members.values()
        )

    def joined(self, member_id: str) -> JoinResult:
        """What this member is answered about the generation that exists: the member list goes to the leader only."""
        return JoinResult(
            ErrorCode.NONE,
            member_id,
            self.generation,
            self.protocol_type,
            self.protocol_name,
            self.leader or "",
            members=self.leader_view() if member_id == self.leader else (),
        )

    # Changes

    def add(self, member: Member, protocol_type: str) -> None:
        """Admit a member; the first one gives the group its type and leads it."""
        if not self.members:
            self.protocol_type = protocol_type
        if self.leader is None:
            self.leader = member.member_id
        self.members[member.member_id] = member
        if member.group_instance_id is not None:
            self.static_members[member.group_instance_id] = member.member_id
        self.pending_members.discard(member.member_id)

    def remove(self, member_id: str) -> Member:
        """Take a member out; if it led, the one that joined longest ago leads."""
        member = self.members.pop(member_id)
        if member.group_instance_id is not None:
            del self.static_members[member.group_instance_id]
        self.pending_sync.discard(member_id)
        if self.leader == member_id:
            self.leader = next(iter(self.members), None)
        return member

    def rename(self, old_id: str, new_id: str) -> Member:
        """Give a static member, its place and its leadership to another member id."""
        member = self.members[old_id]
        member.member_id = new_id
        self.members = {new_id if key == old_id else key: held for key, held in self.members.items()}
        assert member.group_instance_id is not None
        self.static_members[member.group_instance_id] = new_id
        if old_id in self.pending_sync:
            self.pending_sync.remove(old_id)
            self.pending_sync.add(new_id)
        if self.leader == old_id:
            self.leader = new_id
        return member

    def elect_joined_leader(self) -> bool:
        """Pass the lead to a member that joined, if the leader did not; False if nobody joined."""
        if self.leader is None:
            return False
        if self.members[self.leader].join is None:
            joined = next((m.member_id for m in self.members.values() if m.join is not None), None)
            if joined is None:
                return False
            self.leader = joined
        return True

    def start_generation(self, now_ms: int) -> None:
        """The join phase is over: the next generation, with the members that are there."""
        self.generation += 1
        self.has_newcomers = self.is_first_rebalance = False
        if self.members:
            self.protocol_name = self.chosen_protocol()
            self.transition_to(ClassicState.COMPLETING_REBALANCE, now_ms)
        else:
            self.protocol_name = None
            self.transition_to(ClassicState.EMPTY, now_ms)
        self._note_subscriptions()

    def chosen_protocol(self) -> str:
        """The protocol that the members would choose now."""
        return choose_protocol(self.members.values())

    # What is logged

    def stored(self, assignments: Mapping[str, bytes] | None = None) -> StoredGroup:
        """The group as it is logged, with these assignments or with those it has."""
        return StoredGroup(
            self.protocol_type or "",
            self.generation,
            self.protocol_name,
            self.leader,
            self.state_timestamp_ms,
            tuple(
                StoredMember(
                    m.member_id,
                    m.group_instance_id,
                    m.client_id,
                    m.client_host,
                    m.rebalance_timeout_ms,
                    m.session_timeout_ms,
                    m.metadata(self.protocol_name),
                    m.assignment if assignments is None else assignments.get(m.member_id, b""),
                )
                for m in self.members.values()
            ),
        )

    def adopt(self, stored: StoredGroup) -> None:
        """Take over a record; one of an earlier generation than the one in the making no longer counts."""
        if self.state is ClassicState.PREPARING_REBALANCE:
            return
        if self.is_between_generations and stored.generation != self.generation:
            return
        self.protocol_type = stored.protocol_type or None
        self.generation = stored.generation
        self.protocol_name = stored.protocol
        self.leader = stored.leader
        self.state_timestamp_ms = stored.state_timestamp_ms
        self.members = {m.member_id: self._adopted(m, stored.protocol) for m in stored.members}
        self.static_members = {
            m.group_instance_id: m.member_id for m in stored.members if m.group_instance_id is not None
        }
        if self.is_between_generations:
            self.transition_to(ClassicState.STABLE, stored.state_timestamp_ms)
        else:
            # A group is logged when it is Stable or Empty: after a restart that is all there is.
            self.state = ClassicState.STABLE if stored.members else ClassicState.EMPTY
        self._note_subscriptions()

    def _adopted(self, stored: StoredMember, protocol: str | None) -> Member:
        member = self.members.get(stored.member_id)
        if member is None:
            member = Member(
                stored.member_id,
                stored.group_instance_id,
                stored.client_id,
                stored.client_host,
                stored.session_timeout_ms,
                stored.rebalance_timeout_ms,
                ((protocol or "", stored.subscription),),
            )
        member.assignment = stored.assignment
        return member

    def _note_subscriptions(self) -> None:
        self._subscribed_topics = None
        if self.protocol_type == CONSUMER and self.protocol_name is not None:
            self._subscribed_topics = _union(m.metadata(self.protocol_name) for m in self.members.values())


def _union(subscriptions: Iterable[bytes]) -> frozenset[str] | None:
    topics: set[str] = set()
    for subscription in subscriptions:
        named = find_subscribed_topics(subscription)
        if named is None:
            return None
        topics |= named
    return frozenset(topics)
