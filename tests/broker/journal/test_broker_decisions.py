"""What is told of brokers that go and come, and of who leads after that; of topics with many partitions, how many."""

from collections.abc import Sequence

from odradek.broker.journal.broker_decisions import MOST_PARTITIONS, BrokerDecisions
from odradek.broker.journal.journal import Journal
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.testing.clock import ManualClock
from odradek.broker.topic_names import OFFSETS_TOPIC
from odradek.protocol.metadata_records import (
    BrokerRegistrationChangeRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnregisterBrokerRecord,
    encode_metadata_record,
)

TOPIC_ID = bytes(15) + b"\x07"
FENCED, THERE = 1, -1


class Cluster:
    """Brokers 1 to 3 and a topic on all of them, as a controller publishes what becomes of them."""

    def __init__(self, topic: str = "t", partitions: int = 1) -> None:
        self.image, self.journal = MetadataImage(), Journal(ManualClock())
        records: list[MetadataRecord] = [
            RegisterBrokerRecord(broker_id=one, incarnation_id=bytes([one] * 16), broker_epoch=one, fenced=False)
            for one in (1, 2, 3)
        ]
        records.append(TopicRecord(name=topic, topic_id=TOPIC_ID))
        records += [
            PartitionRecord(
                partition_id=index, topic_id=TOPIC_ID, replicas=[1, 2, 3], isr=[1, 2, 3], leader=1, leader_epoch=0
            )
            for index in range(partitions)
        ]
        self._replay(records)
        self._decisions = BrokerDecisions(self.journal, self.image)

    def publish(self, *records: MetadataRecord) -> Sequence[tuple[str, str, str]]:
        """What is told of a change."""
        before = len(self.journal.entries())
        self._decisions.on_delta(self._replay(records), self.image)
        return [(one.subject, one.name, one.what) for one in self.journal.decisions(lambda one: True)][before:]

    def _replay(self, records: Sequence[MetadataRecord]) -> MetadataDelta:
        delta = MetadataDelta()
        for record in records:
            self.image.replay(encode_metadata_record(record), delta)
        return delta


def change(index: int = 0, **fields: object) -> PartitionChangeRecord:
    record = PartitionChangeRecord(partition_id=index, topic_id=TOPIC_ID)
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def fenced(broker_id: int, flag: int = FENCED) -> BrokerRegistrationChangeRecord:
    return BrokerRegistrationChangeRecord(broker_id=broker_id, broker_epoch=broker_id, fenced=flag)


def test_a_partition_is_told_with_what_has_become_of_its_leader() -> None:
    assert Cluster().publish(change(leader=2, isr=[2, 3]), fenced(1)) == [
        ("broker", "1", "is fenced"),
        ("partition", "t-0", "led by broker 2 after broker 1 in leader epoch 1, in sync 2 3, for broker 1 is fenced"),
    ]


def test_one_that_is_left_without_a_leader_and_gets_one_again_is_told() -> None:
    cluster = Cluster()
    assert cluster.publish(change(leader=-1, isr=[])) == [
        ("partition", "t-0", "without a leader after broker 1 in leader epoch 1, in sync none")
    ]
    assert cluster.publish(fenced(1), change(leader=1, isr=[1])) == [
        ("broker", "1", "is fenced"),
        ("partition", "t-0", "led by broker 1 in leader epoch 2, in sync 1, for broker 1 is fenced"),
    ]


def test_followers_that_come_and_go_and_replicas_that_move_are_told() -> None:
    cluster = Cluster()
    assert cluster.publish(change(isr=[1, 3])) == [("partition", "t-0", "led by broker 1, in sync 1 3")]
    moved = change(replicas=[1, 2], isr=[1, 2])
    assert cluster.publish(moved) == [("partition", "t-0", "led by broker 1, in sync 1 2, replicas 1 2")]


def test_what_nobody_would_want_to_know_is_not_told() -> None:
    cluster = Cluster()
    assert cluster.publish(change(isr=[3, 2, 1])) == []  # another order
    assert cluster.publish(fenced(2, THERE)) == []  # as it was


def test_a_broker_that_registers_stops_and_is_forgotten_is_told() -> None:
    cluster = Cluster()
    again = RegisterBrokerRecord(broker_id=2, incarnation_id=bytes(16), broker_epoch=9, fenced=True)
    assert cluster.publish(again) == [("broker", "2", "has registered in epoch 9 and is fenced")]
    assert cluster.publish(
        BrokerRegistrationChangeRecord(broker_id=2, broker_epoch=9, fenced=THERE),
        BrokerRegistrationChangeRecord(broker_id=3, broker_epoch=3, in_controlled_shutdown=1),
    ) == [("broker", "2", "is there"), ("broker", "3", "is about to stop")]
    gone = UnregisterBrokerRecord(broker_id=3, broker_epoch=3)
    assert cluster.publish(gone) == [("broker", "3", "is registered no more")]


def test_of_many_partitions_and_of_coordinators_topics_their_number_is_told() -> None:
    many = Cluster(partitions=MOST_PARTITIONS + 1)
    what = f"{MOST_PARTITIONS + 1} of its partitions have another leader or others in sync, for broker 1 is fenced"
    changes = [change(index, leader=2) for index in range(MOST_PARTITIONS + 1)]
    assert many.publish(*changes, fenced(1))[1:] == [("topic", "t", what)]
    assert Cluster(OFFSETS_TOPIC).publish(change(leader=2)) == [
        ("topic", OFFSETS_TOPIC, "1 of its partitions have another leader or others in sync")
    ]


def test_partitions_of_a_topic_that_comes_and_goes_are_known_and_forgotten() -> None:
    cluster = Cluster()
    other = bytes(15) + b"\x08"
    created = PartitionRecord(partition_id=0, topic_id=other, replicas=[1, 2], isr=[1, 2], leader=2, leader_epoch=0)
    assert cluster.publish(TopicRecord(name="u", topic_id=other), created) == []
    told = cluster.publish(PartitionChangeRecord(partition_id=0, topic_id=other, leader=1))
    assert told == [("partition", "u-0", "led by broker 1 after broker 2 in leader epoch 1, in sync 1 2")]
    assert cluster.publish(RemoveTopicRecord(topic_id=other)) == []
    assert len(cluster._decisions._partitions) == 1
