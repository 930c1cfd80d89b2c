"""What the controller of several brokers decides: who is there, who leads a partition, and who is in sync with it."""

from collections.abc import Iterable, Iterator, Sequence

from ...protocol.metadata_records import PartitionRecord
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..metadata.registrations import BrokerRegistration
from ..metadata.topic_image import TopicImage
from ..topic_names import INTERNAL_TOPICS
from .journal import Journal

MOST_PARTITIONS = 20  # of one topic and one change that have a line each; of the coordinators' topics none has

Key = tuple[bytes, int]


class BrokerDecisions:
    """Subscribed to what the controller publishes; `image` is that of the moment."""

    def __init__(self, journal: Journal, image: MetadataImage) -> None:
        self._journal = journal
        self._brokers: dict[int, BrokerRegistration] = dict(image.brokers)
        self._partitions: dict[Key, PartitionRecord] = {}
        for topic in image.topics.values():
            self._remember(topic)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Brokers have come or gone, or partitions are led by others or have others in sync."""
        for topic in delta.deleted_topics:
            for index in topic.partitions:
                self._partitions.pop((topic.topic_id, index), None)
        for topic in (*delta.created_topics, *delta.grown_topics.values()):
            self._remember(topic)
        why = "; ".join(self._note_brokers(sorted(delta.changed_brokers), image))
        for topic_id, indexes in delta.changed_partitions.items():
            self._note_partitions(image.topics[image.names[topic_id]], sorted(indexes), why)

    def _remember(self, topic: TopicImage) -> None:
        for index, partition in topic.partitions.items():
            self._partitions.setdefault((topic.topic_id, index), partition.record)

    def _note_brokers(self, changed: Iterable[int], image: MetadataImage) -> Iterator[str]:
        """Take down what has become of each; the same as a reason for what becomes of partitions."""
        for broker_id in changed:
            before, now = self._brokers.get(broker_id), image.brokers.get(broker_id)
            what = _became(before, now)
            if now is None:
                self._brokers.pop(broker_id, None)
            else:
                self._brokers[broker_id] = now
            if what:
                self._journal.decide("broker", str(broker_id), what, self._journal.cause)
                yield f"broker {broker_id} {what}"

    def _note_partitions(self, topic: TopicImage, indexes: Sequence[int], why: str) -> None:
        told: list[tuple[int, str]] = []
        for index in indexes:
            key, now = (topic.topic_id, index), topic.partitions[index].record
            before, self._partitions[key] = self._partitions.get(key, now), now
            if what := _differs(before, now):
                told.append((index, what))
        because = f", for {why}" if why else ""
        if topic.name in INTERNAL_TOPICS or len(told) > MOST_PARTITIONS:
            if told:
                what = f"{len(told)} of its partitions have another leader or others in sync{because}"
                self._journal.decide("topic", topic.name, what, self._journal.cause)
            return
        for index, what in told:
            self._journal.decide("partition", f"{topic.name}-{index}", f"{what}{because}", self._journal.cause)


def _became(before: BrokerRegistration | None, now: BrokerRegistration | None) -> str:
    """What is to be told of a broker; nothing where nobody would want to know."""
    if now is None:
        return "is registered no more"
    if before is None or before.broker_epoch != now.broker_epoch:
        return f"has registered in epoch {now.broker_epoch}{' and is fenced' if now.is_fenced else ''}"
    if before.is_fenced != now.is_fenced:
        return "is fenced" if now.is_fenced else "is there"
    if now.is_in_controlled_shutdown and not before.is_in_controlled_shutdown:
        return "is about to stop"
    return ""


def _differs(before: PartitionRecord, now: PartitionRecord) -> str:
    """How a partition is led now; nothing where that is as it was."""
    is_led_anew = (before.leader, before.leader_epoch) != (now.leader, now.leader_epoch)
    if not is_led_anew and set(before.isr) == set(now.isr) and list(before.replicas) == list(now.replicas):
        return ""
    led = f"led by broker {now.leader}" if now.leader >= 0 else "without a leader"
    after = f" after broker {before.leader}" if before.leader not in (now.leader, -1) else ""
    epoch = f" in leader epoch {now.leader_epoch}" if is_led_anew else ""
    moved = f", replicas {_ids(now.replicas)}" if list(before.replicas) != list(now.replicas) else ""
    return f"{led}{after}{epoch}, in sync {_ids(sorted(now.isr))}{moved}"


def _ids(brokers: Iterable[int]) -> str:
    return " ".join(map(str, brokers)) or "none"
