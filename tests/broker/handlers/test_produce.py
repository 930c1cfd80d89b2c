"""Produce: what is taken and what is refused. Durability has test_produce_durability.py, producers' state
test_produce_idempotent.py.
"""

import pytest

from odradek.broker.deferred import Disconnect
from odradek.broker.handlers.produce import ADMIN_CLIENT_ID, handle_produce
from odradek.broker.slices import run_to_end
from odradek.broker.testing.topics import delete_topics
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)

from .broker_harness import NOW_MS, AskedBroker, batch, fetch_request, produce_request, served

HOUR_MS = 3_600_000


def refused(code: ErrorCode, log_start_offset: int = -1) -> PartitionProduceResponse:
    """A refusal without texts, in version 9."""
    return PartitionProduceResponse(
        index=0, error_code=code, base_offset=-1, log_start_offset=log_start_offset, record_errors=[]
    )


def by_id(topic_id: bytes, records: bytes) -> ProduceRequest:
    data = [PartitionProduceData(index=0, records=records)]
    return ProduceRequest(acks=-1, topic_data=[TopicProduceData(topic_id=topic_id, partition_data=data)])


def changed(records: bytes, at: int, value: int) -> bytes:
    """One byte of a batch replaced: what that does to its checksum is the test's affair."""
    return records[:at] + bytes([value]) + records[at + 1 :]


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create()
    return broker


@pytest.mark.parametrize("version", [v for v in served(ApiKey.PRODUCE) if v < 13])
def test_every_version_by_name_appends_and_says_where(broker: AskedBroker, version: int) -> None:
    for base_offset in (0, 2):
        answer = broker.produce("t", batch(b"a", b"b"), version=version)
        assert (answer.error_code, answer.base_offset, answer.log_append_time_ms) == (0, base_offset, -1)
        assert answer.log_start_offset == (0 if version >= 5 else -1)
        assert (list(answer.record_errors), answer.error_message) == ([], None)


def test_from_version_13_on_a_topic_is_named_by_its_id() -> None:
    broker = AskedBroker()
    topic_id = broker.create().topic_id
    for asked, code in [
        (topic_id, 0),
        (b"n" * 16, ErrorCode.UNKNOWN_TOPIC_ID),
        (bytes(16), ErrorCode.UNKNOWN_TOPIC_ID),
    ]:
        (found,) = broker.ask(by_id(asked, batch()), 13, ProduceResponse).answer.responses
        assert (found.topic_id, found.partition_responses[0].error_code) == (asked, code)


def test_records_come_back_as_the_bytes_they_were(broker: AskedBroker) -> None:
    sent = batch(b"a" * 100, b"b" * 100, codec=1)
    broker.produce("t", sent)
    (stored,) = [broker.fetch_one(fetch_request("t")).records]
    assert stored is not None
    assert bytes(stored)[16:] == sent[16:]


@pytest.mark.parametrize(("topic", "index"), [("nobody", 0), ("t", 1), ("t", -1), ("", 0), ("a b", 0)])
def test_what_does_not_exist_is_unknown_and_is_not_made(broker: AskedBroker, topic: str, index: int) -> None:
    answer = broker.produce(topic, batch(), index=index)
    assert (answer.error_code, answer.log_start_offset) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1)
    assert [t.name for t in broker.topics] == ["t"]


def test_one_refused_partition_keeps_no_other_from_success() -> None:
    broker = AskedBroker()
    broker.create(partitions=2)
    request = produce_request({"t": {0: batch(), 1: b"", 7: batch()}, "nobody": {0: batch()}})
    answer = broker.ask(request, 9, ProduceResponse).answer
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert [[p.error_code for p in t.partition_responses] for t in answer.responses] == [
        [0, ErrorCode.INVALID_RECORD, unknown],
        [unknown],
    ]


def test_of_a_partition_named_twice_one_batch_is_kept(broker: AskedBroker) -> None:
    data = [PartitionProduceData(index=0, records=batch(value)) for value in (b"a", b"b")]
    request = ProduceRequest(acks=1, topic_data=[TopicProduceData(name="t", partition_data=data)])
    (found,) = broker.ask(request, 9, ProduceResponse).answer.responses
    assert [p.error_code for p in found.partition_responses] == [0]
    assert broker.topics.partition("t", 0).log.log_end_offset == 1


@pytest.mark.parametrize("acks", [2, -2, 100])
def test_other_numbers_of_acks_are_refused_after_what_is_wrong_with_the_batch(broker: AskedBroker, acks: int) -> None:
    assert broker.produce("t", batch(), acks=acks) == refused(ErrorCode.INVALID_REQUIRED_ACKS)
    assert broker.produce("t", b"", acks=acks) == refused(ErrorCode.INVALID_RECORD)
    assert broker.produce("nobody", batch(), acks=acks) == refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assert broker.topics.partition("t", 0).log.log_end_offset == 0


