"""The records of a topic and of its partitions amount to what they were made from."""

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_records import (
    NewPartitions,
    NewTopic,
    PartitionAssignment,
    partition_records,
    raised_epochs,
    topic_records,
)
from odradek.broker.slices import run_to_end
from odradek.protocol.metadata_records import PartitionChangeRecord, encode_metadata_record

HERE = PartitionAssignment((7,), (b"d" * 16,), (7,))
SPREAD = PartitionAssignment((7, 9, 8), (b"d" * 16, b"f" * 16, b"e" * 16), (9, 8))
ORDERS = NewTopic("orders", b"t" * 16, [HERE, SPREAD], {"retention.ms": "5"})


def test_a_topic_has_its_configs_and_its_partitions_where_they_were_assigned() -> None:
    image = MetadataImage()
    for record in topic_records(ORDERS):
        image.replay(encode_metadata_record(record))
    topic = image.topics["orders"]
    assert (topic.topic_id, topic.configs, list(topic.partitions)) == (b"t" * 16, {"retention.ms": "5"}, [0, 1])
    first, second = (partition.record for partition in topic.partitions.values())
    assert (first.leader, *first.replicas, *first.isr, *first.directories) == (7, 7, 7, b"d" * 16)
    assert (second.leader, list(second.isr), list(second.replicas)) == (9, [9, 8], [7, 9, 8])
    assert list(second.directories) == [b"d" * 16, b"f" * 16, b"e" * 16]


def test_a_topic_grows_by_what_comes_after_it() -> None:
    image, delta = MetadataImage(), MetadataDelta()
    for record in topic_records(ORDERS):
        image.replay(encode_metadata_record(record))
    for record in partition_records(NewPartitions(b"t" * 16, 2, [HERE, HERE])):
        image.replay(encode_metadata_record(record), delta)
    assert list(image.topics["orders"].partitions) == [0, 1, 2, 3]
    assert list(delta.grown_topics) == ["orders"]


def test_who_leads_leads_in_a_new_epoch_and_nobody_comes_to_lead_what_has_no_leader() -> None:
    image = MetadataImage()
    for record in topic_records(ORDERS):
        image.replay(encode_metadata_record(record))
    nobody = PartitionChangeRecord(topic_id=b"t" * 16, partition_id=0, leader=-1)
    image.replay(encode_metadata_record(nobody))
    raised = run_to_end(raised_epochs(image, [("orders", 0), ("orders", 1), ("orders", 2), ("nix", 0)]))
    for record in raised:
        image.replay(encode_metadata_record(record))
    second = image.topics["orders"].partitions[1].record
    assert (len(raised), second.leader, second.leader_epoch) == (1, 9, 1)
