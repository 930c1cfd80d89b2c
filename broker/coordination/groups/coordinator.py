"""The group coordinator: all groups, their requests and their deadlines.

The one rule: no clock, no log, no chance. Every method is told the time and returns what is to be done; what is logged
changes in `replay` alone, live as after a restart.
"""

from collections.abc import Callable, Collection, Iterator, Sequence

from ....protocol.errors import ErrorCode, KafkaError
from ..coordinator_partition import partition_for
from ..result import Effects, Ticket
from ..timers import Deadlines
from .classic.group import ClassicGroup, ClassicState
from .classic.join import JoinPhase
from .classic.member import JoinRequest, JoinResult, SyncRequest, SyncResult
from .classic.membership import Membership, check_member, check_protocol
from .classic.rebalance import Rebalancer, TimerKey
from .group_config import GroupConfig
from .group_records import LoggedGroup, LoggedOffset, decode_record, group_record
from .offset_store import OffsetStore
from .offsets import GroupOffsets, OffsetCommit

EXPIRY_TIMER: TimerKey = ("offsets", "", "")


class GroupCoordinator:
    """The classic consumer groups of one broker; `new_id` makes the random part of member ids."""

    def __init__(self, settings: GroupConfig, new_id: Callable[[], str]) -> None:
        self.settings = settings
        self.offsets = OffsetStore()
        self._groups: dict[str, ClassicGroup] = {}
        self._deadlines: Deadlines[TimerKey] = Deadlines()
        self._rebalancer = Rebalancer(settings, self._deadlines)
        self._join_phase = JoinPhase(settings, self._rebalancer, new_id)
        self._membership = Membership(self._rebalancer)
        self._group_offsets = GroupOffsets(settings, self._groups, self.offsets)

    # Questions

    def find_group(self, group_id: str) -> ClassicGroup | None:
        """The group of that name."""
        return self._groups.get(group_id)

    def groups(self) -> Collection[ClassicGroup]:
        """All groups, those that only keep offsets included."""
        return self._groups.values()

    def partition_of(self, group_id: str) -> int:
        """The partition of `__consumer_offsets` that keeps this group."""
        return partition_for(group_id, self.settings.offsets_topic_partitions)

    # Members

    def join(self, joining: JoinRequest, ticket: Ticket[JoinResult], now: float, now_ms: int) -> Effects:
        """JoinGroup."""
        effects = Effects(joining.group_id, now, now_ms)
        limits = self.settings
        if not joining.group_id:
            effects.refuse(ticket, ErrorCode.INVALID_GROUP_ID)
            return effects
        if not limits.min_session_timeout_ms <= joining.session_timeout_ms <= limits.max_session_timeout_ms:
            effects.refuse(ticket, ErrorCode.INVALID_SESSION_TIMEOUT)
            return effects
        group = self._groups.get(joining.group_id)
        if group is None:
            if joining.member_id:
                effects.refuse(ticket, ErrorCode.UNKNOWN_MEMBER_ID)
                return effects
            group = self._groups[joining.group_id] = ClassicGroup(joining.group_id, now_ms)
            effects.records.append(group_record(joining.group_id, group.stored()))
            effects.after_failure = lambda failed: self._forget_unborn(joining.group_id, failed)
        self._join_phase.join(group, joining, ticket, effects)
        return effects

    def _forget_unborn(self, group_id: str, effects: Effects) -> None:
        """A group that could not be logged is none: who joined is refused, and nobody else must wait for them."""
        group = self._groups.pop(group_id)
        for member in group.members.values():
            effects.refuse(member.join, ErrorCode.NOT_COORDINATOR)
        self._rebalancer.forget(group)

    def sync(self, syncing: SyncRequest, ticket: Ticket[SyncResult], now: float, now_ms: int) -> Effects:
        """SyncGroup."""
        effects = Effects(syncing.group_id, now, now_ms)
        try:
            group = self._member_group(syncing.group_id)
            check_member(group, syncing.member_id, syncing.group_instance_id, syncing.generation)
            check_protocol(group, syncing)
        except KafkaError as error:
            effects.refuse(ticket, error.code)
            return effects
        self._membership.sync(group, syncing, ticket, effects)
        return effects

    def heartbeat(
        self, group_id: str, member_id: str, group_instance_id: str | None, generation: int, now: float
    ) -> ErrorCode:
        """Heartbeat: nothing is logged, so the answer is all."""
        try:
            group = self._member_group(group_id)
            check_member(group, member_id, group_instance_id, generation)
        except KafkaError as error:
            return error.code
        return self._membership.heartbeat(group, member_id, now)

    def leave(
        self,
        group_id: str,
        leaving: Sequence[tuple[str, str | None]],
        ticket: Ticket[Sequence[ErrorCode]],
        now: float,
        now_ms: int,
    ) -> Effects:
        """LeaveGroup of members (member id, instance id): one error for each; raises 24 for a group without a name."""
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        effects = Effects(group_id, now, now_ms)
        group = self._groups.get(group_id)
        if group is None:
            effects.answer(ticket, [ErrorCode.UNKNOWN_MEMBER_ID] * len(leaving))
        else:
            effects.answer(ticket, self._membership.leave(group, leaving, effects))
        return effects

    # Offsets

    def commit(self, committing: OffsetCommit, ticket: Ticket[Sequence[ErrorCode]], now: float, now_ms: int) -> Effects:
        """OffsetCommit, or TxnOffsetCommit if there is a producer id."""
        effects = Effects(committing.group_id, now, now_ms)
        try:
            self._group_offsets.check_commit(committing)
        except KafkaError as error:
            effects.refuse(ticket, error.code)
            return effects
        group = self._groups.get(committing.group_id)
        member = group.members.get(committing.member_id) if group is not None else None
        if group is not None and member is not None:
            self._rebalancer.refresh_session(group, member, now)
        self._group_offsets.commit(committing, ticket, effects)
        return effects

    def delete_offsets(
        self,
        group_id: str,
        partitions: Sequence[tuple[str, int]],
        ticket: Ticket[Sequence[ErrorCode]],
        now: float,
        now_ms: int,
    ) -> Effects:
        """OffsetDelete: one error for each partition; raises 24, 68, 69 for the request as a whole."""
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        effects = Effects(group_id, now, now_ms)
        self._group_offsets.delete(self._known_group(group_id), partitions, ticket, effects)
        return effects

    def delete_group(self, group_id: str, ticket: Ticket[ErrorCode], now: float, now_ms: int) -> Effects:
        """One group of a DeleteGroups."""
        effects = Effects(group_id, now, now_ms)
        try:
            self._group_offsets.delete_group(self._known_group(group_id), effects)
        except KafkaError as error:
            effects.refuse(ticket, error.code)
        else:
            effects.answer(ticket, ErrorCode.NONE)
        return effects

    def delete_topics(self, topics: Collection[str], now: float, now_ms: int) -> Iterator[Effects]:
        """Topics have been deleted; perform each of the effects before asking for the next."""
        return self._group_offsets.delete_topics(topics, now, now_ms)

    # Time

    def next_deadline(self) -> float | None:
        """When `on_time` is to be called next, in monotonic seconds."""
        return self._deadlines.next()

    def on_time(self, now: float, now_ms: int) -> Iterator[Effects]:
        """Do what is due; perform each of the effects before asking for the next."""
        while (key := self._deadlines.pop_due(now)) is not None:
            kind, group_id, member_id = key
            if kind == "offsets":
                yield from self._group_offsets.expire(now, now_ms)
                self._deadlines.set(key, now + self.settings.offsets_retention_check_interval_ms / 1000)
                continue
            group = self._groups.get(group_id)
            if group is None:
                continue
            effects = Effects(group_id, now, now_ms)
            if kind == "session":
                self._rebalancer.expire_session(group, member_id, effects)
            elif kind == "join":
                self._rebalancer.on_join_deadline(group, effects)
            else:
                self._rebalancer.on_sync_deadline(group, effects)
            yield effects

    # The log

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        """Take over one record, in the order of the log; keys of a kind we do not know are skipped.

        `producer_id` is that of a transactional batch. Raises CorruptFrame.
        """
        record = decode_record(key, value, log_offset)
        if isinstance(record, LoggedGroup):
            self._replay_group(record)
        elif isinstance(record, LoggedOffset):
            if record.committed is not None and record.group_id not in self._groups:
                self._groups[record.group_id] = ClassicGroup(record.group_id)
            self.offsets.replay(record, producer_id)

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """The marker that ends a transaction has come to this partition of `__consumer_offsets`."""
        self.offsets.end_transaction(producer_id, is_commit, lambda g: self.partition_of(g) == partition)

    def unload(self, partition: int) -> None:
        """Forget what was replayed of a partition: half of a log tells what is not so."""
        for group_id in [group_id for group_id in self._groups if self.partition_of(group_id) == partition]:
            del self._groups[group_id]
        self.offsets.drop(lambda group_id: self.partition_of(group_id) == partition)

    def start(self, now: float) -> None:
        """The log has been replayed: every session starts anew, and offsets begin to expire."""
        for group in self._groups.values():
            for member in group.members.values():
                self._rebalancer.refresh_session(group, member, now)
        self._deadlines.set(EXPIRY_TIMER, now + self.settings.offsets_retention_check_interval_ms / 1000)

    def _replay_group(self, record: LoggedGroup) -> None:
        group = self._groups.get(record.group_id)
        if record.stored is not None:
            if group is None:
                group = self._groups[record.group_id] = ClassicGroup(record.group_id)
            group.adopt(record.stored)
        elif group is not None:
            group.transition_to(ClassicState.DEAD, group.state_timestamp_ms)
            self._rebalancer.forget(group)
            del self._groups[record.group_id]

    def _known_group(self, group_id: str) -> ClassicGroup:
        group = self._groups.get(group_id)
        if group is None:
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND)
        return group

    def _member_group(self, group_id: str) -> ClassicGroup:
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        group = self._groups.get(group_id)
        if group is None:
            raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)
        return group
