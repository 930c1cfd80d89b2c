"""The group coordinator: what groups of all kinds share, which are their table, their offsets and their deadlines.

The one rule: no clock, no log, no chance. Every method is given the time and returns what is to be done, or raises
KafkaError and has changed nothing; what is logged changes in `replay` alone, live as after a restart. What is peculiar
to a kind of group is in the room of that kind, and is found through the table of kinds.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from functools import partial
from typing import Any

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.state_records import decode_group_record
from ..coordinator_partition import partition_for
from ..result import CoordinatorResult, Instant, Operation, ResponseFuture
from ..timers import Deadlines
from .group import Group
from .group_config import GroupConfig
from .kind import TimerKey
from .kinds import GroupKinds, offsets_only
from .modern.topics_view import NoTopics, TopicsView
from .offset_commit import OffsetCommit
from .offset_records import LoggedOffset, decode_offset_record, record_type
from .offset_store import OffsetStore
from .offsets import EncodedOffsets, GroupOffsets

SWEEP: TimerKey = ("sweep", "", "")

Errors = Sequence[ErrorCode]


class GroupCoordinator:
    """The groups of one broker, which see `topics`; `new_id` makes the random part of member ids."""

    def __init__(self, config: GroupConfig, new_id: Callable[[], str], topics: TopicsView | None = None) -> None:
        self._config = config
        self.offsets = OffsetStore()
        self._groups: dict[str, Group] = {}
        self._deadlines: Deadlines[TimerKey] = Deadlines()
        self._to_sweep: list[str] = []  # the groups whose offsets are to be looked at, the next one last
        self._sweep_began = 0.0
        self.kinds = GroupKinds(config, self._groups, self._deadlines, new_id, topics or NoTopics())
        self._group_offsets = GroupOffsets(config, self._groups, self.offsets)

    # Questions

    def find_group(self, group_id: str) -> Group | None:
        """The group of that name."""
        return self._groups.get(group_id)

    def groups(self) -> Collection[Group]:
        """All groups, those that only keep offsets included."""
        return self._groups.values()

    def partition_of(self, group_id: str) -> int:
        """The partition of `__consumer_offsets` that keeps this group."""
        return partition_for(group_id, self._config.offsets_topic_partitions)

    # Offsets

    def encode(self, request: OffsetCommit, now_ms: int) -> Generator[None, None, EncodedOffsets]:
        """The part of a commit that takes long and needs no group: its records."""
        return self._group_offsets.encode(request, now_ms)

    def commit(self, request: OffsetCommit, encoded: EncodedOffsets, at: Instant) -> CoordinatorResult[Errors]:
        """OffsetCommit, or TxnOffsetCommit if there is a producer id: one error for each offset."""
        self._group_offsets.check_commit(request)
        group = self._groups.get(request.group_id)
        if group is not None:
            self.kinds.kind_of(group).on_commit(group, request.member_id, at)
        result = self._group_offsets.commit(request, encoded)
        result.replay = partial(self._replay_commit, encoded.logged, request.producer_id)
        return result

    def check_offset_delete(self, group_id: str) -> None:
        """Whether offsets of this group may be deleted: INVALID_GROUP_ID, GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP."""
        if not group_id:
            raise KafkaError(ErrorCode.INVALID_GROUP_ID)
        self._known_group(group_id).check_offset_delete()

    def delete_offsets(self, group_id: str, partitions: Sequence[tuple[str, int]]) -> CoordinatorResult[Errors]:
        """OffsetDelete: one error for each partition."""
        self.check_offset_delete(group_id)
        return self._group_offsets.delete(self._groups[group_id], partitions)

    def delete_group(self, group_id: str) -> CoordinatorResult[ErrorCode]:
        """One group of a DeleteGroups."""
        return self._group_offsets.delete_group(self._known_group(group_id))

    def delete_topics(self, topics: Collection[str]) -> Iterator[Operation[None]]:
        """Topics have been deleted: remove what was committed for them, group by group."""
        for group_id in self._group_offsets.groups_with(topics):
            decide = partial(self._delete_topics, group_id, frozenset(topics))
            yield Operation("DeleteTopics", group_id, self.partition_of(group_id), decide)

    # Time

    def next_deadline(self) -> float | None:
        """When `take_due` is to be called next, in monotonic seconds."""
        return self._sweep_began if self._to_sweep else self._deadlines.next()

    def take_due(self, at: Instant) -> Operation[None] | None:
        """The next operation whose time has come."""
        while (timer := self._deadlines.pop_due(at.now)) is not None:
            name, group_id, _ = timer
            if timer == SWEEP:
                self._begin_sweep(at)
                continue
            decide = self.kinds.by_timer[name].on_timer(timer)
            if decide is not None:
                return Operation(name, group_id, self.partition_of(group_id), decide)
        while self._to_sweep:
            group = self._groups.get(self._to_sweep.pop())
            if group is not None:
                expire = partial(self._group_offsets.expire, group)
                return Operation("offsets", group.group_id, self.partition_of(group.group_id), expire)
        return None

    def start(self, at: Instant) -> None:
        """The log has been replayed: every session starts anew, and offsets begin to expire."""
        self.start_sessions(at)
        self._deadlines.set(SWEEP, at.now + self._config.offsets_retention_check_interval_ms / 1000)

    def start_sessions(self, at: Instant, partition: int | None = None) -> None:
        """The groups of a partition, or all, are loaded: their members have a whole session to show themselves."""
        for group in self._groups.values():
            if partition is None or self.partition_of(group.group_id) == partition:
                self.kinds.kind_of(group).start_sessions(group, at)

    def _begin_sweep(self, at: Instant) -> None:
        """Look at the offsets of every group, one after the other, after whatever else is due."""
        self._to_sweep = list(reversed(self._groups))
        self._sweep_began = at.now
        self._deadlines.set(SWEEP, at.now + self._config.offsets_retention_check_interval_ms / 1000)

    # The log

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        """Take over one record, in the order of the log; keys of an unknown kind are skipped.

        `producer_id` is that of a transactional batch. Raises CorruptFrame.
        """
        kind = self.kinds.by_record_type.get(record_type(key))
        if kind is None:
            record = decode_offset_record(key, value, log_offset)
            if record is not None:
                self._replay_offset(record, producer_id)
        elif (decoded := decode_group_record(key, value)) is not None:
            kind.replay(*decoded)

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        """The marker that ends a transaction has come to this partition of `__consumer_offsets`."""
        self.offsets.end_transaction(producer_id, is_commit, lambda g: self.partition_of(g) == partition)

    def unload(self, partition: int) -> list[ResponseFuture[Any]]:
        """Drop what was replayed of a partition: the requests that have waited there."""
        waiting: list[ResponseFuture[Any]] = []
        for group_id in [group_id for group_id in self._groups if self.partition_of(group_id) == partition]:
            group = self._groups.pop(group_id)
            waiting += self.kinds.kind_of(group).close(group)
        self.offsets.drop(lambda group_id: self.partition_of(group_id) == partition)
        return waiting

    def _replay_offset(self, record: LoggedOffset, producer_id: int) -> None:
        if record.committed is not None and record.group_id not in self._groups:
            self._groups[record.group_id] = offsets_only(record.group_id)
        self.offsets.replay(record, producer_id)

    def _replay_commit(self, logged: Sequence[LoggedOffset], producer_id: int, log_offset: int) -> None:
        for group_id in {record.group_id for record in logged}:
            if group_id not in self._groups:  # taking away all keys would look at each group there is
                self._groups[group_id] = offsets_only(group_id)
        self.offsets.replay_commit(logged, producer_id, log_offset)

    def _delete_topics(self, group_id: str, topics: Collection[str], at: Instant) -> CoordinatorResult[None]:
        return self._group_offsets.delete_topics(group_id, topics)

    def _known_group(self, group_id: str) -> Group:
        group = self._groups.get(group_id)
        if group is None:
            raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND)
        return group
