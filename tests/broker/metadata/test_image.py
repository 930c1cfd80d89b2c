"""The image of the cluster: what records do to it, and that a snapshot of it says all of it again."""

import pytest

from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import (
    AbortTransactionRecord,
    BeginTransactionRecord,
    BrokerRegistrationChangeRecord,
    ClearElrRecord,
    ConfigRecord,
    EndTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    encode_metadata_record,
)
from odradek.protocol.wire import CorruptFrame

from .images import A_BROKER, A_TOPIC, OTHER_ID, TOPIC_ID, image_of, quota, said_again


def change(**fields: object) -> PartitionChangeRecord:
    return PartitionChangeRecord(partition_id=0, topic_id=TOPIC_ID, **fields)  # type: ignore[arg-type]


def test_naming_a_leader_begins_an_epoch_and_anything_else_does_not() -> None:
    image = image_of(*A_TOPIC)
    partition = image.topics["t"].partitions[0]
    for record, leader, epoch in [
        (change(isr=[], leader=-1, eligible_leader_replicas=[1], last_known_elr=[1]), -1, 1),
        (change(isr=[1], leader=1, eligible_leader_replicas=[], last_known_elr=[]), 1, 2),
        (change(directories=[b"d" * 16]), 1, 2),
        (change(leader=1), 1, 3),
    ]:
        image_of(record, image=image)
        assert (partition.record.leader, partition.leader_epoch) == (leader, epoch)
    assert partition.record.partition_epoch == 4
    assert (partition.record.eligible_leader_replicas, partition.record.last_known_elr) == (None, None)


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    image = image_of(*A_TOPIC, change(replicas=[1, 2], adding_replicas=[2], removing_replicas=[1]))
    image_of(change(leader_recovery_state=1), image=image)
    record = image.topics["t"].partitions[0].record
    assert (record.replicas, record.isr, record.adding_replicas, record.removing_replicas) == ([1, 2], [1], [2], [1])
    assert (record.leader_recovery_state, record.leader, record.leader_epoch) == (1, 1, 0)


@pytest.mark.parametrize(("name", "is_cleared"), [("t", True), ("", True), ("u", False)])
def test_eligible_leaders_are_forgotten_of_one_topic_or_of_all(name: str, is_cleared: bool) -> None:
    image = image_of(*A_TOPIC, change(eligible_leader_replicas=[1], last_known_elr=[1]))
    image_of(ClearElrRecord(topic_name=name), image=image)
    record = image.topics["t"].partitions[0].record
    kept = None if is_cleared else [1]
    assert (record.eligible_leader_replicas, record.last_known_elr) == (kept, kept)


@pytest.mark.parametrize(
    "record",
    [
        PartitionRecord(partition_id=0, topic_id=OTHER_ID),
        PartitionChangeRecord(partition_id=0, topic_id=OTHER_ID),
        PartitionChangeRecord(partition_id=1, topic_id=TOPIC_ID),
        RemoveTopicRecord(topic_id=OTHER_ID),
        BrokerRegistrationChangeRecord(broker_id=1),
    ],
)
def test_a_record_about_what_is_not_there_is_damage(record: MetadataRecord) -> None:
    with pytest.raises(CorruptFrame):
        image_of(*A_TOPIC, record)


# Transactions


def test_records_of_a_transaction_count_when_it_ends() -> None:
    image = image_of(BeginTransactionRecord(name="b"), *A_TOPIC)
    assert (image.topics, image.is_in_transaction) == ({}, True)
    image_of(EndTransactionRecord(), image=image)
    assert (list(image.topics), image.is_in_transaction) == (["t"], False)


def test_records_of_an_aborted_transaction_never_count() -> None:
    image = image_of(BeginTransactionRecord(), *A_TOPIC, AbortTransactionRecord(reason="r"))
    assert (image == MetadataImage(), image.is_in_transaction) == (True, False)


def test_a_transaction_within_another_is_damage() -> None:
    with pytest.raises(CorruptFrame):
        image_of(BeginTransactionRecord(), BeginTransactionRecord())


# Snapshots


def test_a_partition_is_said_again_in_the_version_it_was_written_in() -> None:
    image = image_of(A_TOPIC[0])
    image.replay(encode_metadata_record(A_TOPIC[1], 1))
    image_of(change(leader=1), image=image)
    _, value = image.records()
    assert value[:3] == bytes([1, 3, 1])
    assert said_again(image)[1].leader_epoch == 1  # type: ignore[union-attr]


def test_the_image_of_a_snapshot_is_the_image() -> None:
    image = image_of(
        FeatureLevelRecord(name="metadata.version", feature_level=30),
        A_BROKER,
        *A_TOPIC,
        change(leader=1),
        ConfigRecord(resource_type=2, resource_name="t", name="retention.ms", value="5"),
        ProducerIdsRecord(broker_id=1, next_producer_id=1000),
        quota("al", 1.0),
    )
    again = MetadataImage()
    for value in image.records():
        again.replay(value)
    assert again == image
    assert (again.next_producer_id, again.features) == (1000, {"metadata.version": 30})
