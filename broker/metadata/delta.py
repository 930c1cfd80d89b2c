"""What one change of the metadata log did to the image: what those who follow it need to know.

Filled by MetadataImage.replay, record by record, as Kafka's MetadataDelta is.
"""

from dataclasses import dataclass, field

from .topic_image import TopicImage


@dataclass(slots=True)
class MetadataDelta:
    """Topics by what became of them; topics and other resources, entities and features whose configs, quotas and levels
    changed; brokers that registered, changed or went.

    A topic that is there has grown when it has got further partitions, and is led anew when one has got a leader, or
    none. Its partitions that were there and are now recorded otherwise in any way stand in `changed_partitions`, by the
    id of the topic.
    """

    created_topics: list[TopicImage] = field(default_factory=list[TopicImage])
    grown_topics: dict[str, TopicImage] = field(default_factory=dict[str, TopicImage])
    newly_led_topics: dict[str, TopicImage] = field(default_factory=dict[str, TopicImage])
    changed_partitions: dict[bytes, set[int]] = field(default_factory=dict[bytes, set[int]])
    deleted_topics: list[TopicImage] = field(default_factory=list[TopicImage])
    changed_topic_configs: set[str] = field(default_factory=set[str])
    changed_configs: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])
    changed_quotas: set[tuple[tuple[str, str | None], ...]] = field(
        default_factory=set[tuple[tuple[str, str | None], ...]]
    )
    changed_features: set[str] = field(default_factory=set[str])
    changed_brokers: set[int] = field(default_factory=set[int])
    changed_acls: list[bytes] = field(default_factory=list[bytes])  # their ids, one by one
    _created_ids: set[bytes] = field(default_factory=set[bytes])

    def note_created(self, topic: TopicImage) -> None:
        """A topic has come; its partitions follow."""
        self.created_topics.append(topic)
        self._created_ids.add(topic.topic_id)

    def note_partition(self, topic: TopicImage) -> None:
        """A topic has one more partition."""
        if topic.topic_id not in self._created_ids:
            self.grown_topics[topic.name] = topic

    def note_change(self, topic: TopicImage, index: int, *, is_led_anew: bool) -> None:
        """A partition of a topic has changed, and may have got a leader, be it the same one."""
        if topic.topic_id in self._created_ids:
            return
        self.changed_partitions.setdefault(topic.topic_id, set()).add(index)
        if is_led_anew:
            self.newly_led_topics[topic.name] = topic

    def note_deleted(self, topic: TopicImage) -> None:
        """A topic has gone; one that came with the same change never was."""
        if topic.topic_id in self._created_ids:
            self.created_topics.remove(topic)
        else:
            self.deleted_topics.append(topic)
        self.grown_topics.pop(topic.name, None)
        self.newly_led_topics.pop(topic.name, None)
        self.changed_partitions.pop(topic.topic_id, None)
        self.changed_topic_configs.discard(topic.name)
