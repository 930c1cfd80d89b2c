"""The bytes are those that an Apache Kafka 4.3 wrote, as its kafka-dump-log shows them."""

from collections.abc import Callable

import pytest

from odradek.broker.coordination.groups.consumer.member import ConsumerMember, MemberState
from odradek.broker.coordination.groups.consumer.records import (
    RECORD_TYPES,
    ResolvedRegex,
    current_record,
    group_epoch_record,
    group_tombstones,
    loaded_partitions,
    member_record,
    member_tombstones,
    regex_record,
    regex_tombstone,
    target_epoch_record,
    target_member_record,
)
from odradek.broker.coordination.result import Record
from odradek.protocol.consumer_group_records import TopicPartitions
from odradek.protocol.state_records import decode_group_record

from .consumer_driver import topic_id

T, U = topic_id("t"), topic_id("u")
MEMBER = ConsumerMember(
    "m",
    "i",
    None,
    "c",
    "/127.0.0.1",
    ("t",),
    "",
    5000,
    None,
    epoch=3,
    previous_epoch=2,
    state=MemberState.UNREVOKED_PARTITIONS,
    assigned={U: {1: 3, 0: 2}, T: {0: 2}},
    revoking={T: {3: 2}},
)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: group_epoch_record("g", 4, -7), 3),
        (lambda: member_record("g", MEMBER), 5),
        (lambda: target_epoch_record("g", 4, 1000), 6),
        (lambda: target_member_record("g", "m", {T: frozenset({0})}), 7),
        (lambda: current_record("g", MEMBER), 8),
        (lambda: regex_record("g", "t.*", ResolvedRegex(frozenset({"t"}), 5, 1000)), 16),
    ],
)
def test_a_record_has_the_type_that_is_replayed_and_version_0(make: Callable[[], Record], kind: int) -> None:
    key, value = make()
    assert key[:2] == kind.to_bytes(2, "big")
    assert kind in RECORD_TYPES
    assert value is not None
    assert value[:2] == b"\0\0"


def test_the_epoch_has_the_hash_of_the_topics_as_a_tagged_field() -> None:
    key, value = group_epoch_record("g", 4, -1)
    assert key == b"\0\3" + b"\0\1g"
    assert value == b"\0\0" + b"\0\0\0\4" + b"\1\0\x08" + b"\xff" * 8


def test_partitions_are_in_order_and_each_has_the_epoch_at_which_it_was_given() -> None:
    _, current = decode_group_record(*current_record("g", MEMBER)) or (None, None)
    assert current is not None
    stored: list[TopicPartitions] = list(getattr(current, "assigned_partitions"))  # noqa: B009
    assert [(bytes(t.topic_id), list(t.partitions), list(t.assignment_epochs or ())) for t in stored] == [
        (T, [0], [2]),
        (U, [0, 1], [2, 3]),
    ]
    assert loaded_partitions(stored, 9) == MEMBER.assigned


def test_partitions_from_before_kafka_4_3_have_the_epoch_of_their_member() -> None:
    assert loaded_partitions([TopicPartitions(topic_id=T, partitions=[0, 1])], 9) == {T: {0: 9, 1: 9}}


def test_a_member_goes_with_all_of_its_records_and_a_group_with_all_of_its_own() -> None:
    assert [(key[:2], value) for key, value in member_tombstones("g", "m")] == [
        (b"\0\x08", None),
        (b"\0\x07", None),
        (b"\0\x05", None),
    ]
    kinds = [key[1] for key, value in group_tombstones("g", ["m", "n"], ["t.*"]) if value is None]
    assert kinds == [8, 8, 7, 7, 6, 5, 5, 16, 4, 3]
    assert regex_tombstone("g", "t.*") == (regex_record("g", "t.*", ResolvedRegex())[0], None)
