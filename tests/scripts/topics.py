"""The topics of a script: they come, grow and go, and the groups are told as a broker tells them."""

from collections.abc import Iterable
from itertools import count

from odradek.broker.coordination.groups.modern.topics_view import SeenTopic
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.topic_image import TopicImage

from .script import BadCommand


class Topics:
    """A view on topics, each with an id of its own, even where the name was there before."""

    def __init__(self) -> None:
        self._topics: dict[str, SeenTopic] = {}
        self._numbers = count(1)
        self._version = 0
        self._version_of_newest = 0

    def find(self, name: str) -> SeenTopic | None:
        return self._topics.get(name)

    def name_of(self, topic_id: bytes) -> str | None:
        return next((name for name, topic in self._topics.items() if topic.topic_id == topic_id), None)

    def names(self) -> Iterable[str]:
        return list(self._topics)

    def version(self) -> int:
        return self._version

    def version_of_newest(self) -> int:
        return self._version_of_newest

    def partitions_of(self, name: str) -> int:
        """How many partitions there are; none of a topic that is not there."""
        topic = self._topics.get(name)
        return 0 if topic is None else topic.partitions

    def create(self, name: str, partitions: int) -> MetadataDelta:
        """A topic comes."""
        if name in self._topics:
            raise BadCommand(f"{name} is there")
        self._topics[name] = SeenTopic(next(self._numbers).to_bytes(16, "big"), partitions)
        self._version += 1
        self._version_of_newest = self._version
        return MetadataDelta(created_topics=[self._image(name)])

    def grow(self, name: str, partitions: int) -> MetadataDelta:
        """A topic gets further partitions."""
        if partitions <= self.partitions_of(name):
            raise BadCommand(f"{name} has {self.partitions_of(name)} partitions")
        self._topics[name] = self._topics[name]._replace(partitions=partitions)
        self._version += 1
        return MetadataDelta(grown_topics={name: self._image(name)})

    def delete(self, name: str) -> MetadataDelta:
        """A topic goes."""
        if name not in self._topics:
            raise BadCommand(f"{name} is not there")
        delta = MetadataDelta(deleted_topics=[self._image(name)])
        del self._topics[name]
        self._version += 1
        return delta

    def _image(self, name: str) -> TopicImage:
        return TopicImage(name, self._topics[name].topic_id)
