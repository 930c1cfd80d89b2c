"""What is refused before it is appended, with which code, and what is changed on the way in."""

import dataclasses
import struct

import pytest

from odradek.protocol.batch import HEADER_BYTES, RecordBatch
from odradek.protocol.compression import Codec, compress
from odradek.protocol.crc32c import crc32c
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.records import NewRecord, build_batch, read_records
from odradek.storage.effort import LIGHT, WITHOUT_HASTE, HeavyBatch
from odradek.storage.log_config import LogConfig
from odradek.storage.validation import MOST_RECORD_ERRORS, BatchCheck, InvalidRecords, check_batch, split_batch

from .builders import NOW_MS, batch

PLAIN = LogConfig()
COMPACTED = LogConfig(cleanup_policy=frozenset({"compact"}))
APPEND_TIME = LogConfig(message_timestamp_type="LogAppendTime")

_AT = {
    "base_offset": (0, ">q"),
    "length": (8, ">i"),
    "magic": (16, ">b"),
    "attributes": (21, ">h"),
    "last_offset_delta": (23, ">i"),
    "base_timestamp": (27, ">q"),
    "max_timestamp": (35, ">q"),
    "base_sequence": (53, ">i"),
    "records_count": (57, ">i"),
}


def _changed(one: RecordBatch, **fields: int) -> RecordBatch:
    """The batch with other header fields and a right checksum."""
    data = bytearray(one.view)
    for name, value in fields.items():
        at, form = _AT[name]
        struct.pack_into(form, data, at, value)
    struct.pack_into(">I", data, 17, crc32c(memoryview(data)[21:]))
    return RecordBatch(data)


def _with_records(one: RecordBatch, records: bytes) -> RecordBatch:
    """The batch around other bytes, with a right size and checksum."""
    return one.refilled(
        records,
        one.records_count,
        attributes=one.attributes,
        base_timestamp=one.base_timestamp,
        max_timestamp=one.max_timestamp,
    )


def _unlike(count: int) -> RecordBatch:
    """A batch whose records differ in size, each from its neighbours."""
    return RecordBatch(build_batch([NewRecord(b"k", bytes(n % 2), NOW_MS) for n in range(count)]))


def _check(one: RecordBatch, config: LogConfig = PLAIN) -> RecordBatch:
    return check_batch(one, config, NOW_MS, topic="t", partition=0)


def _refusal(one: RecordBatch, config: LogConfig = PLAIN) -> KafkaError:
    with pytest.raises(KafkaError) as refused:
        _check(one, config)
    return refused.value


def _stored(one: RecordBatch) -> RecordBatch:
    head, tail = one.stamped(10, 1)
    return RecordBatch(head + bytes(tail))


# One batch a partition


def _split_code(data: bytes | None, version: int = 9) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        split_batch(data, version)
    return refused.value.code


def test_the_one_batch_is_a_view_on_the_request() -> None:
    data = bytes(batch(3).view)
    assert split_batch(memoryview(data), 9).view.obj is data


@pytest.mark.parametrize("data", [None, b"", b"\0" * 11, bytes(batch().view)[:-1], bytes(batch().view)[:16]])
def test_no_whole_batch_is_87(data: bytes | None) -> None:
    assert _split_code(data) == ErrorCode.INVALID_RECORD


@pytest.mark.parametrize("length", [0, 13, -1])
def test_a_size_that_no_batch_has_is_2(length: int) -> None:
    assert _split_code(bytes(8) + struct.pack(">i", length) + bytes(60)) == ErrorCode.CORRUPT_MESSAGE


def test_a_batch_shorter_than_its_header_is_2() -> None:
    assert _split_code(bytes(_changed(batch(), length=40).view)) == ErrorCode.CORRUPT_MESSAGE


@pytest.mark.parametrize(
    ("magic", "code"),
    [(0, ErrorCode.INVALID_RECORD), (1, ErrorCode.INVALID_RECORD), (3, ErrorCode.CORRUPT_MESSAGE)],
)
def test_old_formats_are_87_and_unknown_ones_2(magic: int, code: ErrorCode) -> None:
    assert _split_code(bytes(_changed(batch(), magic=magic).view)) == code


def test_zstd_needs_produce_7() -> None:
    data = bytes(batch(codec=Codec.ZSTD).view)
    assert _split_code(data, 6) == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert split_batch(data, 7).codec == Codec.ZSTD


def test_a_second_whole_batch_is_87_and_the_beginning_of_one_is_dropped() -> None:
    one = bytes(batch().view)
    assert _split_code(one + one) == ErrorCode.INVALID_RECORD
    for tail in (one[:-1], one[:16], one[:5]):
        assert split_batch(one + tail, 9).size_bytes == len(one)


def test_bytes_behind_the_batch_that_look_like_a_bad_header_are_2() -> None:
    one = bytes(batch().view)
    assert _split_code(one + bytes(20)) == ErrorCode.CORRUPT_MESSAGE
    assert _split_code(one + bytes(_changed(batch(), magic=9).view)) == ErrorCode.CORRUPT_MESSAGE


