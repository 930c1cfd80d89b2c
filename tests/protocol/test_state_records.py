"""What the coordinators keep, against records that Apache Kafka 4.3 wrote."""

import pytest

from odradek.protocol.schema import i32, message
from odradek.protocol.share_group_records import ShareSnapshotKey
from odradek.protocol.state_records import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
    PartitionsSchema,
    TransactionLogKey,
    TransactionLogValue,
    decode_group_record,
    decode_share_state_record,
    decode_transaction_record,
    decode_value,
    encode_key,
    encode_value,
)
from odradek.protocol.wire import CorruptFrame

TOPIC_ID = bytes.fromhex("828e7c645a294500aab50eaccf80abc4")

KAFKAS_GROUP_RECORDS = [
    (
        "00020003672d31",
        "0003000000000000ffffffff000001a1fe3f836300000000",
        GroupMetadataKey(group="g-1"),
        GroupMetadataValue(
            protocol_type="", generation=0, protocol=None, leader=None, current_state_timestamp=1795266937699
        ),
    ),
    (
        "00010003672d3100017400000000",
        "000400000000000000010000000001000001a1fe3f845c010010828e7c645a294500aab50eaccf80abc4",
        OffsetCommitKey(group="g-1", topic="t", partition=0),
        OffsetCommitValue(offset=1, leader_epoch=0, commit_timestamp=1795266937948, topic_id=TOPIC_ID),
    ),
]
KAFKAS_TRANSACTION = (
    "0001000000000000000000000000ea6001020274020000000000000001a1fe3f77c1000001a1fe3f77c10100080000000000000000"
)
ONGOING = TransactionLogValue(
    producer_id=0,
    previous_producer_id=0,
    producer_epoch=0,
    transaction_timeout_ms=60000,
    transaction_status=1,
    transaction_partitions=[PartitionsSchema(topic="t", partition_ids=[0])],
    transaction_last_update_timestamp_ms=1795266934721,
    transaction_start_timestamp_ms=1795266934721,
)


@pytest.mark.parametrize(("key", "value", "our_key", "our_value"), KAFKAS_GROUP_RECORDS)
def test_group_records_are_kafkas_byte_for_byte(key: str, value: str, our_key: object, our_value: object) -> None:
    assert decode_group_record(bytes.fromhex(key), memoryview(bytes.fromhex(value))) == (our_key, our_value)
    assert encode_key(our_key).hex() == key
    assert encode_value(our_value).hex() == value


def test_transaction_records_are_kafkas_byte_for_byte() -> None:
    key = bytes.fromhex("0000" + "0004" + "74782d31")
    assert decode_transaction_record(key, bytes.fromhex(KAFKAS_TRANSACTION)) == (
        TransactionLogKey(transactional_id="tx-1"),
        ONGOING,
    )
    assert encode_key(TransactionLogKey(transactional_id="tx-1")) == key
    assert encode_value(ONGOING).hex() == KAFKAS_TRANSACTION


def test_the_plain_version_of_a_transaction_has_no_tags() -> None:
    data = encode_value(ONGOING, 0)
    assert data[:2] == b"\x00\x00"
    assert decode_value(TransactionLogValue, data).previous_producer_id == -1


def test_an_offset_with_an_expiry_of_its_own_is_written_in_the_one_version_that_has_it() -> None:
    value = OffsetCommitValue(offset=5, metadata="m", commit_timestamp=1, expire_timestamp=2)
    assert encode_value(value).hex() == "0001" + "0000000000000005" + "00016d" + "00" * 7 + "01" + "00" * 7 + "02"
    assert decode_value(OffsetCommitValue, encode_value(value)) == value


@pytest.mark.parametrize("version", [0, 1, 2, 3, 4])
def test_every_version_of_an_offset_and_of_a_group_can_be_read(version: int) -> None:
    offset = OffsetCommitValue(offset=5, metadata="m", commit_timestamp=1)
    assert decode_value(OffsetCommitValue, encode_value(offset, version)) == offset
    group = GroupMetadataValue(
        protocol_type="consumer",
        generation=3,
        protocol="range",
        leader="a",
        members=[MemberMetadata(member_id="a", session_timeout=1000, subscription=b"s", assignment=b"a")],
    )
    assert decode_value(GroupMetadataValue, encode_value(group, version)) == group


@pytest.mark.parametrize("version", [0, 1])
def test_both_key_versions_of_an_offset_mean_the_same(version: int) -> None:
    key = version.to_bytes(2, "big") + bytes.fromhex("000167" + "000174" + "00000002")
    assert decode_group_record(key, None) == (OffsetCommitKey(group="g", topic="t", partition=2), None)


@pytest.mark.parametrize("kind", [9, 18, 24, 32767, -1])
def test_a_record_of_an_unknown_type_is_skipped(kind: int) -> None:
    assert decode_group_record(kind.to_bytes(2, "big", signed=True) + b"?", b"?") is None


def test_every_type_kafka_knows_is_known() -> None:
    known = [kind for kind in range(30) if decode_group_record(kind.to_bytes(2, "big") + bytes(10), None) is not None]
    assert known == [*range(9), *range(10, 18), *range(19, 24)]


def test_share_state_and_transactions_have_types_of_their_own() -> None:
    key = bytes.fromhex("0000" + "000167") + TOPIC_ID + bytes(4)
    decoded = decode_share_state_record(key, None)
    assert decoded == (ShareSnapshotKey(group_id="g", topic_id=TOPIC_ID, partition=0), None)
    assert decode_share_state_record(b"\x00\x02", None) is None
    assert decode_transaction_record(b"\x00\x01", None) is None


@pytest.mark.parametrize(("key", "value"), [("", None), ("00", None), ("0002" + "0005", None), ("0002000167", "")])
def test_damage_is_a_corrupt_frame(key: str, value: str | None) -> None:
    with pytest.raises(CorruptFrame):
        decode_group_record(bytes.fromhex(key), None if value is None else bytes.fromhex(value))


def test_a_value_of_a_version_that_nobody_knows_is_a_corrupt_frame() -> None:
    with pytest.raises(CorruptFrame, match="version 5"):
        decode_value(OffsetCommitValue, b"\x00\x05rest")


@message(versions="0")
class Keyless:
    """A message that is no key."""

    number: i32 = 0


def test_only_a_key_is_encoded_as_one() -> None:
    with pytest.raises(TypeError, match="Keyless"):
        encode_key(Keyless())
