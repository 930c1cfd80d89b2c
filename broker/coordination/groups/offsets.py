"""OffsetCommit, deleting and expiring the offsets of groups.

The one rule: an offset changes only when its record is replayed; until then a commit has been asked for, not made.
"""

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ....protocol.errors import ErrorCode, KafkaError
from ....protocol.utf16 import utf16_length
from ..result import BuiltRecords, CoordinatorResult, Instant
from .group import Group
from .group_config import GroupConfig
from .offset_commit import OffsetCommit
from .offset_records import CommittedOffset, LoggedOffset, offset_record
from .offset_store import OffsetStore, TopicPartition

R = TypeVar("R")

RECORDS_AT_ONCE = 1000
TOMBSTONE_BYTES_AT_ONCE = 1 << 19  # well below what a batch may have (`max.message.bytes`)
TOMBSTONE_BYTES = 300  # at most, without the name of its group: a topic has at most 249 characters
ENCODED_AT_ONCE = 100
NO_EXPIRY = -1  # neither asked for nor stored: the broker's setting counts
LATEST_MS, EARLIEST_MS = 0x7FFFFFFFFFFFFFFF, 0


@dataclass(slots=True)
class EncodedOffsets:
    """The records of a commit, made before it is decided: `logged` is what each of them amounts to.

    One error for each offset of the request.
    """

    errors: list[ErrorCode]
    records: BuiltRecords
    logged: list[LoggedOffset]


class GroupOffsets:
    """The requests about offsets, over groups of all kinds."""

    def __init__(self, config: GroupConfig, groups: Mapping[str, Group], store: OffsetStore) -> None:
        self._config = config
        self._groups = groups
        self._store = store

    def check_commit(self, request: OffsetCommit) -> None:
        """Whether this committer may commit; raises what the group raises, or `unknown_group`."""
        group = self._groups.get(request.group_id)
        if group is not None:
            group.check_commit(request)
        elif request.generation >= 0:
            raise KafkaError(request.unknown_group)

    def encode(self, request: OffsetCommit, now_ms: int) -> Generator[None, None, EncodedOffsets]:
        """The records of a commit, made with pauses: each offset is judged on its own."""
        encoded = EncodedOffsets([], BuiltRecords(now_ms), [])
        expire_timestamp_ms = _expire_timestamp_ms(request.retention_ms, now_ms)
        for number, wanted in enumerate(request.offsets, 1):
            if number % ENCODED_AT_ONCE == 0:
                yield
            if utf16_length(wanted.metadata) > self._config.offset_metadata_max_bytes:
                encoded.errors.append(ErrorCode.OFFSET_METADATA_TOO_LARGE)
                continue
            encoded.errors.append(ErrorCode.NONE)
            committed = CommittedOffset(
                wanted.offset, wanted.leader_epoch, wanted.metadata, now_ms, expire_timestamp_ms, wanted.topic_id
            )
            encoded.records.add(offset_record(request.group_id, wanted.topic, wanted.partition, committed))
            encoded.logged.append(LoggedOffset(request.group_id, wanted.topic, wanted.partition, committed))
        return encoded

    @staticmethod
    def commit(request: OffsetCommit, encoded: EncodedOffsets) -> CoordinatorResult[Sequence[ErrorCode]]:
        """Log the offsets of a checked committer."""
        return CoordinatorResult(
            records=encoded.records,
            response=encoded.errors,
            producer_id=request.producer_id,
            producer_epoch=request.producer_epoch,
        )

    def delete(self, group: Group, partitions: Sequence[TopicPartition]) -> CoordinatorResult[Sequence[ErrorCode]]:
        """Remove the offsets that no member uses."""
        is_used = {topic: group.is_subscribed_to(topic) for topic, _ in partitions}
        removed = [
            (topic, partition)
            for topic, partition in dict.fromkeys(partitions)
            if not is_used[topic] and self._store.find(group.group_id, topic, partition)
        ]
        errors = [ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if is_used[topic] else ErrorCode.NONE for topic, _ in partitions]
        return self._remove(group.group_id, removed, lambda: CoordinatorResult(response=errors))

    def delete_group(self, group: Group) -> CoordinatorResult[ErrorCode]:
        """Remove a group with everything it committed."""
        group.check_delete()
        offsets = self._store.partitions_to_delete(group.group_id)
        if len(offsets) > _tombstones_at_once(group.group_id):
            return self._remove(group.group_id, offsets, lambda: self.delete_group(group))
        tombstones = [offset_record(group.group_id, *at, None) for at in offsets]
        return CoordinatorResult(records=[*tombstones, *group.tombstones()], response=ErrorCode.NONE)

    def groups_with(self, topics: Collection[str]) -> list[str]:
        """The groups that have committed anything for these topics."""
        return self._store.groups_with(frozenset(topics)) if topics else []

    def delete_topics(self, group_id: str, topics: Collection[str]) -> CoordinatorResult[None]:
        """The topics are gone: remove what the group committed for them."""
        gone = [at for at in self._store.partitions_to_delete(group_id) if at[0] in topics]
        return self._remove(group_id, gone, lambda: CoordinatorResult())

    def expire(self, group: Group, at: Instant) -> CoordinatorResult[None]:
        """Remove the offsets that have outlived their retention, and then the group if it is empty in every way."""
        expired = [
            (topic, partition)
            for topic, partition, offset in self._store.entries(group.group_id)
            if self._is_expired(group, topic, offset, at.now_ms)
            and not self._store.is_pending(group.group_id, topic, partition)
        ]
        return self._remove(group.group_id, expired, lambda: self._expire_group(group))

    def _expire_group(self, group: Group) -> CoordinatorResult[None]:
        group_id = group.group_id
        is_used = self._store.has_offsets(group_id) or self._store.has_pending(group_id)
        return CoordinatorResult(records=group.tombstones() if group.is_abandoned and not is_used else [])

    def _remove(
        self, group_id: str, partitions: Sequence[TopicPartition], then: Callable[[], CoordinatorResult[R]]
    ) -> CoordinatorResult[R]:
        """Log tombstones, so many in a batch; `then` follows the last of them."""
        if not partitions:
            return then()
        most = _tombstones_at_once(group_id)
        now, later = partitions[:most], partitions[most:]
        return CoordinatorResult(
            records=[offset_record(group_id, *at, None) for at in now],
            on_logged=lambda: self._remove(group_id, later, then),
        )

    def _is_expired(self, group: Group, topic: str, offset: CommittedOffset, now_ms: int) -> bool:
        base_ms = group.expiration_base_ms(topic, offset.commit_timestamp_ms)
        if base_ms is None:
            return False
        if offset.expire_timestamp_ms != NO_EXPIRY:
            return now_ms >= offset.expire_timestamp_ms
        return now_ms - base_ms >= self._config.offsets_retention_ms


def _tombstones_at_once(group_id: str) -> int:
    return min(TOMBSTONE_BYTES_AT_ONCE // (len(group_id.encode()) + TOMBSTONE_BYTES), RECORDS_AT_ONCE)


def _expire_timestamp_ms(retention_ms: int, now_ms: int) -> int:
    """When a client wants its offset to expire. Java's sum would turn a far time into one that is long past."""
    if retention_ms == NO_EXPIRY:
        return NO_EXPIRY
    return min(max(now_ms + retention_ms, EARLIEST_MS), LATEST_MS)
