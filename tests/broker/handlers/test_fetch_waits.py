"""Fetches that wait, and what isolation lets them see."""

import pytest

from odradek.broker.deferred import Deferred
from odradek.broker.testing.disks import BROKEN
from odradek.broker.topics.partition import Partition
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse
from odradek.protocol.messages.fetch import AbortedTransaction, FetchRequest, FetchResponse

from .broker_harness import AskedBroker, batch, fetch_request, offsets_in, wanted
from .group_context import Asked

PID = 9
BATCH = batch(b"v" * 100)
SIZE = len(BATCH)


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.create(partitions=2)
    return broker


@pytest.fixture
def log(broker: AskedBroker) -> Partition:
    return broker.topics.partition("t", 0)


def found(asked: Asked[FetchResponse]) -> list[list[int]]:
    return [offsets_in(p.records) for topic in asked.answer.responses for p in topic.partitions]


def test_one_byte_is_waited_for_and_comes_with_the_next_append(broker: AskedBroker, log: Partition) -> None:
    asked = broker.fetch(fetch_request("t", max_wait_ms=500))
    assert asked.is_deferred
    broker.append(log, BATCH)
    assert found(asked) == [[0]]


def test_a_produce_wakes_a_waiting_fetch(broker: AskedBroker) -> None:
    asked = broker.fetch(fetch_request("t", max_wait_ms=500))
    broker.produce("t", BATCH)
    assert found(asked) == [[0]]


def test_the_wait_ends_in_time_with_the_present_offsets(broker: AskedBroker, log: Partition) -> None:
    broker.append(log, BATCH)
    asked = broker.fetch(fetch_request("t", wanted(1), max_wait_ms=500))
    broker.clock.advance(0.499)
    assert asked.is_deferred
    broker.clock.advance(0.001)
    (data,) = asked.answer.responses[0].partitions
    assert (data.error_code, data.high_watermark, data.log_start_offset, data.records) == (0, 1, 0, b"")


def test_min_bytes_gathers_over_partitions(broker: AskedBroker, log: Partition) -> None:
    request = fetch_request("t", wanted(), wanted(index=1), max_wait_ms=500, min_bytes=2 * SIZE)
    asked = broker.fetch(request)
    broker.append(log, BATCH)
    assert asked.is_deferred
    broker.append(broker.topics.partition("t", 1), BATCH)
    assert found(asked) == [[0], [0]]


def test_what_came_short_of_min_bytes_comes_with_the_deadline(broker: AskedBroker, log: Partition) -> None:
    asked = broker.fetch(fetch_request("t", max_wait_ms=500, min_bytes=10 * SIZE))
    broker.append(log, BATCH)
    broker.clock.advance(1)
    assert found(asked) == [[0]]


def test_min_bytes_beyond_max_bytes_is_max_bytes(broker: AskedBroker, log: Partition) -> None:
    broker.append(log, BATCH)
    assert found(broker.fetch(fetch_request("t", max_wait_ms=500, min_bytes=1 << 29, max_bytes=SIZE))) == [[0]]


@pytest.mark.parametrize(("max_wait_ms", "min_bytes"), [(0, 1), (-1, 1), (500, 0), (500, -1)])
def test_nothing_is_waited_for_without_a_time_or_a_need(broker: AskedBroker, max_wait_ms: int, min_bytes: int) -> None:
    assert found(broker.fetch(fetch_request("t", max_wait_ms=max_wait_ms, min_bytes=min_bytes))) == [[]]


def test_a_fetch_of_nothing_is_answered_at_once(broker: AskedBroker) -> None:
    assert broker.fetch(FetchRequest(max_wait_ms=500, min_bytes=1)).answer.responses == []


def test_an_error_while_reading_ends_the_wait_and_an_unknown_topic_beside_it_does_not(broker: AskedBroker) -> None:
    good, unknown, failing = wanted(), wanted(index=7), wanted(5, index=1)
    assert broker.fetch(fetch_request("t", good, unknown, max_wait_ms=500)).is_deferred
    assert not broker.fetch(fetch_request("t", good, failing, max_wait_ms=500)).is_deferred
    assert not broker.fetch(fetch_request("t", unknown, max_wait_ms=500)).is_deferred


def test_a_diverging_epoch_ends_the_wait(broker: AskedBroker) -> None:
    asked = broker.fetch(fetch_request("t", wanted(3, last_fetched_epoch=0), wanted(index=1), max_wait_ms=500))
    assert [p.diverging_epoch.end_offset for p in asked.answer.responses[0].partitions] == [0, -1]


@pytest.mark.parametrize(
    ("version", "code"), [(12, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), (13, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)]
)
def test_the_deletion_of_its_topic_answers_a_waiting_fetch(broker: AskedBroker, version: int, code: ErrorCode) -> None:
    topic = broker.topics.find("t")
    assert topic is not None
    asked = broker.fetch(fetch_request(topic, max_wait_ms=500), version)
    assert asked.is_deferred
    broker.ask(DeleteTopicsRequest(topic_names=["t"], timeout_ms=1000), 5, DeleteTopicsResponse)
    assert [p.error_code for p in asked.answer.responses[0].partitions] == [code]


def test_the_deletion_of_records_answers_a_fetch_that_waits_among_them(broker: AskedBroker, log: Partition) -> None:
    broker.append(log, BATCH, BATCH)
    asked = broker.fetch(fetch_request("t", wanted(1), max_wait_ms=500, min_bytes=10 * SIZE))
    log.log.delete_records_before(2)
    log.notify_changed()
    broker.context.purgatory.complete_ready()
    assert [p.error_code for p in asked.answer.responses[0].partitions] == [ErrorCode.OFFSET_OUT_OF_RANGE]


