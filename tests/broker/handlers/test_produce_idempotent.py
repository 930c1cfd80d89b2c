"""Produce by producers with an id: repeats, gaps, epochs, and the door to transactions."""

import pytest

from odradek.broker.testing.topics import delete_topics
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.produce import ProduceResponse

from .broker_harness import NOW_MS, AskedBroker, batch, produce_request

PID = 4
LAST_SEQUENCE = 2147483647
Answer = tuple[int, int]


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create(partitions=2)
    return broker


def send(broker: AskedBroker, sequence: int, count: int = 1, epoch: int = 0, pid: int = PID, index: int = 0) -> Answer:
    """(error, base offset)."""
    values = [b"v"] * count
    answer = broker.produce("t", batch(*values, pid=pid, epoch=epoch, sequence=sequence), index=index)
    return answer.error_code, answer.base_offset


def test_a_repeated_batch_is_answered_as_the_first_time_and_not_stored(broker: AskedBroker) -> None:
    assert [send(broker, 0, 2), send(broker, 2, 3), send(broker, 0, 2)] == [(0, 0), (0, 2), (0, 0)]
    assert broker.topics.partition("t", 0).log.log_end_offset == 5


def test_the_answer_to_a_repeat_carries_the_time_of_the_batch(broker: AskedBroker) -> None:
    send(broker, 0)
    assert broker.produce("t", batch(pid=PID)).log_append_time_ms == NOW_MS


def test_five_batches_are_remembered_and_not_a_sixth(broker: AskedBroker) -> None:
    for sequence in range(6):
        assert send(broker, sequence) == (0, sequence)
    assert [send(broker, sequence) for sequence in range(1, 6)] == [(0, offset) for offset in range(1, 6)]
    assert send(broker, 0) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)


def test_part_of_a_batch_is_no_repeat(broker: AskedBroker) -> None:
    send(broker, 0, 3)
    assert send(broker, 0, 2) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)


def test_a_gap_is_refused_until_it_is_filled(broker: AskedBroker) -> None:
    send(broker, 0)
    assert send(broker, 2) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert [send(broker, 1), send(broker, 2)] == [(0, 1), (0, 2)]


def test_a_gap_is_answered_with_the_log_start_and_no_text(broker: AskedBroker) -> None:
    send(broker, 0, 2)
    broker.topics.partition("t", 0).log.delete_records_before(1)
    answer = broker.produce("t", batch(pid=PID, sequence=7))
    assert (answer.log_start_offset, answer.error_message, answer.record_errors) == (1, None, [])


def test_a_producer_that_is_not_known_may_begin_anywhere(broker: AskedBroker) -> None:
    assert send(broker, 17) == (0, 0)


def test_each_partition_counts_for_itself(broker: AskedBroker) -> None:
    assert [send(broker, 0, index=0), send(broker, 0, index=1), send(broker, 1, index=1)] == [(0, 0), (0, 0), (0, 1)]


def test_sequences_go_from_the_largest_number_back_to_0(broker: AskedBroker) -> None:
    assert send(broker, LAST_SEQUENCE - 1, 4) == (0, 0)
    assert send(broker, LAST_SEQUENCE - 1, 4) == (0, 0)
    assert send(broker, 2) == (0, 4)


def test_a_new_epoch_begins_at_0_and_shuts_the_old_one_out(broker: AskedBroker) -> None:
    send(broker, 0)
    assert send(broker, 1, epoch=1) == (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1)
    assert send(broker, 0, epoch=1) == (0, 1)
    assert send(broker, 1, epoch=0) == (ErrorCode.INVALID_PRODUCER_EPOCH, -1)


def test_sequences_go_on_when_the_data_has_been_deleted(broker: AskedBroker) -> None:
    send(broker, 0)
    broker.topics.partition("t", 0).log.delete_records_before(1)
    assert [send(broker, 0), send(broker, 1), send(broker, 3)] == [
        (0, 0),
        (0, 1),
        (ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1),
    ]


@pytest.mark.parametrize("is_clean", [True, False])
def test_after_a_restart_the_last_batch_is_still_known(broker: AskedBroker, is_clean: bool) -> None:
    send(broker, 0)
    send(broker, 1)
    broker.restart(is_clean=is_clean)
    assert [send(broker, 1), send(broker, 2)] == [(0, 1), (0, 2)]


def test_a_topic_made_anew_knows_no_producer(broker: AskedBroker) -> None:
    send(broker, 0)
    topic = broker.topics.find("t")
    assert topic is not None
    delete_topics(broker.topics, [topic])
    broker.create()
    assert send(broker, 9) == (0, 0)


def refusals(broker: AskedBroker, transactional_id: str | None, *batches: bytes) -> list[int]:
    request = produce_request({"t": dict(enumerate(batches))}, transactional_id=transactional_id)
    (found,) = broker.ask(request, 9, ProduceResponse).answer.responses
    return [partition.error_code for partition in found.partition_responses]


def test_a_transactional_batch_without_a_transactional_id_refuses_the_whole_request(broker: AskedBroker) -> None:
    found = refusals(broker, None, batch(), batch(pid=PID, is_transactional=True))
    assert found == [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED] * 2


def test_two_transactional_producers_in_a_request_refuse_it_whole(broker: AskedBroker) -> None:
    batches = [batch(pid=pid, is_transactional=True) for pid in (PID, PID + 1)]
    assert refusals(broker, "tx", *batches) == [ErrorCode.INVALID_PRODUCER_ID_MAPPING] * 2


def test_plain_and_idempotent_batches_pass_beside_a_transactional_id(broker: AskedBroker) -> None:
    assert refusals(broker, "tx", batch(), batch(pid=PID)) == [0, 0]


def test_a_transactional_batch_of_an_unknown_id_is_refused(broker: AskedBroker) -> None:
    assert refusals(broker, "tx", batch(pid=PID, is_transactional=True)) == [ErrorCode.INVALID_PRODUCER_ID_MAPPING]


@pytest.mark.parametrize(
    ("version", "code"),
    [(9, ErrorCode.INVALID_TXN_STATE), (11, ErrorCode.TRANSACTION_ABORTABLE), (12, ErrorCode.NONE)],
)
def test_a_partition_that_was_not_added_is_refused_below_version_12_and_added_from_it_on(
    broker: AskedBroker, version: int, code: ErrorCode
) -> None:
    ask = InitProducerIdRequest(transactional_id="tx", transaction_timeout_ms=1000)
    pid = broker.ask(ask, 5, InitProducerIdResponse).answer.producer_id
    sent = batch(pid=pid, is_transactional=True)
    assert broker.produce("t", sent, version=version, transactional_id="tx").error_code == code
