"""What consumers embed in JoinGroup and SyncGroup, also where they did it badly."""

import pytest

from odradek.protocol.subscription import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    decode_assignment,
    decode_subscription,
    encode_assignment,
    encode_subscription,
)
from odradek.protocol.wire import CorruptFrame

FULL = ConsumerProtocolSubscription(
    topics=["a", "b"],
    user_data=b"u",
    owned_partitions=[TopicPartition(topic="a", partitions=[0, 1])],
    generation_id=4,
    rack_id="r",
)


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_every_version_carries_what_it_knows(version: int) -> None:
    back = decode_subscription(encode_subscription(FULL, version))
    assert (back.topics, back.user_data) == (FULL.topics, FULL.user_data)
    assert (back == FULL) == (version == 3)
    assert bool(back.owned_partitions) == (version >= 1)
    assert back.generation_id == (4 if version >= 2 else -1)


def test_the_bytes_are_kafkas() -> None:
    data = encode_subscription(ConsumerProtocolSubscription(topics=["t"]), 1)
    assert data.hex() == "0001" + "00000001" + "000174" + "ffffffff" + "00000000"


def test_a_newer_version_is_read_as_the_newest_known_one() -> None:
    assert decode_subscription(b"\x00\x63" + encode_subscription(FULL, 3)[2:] + b"something new") == FULL


def test_a_version_that_promises_more_than_it_brings_is_read_by_what_it_brings() -> None:
    assert decode_subscription(b"\x00\x03" + encode_subscription(FULL, 1)[2:]).owned_partitions == FULL.owned_partitions
    assert decode_subscription(b"\x00\x01" + encode_subscription(FULL, 0)[2:]).topics == FULL.topics


def test_an_assignment_survives() -> None:
    assignment = ConsumerProtocolAssignment(assigned_partitions=[TopicPartition(topic="t", partitions=[2, 3])])
    assert decode_assignment(encode_assignment(assignment)) == assignment
    assert encode_assignment(assignment, 0).hex() == "0000" + "00000001" + "000174" + "00000002" + "00000002" + (
        "00000003" + "ffffffff"
    )


@pytest.mark.parametrize("data", [b"", b"\x00", b"\xff\xff\x00\x00\x00\x00", b"\x00\x00", b"\x00\x00\x7f\xff\xff\xff"])
def test_what_has_not_even_topics_is_a_corrupt_frame(data: bytes) -> None:
    with pytest.raises(CorruptFrame):
        decode_subscription(data)
    with pytest.raises(CorruptFrame):
        decode_assignment(data)
