"""Images of a cluster for tests: what records amount to, and what they say again."""

from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_records import PartitionAssignment
from odradek.protocol.metadata_records import (
    BrokerEndpoint,
    ClientQuotaRecord,
    EntityData,
    MetadataRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    TopicRecord,
    decode_metadata_record,
    encode_metadata_record,
)

TOPIC_ID, OTHER_ID = b"t" * 16, b"u" * 16
A_TOPIC: list[MetadataRecord] = [
    TopicRecord(name="t", topic_id=TOPIC_ID),
    PartitionRecord(
        partition_id=0, topic_id=TOPIC_ID, replicas=[1], isr=[1], leader=1, leader_epoch=0, partition_epoch=0
    ),
]


def image_of(*records: MetadataRecord, image: MetadataImage | None = None) -> MetadataImage:
    image = image or MetadataImage()
    for record in records:
        image.replay(encode_metadata_record(record))
    return image


def on_one_node(partitions: int = 1) -> list[PartitionAssignment]:
    """Partitions that node 1 holds, as its data directory in tests has it."""
    return [PartitionAssignment((1,), (b"d" * 16,), (1,))] * partitions


def said_again(image: MetadataImage) -> list[MetadataRecord]:
    return [decode_metadata_record(value) for value in image.records()]


def quota(user: str | None, value: float, *, remove: bool = False) -> ClientQuotaRecord:
    entity = [EntityData(entity_type="client-id", entity_name=None), EntityData(entity_type="user", entity_name=user)]
    return ClientQuotaRecord(entity=entity, key="producer_byte_rate", value=value, remove=remove)


A_BROKER = RegisterBrokerRecord(
    broker_id=1, broker_epoch=11, end_points=[BrokerEndpoint(name="PLAINTEXT", host="h", port=9092)]
)


# Partitions
