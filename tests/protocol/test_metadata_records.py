"""Records of the metadata log, against those that Apache Kafka 4.3 wrote."""

import pytest

from odradek.protocol.metadata_records import (
    BeginTransactionRecord,
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    EndTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    NoOpRecord,
    PartitionRecord,
    ProducerIdsRecord,
    TopicRecord,
    decode_metadata_record,
    encode_metadata_record,
)
from odradek.protocol.wire import CorruptFrame

TOPIC_ID = bytes.fromhex("828e7c645a294500aab50eaccf80abc4")
DIRECTORY_ID = bytes.fromhex("c181401e71f059e4af7e24bbd445913c")


@pytest.mark.parametrize(
    ("value", "record"),
    [
        ("01170001001212426f6f747374726170207265636f726473", BeginTransactionRecord(name="Bootstrap records")),
        ("01180000", EndTransactionRecord()),
        ("01140000", NoOpRecord()),
        (
            "010c00116d657461646174612e76657273696f6e001e00",
            FeatureLevelRecord(name="metadata.version", feature_level=30),
        ),
        (
            "0104000401146d696e2e696e73796e632e7265706c69636173023100",
            ConfigRecord(resource_type=4, resource_name="", name="min.insync.replicas", value="1"),
        ),
        ("0102000274828e7c645a294500aab50eaccf80abc400", TopicRecord(name="t", topic_id=TOPIC_ID)),
        (
            "01030200000000828e7c645a294500aab50eaccf80abc40200000001020000000101010000000100000000"
            "0000000002c181401e71f059e4af7e24bbd445913c00",
            PartitionRecord(
                partition_id=0,
                topic_id=TOPIC_ID,
                replicas=[1],
                isr=[1],
                leader=1,
                leader_epoch=0,
                partition_epoch=0,
                directories=[DIRECTORY_ID],
            ),
        ),
        (
            "010f0000000001000000000000000c00000000000003e800",
            ProducerIdsRecord(broker_id=1, broker_epoch=12, next_producer_id=1000),
        ),
    ],
)
def test_records_are_kafkas_byte_for_byte(value: str, record: MetadataRecord) -> None:
    assert decode_metadata_record(memoryview(bytes.fromhex(value))) == record
    assert encode_metadata_record(record).hex() == value


def test_a_record_can_be_written_in_an_older_version() -> None:
    record = BrokerRegistrationChangeRecord(broker_id=1, broker_epoch=12, fenced=-1)
    value = "01110000000001000000000000000c010001ff"
    assert encode_metadata_record(record, 0).hex() == value
    assert decode_metadata_record(bytes.fromhex(value)) == record


@pytest.mark.parametrize(
    "value",
    [
        "",
        "01",
        "0114",
        "02140000",  # another frame version
        "01060000",  # no such type
        "01140100",  # no such version
        "010200",  # no fields
        "ffffffffff01",
    ],
)
def test_what_cannot_be_understood_may_not_be_skipped(value: str) -> None:
    with pytest.raises(CorruptFrame):
        decode_metadata_record(bytes.fromhex(value))
