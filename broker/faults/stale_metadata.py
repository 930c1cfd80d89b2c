"""A cluster as it was: what a broker answers Metadata from that has not heard of later changes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

from ...protocol.errors import KafkaError
from ..context import Context
from ..metadata.registrations import BrokerRegistration
from ..metadata.topic_image import TopicImage
from ..topics.topics import Topic, Topics


@dataclass(frozen=True, slots=True)
class Remembered:
    """Topics by their names, and brokers by their ids."""

    topics: Mapping[str, Topic]
    brokers: Mapping[int, BrokerRegistration]


def remember(topics: Topics, brokers: Mapping[int, BrokerRegistration]) -> Remembered:
    """What there is now, which later changes leave as it is."""
    kept = {topic.name: Topic(_as_it_is(topic.image), [copy(one) for one in topic.partitions]) for topic in topics}
    return Remembered(kept, dict(brokers))


def _as_it_is(image: TopicImage) -> TopicImage:
    """A change of a partition takes the place of its record, and leaves that as it is."""
    return replace(image, partitions={index: copy(one) for index, one in image.partitions.items()})


def stale_context(remembered: Remembered, today: Context) -> Context:
    """What a handler has that looks at metadata which is old."""
    topics = StaleTopics(remembered, today.topics)
    return replace(today, topics=topics, nodes=today.nodes.as_of(remembered.brokers))


class StaleTopics(Topics):
    """Topics that were remembered, for handlers that only look; what they create is created among those of today."""

    def __init__(self, remembered: Remembered, today: Topics) -> None:
        self._remembered = remembered.topics
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
