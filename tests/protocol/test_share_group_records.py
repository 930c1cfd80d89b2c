"""Records of share groups and of their share partitions, byte for byte by Apache Kafka 4.3's schemas."""

import pytest

from odradek.protocol.share_group_records import (
    ShareGroupCurrentMemberAssignmentKey,
    ShareGroupCurrentMemberAssignmentValue,
    ShareGroupMemberMetadataKey,
    ShareGroupMemberMetadataValue,
    ShareGroupMetadataKey,
    ShareGroupMetadataValue,
    ShareGroupStatePartitionMetadataKey,
    ShareGroupStatePartitionMetadataValue,
    ShareGroupTargetAssignmentMetadataKey,
    ShareGroupTargetAssignmentMetadataValue,
    ShareSnapshotKey,
    ShareSnapshotValue,
    ShareUpdateKey,
    ShareUpdateValue,
    StateBatch,
    TopicInfo,
    TopicPartitions,
    TopicPartitionsInfo,
)
from odradek.protocol.state_records import decode_group_record, decode_share_state_record, decode_value

from .stored import assert_stored

ID = bytes(range(16))
GROUP = "000167"  # "g" as a key has it: keys are never flexible

GROUP_RECORDS = [
    (
        ShareGroupMetadataKey(group_id="g"),
        ShareGroupMetadataValue(epoch=3, metadata_hash=-1),
        "000b" + GROUP,
        "0000" + "00000003" + "ffffffffffffffff" + "00",
    ),
    (
        ShareGroupMemberMetadataKey(group_id="g", member_id="m"),
        ShareGroupMemberMetadataValue(rack_id=None, client_id="c", client_host="/h", subscribed_topic_names=["t"]),
        "000a" + GROUP + "00016d",
        "0000" + "00" + "0263" + "032f68" + "02" + "0274" + "00",
    ),
    (
        ShareGroupTargetAssignmentMetadataKey(group_id="g"),
        ShareGroupTargetAssignmentMetadataValue(assignment_epoch=2, assignment_timestamp=5),
        "000c" + GROUP,
        "0000" + "00000002" + "01" + "00" + "08" + "0000000000000005",
    ),
    (
        ShareGroupCurrentMemberAssignmentKey(group_id="g", member_id="m"),
        ShareGroupCurrentMemberAssignmentValue(
            member_epoch=2, previous_member_epoch=1, assigned_partitions=[TopicPartitions(topic_id=ID, partitions=[7])]
        ),
        "000e" + GROUP + "00016d",
        "0000" + "00000002" + "00000001" + "00" + "02" + ID.hex() + "02" + "00000007" + "00" + "00",
    ),
    (
        ShareGroupStatePartitionMetadataKey(group_id="g"),
        ShareGroupStatePartitionMetadataValue(
            initialized_topics=[TopicPartitionsInfo(topic_id=ID, topic_name="t", partitions=[0])],
            deleting_topics=[TopicInfo(topic_id=ID, topic_name="u")],
        ),
        "000f" + GROUP,
        "0000" + "01" + "02" + ID.hex() + "0274" + "02" + "00000000" + "00" + "02" + ID.hex() + "0275" + "00" + "00",
    ),
]


@pytest.mark.parametrize(("key", "value", "key_hex", "value_hex"), GROUP_RECORDS)
def test_records_of_a_group(key: object, value: object, key_hex: str, value_hex: str) -> None:
    assert_stored(decode_group_record, key, value, key_hex, value_hex)


BATCH = StateBatch(first_offset=4, last_offset=6, delivery_state=2, delivery_count=1)
BATCH_HEX = "0000000000000004" + "0000000000000006" + "02" + "0001" + "00"


def test_a_snapshot_is_all_of_a_share_partition_at_one_moment() -> None:
    value = ShareSnapshotValue(
        snapshot_epoch=1,
        state_epoch=2,
        leader_epoch=3,
        start_offset=4,
        delivery_complete_count=5,
        create_timestamp=6,
        write_timestamp=7,
        state_batches=[BATCH],
    )
    numbers = "00000001" + "00000002" + "00000003" + "0000000000000004" + "0000000000000006" + "0000000000000007"
    assert_stored(
        decode_share_state_record,
        ShareSnapshotKey(group_id="g", topic_id=ID, partition=9),
        value,
        "0000" + GROUP + ID.hex() + "00000009",
        "0000" + numbers + "02" + BATCH_HEX + "01" + "00" + "04" + "00000005",
    )


def test_an_update_is_what_changed_since() -> None:
    assert_stored(
        decode_share_state_record,
        ShareUpdateKey(group_id="g", topic_id=ID, partition=9),
        ShareUpdateValue(snapshot_epoch=1, leader_epoch=3, start_offset=-1, state_batches=[BATCH]),
        "0001" + GROUP + ID.hex() + "00000009",
        "0000" + "00000001" + "00000003" + "ffffffffffffffff" + "02" + BATCH_HEX + "00",
    )


def test_a_count_of_deliveries_that_an_older_broker_did_not_write_is_unknown() -> None:
    value = bytes.fromhex("0000" + "00000001" + "00000003" + "0000000000000000" + "01" + "00")
    assert decode_value(ShareUpdateValue, value).delivery_complete_count == -1
