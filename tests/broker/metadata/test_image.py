"""The image of the cluster: what records do to it, and that a snapshot of it says all of it again."""

import pytest

from odradek.broker.metadata.image import MetadataImage
from odradek.protocol.metadata_records import (
    AbortTransactionRecord,
    BeginTransactionRecord,
    BrokerRegistrationChangeRecord,
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
