"""The offsets that groups have committed, and those that a transaction has yet to confirm.

The one rule: the newest record in the log wins. A transaction's offset counts from its place in the log, not from when
its marker comes.
"""

from collections.abc import Callable, Iterator

from .group_records import CommittedOffset, LoggedOffset

Partitions = dict[int, CommittedOffset]
Topics = dict[str, Partitions]


class OffsetStore:
    """Offsets by group, topic and partition; it changes by `replay`, `end_transaction` and `drop` only."""

    def __init__(self) -> None:
        self._committed: dict[str, Topics] = {}
        # By producer id, then group and (topic, partition).
        self._pending: dict[int, dict[str, dict[tuple[str, int], CommittedOffset]]] = {}

    def replay(self, record: LoggedOffset, producer_id: int = -1) -> None:
        """Take over a record; one with a producer id waits for the marker of its transaction."""
        if record.committed is None:
            self._remove(record)
        elif producer_id >= 0:
            held = self._pending.setdefault(producer_id, {}).setdefault(record.group_id, {})
            held[record.topic, record.partition] = record.committed
        else:
            self._commit(record.group_id, record.topic, record.partition, record.committed)

    def end_transaction(self, producer_id: int, is_commit: bool, is_here: Callable[[str], bool]) -> None:
        """A marker has come: show or forget the producer's offsets of the groups for which `is_here` holds."""
        held = self._pending.get(producer_id)
        if held is None:
            return
        for group_id in [group_id for group_id in held if is_here(group_id)]:
            for (topic, partition), offset in held.pop(group_id).items():
                if is_commit:
                    newest = self.find(group_id, topic, partition)
                    if newest is None or newest.log_offset < offset.log_offset:
                        self._commit(group_id, topic, partition, offset)
        if not held:
            del self._pending[producer_id]

    def drop(self, is_dropped: Callable[[str], bool]) -> None:
        """Forget all offsets of these groups, those of open transactions included."""
        self._committed = {group: topics for group, topics in self._committed.items() if not is_dropped(group)}
        for producer_id, groups in list(self._pending.items()):
            kept = {group: held for group, held in groups.items() if not is_dropped(group)}
            if kept:
                self._pending[producer_id] = kept
            else:
                del self._pending[producer_id]

    def find(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The committed offset, if there is one."""
        return self._committed.get(group_id, {}).get(topic, {}).get(partition)

    def is_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction has an offset for this partition."""
        at = (topic, partition)
        return any(at in groups.get(group_id, ()) for groups in self._pending.values())

    def has_pending(self, group_id: str) -> bool:
        """Whether any open transaction has an offset for this group."""
        return any(group_id in groups for groups in self._pending.values())

    def topics_of(self, group_id: str) -> list[tuple[str, list[int]]]:
        """The topics and partitions with a committed offset."""
        return [(topic, list(held)) for topic, held in self._committed.get(group_id, {}).items()]

    def has_offsets(self, group_id: str) -> bool:
        """Whether the group has any committed offset."""
        return group_id in self._committed

    def entries(self, group_id: str) -> Iterator[tuple[str, int, CommittedOffset]]:
        """Every committed offset of a group."""
        for topic, held in self._committed.get(group_id, {}).items():
            for partition, offset in held.items():
                yield topic, partition, offset

    def partitions_to_delete(self, group_id: str) -> list[tuple[str, int]]:
        """Every partition of which the table knows anything for this group, open transactions included."""
        known = dict.fromkeys((topic, partition) for topic, partition, _ in self.entries(group_id))
        for groups in self._pending.values():
            known.update(dict.fromkeys(groups.get(group_id, ())))
        return list(known)

    def groups_with(self, topic: str) -> list[str]:
        """The groups that have an offset for `topic`, pending ones included."""
        found = dict.fromkeys(group_id for group_id, topics in self._committed.items() if topic in topics)
        for groups in self._pending.values():
            found.update(dict.fromkeys(g for g, held in groups.items() if any(t == topic for t, _ in held)))
        return list(found)

    def _commit(self, group_id: str, topic: str, partition: int, offset: CommittedOffset) -> None:
        self._committed.setdefault(group_id, {}).setdefault(topic, {})[partition] = offset

    def _remove(self, record: LoggedOffset) -> None:
        topics = self._committed.get(record.group_id)
        if topics is not None and record.topic in topics:
            topics[record.topic].pop(record.partition, None)
            if not topics[record.topic]:
                del topics[record.topic]
            if not topics:
                del self._committed[record.group_id]
        # A marker that comes later must not bring back what was deleted.
        for producer_id in list(self._pending):
            groups = self._pending[producer_id]
            held = groups.get(record.group_id)
            if held is None:
                continue
            held.pop((record.topic, record.partition), None)
            if not held:
                del groups[record.group_id]
            if not groups:
                del self._pending[producer_id]
