"""What one change of the metadata log did to the image: what those who follow it need to know.

Filled by MetadataImage.replay, record by record, as Kafka's MetadataDelta is.
"""

from dataclasses import dataclass, field

from .topic_image import TopicImage


@dataclass(slots=True)
class MetadataDelta:
    """Topics by what became of them; names of topics and features whose configs and levels changed."""

    created_topics: list[TopicImage] = field(default_factory=list[TopicImage])
    deleted_topics: list[TopicImage] = field(default_factory=list[TopicImage])
    changed_topic_configs: set[str] = field(default_factory=set[str])
    changed_features: set[str] = field(default_factory=set[str])

    def note_deleted(self, topic: TopicImage) -> None:
        """A topic has gone; one that came with the same change never was."""
        if topic in self.created_topics:
            self.created_topics.remove(topic)
        else:
            self.deleted_topics.append(topic)
        self.changed_topic_configs.discard(topic.name)
