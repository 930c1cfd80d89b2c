"""Records inside a batch, against kafka-python's reader and builder and against damage."""

import struct
import warnings
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.batch import RecordBatch
from odradek.protocol.compression import Codec
from odradek.protocol.crc32c import crc32c
from odradek.protocol.records import (
    NO_PRODUCER,
    NewRecord,
    OpenBatch,
    ProducerStamp,
    Record,
    build_batch,
    read_records,
    rebuild_batch,
)
from odradek.protocol.wire import CorruptFrame

with warnings.catch_warnings():  # kafka-python reads its schemas in a way that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka.record.default_records import DefaultRecordBatchBuilder
    from kafka.record.memory_records import MemoryRecords

THREE = [
    NewRecord(b"k", b"v", 1000),
    NewRecord(None, b"", 990, [("h", b"x"), ("h", None), ("ü", b"")]),
    NewRecord(b"", None, 5000),
]
contents = st.none() | st.binary(max_size=200)
new_records = st.builds(
    NewRecord,
    key=contents,
    value=contents,
    timestamp=st.integers(0, 1 << 41),
    headers=st.lists(st.tuples(st.text(max_size=5), contents), max_size=3).map(tuple),
)


def read(batch: bytes, max_bytes: int = 1 << 20) -> list[Record]:
    return list(read_records(RecordBatch(batch), max_bytes))


def with_records(records: bytes, count: int, attributes: int = 0) -> bytes:
    """A whole batch around these bytes."""
    body = struct.pack(">hiqqqhii", attributes, count - 1, 0, 0, -1, -1, -1, count) + records
    return struct.pack(">qiibI", 0, len(body) + 9, -1, 2, crc32c(body)) + body


@settings(max_examples=50)
@given(records=st.lists(new_records, min_size=1, max_size=5), codec=st.sampled_from(Codec))
def test_records_come_back_as_they_were_written(records: list[NewRecord], codec: Codec) -> None:
    data = build_batch(records, codec=codec, base_offset=100)
    batch = RecordBatch(data)
    assert batch.is_intact()
    assert (batch.size_bytes, batch.records_count, batch.codec) == (len(data), len(records), codec)
    assert read(data) == [
        Record(100 + i, one.timestamp, one.key, one.value, one.headers) for i, one in enumerate(records)
    ]


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_kafka_python_reads_what_we_build(codec: Codec) -> None:
    data = build_batch(THREE, codec=codec, base_offset=7, producer=ProducerStamp(5, 2, 9))
    theirs = MemoryRecords(data).next_batch()
    assert theirs.validate_crc()
    assert (theirs.producer_id, theirs.producer_epoch, theirs.base_sequence) == (5, 2, 9)
    assert [(one.offset, one.timestamp, one.key, one.value, list(one.headers)) for one in theirs] == [
        (7, 1000, b"k", b"v", []),
        (8, 990, None, b"", [("h", b"x"), ("h", None), ("ü", b"")]),
        (9, 5000, b"", None, []),
    ]


@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
def test_we_read_what_kafka_python_builds(codec: Codec) -> None:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=codec,
        is_transactional=True,
        producer_id=5,
        producer_epoch=2,
        base_sequence=9,
        batch_size=10_000,
    )
    for offset, record in enumerate(THREE):
        builder.append(offset, record.timestamp, record.key, record.value, list(record.headers))
    data = bytes(builder.build())
    assert RecordBatch(data).is_transactional
    assert read(data) == [
        Record(i, one.timestamp, one.key, one.value, tuple(one.headers)) for i, one in enumerate(THREE)
    ]


def test_an_uncompressed_batch_of_ours_is_kafka_pythons_byte_for_byte() -> None:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=10_000,
    )
    for offset, record in enumerate(THREE):
        builder.append(offset, record.timestamp, record.key, record.value, list(record.headers))
    assert build_batch(THREE, partition_leader_epoch=0)[16:] == bytes(builder.build())[16:]


def test_log_append_time_is_the_time_of_every_record() -> None:
    data = build_batch(THREE, append_time_ms=7777)
    assert RecordBatch(data).has_log_append_time
    assert {record.timestamp for record in read(data)} == {7777}


def test_a_batch_has_at_least_one_record() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build_batch([])


