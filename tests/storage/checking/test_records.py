"""The records inside a batch: their offsets, and what the broker's own logs must hold."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.metadata_records import TopicRecord, encode_metadata_record
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.state_records import GroupMetadataKey, TransactionLogKey, encode_key
from odradek.storage.checking.records import problem_of_records

from ..builders import NOW_MS, batch


def _batch(*pairs: tuple[bytes | None, bytes | None], is_control: bool = False) -> RecordBatch:
    return RecordBatch(build_batch([NewRecord(key, value, NOW_MS) for key, value in pairs], is_control=is_control))


def test_records_that_can_be_read_are_right_whatever_a_client_wrote_into_them() -> None:
    assert problem_of_records(batch(3), "orders") is None
    assert problem_of_records(_batch((None, None), (b"?", b"?")), "orders") is None


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_records_than_the_batch_has_is_reported(count: int) -> None:
    data = bytearray(batch(2).view)
    data[57:61] = count.to_bytes(4, "big")
    problem = problem_of_records(RecordBatch(bytes(data)), "orders")
    assert problem is not None
    assert problem.startswith("the records cannot be read behind offset ")


def test_a_record_beyond_the_end_of_its_batch_is_reported() -> None:
    data = bytearray(batch(3).view)
    data[23:27] = (1).to_bytes(4, "big")  # the last offset delta
    assert problem_of_records(RecordBatch(bytes(data)), "orders") == (
        "a record has offset 2 behind 1 in a batch that ends at 1"
    )


@pytest.mark.parametrize(
    ("topic", "key", "value"),
    [
        ("__consumer_offsets", encode_key(GroupMetadataKey(group="g")), None),
        ("__transaction_state", encode_key(TransactionLogKey(transactional_id="t")), None),
        ("__cluster_metadata", None, encode_metadata_record(TopicRecord(name="t", topic_id=bytes(16)))),
    ],
)
def test_what_the_broker_keeps_must_be_what_it_can_read(topic: str, key: bytes | None, value: bytes | None) -> None:
    assert problem_of_records(_batch((key, value)), topic) is None
    for wrong in ((None, None), (b"\0", b"\0")):
        problem = problem_of_records(_batch(wrong), topic)
        assert problem is not None
        assert problem.startswith("the records cannot be read behind offset 0: ")
        assert problem_of_records(_batch(wrong), "orders") is None
    assert problem_of_records(_batch((b"\0\0\0\5", b"?"), is_control=True), topic) is None
