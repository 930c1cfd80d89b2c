"""Records of streams groups, byte for byte by Apache Kafka 4.3's schemas."""

import pytest

from odradek.protocol.state_records import decode_group_record, decode_value
from odradek.protocol.streams_group_records import (
    CopartitionGroup,
    CurrentMemberAssignmentTaskIds,
    Endpoint,
    KeyValue,
    LastAssignmentConfig,
    StreamsGroupCurrentMemberAssignmentKey,
    StreamsGroupCurrentMemberAssignmentValue,
    StreamsGroupMemberMetadataKey,
    StreamsGroupMemberMetadataValue,
    StreamsGroupMetadataKey,
    StreamsGroupMetadataValue,
    StreamsGroupTargetAssignmentMemberKey,
    StreamsGroupTargetAssignmentMemberValue,
    StreamsGroupTargetAssignmentMetadataKey,
    StreamsGroupTargetAssignmentMetadataValue,
    StreamsGroupTopologyKey,
    StreamsGroupTopologyValue,
    Subtopology,
    TaskIds,
    TopicConfig,
    TopicInfo,
)

from .stored import assert_stored

GROUP, MEMBER = "000167", "00016d"  # "g" and "m" as a key has them: keys are never flexible

RECORDS = [
    (
        StreamsGroupMetadataKey(group_id="g"),
        StreamsGroupMetadataValue(epoch=3, metadata_hash=-1, validated_topology_epoch=2),
        "0011" + GROUP,
        "0000" + "00000003" + "ffffffffffffffff" + "01" + "00" + "04" + "00000002",
    ),
    (
        StreamsGroupMemberMetadataKey(group_id="g", member_id="m"),
        StreamsGroupMemberMetadataValue(
            instance_id=None,
            rack_id="r",
            client_id="c",
            client_host="/h",
            rebalance_timeout_ms=5,
            topology_epoch=1,
            process_id="p",
            user_endpoint=Endpoint(host="h", port=65535),
            client_tags=[KeyValue(key="k", value="v")],
        ),
        "0013" + GROUP + MEMBER,
        "0000" + "00" + "0272" + "0263" + "032f68" + "00000005" + "00000001" + "0270"
        "01" + "0268" + "ffff" + "00" + "02" + "026b" + "0276" + "00" + "00",
    ),
    (
        StreamsGroupTargetAssignmentMetadataKey(group_id="g"),
        StreamsGroupTargetAssignmentMetadataValue(assignment_epoch=2),
        "0014" + GROUP,
        "0000" + "00000002" + "00",
    ),
    (
        StreamsGroupTargetAssignmentMemberKey(group_id="g", member_id="m"),
        StreamsGroupTargetAssignmentMemberValue(
            active_tasks=[TaskIds(subtopology_id="0", partitions=[1, 2])], warmup_tasks=[TaskIds(subtopology_id="1")]
        ),
        "0015" + GROUP + MEMBER,
        "0000" + "02" + "0230" + "03" + "00000001" + "00000002" + "00" + "01" + "02" + "0231" + "01" + "00" + "00",
    ),
    (
        StreamsGroupCurrentMemberAssignmentKey(group_id="g", member_id="m"),
        StreamsGroupCurrentMemberAssignmentValue(
            member_epoch=2,
            previous_member_epoch=1,
            state=1,
            active_tasks=[CurrentMemberAssignmentTaskIds(subtopology_id="0", partitions=[1], assignment_epochs=[2])],
        ),
        "0016" + GROUP + MEMBER,
        "0000" + "00000002" + "00000001" + "01" + "02" + "0230" + "02" + "00000001"
        "01" + "00" + "05" + "02" + "00000002" + "01" * 5 + "00",
    ),
    (
        StreamsGroupTopologyKey(group_id="g"),
        StreamsGroupTopologyValue(
            epoch=1,
            subtopologies=[
                Subtopology(
                    subtopology_id="0",
                    source_topics=["t"],
                    state_changelog_topics=[
                        TopicInfo(
                            name="l",
                            partitions=3,
                            replication_factor=1,
                            topic_configs=[TopicConfig(key="a", value="b")],
                        )
                    ],
                    copartition_groups=[CopartitionGroup(source_topics=[0])],
                )
            ],
        ),
        "0017" + GROUP,
        "0000" + "00000001" + "02" + "0230" + "02" + "0274" + "01"
        "02" + "026c" + "00000003" + "0001" + "02" + "0261" + "0262" + "00" + "00"
        "01" + "01" + "02" + "02" + "0000" + "01" + "01" + "00" + "00" + "00",
    ),
]


@pytest.mark.parametrize(("key", "value", "key_hex", "value_hex"), RECORDS)
def test_records_of_a_group(key: object, value: object, key_hex: str, value_hex: str) -> None:
    assert_stored(decode_group_record, key, value, key_hex, value_hex)


def test_what_an_older_broker_did_not_write_of_a_group_is_unknown_or_empty() -> None:
    value = decode_value(StreamsGroupMetadataValue, bytes.fromhex("0000" + "00000003" + "00" * 8 + "00"))
    assert (value.validated_topology_epoch, list(value.last_assignment_configs or ())) == (-1, [])


def test_the_settings_of_the_last_assignment_are_a_tag() -> None:
    value = StreamsGroupMetadataValue(epoch=3, last_assignment_configs=[LastAssignmentConfig(key="k", value="v")])
    data = bytes.fromhex("0000" + "00000003" + "00" * 8 + "01" + "01" + "06" + "02" + "026b" + "0276" + "00")
    assert decode_value(StreamsGroupMetadataValue, data) == value
