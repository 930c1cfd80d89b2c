"""A coordinator serves what the partitions keep that its broker leads, from then on and no longer."""

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.several_brokers.coordinator_moves import CoordinatorMoves
from odradek.broker.slices import run_to_end
from odradek.protocol.metadata_records import (
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
    encode_metadata_record,
)

TOPIC, TOPIC_ID, OTHER_ID = "__consumer_offsets", b"o" * 16, b"u" * 16
NODE = 1


class Moving:
    """`moved` is what the coordinator was told: what it leads and resigns."""

    def __init__(self, *leaders: int) -> None:
        self.image = MetadataImage()
        self.moved: list[str] = []
        self.moves = CoordinatorMoves(NODE, {TOPIC: self})
        self._replay(topic(TOPIC, TOPIC_ID), *partitions(TOPIC_ID, leaders))
        self.moves.start(self.image)

    def lead(self, partition: int) -> None:
        self.moved.append(f"lead {partition}")

    def resign(self, partition: int) -> None:
        self.moved.append(f"resign {partition}")

    def record(self, *records: MetadataRecord) -> None:
        run_to_end(self.moves.on_delta(self._replay(*records), self.image))

    def _replay(self, *records: MetadataRecord) -> MetadataDelta:
        delta = MetadataDelta()
        for record in records:
            self.image.replay(encode_metadata_record(record), delta)
        return delta

    def elect(self, leader: int, index: int = 0) -> None:
        self.record(PartitionChangeRecord(topic_id=TOPIC_ID, partition_id=index, leader=leader))


def topic(name: str, topic_id: bytes) -> TopicRecord:
    return TopicRecord(name=name, topic_id=topic_id)


def partitions(topic_id: bytes, leaders: tuple[int, ...], first: int = 0) -> list[MetadataRecord]:
    return [
        PartitionRecord(
            partition_id=index,
            topic_id=topic_id,
            replicas=[1, 2],
            isr=[1, 2],
            leader=leader,
            leader_epoch=0,
            partition_epoch=0,
        )
        for index, leader in enumerate(leaders, first)
    ]


def test_it_begins_with_what_its_broker_leads() -> None:
    assert Moving(1, 2, 1).moved == ["lead 0", "lead 2"]


def test_it_follows_who_leads() -> None:
    moving = Moving(2)
    moving.elect(1)
    moving.elect(2)
    moving.elect(-1)
    assert moving.moved == ["lead 0", "resign 0"]


def test_what_it_leads_already_is_not_loaded_again_in_a_new_epoch() -> None:
    moving = Moving(1)
    moving.elect(1)
    assert moving.moved == ["lead 0"]


def test_it_serves_a_topic_that_comes_and_grows() -> None:
    moving = Moving()
    moving.record(RemoveTopicRecord(topic_id=TOPIC_ID))
    moving.record(topic(TOPIC, OTHER_ID), *partitions(OTHER_ID, (1,)))
    moving.record(*partitions(OTHER_ID, (2, 1), first=1))
    assert moving.moved == ["lead 0", "lead 2"]


def test_it_resigns_what_is_deleted() -> None:
    moving = Moving(1, 2)
    moving.record(RemoveTopicRecord(topic_id=TOPIC_ID))
    assert moving.moved == ["lead 0", "resign 0"]


def test_other_topics_are_none_of_its_business() -> None:
    moving = Moving()
    moving.record(topic("orders", OTHER_ID), *partitions(OTHER_ID, (1,)))
    moving.record(PartitionChangeRecord(topic_id=OTHER_ID, partition_id=0, leader=2))
    moving.record(RemoveTopicRecord(topic_id=OTHER_ID))
    assert moving.moved == []