# The header


def test_a_good_batch_passes_untouched() -> None:
    one = batch(3, codec=Codec.GZIP)
    assert _check(one) is one


@pytest.mark.parametrize(
    "fields",
    [
        {"base_offset": 1},
        {"last_offset_delta": -1},
        {"records_count": 0},
        {"records_count": -1},
        {"records_count": 3},
        {"last_offset_delta": 0},
        {"attributes": 0x20},
        {"attributes": 5},
        {"attributes": 7},
    ],
)
def test_a_header_that_contradicts_itself_is_87_without_a_text_for_clients(fields: dict[str, int]) -> None:
    refused = _refusal(_changed(batch(2), **fields))
    assert refused.code == ErrorCode.INVALID_RECORD
    assert not isinstance(refused, InvalidRecords)


def test_a_producer_without_a_sequence_is_87_and_an_id_without_an_epoch_no_producer() -> None:
    assert _refusal(_changed(batch(pid=1), base_sequence=-1)).code == ErrorCode.INVALID_RECORD
    assert not _check(batch(pid=-2)).has_producer


def test_a_batch_is_too_large_before_its_checksum_is_looked_at() -> None:
    damaged = bytearray(batch(value_bytes=100).view)
    damaged[-1] ^= 1
    assert _refusal(RecordBatch(damaged)).code == ErrorCode.CORRUPT_MESSAGE
    small = LogConfig(max_message_bytes=len(damaged) - 1)
    assert _refusal(RecordBatch(damaged), small).code == ErrorCode.MESSAGE_TOO_LARGE
    exact = LogConfig(max_message_bytes=len(damaged))
    assert _check(batch(value_bytes=100), exact).size_bytes == len(damaged)


# Records


@pytest.mark.parametrize("codec", list(Codec))
def test_a_compacted_topic_wants_keys_whatever_the_codec(codec: Codec) -> None:
    refused = _refusal(batch(5, key=None, codec=codec), COMPACTED)
    assert isinstance(refused, InvalidRecords)
    assert refused.code == ErrorCode.INVALID_RECORD
    assert [error.batch_index for error in refused.record_errors] == [0, 1, 2, 3, 4]
    assert refused.record_errors[0].message == (
        "Compacted topic cannot accept message without key in topic partition t-0"
    )
    assert refused.message.count("RecordError") == 3
    keyed = batch(5, codec=codec)
    assert _check(keyed, COMPACTED) is keyed


@pytest.mark.parametrize("codec", list(Codec))
def test_nonsense_where_records_should_be_is_87_without_a_text_for_clients(codec: Codec) -> None:
    one = batch(codec=codec)
    for nonsense in (b"\x55" * len(one.records), b"", bytes(one.records)[:-5], bytes(one.records) + b"\x55" * 5):
        refused = _refusal(_with_records(one, nonsense))
        assert refused.code == ErrorCode.INVALID_RECORD
        assert not isinstance(refused, InvalidRecords)


@pytest.mark.parametrize("codec", list(Codec))
def test_offset_deltas_out_of_order_are_87(codec: Codec) -> None:
    records = bytearray(batch(2).records)
    records[3] = 2  # length, attributes, timestamp delta: then the first record's offset delta
    assert _refusal(_with_records(batch(2, codec=codec), compress(codec, records))).code == ErrorCode.INVALID_RECORD


def test_a_timestamp_of_more_than_64_bits_is_87() -> None:
    far = batch(2, timestamp=1 << 62, step_ms=1 << 61)
    config = LogConfig(message_timestamp_after_max_ms=1 << 62)
    assert _refusal(_changed(far, base_timestamp=(1 << 63) - 1), config).code == ErrorCode.INVALID_RECORD


def test_of_a_batch_with_millions_of_bad_records_a_thousand_are_listed() -> None:
    refused = _refusal(batch(MOST_RECORD_ERRORS + 5, key=None), COMPACTED)
    assert isinstance(refused, InvalidRecords)
    assert len(refused.record_errors) == MOST_RECORD_ERRORS


def test_a_light_effort_leaves_a_batch_of_many_records_to_a_thread() -> None:
    check = BatchCheck(PLAIN, NOW_MS, "t-0")
    alike, unlike = batch(20_000), _unlike(20_000)
    assert check.check(alike, LIGHT) is alike
    with pytest.raises(HeavyBatch):
        check.check(unlike, LIGHT)
    assert check.check(unlike, WITHOUT_HASTE) is unlike


# Time


@pytest.mark.parametrize(("timestamp", "passes"), [(NOW_MS + 3_600_000, True), (NOW_MS + 3_600_001, False)])
def test_records_may_be_an_hour_ahead(timestamp: int, passes: bool) -> None:
    one = batch(timestamp=timestamp)
    if passes:
        assert _check(one) is one
        return
    refused = _refusal(one)
    assert isinstance(refused, InvalidRecords)
    assert refused.code == ErrorCode.INVALID_TIMESTAMP
    assert refused.message == "One or more records have been rejected due to invalid timestamp"
    low, high = NOW_MS - 0x7FFFFFFFFFFFFFFF, NOW_MS + 3_600_000
    assert refused.record_errors[0].message == (
        f"Timestamp {timestamp} of message with offset 0 is out of range. "
        f"The timestamp should be within [{low}, {high}]"
    )


