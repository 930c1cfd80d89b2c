"""The topics of the metadata image, as groups see them."""

from collections.abc import Iterable

from ...metadata.delta import MetadataDelta
from ...metadata.image import MetadataImage
from ...metadata.metadata import Metadata
from .modern.topics_view import SeenTopic


class MetadataTopics:
    """What is in the image, asked anew every time; it subscribes to the metadata to see when topics come."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        # What came before this process is not known to have been seen.
        self._newest = self.version()

    def find(self, name: str) -> SeenTopic | None:
        """The topic of that name."""
        topic = self._metadata.image.topics.get(name)
        return None if topic is None else SeenTopic(topic.topic_id, len(topic.partitions))

    def name_of(self, topic_id: bytes) -> str | None:
        """The name of the topic with that id."""
        return self._metadata.image.names.get(topic_id)

    def names(self) -> Iterable[str]:
        """The names of all topics."""
        return self._metadata.image.topics

    def version(self) -> int:
        """The offset of the last record that the image has."""
        return self._metadata.end_offset - 1

    def version_of_newest(self) -> int:
        """The version with which a topic last came."""
        return self._newest

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Topics may have come."""
        if delta.created_topics:
            self._newest = self.version()
