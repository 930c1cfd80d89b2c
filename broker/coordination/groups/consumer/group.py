"""One consumer group: what it has beside those of other kinds are static members, patterns, holders of partitions."""

from collections.abc import Collection, Iterable

from ...result import Record
from ..modern.committing_group import CommittingGroup
from ..modern.group import NO_PARTITIONS, Partitions
from ..modern.topics_view import TopicsView
from .member import ConsumerMember, held_partitions
from .records import ResolvedRegex, group_tombstones

CONSUMER = "consumer"


class ConsumerGroup(CommittingGroup[ConsumerMember, Partitions]):
    """A group as its coordinator knows it."""

    group_type = CONSUMER
    protocol_type = CONSUMER
    __slots__ = ("_holders", "_patterns", "_subscribed", "regexes", "static_members")

    def __init__(self, group_id: str, topics: TopicsView) -> None:
        super().__init__(group_id, topics)
        self.static_members: dict[str, str] = {}
        self.regexes: dict[str, ResolvedRegex] = {}
        self._holders: dict[tuple[bytes, int], str] = {}
        self._subscribed: frozenset[str] | None = None
        self._patterns: frozenset[str] | None = None

    # Questions

    def _current_state(self) -> str:
        if not self.members:
            return "Empty"
        if self.epoch > self.assignment_epoch:
            return "Assigning"
        if all(member.is_reconciled_to(self.assignment_epoch) for member in self.members.values()):
            return "Stable"
        return "Reconciling"

    def find_static(self, instance_id: str | None) -> ConsumerMember | None:
        """The member that has this instance id."""
        return None if instance_id is None else self.members.get(self.static_members.get(instance_id, ""))

    def holder_of(self, topic_id: bytes, partition: int) -> str | None:
        """The member that has this partition, or has yet to give it up."""
        return self._holders.get((topic_id, partition))

    def target_of(self, member_id: str) -> Partitions:
        """What a member should have."""
        return self.target.get(member_id, NO_PARTITIONS)

    def is_classic_without(self, gone: Collection[str]) -> bool:
        """Whether there are others than these members, and all of them speak the classic protocol."""
        others = [member for member in self.members.values() if member.member_id not in gone]
        return bool(others) and all(member.classic is not None for member in others)

    def supports_classic(self, protocol_type: str, names: Collection[str]) -> bool:
        """Whether a classic member fits that offers these protocols: one of them all classic members must know."""
        if protocol_type != CONSUMER or not names:
            return False
        common = set(names)
        for member in self.members.values():
            if member.classic is not None:
                common &= {name for name, _ in member.classic.protocols}
        return bool(common)

    def awaits_release(self, member: ConsumerMember) -> bool:
        """Whether anything that this member should have is still with another."""
        for topic_id, indexes in self.target_of(member.member_id).items():
            for index in indexes:
                if self.holder_of(topic_id, index) not in (None, member.member_id):
                    return True
        return False

    def subscribers_of(self, regex: str) -> int:
        """How many members subscribe to a pattern."""
        return sum(member.subscribed_topic_regex == regex for member in self.members.values())

    def subscribed_regexes(self) -> frozenset[str]:
        """The patterns to which any member subscribes."""
        if self._patterns is None:
            patterns = {member.subscribed_topic_regex for member in self.members.values()}
            self._patterns = frozenset(patterns - {""})
        return self._patterns

    def topics_of(self, member: ConsumerMember) -> frozenset[str]:
        """The names to which a member subscribes: an unresolved pattern matches none."""
        resolved = self.regexes.get(member.subscribed_topic_regex)
        return frozenset(member.subscribed_topic_names).union(resolved.topics if resolved is not None else ())

    def subscribed_topics(self) -> frozenset[str]:
        """The names to which any member subscribes."""
        if self._subscribed is None:
            self._subscribed = self.subscribed_topics_of(self.members.values())
        return self._subscribed

    def subscribed_topics_of(self, members: Iterable[ConsumerMember]) -> frozenset[str]:
        """The names to which any of these members subscribes."""
        names: set[str] = set()
        regexes: set[str] = set()
        for member in members:
            names.update(member.subscribed_topic_names)
            regexes.add(member.subscribed_topic_regex)
        for regex in regexes:
            if regex in self.regexes:
                names |= self.regexes[regex].topics
        return frozenset(names)

    # What is asked of a group of any kind

    def given_at(self, member: ConsumerMember, topic: str, partition: int) -> int | None:
        found = self.topics.find(topic)
        return None if found is None else member.assignment_epoch(found.topic_id, partition)

    def is_by_generation(self, member: ConsumerMember) -> bool:
        return member.classic is not None

    def tombstones(self) -> list[Record]:
        return group_tombstones(self.group_id, self.members, self.regexes)

    # What replay changes

    def put_metadata(self, reported: ConsumerMember) -> None:
        """A member has reported of itself."""
        known = self.members.get(reported.member_id)
        self._subscribed = self._patterns = None
        if known is None:
            self._put(reported)
            return
        self._forget_instance(known)
        self._put(reported.with_assignment_of(known))

    def put_assignment(self, current: ConsumerMember) -> None:
        """A member has got partitions, or is to give some up; only what is said of that counts.

        In a compacted log this may come before what the member reported of itself.
        """
        known = self.members.get(current.member_id, ConsumerMember(current.member_id))
        self._free(known)
        self._put(known.with_assignment_of(current))
        for at in held_partitions(current.assigned, current.revoking):
            self._holders[at] = current.member_id

    def drop_assignment(self, member_id: str) -> None:
        """A member has nothing any more."""
        known = self.members.get(member_id)
        if known is not None:
            self.put_assignment(ConsumerMember(member_id, previous_epoch=-1))

    def remove(self, member_id: str) -> None:
        """A member has gone."""
        known = self.members.pop(member_id, None)
        if known is None:
            return
        self._free(known)
        self._forget_instance(known)
        self._subscribed = self._patterns = None
        self.forget_state()

    def put_regex(self, regex: str, resolved: ResolvedRegex | None) -> None:
        """A pattern has been resolved, or None: nobody subscribes to it any more."""
        if resolved is None:
            self.regexes.pop(regex, None)
        else:
            self.regexes[regex] = resolved
        self._subscribed = None

    def _put(self, member: ConsumerMember) -> None:
        self.members[member.member_id] = member
        if member.instance_id is not None:
            self.static_members[member.instance_id] = member.member_id
        self.forget_state()

    def _forget_instance(self, member: ConsumerMember) -> None:
        """Its instance id may have gone on to another member already."""
        if member.instance_id is not None and self.static_members.get(member.instance_id) == member.member_id:
            del self.static_members[member.instance_id]

    def _free(self, member: ConsumerMember) -> None:
        for at in held_partitions(member.assigned, member.revoking):
            if self._holders.get(at) == member.member_id:
                del self._holders[at]
