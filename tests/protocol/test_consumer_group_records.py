"""Records of consumer groups, against those that Apache Kafka 4.3 wrote."""

import pytest

from odradek.protocol.consumer_group_records import (
    ClassicMemberMetadata,
    ClassicProtocol,
    ConsumerGroupCurrentMemberAssignmentKey,
    ConsumerGroupCurrentMemberAssignmentValue,
    ConsumerGroupMemberMetadataKey,
    ConsumerGroupMemberMetadataValue,
    ConsumerGroupMetadataKey,
    ConsumerGroupMetadataValue,
    TopicPartitions,
)
from odradek.protocol.state_records import decode_group_record, encode_key, encode_value

from .stored import assert_stored

TOPIC_ID = bytes.fromhex("828e7c645a294500aab50eaccf80abc4")
MEMBER = "O2oI13ovTnCGnD10dbVhpQ"

KAFKAS_RECORDS = [
    (
        "00050003672d3200164f326f4931336f76546e43476e443130646256687051",
        "000000000872646b61666b610b2f3132372e302e302e3102027401000493e00001000100",
        ConsumerGroupMemberMetadataKey(group_id="g-2", member_id=MEMBER),
        ConsumerGroupMemberMetadataValue(
            instance_id=None,
            rack_id=None,
            client_id="rdkafka",
            client_host="/127.0.0.1",
            subscribed_topic_names=["t"],
            subscribed_topic_regex="",
            rebalance_timeout_ms=300000,
            server_assignor=None,
            classic_member_metadata=None,
        ),
    ),
    (
        "00030003672d32",
        "0000000000020100089201c7edc0077e27",
        ConsumerGroupMetadataKey(group_id="g-2"),
        ConsumerGroupMetadataValue(epoch=2, metadata_hash=-7925834045252469209),
    ),
    (
        "00080003672d3200164f326f4931336f76546e43476e443130646256687051",
        "000000000002000000000002828e7c645a294500aab50eaccf80abc4020000000001000502000000020100",
        ConsumerGroupCurrentMemberAssignmentKey(group_id="g-2", member_id=MEMBER),
        ConsumerGroupCurrentMemberAssignmentValue(
            member_epoch=2,
            assigned_partitions=[TopicPartitions(topic_id=TOPIC_ID, partitions=[0], assignment_epochs=[2])],
        ),
    ),
]


@pytest.mark.parametrize(("key", "value", "our_key", "our_value"), KAFKAS_RECORDS)
def test_records_are_kafkas_byte_for_byte(key: str, value: str, our_key: object, our_value: object) -> None:
    assert_stored(decode_group_record, our_key, our_value, key, value)


def test_a_member_that_speaks_the_classic_protocol_has_its_protocols_in_a_tag() -> None:
    value = ConsumerGroupMemberMetadataValue(
        instance_id=None,
        rack_id=None,
        subscribed_topic_regex=None,
        server_assignor=None,
        classic_member_metadata=ClassicMemberMetadata(
            session_timeout_ms=9, supported_protocols=[ClassicProtocol(name="r", metadata=b"m")]
        ),
    )
    # no instance, rack, client, host, topics, regex; no rebalance timeout, no assignor
    plain = "0000" + "00" + "00" + "01" + "01" + "01" + "00" + "ffffffff" + "00"
    classic = "01" + "00" + "0c" + "01" + "00000009" + "02" + "0272" + "026d" + "00" + "00"
    assert encode_value(value).hex() == plain + classic
    assert_stored(
        decode_group_record,
        ConsumerGroupMemberMetadataKey(group_id="g", member_id="m"),
        value,
        "0005" + "000167" + "00016d",
        plain + classic,
    )


def test_a_member_without_the_tag_is_an_empty_classic_one_as_kafka_reads_it() -> None:
    key = encode_key(ConsumerGroupMemberMetadataKey(group_id="g", member_id="m"))
    value = bytes.fromhex("0000" + "00" + "00" + "01" + "01" + "01" + "00" + "ffffffff" + "00" + "00")
    decoded = decode_group_record(key, value)
    assert decoded is not None
    assert isinstance(decoded[1], ConsumerGroupMemberMetadataValue)
    assert decoded[1].classic_member_metadata == ClassicMemberMetadata()


def test_a_group_that_goes_leaves_a_tombstone() -> None:
    key = ConsumerGroupMetadataKey(group_id="g")
    assert decode_group_record(encode_key(key), None) == (key, None)
