"""Which share partitions of a group have a stored state, are about to get one, or are about to lose it.

The one rule: a partition is assigned only once its state is there. So this is in the log, and what is done about it is
asked for after the log has it: whatever is lost in between is asked for again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..modern.topics_view import TopicsView

UNKNOWN_NAME = "<UNKNOWN>"


class NamedPartitions(NamedTuple):
    """Partitions of one topic, and its name."""

    name: str
    partitions: frozenset[int]


Topics = Mapping[bytes, NamedPartitions]
"""By topic id."""


@dataclass(frozen=True, slots=True)
class StatePartitions:
    """A ShareGroupStatePartitionMetadata record; of topics that lose their state only the names are kept."""

    initializing: Topics = field(default_factory=dict[bytes, NamedPartitions])
    initialized: Topics = field(default_factory=dict[bytes, NamedPartitions])
    deleting: Mapping[bytes, str] = field(default_factory=dict[bytes, str])

    def with_initializing(self, topics: Topics) -> "StatePartitions":
        """These are about to get a state; whatever of them was about to lose it is not any more."""
        initializing = combined(self.initializing, topics)
        deleting = {topic_id: name for topic_id, name in self.deleting.items() if topic_id not in initializing}
        return replace(self, initializing=initializing, deleting=deleting)

    def with_initialized(self, topics: Topics) -> "StatePartitions":
        """These have their state now."""
        return replace(
            self, initializing=_without(self.initializing, topics), initialized=combined(self.initialized, topics)
        )

    def without_initializing(self, topics: Topics) -> "StatePartitions":
        """These could not get their state: they are to be tried again."""
        return replace(self, initializing=_without(self.initializing, topics))

    def without_topics(self, topic_ids: Collection[bytes]) -> "StatePartitions":
        """These topics are gone, and their state with them."""
        return StatePartitions(
            {topic_id: topic for topic_id, topic in self.initializing.items() if topic_id not in topic_ids},
            {topic_id: topic for topic_id, topic in self.initialized.items() if topic_id not in topic_ids},
            {topic_id: name for topic_id, name in self.deleting.items() if topic_id not in topic_ids},
        )

    def to_delete(self, topics: TopicsView) -> Topics:
        """Whatever may have a state: what was about to lose it is tried again, in all of its partitions."""
        again: dict[bytes, NamedPartitions] = {}
        for topic_id in self.deleting:
            name = topics.name_of(topic_id)
            found = None if name is None else topics.find(name)
            if name is not None and found is not None:
                again[topic_id] = NamedPartitions(name, frozenset(range(found.partitions)))
        return combined(combined(self.initialized, self.initializing), again)

    def missing(self, names: Iterable[str], topics: TopicsView, is_under_way: Callable[[bytes], bool]) -> Topics:
        """What has no state of the topics of these names, and is not about to get one."""
        found: dict[bytes, NamedPartitions] = {}
        for name in names:
            topic = topics.find(name)
            if topic is None:
                continue
            known = self.initialized.get(topic.topic_id, _NONE).partitions
            if is_under_way(topic.topic_id):
                known |= self.initializing.get(topic.topic_id, _NONE).partitions
            if len(known) < topic.partitions:
                found[topic.topic_id] = NamedPartitions(name, frozenset(range(topic.partitions)) - known)
        return found


_NONE = NamedPartitions("", frozenset())


def combined(first: Topics, second: Topics) -> Topics:
    """The partitions of both; a topic that is in both has the second name."""
    both = dict(first)
    for topic_id, topic in second.items():
        known = first.get(topic_id, _NONE).partitions
        both[topic_id] = NamedPartitions(topic.name, known | topic.partitions)
    return both


def _without(topics: Topics, gone: Topics) -> Topics:
    left: dict[bytes, NamedPartitions] = {}
    for topic_id, topic in topics.items():
        partitions = topic.partitions - gone.get(topic_id, _NONE).partitions
        if partitions or topic_id not in gone:
            left[topic_id] = NamedPartitions(topic.name, partitions)
    return left
