from odradek.broker.testing.records_seen import is_committed, read_seen
from odradek.protocol.batch import RecordBatch
from odradek.protocol.control import marker_batch
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch


def batch(offset: int, *values: bytes, producer_id: int = -1) -> RecordBatch:
    producer = ProducerStamp(producer_id, 0, 0, is_transactional=producer_id >= 0)
    records = [NewRecord(b"k", value, 5, [("h", b"1")]) for value in values]
    return RecordBatch(build_batch(records, base_offset=offset, producer=producer))


def marker(offset: int, producer_id: int, *, is_commit: bool) -> RecordBatch:
    return RecordBatch(
        marker_batch(
            producer_id=producer_id,
            producer_epoch=0,
            is_commit=is_commit,
            coordinator_epoch=0,
            timestamp_ms=0,
            base_offset=offset,
        )
    )


def test_a_record_is_seen_whole() -> None:
    (record,) = read_seen("t", 3, [batch(7, b"v")])
    assert (record.topic, record.partition, record.offset, record.timestamp_ms) == ("t", 3, 7, 5)
    assert (record.key, record.value, list(record.headers)) == (b"k", b"v", [("h", b"1")])
    assert (record.producer_id, record.transaction, is_committed(record)) == (-1, None, True)


def test_each_transaction_has_its_own_end() -> None:
    seen = read_seen(
        "t",
        0,
        [
            batch(0, b"a", producer_id=1),
            batch(1, b"b", b"c", producer_id=2),
            marker(3, 1, is_commit=True),
            batch(4, b"d", producer_id=1),
            marker(5, 2, is_commit=False),
            batch(6, b"e"),
        ],
    )
    assert [(one.offset, one.transaction) for one in seen] == [
        (0, "committed"),
        (1, "aborted"),
        (2, "aborted"),
        (4, "open"),
        (6, None),
    ]
    assert [one.value for one in seen if is_committed(one)] == [b"a", b"e"]