def test_a_header_key_that_is_no_text_survives_a_rebuild() -> None:
    data = with_records(bytes.fromhex("14" + "00" + "00" + "00" + "01" + "01" + "02" + "02" + "ff" + "02" + "78"), 1)
    assert rebuild_batch(RecordBatch(data), read(data)) == data


@pytest.mark.parametrize("codec", Codec)
def test_a_batch_rebuilt_of_all_its_records_is_the_same(codec: Codec) -> None:
    data = build_batch(THREE, codec=codec, base_offset=3, producer=ProducerStamp(1, 0, 5))
    assert rebuild_batch(RecordBatch(data), read(data)) == data


def test_a_rebuilt_batch_keeps_its_offsets_and_sequences_when_records_go() -> None:
    data = build_batch(THREE, base_offset=3, producer=ProducerStamp(1, 0, 5))
    middle = read(data)[1:2]
    batch = RecordBatch(rebuild_batch(RecordBatch(data), middle))
    assert (batch.base_offset, batch.last_offset, batch.last_sequence) == (3, 5, 7)
    assert batch.max_timestamp == 990
    assert list(read_records(batch)) == middle


@pytest.mark.parametrize("codec", Codec)
def test_a_batch_may_lose_all_its_records_and_still_say_how_far_it_went(codec: Codec) -> None:
    data = build_batch(THREE, codec=codec, base_offset=3, producer=ProducerStamp(1, 0, 5))
    batch = RecordBatch(rebuild_batch(RecordBatch(data), []))
    assert batch.is_intact()
    assert (batch.last_offset, batch.last_sequence, batch.size_bytes, batch.records_count) == (5, 7, 61, 0)
    assert list(read_records(batch)) == []


def test_a_batch_can_change_its_codec() -> None:
    data = build_batch(THREE, codec=Codec.GZIP)
    changed = rebuild_batch(RecordBatch(data), read(data), codec=Codec.ZSTD, level=1)
    assert RecordBatch(changed).codec == Codec.ZSTD
    assert read(changed) == read(data)


@pytest.mark.parametrize(
    ("records", "count"),
    [
        ("", 1),
        ("", -1),
        ("0c" + "00" * 6 + "00", 1),  # a byte after the last record
        ("0c" + "00" * 6, 2),  # one record, two announced
        ("0c" + "00" * 6, 1 << 30),
        ("0e" + "00" * 6, 1),  # longer than the batch
        ("0e" + "00" * 7, 1),  # longer than its fields
        ("0a" + "00" * 6, 1),  # shorter than any record
        ("01" + "00" * 6, 1),
        ("0c" + "00" * 3 + "7e" + "00" * 2, 1),  # key beyond the batch
        ("0c" + "00" * 5 + "7e", 1),  # more headers than bytes
        ("0c" + "00" * 5 + "01", 1),  # fewer than none
        ("10" + "00" * 5 + "02" + "01" + "00", 1),  # a header whose key is null
        ("0c" + "ff" * 10, 1),
    ],
)
def test_damaged_records_are_a_corrupt_frame(records: str, count: int) -> None:
    with pytest.raises(CorruptFrame):
        read(with_records(bytes.fromhex(records), count))


@settings(max_examples=100)
@given(at=st.integers(61, 120), byte=st.integers(0, 255))
def test_a_changed_byte_gives_records_or_a_corrupt_frame(at: int, byte: int) -> None:
    data = bytearray(build_batch(THREE))
    data[min(at, len(data) - 1)] = byte
    try:
        found: Sequence[Record] = read(bytes(data))
    except CorruptFrame:
        return
    assert len(found) == 3


def test_the_bound_on_what_comes_out_of_a_codec_holds() -> None:
    data = build_batch([NewRecord(None, bytes(1_000_000), 0)], codec=Codec.GZIP)
    with pytest.raises(CorruptFrame):
        read(data, max_bytes=1000)


def test_a_batch_built_record_by_record_is_the_same_as_one_built_at_once() -> None:
    records = [(b"k", b"v"), (b"", None), (None, bytes(300))]
    for stamp in (NO_PRODUCER, ProducerStamp(7, 3, is_transactional=True)):
        open_batch = OpenBatch(5)
        for record in records:
            open_batch.add(*record)
        assert open_batch.closed(stamp) == build_batch([NewRecord(*record, 5) for record in records], producer=stamp)
        assert open_batch.size_bytes == len(open_batch.closed(stamp))
    with pytest.raises(ValueError, match="at least one record"):
        OpenBatch(5).closed()