def test_a_client_that_has_gone_is_waited_for_no_more(broker: AskedBroker, log: Partition) -> None:
    waiting = broker.hand(fetch_request("t", max_wait_ms=500), 12)
    assert isinstance(waiting, Deferred)
    waiting.drop()
    assert broker.context.purgatory.next_deadline() is None
    broker.append(log, BATCH)


def test_a_fetch_that_wakes_to_a_broken_disk_is_told_and_wakes_the_others(broker: AskedBroker, log: Partition) -> None:
    asked = [broker.fetch(fetch_request("t", max_wait_ms=500)) for _ in range(2)]
    broker.files.read_error = BROKEN
    broker.append(log, BATCH)
    assert [a.answer.responses[0].partitions[0].error_code for a in asked] == [ErrorCode.KAFKA_STORAGE_ERROR] * 2


# Isolation


def transactional(*, pid: int = PID, sequence: int = 0) -> bytes:
    return batch(b"v" * 100, pid=pid, sequence=sequence, is_transactional=True)


def test_read_committed_sees_nothing_from_the_first_open_transaction_on(broker: AskedBroker, log: Partition) -> None:
    broker.append(log, BATCH, transactional(), BATCH)
    committed = broker.fetch_one(fetch_request("t", is_read_committed=True))
    assert (committed.high_watermark, committed.last_stable_offset) == (3, 1)
    assert (offsets_in(committed.records), committed.aborted_transactions) == ([0], [])
    uncommitted = broker.fetch_one(fetch_request("t"))
    assert (offsets_in(uncommitted.records), uncommitted.last_stable_offset) == ([0, 1, 2], 1)
    assert uncommitted.aborted_transactions is None


def test_between_the_stable_offset_and_the_end_there_is_nothing_and_no_error(
    broker: AskedBroker, log: Partition
) -> None:
    broker.append(log, transactional(), BATCH)
    for offset in (0, 1, 2):
        data = broker.fetch_one(fetch_request("t", wanted(offset), is_read_committed=True))
        assert (data.error_code, data.records) == (0, b"")
    beyond = broker.fetch_one(fetch_request("t", wanted(3), is_read_committed=True))
    assert beyond.error_code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_the_marker_wakes_a_read_committed_fetch_and_the_data_before_it_does_not(
    broker: AskedBroker, log: Partition
) -> None:
    asked = broker.fetch(fetch_request("t", max_wait_ms=500, is_read_committed=True))
    broker.append(log, transactional())
    assert asked.is_deferred
    broker.end_transaction(log, PID, is_commit=True)
    assert found(asked) == [[0, 1]]
    assert asked.answer.responses[0].partitions[0].last_stable_offset == 2


def test_an_aborted_transaction_is_named_for_the_client_to_filter(broker: AskedBroker, log: Partition) -> None:
    broker.append(log, BATCH, transactional())
    broker.end_transaction(log, PID, is_commit=False)
    broker.append(log, BATCH)
    data = broker.fetch_one(fetch_request("t", is_read_committed=True))
    assert offsets_in(data.records) == [0, 1, 2, 3]
    assert data.aborted_transactions == [AbortedTransaction(producer_id=PID, first_offset=1)]
    assert broker.fetch_one(fetch_request("t")).aborted_transactions is None


def test_only_the_aborted_transactions_that_the_answer_touches_are_named(broker: AskedBroker, log: Partition) -> None:
    for pid in (7, 8):
        broker.append(log, transactional(pid=pid))
        broker.end_transaction(log, pid, is_commit=False)  # 7 at 0..1, 8 at 2..3
    first = broker.fetch_one(fetch_request("t", wanted(max_bytes=1), is_read_committed=True))
    assert [(a.producer_id, a.first_offset) for a in first.aborted_transactions or ()] == [(7, 0)]
    second = broker.fetch_one(fetch_request("t", wanted(2), is_read_committed=True))
    assert [(a.producer_id, a.first_offset) for a in second.aborted_transactions or ()] == [(8, 2)]


def test_interleaved_transactions_hold_the_stable_offset_until_the_first_of_them_ends(
    broker: AskedBroker, log: Partition
) -> None:
    broker.append(log, transactional(pid=7), transactional(pid=8))
    broker.end_transaction(log, 8, is_commit=True)
    assert log.log.last_stable_offset == 0
    broker.end_transaction(log, 7, is_commit=False)
    data = broker.fetch_one(fetch_request("t", is_read_committed=True))
    assert (data.last_stable_offset, offsets_in(data.records)) == (4, [0, 1, 2, 3])
    assert [(a.producer_id, a.first_offset) for a in data.aborted_transactions or ()] == [(7, 0)]


@pytest.mark.parametrize("is_clean", [True, False])
def test_open_and_aborted_transactions_are_known_after_a_restart(broker: AskedBroker, is_clean: bool) -> None:
    log = broker.topics.partition("t", 0)
    broker.append(log, transactional(pid=7))
    broker.end_transaction(log, 7, is_commit=False)
    broker.append(log, transactional(pid=8))
    broker.restart(is_clean=is_clean)
    data = broker.fetch_one(fetch_request("t", is_read_committed=True))
    assert (data.last_stable_offset, data.high_watermark, offsets_in(data.records)) == (2, 3, [0, 1])
    assert data.aborted_transactions == [AbortedTransaction(producer_id=7, first_offset=0)]
