"""The offsets that groups have committed, and those that a transaction has yet to confirm.

The one rule: the newest record in the log wins. A transaction's offset counts from its place in the log, not from when
its marker comes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

from .offset_records import CommittedOffset, LoggedOffset

TopicPartition = tuple[str, int]
Topics = dict[str, dict[int, CommittedOffset]]


class OffsetStore:
    """Offsets by group, topic and partition; it changes by `replay`, `end_transaction` and `drop` only."""

    def __init__(self) -> None:
        self._committed: dict[str, Topics] = {}
        # By producer id, then group: what a marker ends.
        self._pending: dict[int, dict[str, dict[TopicPartition, CommittedOffset]]] = {}
        # The same by group, then partition: the producers that have a pending offset there.
        self._producers: dict[str, dict[TopicPartition, set[int]]] = {}

    def replay(self, record: LoggedOffset, producer_id: int = -1) -> None:
        """Take over a record; one with a producer id waits for the marker of its transaction."""
        if record.committed is None:
            self._remove(record.group_id, record.topic, record.partition)
        elif producer_id >= 0:
            self._hold(producer_id, record.group_id, (record.topic, record.partition), record.committed)
        else:
            self._commit(record.group_id, record.topic, record.partition, record.committed)

    def replay_commit(self, logged: Iterable[LoggedOffset], producer_id: int, log_offset: int) -> None:
        """The same for the records of one commit, the first of them at `log_offset`; there is no tombstone in it."""
        held: dict[int, CommittedOffset] = {}
        held_of: tuple[str, str] | None = None
        for place, (group_id, topic, partition, committed) in enumerate(logged, log_offset):
            if committed is None:
                continue
            placed = CommittedOffset._make((*committed[:-1], place))
            if producer_id >= 0:
                self._hold(producer_id, group_id, (topic, partition), placed)
                continue
            if held_of != (group_id, topic):  # once for all partitions of a topic
                held_of = group_id, topic
                held = self._committed.setdefault(group_id, {}).setdefault(topic, {})
            held[partition] = placed

    def end_transaction(self, producer_id: int, is_commit: bool, is_here: Callable[[str], bool]) -> None:
        """A marker has come: show or drop the producer's offsets of the groups for which `is_here` holds."""
        for group_id in [group_id for group_id in self._pending.get(producer_id, ()) if is_here(group_id)]:
            for (topic, partition), offset in list(self._pending[producer_id][group_id].items()):
                self._release(producer_id, group_id, (topic, partition))
                newest = self.find(group_id, topic, partition)
                if is_commit and (newest is None or newest.log_offset < offset.log_offset):
                    self._commit(group_id, topic, partition, offset)

    def drop(self, is_dropped: Callable[[str], bool]) -> None:
        """Drop all offsets of these groups, those of open transactions included."""
        for group_id in [group_id for group_id in self._committed if is_dropped(group_id)]:
            del self._committed[group_id]
        for group_id in [group_id for group_id in self._producers if is_dropped(group_id)]:
            for at in list(self._producers[group_id]):
                self._release_all(group_id, at)

    def find(self, group_id: str, topic: str, partition: int) -> CommittedOffset | None:
        """The committed offset, if there is one."""
        return self._committed.get(group_id, {}).get(topic, {}).get(partition)

    def is_pending(self, group_id: str, topic: str, partition: int) -> bool:
        """Whether an open transaction has an offset for this partition."""
        return (topic, partition) in self._producers.get(group_id, ())

    def has_pending(self, group_id: str) -> bool:
        """Whether any open transaction has an offset for this group."""
        return group_id in self._producers

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

    def partitions_to_delete(self, group_id: str) -> list[TopicPartition]:
        """Every partition of which the table knows anything for this group, open transactions included."""
        known = dict.fromkeys((topic, partition) for topic, partition, _ in self.entries(group_id))
        known.update(dict.fromkeys(self._producers.get(group_id, ())))
        return list(known)

    def groups_with(self, topics: Collection[str]) -> list[str]:
        """The groups that have an offset for any of `topics`, pending ones included."""
        found = dict.fromkeys(g for g, held in self._committed.items() if not held.keys().isdisjoint(topics))
        found.update(dict.fromkeys(g for g, held in self._producers.items() if any(t in topics for t, _ in held)))
        return list(found)

    def _commit(self, group_id: str, topic: str, partition: int, offset: CommittedOffset) -> None:
        self._committed.setdefault(group_id, {}).setdefault(topic, {})[partition] = offset

    def _remove(self, group_id: str, topic: str, partition: int) -> None:
        topics = self._committed.get(group_id)
        if topics is not None and topic in topics:
            topics[topic].pop(partition, None)
            if not topics[topic]:
                del topics[topic]
            if not topics:
                del self._committed[group_id]
        # A marker that comes later must not bring back what was deleted.
        self._release_all(group_id, (topic, partition))

    def _hold(self, producer_id: int, group_id: str, at: TopicPartition, offset: CommittedOffset) -> None:
        self._pending.setdefault(producer_id, {}).setdefault(group_id, {})[at] = offset
        self._producers.setdefault(group_id, {}).setdefault(at, set()).add(producer_id)

    def _release_all(self, group_id: str, at: TopicPartition) -> None:
        for producer_id in list(self._producers.get(group_id, {}).get(at, ())):
            self._release(producer_id, group_id, at)

    def _release(self, producer_id: int, group_id: str, at: TopicPartition) -> None:
        """Take one pending offset out of both views."""
        groups = self._pending[producer_id]
        del groups[group_id][at]
        if not groups[group_id]:
            del groups[group_id]
        if not groups:
            del self._pending[producer_id]
        partitions = self._producers[group_id]
        partitions[at].remove(producer_id)
        if not partitions[at]:
            del partitions[at]
        if not partitions:
            del self._producers[group_id]
