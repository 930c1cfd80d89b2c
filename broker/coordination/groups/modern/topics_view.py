"""What consumer groups ask about the topics of the cluster: given from outside, so that the groups stay pure."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import NamedTuple, Protocol


class SeenTopic(NamedTuple):
    """A topic as a group sees it."""

    topic_id: bytes
    partitions: int


class TopicsView(Protocol):
    """The topics that there are now."""

    def find(self, name: str) -> SeenTopic | None:
        """The topic of that name."""
        ...

    def name_of(self, topic_id: bytes) -> str | None:
        """The name of the topic with that id."""
        ...

    def names(self) -> Iterable[str]:
        """The names of all topics."""
        ...

    def version(self) -> int:
        """What the metadata are at: it grows with every change of them."""
        ...

    def version_of_newest(self) -> int:
        """The version with which a topic last came, as far as this process has seen it."""
        ...


class NoTopics:
    """The view on a cluster without topics."""

    def find(self, name: str) -> SeenTopic | None:
        return None

    def name_of(self, topic_id: bytes) -> str | None:
        return None

    def names(self) -> Iterable[str]:
        return ()

    def version(self) -> int:
        return 0

    def version_of_newest(self) -> int:
        return 0


def metadata_hash(names: Iterable[str], topics: TopicsView) -> int:
    """A number that changes with the ids and partitions of these topics; 0 where there are none.

    Apache Kafka's is another one: a group that moves between the two has its epoch raised once more.
    """
    digest = blake2b(digest_size=8)
    found = False
    for name in sorted(names):
        topic = topics.find(name)
        if topic is not None:
            found = True
            digest.update(topic.topic_id + topic.partitions.to_bytes(4, "big"))
    return int.from_bytes(digest.digest(), "big", signed=True) if found else 0
