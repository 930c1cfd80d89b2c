"""The topics of a cluster as they were: what a broker answers Metadata from that has not heard of later changes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy

from ...protocol.errors import KafkaError
from ..topics.topics import Topic, Topics

Remembered = Mapping[str, Topic]


def remember(topics: Topics) -> Remembered:
    """What there is now, which later changes leave as it is."""
    return {topic.name: Topic(topic.image, [copy(partition) for partition in topic.partitions]) for topic in topics}


class StaleTopics(Topics):
    """Topics that were remembered, for handlers that only look; what they create is created among those of today."""

    def __init__(self, remembered: Remembered, today: Topics) -> None:
        self._remembered = remembered
        self._today = today

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._remembered.values())

    def find(self, name: str) -> Topic | None:
        return self._remembered.get(name)

    def find_by_id(self, topic_id: bytes) -> Topic | None:
        return next((topic for topic in self if topic.topic_id == topic_id), None)

    def auto_create(
        self,
        names: Sequence[str],
        then: Callable[[Mapping[str, KafkaError]], None],
        pay: Callable[[int], None] = lambda partitions: None,
    ) -> None:
        self._today.auto_create(names, then, pay)
