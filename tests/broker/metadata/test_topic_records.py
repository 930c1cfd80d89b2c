"""The records of a topic and of its partitions amount to what they were made from."""

from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_records import NewPartitions, NewTopic, Node, partition_records, topic_records
from odradek.protocol.metadata_records import encode_metadata_record

NODE = Node(7, b"d" * 16, 3)
ORDERS = NewTopic("orders", b"t" * 16, 2, {"retention.ms": "5"})


def test_a_topic_has_its_configs_and_its_partitions_on_this_node() -> None:
    image = MetadataImage()
    for record in topic_records(ORDERS, NODE):
        image.replay(encode_metadata_record(record))
    topic = image.topics["orders"]
    assert (topic.topic_id, topic.configs, list(topic.partitions)) == (b"t" * 16, {"retention.ms": "5"}, [0, 1])
    record = topic.partitions[1].record
    assert (record.leader, *record.replicas, *record.isr, *record.directories) == (7, 7, 7, b"d" * 16)


def test_a_topic_grows_by_what_comes_after_it() -> None:
    image, delta = MetadataImage(), MetadataDelta()
    for record in topic_records(ORDERS, NODE):
        image.replay(encode_metadata_record(record))
    for record in partition_records(NewPartitions(b"t" * 16, range(2, 4)), NODE):
        image.replay(encode_metadata_record(record), delta)
    assert list(image.topics["orders"].partitions) == [0, 1, 2, 3]
    assert list(delta.grown_topics) == ["orders"]