def test_only_the_offending_records_are_listed_and_a_bad_time_outweighs_a_missing_key() -> None:
    config = dataclasses.replace(COMPACTED, message_timestamp_before_max_ms=100)
    refused = _refusal(batch(3, timestamp=NOW_MS - 150, step_ms=40), config)
    assert isinstance(refused, InvalidRecords)
    assert [error.batch_index for error in refused.record_errors] == [0, 1]
    assert refused.code == ErrorCode.INVALID_TIMESTAMP


@pytest.mark.parametrize("timestamp", [1, -1])
def test_old_and_missing_timestamps_are_fine(timestamp: int) -> None:
    one = batch(timestamp=timestamp)
    assert _check(one) is one
    assert _check(batch(timestamp=-1), LogConfig(message_timestamp_before_max_ms=5)).max_timestamp == -1


@pytest.mark.parametrize("codec", list(Codec))
@pytest.mark.parametrize("said", [-1, 0, NOW_MS, NOW_MS + 7_200_000])
def test_the_largest_timestamp_is_that_of_the_records_whatever_the_header_says(said: int, codec: Codec) -> None:
    lying = _changed(batch(3, step_ms=10_000, codec=codec), max_timestamp=said)
    checked = _check(lying)
    head, tail = checked.stamped(10, 1)
    stored = RecordBatch(head + bytes(tail))
    assert (stored.max_timestamp, stored.is_intact()) == (NOW_MS + 20_000, True)
    assert tail.obj is lying.view.obj


@pytest.mark.parametrize("codec", list(Codec))
def test_a_record_from_the_future_is_refused_whatever_the_header_says(codec: Codec) -> None:
    refused = _refusal(_changed(batch(3, step_ms=3_000_000, codec=codec), max_timestamp=NOW_MS))
    assert isinstance(refused, InvalidRecords)
    assert refused.code == ErrorCode.INVALID_TIMESTAMP
    assert [error.batch_index for error in refused.record_errors] == [2]


def test_append_time_changes_type_and_largest_timestamp_and_copies_no_record() -> None:
    one = batch(3, timestamp=5)
    checked = _check(one, APPEND_TIME)
    head, tail = checked.stamped(10, 1)
    assert (len(head), tail.obj) == (HEADER_BYTES, one.view.obj)
    stored = _stored(checked)
    assert (stored.has_log_append_time, stored.max_timestamp, stored.base_timestamp) == (True, NOW_MS, 5)
    assert (stored.base_offset, stored.partition_leader_epoch, stored.is_intact()) == (10, 1, True)
    assert [record.timestamp for record in read_records(stored)] == [NOW_MS] * 3


def test_a_producer_may_not_set_append_time_itself() -> None:
    refused = _refusal(batch(append_time_ms=NOW_MS), APPEND_TIME)
    assert refused.code == ErrorCode.INVALID_TIMESTAMP
    assert _refusal(batch(append_time_ms=-1)).code == ErrorCode.INVALID_TIMESTAMP
    cleared = _stored(_check(batch(append_time_ms=NOW_MS - 5)))
    assert (cleared.has_log_append_time, cleared.max_timestamp, cleared.is_intact()) == (False, NOW_MS - 5, True)


# Compression


@pytest.mark.parametrize(("name", "codec"), [("gzip", 1), ("snappy", 2), ("lz4", 3), ("zstd", 4), ("uncompressed", 0)])
@pytest.mark.parametrize("sent", [Codec.NONE, Codec.GZIP])
def test_a_topics_own_codec_replaces_the_producers(name: str, codec: int, sent: Codec) -> None:
    one = batch(4, codec=sent, pid=3, sequence=9, value_bytes=200)
    stored = _check(one, LogConfig(compression_type=name))
    assert stored.codec == codec
    assert (stored is one) == (codec == sent)
    assert stored.is_intact()
    assert (stored.producer_id, stored.base_sequence, stored.last_offset_delta) == (3, 9, 3)
    assert list(read_records(stored)) == list(read_records(one))


def test_a_recompressed_batch_is_measured_again() -> None:
    one = batch(codec=Codec.GZIP, value_bytes=5000)
    config = LogConfig(compression_type="uncompressed", max_message_bytes=1000)
    assert _refusal(one, config).code == ErrorCode.MESSAGE_TOO_LARGE


def test_a_recompressed_batch_gets_its_append_time_too() -> None:
    config = LogConfig(compression_type="lz4", message_timestamp_type="LogAppendTime")
    stored = _stored(_check(batch(2, value_bytes=100), config))
    assert (stored.codec, stored.max_timestamp, stored.is_intact()) == (Codec.LZ4, NOW_MS, True)
