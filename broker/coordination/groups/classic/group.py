"""One classic group: its state, members, generation and leader.

The one rule: what is logged (the Empty or Stable group, its members and their assignments) is taken over by `adopt`
from a record, live as after a restart. A rebalance lives here only, until the record that ends it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.subscription import decode_subscription
from .....protocol.wire import CorruptFrame
from ...result import Record
from ..offset_commit import OffsetCommit
from .member import (
    JoinedMember,
    JoinRequest,
    JoinResult,
    Member,
    SyncRequest,
    SyncResult,
    choose_protocol,
    common_protocols,
)
from .records import StoredGroup, StoredMember, group_record
from .states import TRANSITIONS, ClassicState

CLASSIC = "classic"
LAST_GENERATION = 0x7FFFFFFF
CONSUMER = "consumer"  # the protocol type whose subscriptions have a known form


class ClassicGroup:
    """A group as its coordinator knows it; one without a protocol type only keeps offsets."""

    group_type = CLASSIC
    __slots__ = (
        *("_subscribed_topics", "generation", "group_id", "has_newcomers", "is_first_rebalance", "leader", "members"),
        *("pending_members", "pending_sync", "protocol_name", "protocol_type", "state", "state_timestamp_ms"),
        "static_members",
    )

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
        # Newcomers that were given their id and have not come back with it (KIP-394).
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
    def is_replaceable(self) -> bool:
        return self.is_empty

    @property
    def is_abandoned(self) -> bool:
        return self.is_empty and not self.pending_members

    @property
    def state_name(self) -> str:
        return self.state.value

    @property
    def is_between_generations(self) -> bool:
        """Whether a generation has been handed out whose assignments are not known yet."""
        return self.state is ClassicState.COMPLETING_REBALANCE

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member may take to join again."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def next_generation(self) -> int:
        """The generation to come; after the last one that has a number it begins again."""
        return self.generation + 1 if self.generation < LAST_GENERATION else 1

    @property
    def awaited_joins(self) -> int:
        """How many members have joined the generation that is being made."""
        return sum(member.join is not None for member in self.members.values())

    def has_all_joined(self) -> bool:
        """Whether no member is left to wait for."""
        return not self.pending_members and self.awaited_joins == len(self.members)

    def supports(self, request: JoinRequest) -> bool:
        """Whether the newcomer's protocols agree with the group's."""
        if self.is_empty:
            return bool(request.protocol_type and request.protocols)
        if request.protocol_type != self.protocol_type:
            return False
        return not common_protocols(self.members.values()).isdisjoint(name for name, _ in request.protocols)

    def has_room_for(self, member_id: str, max_size: int) -> bool:
        """Whether a join of this member keeps the group within `max_size`."""
        if self.state is ClassicState.PREPARING_REBALANCE:
            member = self.members.get(member_id)
            return (member is not None and member.join is not None) or self.awaited_joins < max_size
        return self.is_empty or member_id in self.members or len(self.members) < max_size

    def find_member_error(self, member_id: str, group_instance_id: str | None) -> ErrorCode | None:
        """UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID where another member has taken over the instance."""
        if group_instance_id is not None:
            owner = self.static_members.get(group_instance_id)
            if owner is None:
                return ErrorCode.UNKNOWN_MEMBER_ID
            if owner != member_id:
                return ErrorCode.FENCED_INSTANCE_ID
        return None if member_id in self.members else ErrorCode.UNKNOWN_MEMBER_ID

    def check_member(self, member_id: str, group_instance_id: str | None, generation: int) -> None:
        """Whether this member of this generation may ask for anything.

        UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION.
        """
        error = self.find_member_error(member_id, group_instance_id)
        if error is not None:
            raise KafkaError(error)
        if generation != self.generation:
            raise KafkaError(ErrorCode.ILLEGAL_GENERATION)

    def check_protocol(self, request: SyncRequest) -> None:
        """Whether a member syncs on the protocol that was chosen; INCONSISTENT_GROUP_PROTOCOL."""
        for believed, chosen in (
            (request.protocol_type, self.protocol_type),
            (request.protocol_name, self.protocol_name),
        ):
            if believed is not None and believed != chosen:
                raise KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)

    def check_commit(self, commit: OffsetCommit) -> None:
        """Whether offsets may be committed in this name.

        UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS.
        Without any name it is an administrator, who must wait until the group is empty; a transactional producer
        without one is an old client (before KIP-447) and passes.
        """
        if commit.generation < 0 and self.is_empty:
            return
        if commit.generation >= 0 or commit.member_id or commit.group_instance_id is not None:
            self.check_member(commit.member_id, commit.group_instance_id, commit.generation)
        elif not commit.is_transactional:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        # PreparingRebalance is fine: consumers commit when partitions are revoked from them.
        if self.is_between_generations and not commit.is_transactional:
            raise KafkaError(ErrorCode.REBALANCE_IN_PROGRESS)

    def check_fetch(self, member_id: str | None, member_epoch: int) -> None:
        """Members of classic groups do not tell who they are when they fetch offsets."""

    def check_offset_delete(self) -> None:
        """NON_EMPTY_GROUP while there are members whose topics cannot be known."""
        if not self.is_empty and self.protocol_type != CONSUMER:
            raise KafkaError(ErrorCode.NON_EMPTY_GROUP)

    def check_delete(self) -> None:
        """NON_EMPTY_GROUP while there are members."""
        if not self.is_empty:
            raise KafkaError(ErrorCode.NON_EMPTY_GROUP)

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

    def expiration_base_ms(self, topic: str, commit_timestamp_ms: int) -> int | None:
        """Since when an offset of `topic` is unused: it was committed, or the group became Empty (KIP-211)."""
        if self.protocol_type is None:
            return commit_timestamp_ms
        if self.is_empty:
            return max(self.state_timestamp_ms, commit_timestamp_ms)
        is_known = self.state is ClassicState.STABLE and self.has_known_subscriptions()
        return commit_timestamp_ms if is_known and not self.is_subscribed_to(topic) else None

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

    def synced(self, member: Member) -> SyncResult:
        """What this member of a Stable group is answered about its assignment."""
        return SyncResult(ErrorCode.NONE, self.protocol_type, self.protocol_name, member.assignment)

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
        instance = member.group_instance_id
        if instance is not None and self.static_members.get(instance) == member_id:
            del self.static_members[instance]
        self.pending_sync.discard(member_id)
        if self.leader == member_id:
            self.leader = next(iter(self.members), None)
        return member

    def replace(self, old_id: str, member: Member) -> None:
        """Give the place and the leadership of a static member to the member that has taken over its instance."""
        self.members = {m.member_id: m for m in self.members_with(old_id, member)}
        assert member.group_instance_id is not None
        self.static_members[member.group_instance_id] = member.member_id
        if self.leader == old_id:
            self.leader = member.member_id
        self.replace_awaited_sync(old_id, member.member_id)

    def replace_awaited_sync(self, old_id: str, new_id: str) -> None:
        """Await the SyncGroup that one member owes from the other."""
        if old_id in self.pending_sync:
            self.pending_sync.remove(old_id)
            self.pending_sync.add(new_id)

    def elect_joined_leader(self) -> bool:
        """Pass the lead to a member that joined, if the leader did not; False if none joined."""
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
        self.generation = self.next_generation
        self.has_newcomers = self.is_first_rebalance = False
        self.protocol_name = choose_protocol(self.members.values())
        self.transition_to(ClassicState.COMPLETING_REBALANCE, now_ms)
        self._note_subscriptions()

    # What is logged

    def tombstones(self) -> list[Record]:
        """The record that removes it."""
        return [group_record(self.group_id, None)]

    def stored(self) -> StoredGroup:
        """The group as it is."""
        return StoredGroup(
            self.protocol_type or "",
            self.generation,
            self.protocol_name,
            self.leader,
            self.state_timestamp_ms,
            tuple(member.stored(self.protocol_name) for member in self.members.values()),
        )

    def stored_empty(self, now_ms: int) -> StoredGroup:
        """The group as it will be when its last rebalance has ended without members."""
        return StoredGroup(self.protocol_type or "", self.next_generation, None, None, now_ms)

    def stored_with_assignments(self, assignments: Mapping[str, bytes]) -> StoredGroup:
        """The group as it will be when its leader has assigned."""
        stored = self.stored()
        members = tuple(replace(m, assignment=assignments.get(m.member_id, b"")) for m in stored.members)
        return replace(stored, members=members)

    def stored_with_replacement(self, old_id: str, member: Member) -> StoredGroup:
        """The group as it will be when `member` has taken the place of a static member."""
        members = tuple(m.stored(self.protocol_name) for m in self.members_with(old_id, member))
        return replace(
            self.stored(), leader=member.member_id if self.leader == old_id else self.leader, members=members
        )

    def members_with(self, old_id: str, member: Member) -> list[Member]:
        """The members, with `member` in the place of another."""
        return [member if m.member_id == old_id else m for m in self.members.values()]

    def adopt(self, stored: StoredGroup) -> None:
        """Take over a record, which is of a Stable group or an Empty one: it ends the rebalance that is on."""
        state = ClassicState.STABLE if stored.members else ClassicState.EMPTY
        if self.state in (ClassicState.PREPARING_REBALANCE, ClassicState.COMPLETING_REBALANCE):
            self.transition_to(state, stored.state_timestamp_ms)
        self.state = state
        self.state_timestamp_ms = stored.state_timestamp_ms
        self.protocol_type = stored.protocol_type or None
        self.generation = stored.generation
        self.protocol_name = stored.protocol
        self.members = {m.member_id: self._adopted(m, stored.protocol) for m in stored.members}
        # A client may have written the record: it need not make sense.
        self.leader = stored.leader if stored.leader in self.members else next(iter(self.members), None)
        self.static_members = {
            m.group_instance_id: m.member_id for m in stored.members if m.group_instance_id is not None
        }
        if self.is_empty:
            self.has_newcomers = self.is_first_rebalance = False
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


def find_subscribed_topics(subscription: bytes) -> frozenset[str] | None:
    """The topics of a ConsumerProtocolSubscription of any version.

    None if these bytes are none: they are the client's own business, and never an error.
    """
    try:
        return frozenset(decode_subscription(subscription).topics)
    except CorruptFrame:
        return None
