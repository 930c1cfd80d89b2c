"""What Produce answers for a batch that was not appended: an error, and no more of the reasons than Kafka tells."""

import pytest

from odradek.broker.deferred import Disconnect
from odradek.broker.topics.explained_refusal import ExplainedRefusal
from odradek.broker.topics.produce_answers import check_unanswered, refuse_all, refused, refused_by_log
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.messages.produce import ProduceResponse
from odradek.storage.validation import InvalidRecords, RecordError

from ..handlers.broker_harness import AskedBroker, produce_request


def test_every_partition_of_a_request_is_refused() -> None:
    request = produce_request({"t": {0: b"", 2: b""}, "u": {1: b""}})
    response = refuse_all(request, KafkaError(ErrorCode.INVALID_REQUIRED_ACKS))
    assert [
        (topic.name, one.index, one.error_code, one.base_offset, one.log_start_offset)
        for topic in response.responses
        for one in topic.partition_responses
    ] == [(name, index, ErrorCode.INVALID_REQUIRED_ACKS, -1, -1) for name, index in (("t", 0), ("t", 2), ("u", 1))]


def test_where_the_log_begins_is_told_with_some_errors_only() -> None:
    partition = AskedBroker().create().partitions[0]
    told = {
        code: refused_by_log(0, KafkaError(code), partition).log_start_offset
        for code in (ErrorCode.INVALID_RECORD, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode.MESSAGE_TOO_LARGE)
    }
    assert list(told.values()) == [0, 0, -1]


def test_only_reasons_in_kafkas_words_reach_the_client() -> None:
    records = InvalidRecords(ErrorCode.INVALID_RECORD, "one is bad", [RecordError(3, "no key")])
    answer = refused(0, records, 5)
    (record,) = answer.record_errors
    assert (answer.error_message, answer.log_start_offset) == ("one is bad", 5)
    assert (record.batch_index, record.batch_index_error_message) == (3, "no key")
    assert refused(0, ExplainedRefusal(ErrorCode.INVALID_REQUEST, "because"), -1).error_message == "because"
    assert refused(0, KafkaError(ErrorCode.INVALID_REQUEST, "our own words"), -1).error_message is None


def test_who_wants_no_answer_is_told_of_an_error_by_the_end_of_the_connection() -> None:
    request = produce_request({"t": {0: b"", 2: b""}}, acks=0)
    check_unanswered(refuse_all(request, KafkaError(ErrorCode.NONE)))
    check_unanswered(ProduceResponse())
    with pytest.raises(Disconnect, match="t-0: MESSAGE_TOO_LARGE"):
        check_unanswered(refuse_all(request, KafkaError(ErrorCode.MESSAGE_TOO_LARGE)))