@pytest.mark.parametrize("acks", [1, -1])
def test_an_isr_of_one_is_enough_whatever_min_insync_replicas_says(acks: int) -> None:
    broker = AskedBroker()
    broker.create(min_insync_replicas="2")
    assert broker.produce("t", batch(), acks=acks).error_code == ErrorCode.NONE


NOT_ONE_BATCH: dict[str, tuple[bytes | None, ErrorCode, str | None]] = {
    "null": (None, ErrorCode.INVALID_RECORD, None),
    "nothing": (b"", ErrorCode.INVALID_RECORD, None),
    "cut off": (batch()[:-1], ErrorCode.INVALID_RECORD, None),
    "a piece of a header": (batch()[:12], ErrorCode.INVALID_RECORD, None),
    "two batches": (batch() + batch(), ErrorCode.INVALID_RECORD, None),
    "magic 0": (changed(batch(), 16, 0), ErrorCode.INVALID_RECORD, None),
    "magic 1": (changed(batch(), 16, 1), ErrorCode.INVALID_RECORD, None),
    "magic 3": (changed(batch(), 16, 3), ErrorCode.CORRUPT_MESSAGE, "Invalid magic found in record: 3"),
    "zeros": (
        bytes(80),
        ErrorCode.CORRUPT_MESSAGE,
        "Record size 0 is less than the minimum record overhead (14)",
    ),
}


@pytest.mark.parametrize("what", NOT_ONE_BATCH)
def test_bytes_that_are_not_one_whole_batch_are_refused_before_the_log_is_asked(broker: AskedBroker, what: str) -> None:
    records, code, text = NOT_ONE_BATCH[what]
    answer = broker.produce("t", records)
    assert (answer.error_code, answer.base_offset, answer.log_start_offset) == (code, -1, -1)
    assert text is None or answer.error_message == text


def test_what_follows_the_batch_and_is_no_whole_batch_is_dropped(broker: AskedBroker) -> None:
    assert broker.produce("t", batch() + batch()[:30]).error_code == ErrorCode.NONE
    assert broker.topics.partition("t", 0).log.log_end_offset == 1


def test_a_wrong_checksum_is_corrupt_and_hides_the_log_start(broker: AskedBroker) -> None:
    assert broker.produce("t", changed(batch(), 20, batch()[20] ^ 1)) == refused(ErrorCode.CORRUPT_MESSAGE)


def test_a_base_offset_that_is_not_0_is_refused_with_the_log_start(broker: AskedBroker) -> None:
    broker.produce("t", batch(b"a", b"b"))
    broker.topics.partition("t", 0).log.delete_records_before(1)
    assert broker.produce("t", changed(batch(), 7, 5)) == refused(ErrorCode.INVALID_RECORD, log_start_offset=1)


def test_a_batch_too_large_is_refused_as_it_was_sent() -> None:
    broker = AskedBroker()
    exact = batch(b"v" * 200)
    broker.create(max_message_bytes=str(len(exact)))
    assert broker.produce("t", batch(b"v" * 201)) == refused(ErrorCode.MESSAGE_TOO_LARGE)
    assert broker.produce("t", changed(batch(b"v" * 201), 20, 0)) == refused(ErrorCode.MESSAGE_TOO_LARGE)
    assert broker.produce("t", exact).error_code == ErrorCode.NONE


def test_a_batch_beyond_the_size_of_a_segment_is_refused() -> None:
    broker = AskedBroker()
    broker.create(segment_bytes=str(1 << 20), max_message_bytes=str(4 << 20))
    assert broker.produce("t", batch(b"v" * (1 << 20))) == refused(ErrorCode.RECORD_LIST_TOO_LARGE)
    assert broker.produce("t", batch(b"v")).base_offset == 0


def test_zstd_is_refused_below_version_7(broker: AskedBroker) -> None:
    sent = batch(b"v" * 100, codec=4)
    assert broker.produce("t", sent, version=6).error_code == ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
    assert broker.produce("t", sent, version=7).error_code == ErrorCode.NONE


def test_a_compacted_topic_refuses_each_record_without_a_key() -> None:
    broker = AskedBroker()
    broker.create(cleanup_policy="compact")
    assert broker.produce("t", batch(b"a", key=b"k")).error_code == ErrorCode.NONE
    answer = broker.produce("t", batch(b"a", b"b"))
    assert (answer.error_code, answer.log_start_offset) == (ErrorCode.INVALID_RECORD, 0)
    why = "Compacted topic cannot accept message without key in topic partition t-0"
    assert [(e.batch_index, e.batch_index_error_message) for e in answer.record_errors] == [(0, why), (1, why)]
    assert answer.error_message is not None
    assert answer.error_message.startswith("One or more records have been rejected due to 2 record errors in total")


