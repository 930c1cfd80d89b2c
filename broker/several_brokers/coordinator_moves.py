"""CoordinatorMoves: a broker coordinates what the partitions keep that it leads, from the moment it leads them.

The rule: who leads a partition of a coordinator's topic replays its log before it serves what is kept there, and who
leads it no more forgets it (KIP-98).
"""

from collections.abc import Mapping
from typing import Protocol

from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..metadata.topic_image import TopicImage
from ..slices import Steps, run_to_end


class CoordinatorService(Protocol):
    """A coordinator, as far as it moves."""

    def lead(self, partition: int) -> None:
        """This broker leads a partition of its topic now."""
        ...

    def resign(self, partition: int) -> None:
        """It leads it no more."""
        ...


class CoordinatorMoves:
    """Subscribed after whatever opens the logs that are led."""

    def __init__(self, node_id: int, services: Mapping[str, CoordinatorService]) -> None:
        """`services` by the names of their topics."""
        self._node_id = node_id
        self._services = services
        self._led: set[tuple[str, int]] = set()

    def start(self, image: MetadataImage) -> None:
        """Lead what the metadata says."""
        for name in self._services:
            topic = image.topics.get(name)
            if topic is not None:
                run_to_end(self._follow(topic))

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> Steps[None]:
        """Partitions have come, or are led by others."""
        for topic in delta.deleted_topics:
            if topic.name in self._services:
                for index in topic.partitions:
                    self._resign(topic.name, index)
        for topic in (*delta.created_topics, *delta.grown_topics.values(), *delta.newly_led_topics.values()):
            if topic.name in self._services:
                yield from self._follow(topic)

    def _follow(self, topic: TopicImage) -> Steps[None]:
        for index, partition in list(topic.partitions.items()):
            yield
            if partition.record.leader != self._node_id:
                self._resign(topic.name, index)
            elif (topic.name, index) not in self._led:
                self._led.add((topic.name, index))
                self._services[topic.name].lead(index)

    def _resign(self, name: str, index: int) -> None:
        if (name, index) in self._led:
            self._led.remove((name, index))
            self._services[name].resign(index)
