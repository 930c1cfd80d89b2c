"""OffsetCommit, deleting and expiring the offsets of groups.

The one rule: an offset changes only when its record is replayed; until then a commit has been asked for, not made.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.schema import ZERO_UUID
from ..result import Effects, Ticket
from .classic.group import ClassicGroup, ClassicState
from .classic.subscribed_topics import CONSUMER
from .group_config import GroupConfig
from .group_records import CommittedOffset, group_record, offset_record
from .offset_store import OffsetStore

RECORDS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class OffsetToCommit:
    """One partition of an OffsetCommit or a TxnOffsetCommit."""

    topic: str
    partition: int
    offset: int
    leader_epoch: int = -1
    metadata: str = ""
    topic_id: bytes = ZERO_UUID


@dataclass(frozen=True, slots=True)
class OffsetCommit:
    """Offsets, and in whose name they are committed; the producer is -1 outside a transaction.

    `unknown_group` is what a generation of a group that does not exist is answered; `retention_ms` is -1 where the
    broker's setting counts.
    """

    group_id: str
    generation: int
    member_id: str
    group_instance_id: str | None
    offsets: Sequence[OffsetToCommit]
    unknown_group: ErrorCode = ErrorCode.ILLEGAL_GENERATION
    retention_ms: int = -1
    producer_id: int = -1
    producer_epoch: int = -1


class GroupOffsets:
    """The requests about offsets, over all groups."""

    def __init__(self, settings: GroupConfig, groups: Mapping[str, ClassicGroup], table: OffsetStore) -> None:
        self._settings = settings
        self._groups = groups
        self._table = table

    def check_commit(self, committing: OffsetCommit) -> None:
        """Whether this committer may commit; raises what the group says, or `unknown_group`."""
        group = self._groups.get(committing.group_id)
        if group is not None:
            group.check_commit(
                committing.member_id,
                committing.group_instance_id,
                committing.generation,
                is_transactional=committing.producer_id >= 0,
            )
        elif committing.generation >= 0:
            raise KafkaError(committing.unknown_group)

    def commit(self, committing: OffsetCommit, ticket: Ticket[Sequence[ErrorCode]], effects: Effects) -> None:
        """Log the offsets of a checked committer; each is answered on its own."""
        effects.producer_id, effects.producer_epoch = committing.producer_id, committing.producer_epoch
        expire_timestamp_ms = effects.now_ms + committing.retention_ms if committing.retention_ms >= 0 else -1
        errors: list[ErrorCode] = []
        for wanted in committing.offsets:
            if len(wanted.metadata.encode()) > self._settings.offset_metadata_max_bytes:
                errors.append(ErrorCode.OFFSET_METADATA_TOO_LARGE)
                continue
            errors.append(ErrorCode.NONE)
            committed = CommittedOffset(
                wanted.offset,
                wanted.leader_epoch,
                wanted.metadata,
                effects.now_ms,
                expire_timestamp_ms,
                wanted.topic_id,
            )
            effects.records.append(offset_record(committing.group_id, wanted.topic, wanted.partition, committed))
        effects.answer(ticket, errors)

    def delete(
        self,
        group: ClassicGroup,
        partitions: Sequence[tuple[str, int]],
        ticket: Ticket[Sequence[ErrorCode]],
        effects: Effects,
    ) -> None:
        """Remove the offsets that nobody uses; raises 68 for a group in use whose topics are unknowable."""
        if not group.is_empty and group.protocol_type != CONSUMER:
            raise KafkaError(ErrorCode.NON_EMPTY_GROUP)
        errors: list[ErrorCode] = []
        for topic, partition in dict.fromkeys(partitions):
            if not group.is_subscribed_to(topic) and self._table.find(group.group_id, topic, partition):
                effects.records.append(offset_record(group.group_id, topic, partition, None))
        for topic, _ in partitions:
            is_used = group.is_subscribed_to(topic)
            errors.append(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if is_used else ErrorCode.NONE)
        effects.answer(ticket, errors)

    def delete_group(self, group: ClassicGroup, effects: Effects) -> None:
        """Remove a group with everything it committed; raises 68 while it has members."""
        if not group.is_empty:
            raise KafkaError(ErrorCode.NON_EMPTY_GROUP)
        for topic, partition in self._table.partitions_to_delete(group.group_id):
            effects.records.append(offset_record(group.group_id, topic, partition, None))
        effects.records.append(group_record(group.group_id, None))

    def delete_topics(self, topics: Collection[str], now: float, now_ms: int) -> Iterator[Effects]:
        """The topics are gone: remove what was committed for them."""
        wanted = frozenset(topics)
        for group_id in dict.fromkeys(g for topic in wanted for g in self._table.groups_with(topic)):
            gone = [(t, p) for t, p in self._table.partitions_to_delete(group_id) if t in wanted]
            yield from self._tombstones(group_id, gone, now, now_ms)

    def expire(self, now: float, now_ms: int) -> Iterator[Effects]:
        """Remove the offsets that have outlived their retention, and the Empty groups that have none left."""
        for group in list(self._groups.values()):
            expired = [
                (topic, partition)
                for topic, partition, offset in self._table.entries(group.group_id)
                if self._is_expired(group, topic, offset, now_ms)
                and not self._table.is_pending(group.group_id, topic, partition)
            ]
            yield from self._tombstones(group.group_id, expired, now, now_ms)
            # The group may have changed while its tombstones were performed.
            if self._groups.get(group.group_id) is group and self._is_forgettable(group):
                yield Effects(group.group_id, now, now_ms, [group_record(group.group_id, None)])

    def _tombstones(
        self, group_id: str, partitions: Sequence[tuple[str, int]], now: float, now_ms: int
    ) -> Iterator[Effects]:
        for first in range(0, len(partitions), RECORDS_AT_ONCE):
            some = partitions[first : first + RECORDS_AT_ONCE]
            yield Effects(group_id, now, now_ms, [offset_record(group_id, *at, None) for at in some])

    def _is_forgettable(self, group: ClassicGroup) -> bool:
        return (
            group.is_empty
            and not group.pending_members
            and not self._table.has_offsets(group.group_id)
            and not self._table.has_pending(group.group_id)
        )

    def _is_expired(self, group: ClassicGroup, topic: str, offset: CommittedOffset, now_ms: int) -> bool:
        if group.protocol_type is None:
            since_ms = offset.commit_timestamp_ms
        elif group.is_empty:
            since_ms = max(group.state_timestamp_ms, offset.commit_timestamp_ms)
        elif group.state is ClassicState.STABLE and group.has_known_subscriptions():
            if group.is_subscribed_to(topic):
                return False
            since_ms = offset.commit_timestamp_ms
        else:
            return False
        if offset.expire_timestamp_ms >= 0:
            return now_ms >= offset.expire_timestamp_ms
        return now_ms - since_ms >= self._settings.offsets_retention_ms