@pytest.mark.parametrize("version", [7, 8, 12])
def test_a_time_too_far_ahead_is_told_record_by_record_from_version_8_on(broker: AskedBroker, version: int) -> None:
    assert broker.produce("t", batch(timestamp=NOW_MS + HOUR_MS), version=version).error_code == ErrorCode.NONE
    answer = broker.produce("t", batch(timestamp=NOW_MS + HOUR_MS + 1), version=version)
    assert (answer.error_code, answer.base_offset) == (ErrorCode.INVALID_TIMESTAMP, -1)
    assert [e.batch_index for e in answer.record_errors] == ([0] if version >= 8 else [])
    text = "One or more records have been rejected due to invalid timestamp"
    assert answer.error_message == (text if version >= 8 else None)


def test_the_brokers_clock_decides_what_is_too_old() -> None:
    broker = AskedBroker()
    broker.create(message_timestamp_before_max_ms="1000")
    assert broker.produce("t", batch()).error_code == ErrorCode.NONE
    broker.clock.advance(1.001)
    assert broker.produce("t", batch()).error_code == ErrorCode.INVALID_TIMESTAMP


def test_log_append_time_is_answered_with_the_time_of_the_append() -> None:
    broker = AskedBroker()
    broker.create(message_timestamp_type="LogAppendTime")
    broker.clock.advance(5)
    assert broker.produce("t", batch(timestamp=1)).log_append_time_ms == NOW_MS + 5000


@pytest.mark.parametrize("name", ["__consumer_offsets", "__transaction_state", "__share_group_state"])
def test_an_internal_topic_takes_records_from_the_admin_client_only(name: str) -> None:
    broker = AskedBroker()
    broker.create(name)
    assert broker.produce(name, batch()).error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    broker.session.client_id = ADMIN_CLIENT_ID
    assert broker.produce(name, batch()).error_code == ErrorCode.NONE


def test_without_acks_there_is_no_answer(broker: AskedBroker) -> None:
    assert broker.hand(produce_request({"t": {0: batch()}}, acks=0), 9) is None
    assert broker.topics.partition("t", 0).log.log_end_offset == 1


@pytest.mark.parametrize(
    ("topic", "records"),
    [("nobody", batch()), ("t", b""), ("t", batch()[:-1]), ("t", batch(pid=3, is_transactional=True))],
    ids=["unknown topic", "nothing", "cut off", "transactional without an id"],
)
def test_without_acks_a_refusal_can_only_be_told_by_closing(broker: AskedBroker, topic: str, records: bytes) -> None:
    with pytest.raises(Disconnect, match="acks=0"):
        broker.hand(produce_request({topic: {0: records}}, acks=0), 9)


def test_nothing_to_produce_is_answered_with_nothing() -> None:
    assert AskedBroker().ask(produce_request({}), 9, ProduceResponse).answer.responses == []


@pytest.mark.parametrize("acks", [1, 0])
def test_others_are_let_in_between_the_partitions_and_a_topic_may_go_meanwhile(acks: int) -> None:
    broker = AskedBroker()
    created = {name: broker.create(name) for name in ("a", "b", "c")}
    request = produce_request({name: {0: batch()} for name in ("a", "b", "c")}, acks=acks)
    steps = handle_produce(request, 9, broker.session, broker.context)
    while not broker.topics.partition("a", 0).log.log_end_offset:
        next(steps)
    delete_topics(broker.topics, [created["b"]])
    if acks == 0:
        with pytest.raises(Disconnect, match="for b-0: UNKNOWN_TOPIC_OR_PARTITION"):
            run_to_end(steps)
    else:
        answer = run_to_end(steps)
        assert isinstance(answer, ProduceResponse)
        codes = [topic.partition_responses[0].error_code for topic in answer.responses]
        assert codes == [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.NONE]
    assert broker.topics.partition("c", 0).log.log_end_offset == 1


def test_without_acks_nothing_is_answered_after_many_slices_either() -> None:
    broker = AskedBroker()
    broker.create("t", 50)
    request = produce_request({"t": {index: batch() for index in range(50)}}, acks=0)
    pauses = sum(1 for _ in handle_produce(request, 9, broker.session, broker.context))
    assert pauses >= 50
    assert run_to_end(handle_produce(request, 9, broker.session, broker.context)) is None
    assert all(partition.log.log_end_offset == 2 for partition in broker.topics.partitions())
