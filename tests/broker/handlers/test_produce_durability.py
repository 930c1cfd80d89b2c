"""Produce when the disk is full, slow or broken."""

import pytest

from odradek.broker.testing.disks import BROKEN, FULL
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.produce import PartitionProduceResponse, ProduceResponse

from .broker_harness import AskedBroker, batch, fetch_request, offsets_in, produce_request
from .group_context import Asked


def send(broker: AskedBroker, *indexes: int) -> Asked[ProduceResponse]:
    return broker.ask(produce_request({"t": {index: batch() for index in indexes or (0,)}}), 9, ProduceResponse)


def codes(asked: Asked[ProduceResponse]) -> list[int]:
    return [partition.error_code for partition in asked.answer.responses[0].partition_responses]


def test_a_full_disk_refuses_and_stores_nothing_until_there_is_room() -> None:
    broker = AskedBroker()
    log = broker.create().partitions[0].open_log()
    broker.produce("t", batch(b"before"))
    size = log.size_bytes
    broker.files.write_error = FULL
    for _ in range(2):
        assert broker.produce("t", batch(b"during")) == PartitionProduceResponse(
            index=0, error_code=ErrorCode.KAFKA_STORAGE_ERROR, base_offset=-1, log_start_offset=-1, record_errors=[]
        )
    assert (log.log_end_offset, log.size_bytes) == (1, size)
    broker.files.write_error = None
    assert broker.produce("t", batch(b"after")).base_offset == 1
    assert offsets_in(broker.fetch_one(fetch_request("t")).records) == [0, 1]


def test_a_batch_refused_by_a_full_disk_leaves_no_sequence_behind() -> None:
    broker = AskedBroker()
    broker.create()
    broker.produce("t", batch(pid=1, sequence=0))
    broker.files.write_error = FULL
    broker.produce("t", batch(pid=1, sequence=1))
    broker.files.write_error = None
    assert broker.produce("t", batch(pid=1, sequence=2)).error_code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert broker.produce("t", batch(pid=1, sequence=1)).base_offset == 1


def test_what_was_stored_before_a_full_disk_survives_a_crash_after_it() -> None:
    broker = AskedBroker()
    broker.create()
    broker.produce("t", batch(b"before"))
    broker.files.write_error = FULL
    broker.produce("t", batch(b"during"))
    broker.files.write_error = None
    broker.restart(is_clean=False)
    assert broker.topics.partition("t", 0).log.log_end_offset == 1
    assert broker.produce("t", batch(b"after")).base_offset == 1


def test_a_full_disk_refuses_a_partition_that_was_never_used_and_it_works_later() -> None:
    broker = AskedBroker()
    broker.create()
    broker.files.write_error = FULL
    assert broker.produce("t", batch()).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    broker.files.write_error = None
    assert broker.produce("t", batch()).base_offset == 0


def test_with_flush_messages_1_the_answer_waits_for_the_fsync() -> None:
    broker = AskedBroker()
    broker.create(flush_messages="1")
    broker.holds_fsyncs = True
    asked = send(broker)
    assert asked.is_deferred
    broker.finish_fsync()
    assert codes(asked) == [ErrorCode.NONE]
    assert broker.topics.partition("t", 0).open_log().recovery_point == 1


def test_an_answer_for_two_partitions_waits_for_both_fsyncs() -> None:
    broker = AskedBroker()
    broker.create(partitions=2, flush_messages="1")
    broker.holds_fsyncs = True
    asked = send(broker, 0, 1)
    broker.finish_fsync()
    assert asked.is_deferred
    broker.finish_fsync()
    assert codes(asked) == [0, 0]


def test_a_failed_fsync_is_answered_as_a_storage_error_and_a_good_one_beside_it_is_not() -> None:
    broker = AskedBroker()
    broker.create(partitions=2, flush_messages="1")
    broker.holds_fsyncs = True
    asked = send(broker, 0, 1)
    broker.files.sync_error = BROKEN
    broker.finish_fsync()
    broker.files.sync_error = None
    broker.finish_fsync()
    assert codes(asked) == [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NONE]
    failed, good = asked.answer.responses[0].partition_responses
    assert (failed.base_offset, failed.log_start_offset, good.base_offset) == (-1, -1, 0)


def test_after_a_failed_fsync_nothing_is_promised_until_the_log_is_recovered() -> None:
    broker = AskedBroker()
    broker.create(flush_messages="1")
    broker.files.sync_error = BROKEN
    assert codes(send(broker)) == [ErrorCode.KAFKA_STORAGE_ERROR]
    broker.files.sync_error = None
    assert codes(send(broker)) == [ErrorCode.KAFKA_STORAGE_ERROR]
    broker.restart(is_clean=False)
    assert codes(send(broker)) == [ErrorCode.NONE]


def test_those_who_wait_for_the_fsync_after_a_failed_one_are_told_too() -> None:
    broker = AskedBroker()
    broker.create(flush_messages="1")
    broker.holds_fsyncs = True
    first, second = send(broker), send(broker)
    broker.files.sync_error = BROKEN
    broker.finish_fsync()
    assert codes(first) == codes(second) == [ErrorCode.KAFKA_STORAGE_ERROR]


@pytest.mark.parametrize("acks", [0, 1])
def test_flush_messages_is_obeyed_whether_or_not_anybody_waits(acks: int) -> None:
    broker = AskedBroker()
    log = broker.create(flush_messages="1").partitions[0].open_log()
    broker.hand(produce_request({"t": {0: batch()}}, acks=acks), 9)
    assert log.recovery_point == 1


def test_a_fetch_sees_what_is_not_yet_on_the_disk_for_good() -> None:
    broker = AskedBroker()
    broker.create(flush_messages="1")
    broker.holds_fsyncs = True
    assert send(broker).is_deferred
    assert offsets_in(broker.fetch_one(fetch_request("t")).records) == [0]
