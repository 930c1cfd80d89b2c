"""Transactions and the disk: what waits for which fsync, and what a power loss leaves that nobody would end."""

import pytest

from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.topics import internal_topic
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.produce import ProduceResponse
from odradek.storage.files.memory_files import MemoryFiles

from ...failing_files import BROKEN
from ...handlers.broker_harness import batch, produce_request
from ...handlers.group_context import Asked
from ...handlers.transaction_harness import ID, Producer, TransactingBroker

FSYNC = {"log.flush.interval.messages": "1"}


def _send_v2(broker: TransactingBroker, who: Producer) -> Asked[ProduceResponse]:
    records = batch(pid=who[0], epoch=who[1], is_transactional=True)
    return broker.ask(produce_request({"t": {0: records}}, transactional_id=ID), 12, ProduceResponse)


def test_the_end_is_logged_when_every_marker_is_on_the_disk_and_the_answer_waits_for_it() -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    assert broker.write(who, index=1, version=12).error_code == 0
    broker.holds_fsyncs = True
    request = EndTxnRequest(transactional_id=ID, producer_id=who[0], producer_epoch=who[1], committed=True)
    asked = broker.ask(request, 5, EndTxnResponse)
    broker.finish_fsync()  # of the decision
    assert broker.stable_and_end() == (2, 2)
    for state in ("PrepareCommit", "PrepareCommit", "CompleteCommit"):
        assert broker.describe().transaction_state == state
        assert asked.is_parked == (state == "PrepareCommit")
        if asked.is_parked:
            broker.finish_fsync()  # of a marker
    assert asked.answer.error_code == 0


def test_a_v2_write_is_answered_when_its_partition_is_known_to_take_part_for_good() -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    broker.holds_fsyncs = True
    first, second = _send_v2(broker, who), _send_v2(broker, who)  # the second is a repeat
    states = [partition.open_log() for partition in internal_topic(broker.topics, "__transaction_state").partitions]
    state_log = max(states, key=lambda log: log.log_end_offset)
    data_log = broker.topics.partition("t", 0).open_log()
    for asked in (first, second):
        while asked.is_parked:
            broker.finish_fsync()
        assert (state_log.recovery_point, data_log.recovery_point) == (2, 1)


def test_without_the_setting_nothing_waits() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.holds_fsyncs = True
    assert not _send_v2(broker, who).is_parked
    assert broker.end(who, commit=True, version=5)[0] == 0


def _without_the_coordinators_word(broker: TransactingBroker) -> TransactingBroker:
    """A broker on the same disk after a power loss that took what the coordinator had logged."""
    disk = broker.disk
    assert isinstance(disk, MemoryFiles)
    for directory in [name for name in disk.list_directory("/data") if name.startswith("__transaction_state")]:
        for name in disk.list_directory(f"/data/{directory}"):
            if name != "partition.metadata":
                disk.remove(f"/data/{directory}/{name}")
    broker.parts.clock = broker.clock = ManualClock(broker.clock.now(), broker.clock.now_ms())
    broker.restart(is_clean=False)
    return broker


def test_a_transaction_that_the_coordinator_has_lost_is_aborted_when_its_log_is_opened() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    assert broker.commit_offset(who, version=5) == 0
    broker = _without_the_coordinators_word(broker)
    assert broker.stable_and_end() == (0, 1)
    broker.clock.advance(0)
    assert broker.stable_and_end() == (2, 2)
    (aborted,) = broker.topics.partition("t", 0).log.aborted_transactions(0, 2)
    assert aborted.producer_id == who[0]
    assert not broker.context.groups.is_offset_pending("g", "t", 0)
    assert broker.offset() is None


@pytest.mark.parametrize("version", [4, 5])
def test_a_transaction_that_the_coordinator_knows_is_left_alone(version: int) -> None:
    broker = TransactingBroker()
    who = broker.begin()
    assert version == 5 or broker.add(who, 0) == [0]
    assert broker.write(who, version=12 if version == 5 else 11).error_code == 0
    broker.restart(is_clean=False)
    broker.clock.advance(0)
    assert broker.stable_and_end() == (0, 1)
    assert broker.end(who, commit=True, version=version)[0] == 0
    assert broker.topics.partition("t", 0).log.aborted_transactions(0, 2) == []


def test_a_commit_does_not_commit_what_an_earlier_session_has_left_open() -> None:
    """The abort marker of the session before was lost with the power; the decision to commit the next one was not."""
    broker = TransactingBroker()
    pid, epoch = broker.begin()
    assert broker.write((pid, epoch), version=12).error_code == 0
    assert broker.init()[0] == ErrorCode.CONCURRENT_TRANSACTIONS  # the session before is aborted first
    who = broker.begin()
    assert broker.write(who, version=12).error_code == 0
    broker.refuse_markers()
    assert broker.end(who, commit=True, version=5)[0] == 0
    broker.files.write_error = None
    log = "/data/t-0/00000000000000000000.log"
    broker.files.truncate(log, len(batch(pid=pid, epoch=epoch, is_transactional=True)))
    broker.restart(is_clean=False)
    broker.clock.advance(2.0)
    assert broker.describe().transaction_state == "CompleteCommit"
    (aborted,) = broker.topics.partition("t", 0).log.aborted_transactions(0, 9)
    assert (aborted.producer_id, aborted.first_offset) == (pid, 0)


def test_an_abort_that_the_disk_refuses_is_tried_again() -> None:
    broker = TransactingBroker()
    assert broker.write(broker.begin(), version=12).error_code == 0
    broker = _without_the_coordinators_word(broker)
    assert broker.stable_and_end() == (0, 1)
    broker.files.write_error = OSError(28, "No space left on device")
    broker.clock.advance(0)
    assert broker.stable_and_end() == (0, 1)
    broker.files.write_error = None
    broker.clock.advance(1.0)
    assert broker.stable_and_end() == (2, 2)


def test_a_repeat_waits_for_the_fsync_of_what_it_repeats() -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    broker.holds_fsyncs = True
    asked = AddPartitionsToTxnRequest(
        v3_and_below_transactional_id=ID,
        v3_and_below_producer_id=who[0],
        v3_and_below_producer_epoch=who[1],
        v3_and_below_topics=[AddPartitionsToTxnTopic(name="t", partitions=[0])],
    )
    first, second = (broker.ask(asked, 3, AddPartitionsToTxnResponse) for _ in range(2))
    assert first.is_parked
    assert second.is_parked
    broker.finish_fsync()
    broker.finish_fsync()
    for answer in (first.answer, second.answer):
        assert answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code == 0


def test_a_coordinator_whose_fsync_failed_answers_nothing_from_memory() -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    broker.files.sync_error = BROKEN
    assert broker.add(who, 0) == [ErrorCode.NOT_COORDINATOR]
    broker.files.sync_error = None
    assert broker.add(who, 0) == [ErrorCode.NOT_COORDINATOR]
    assert broker.init()[0] == ErrorCode.NOT_COORDINATOR
    broker.restart(is_clean=False)
    assert broker.add(who, 0) == [ErrorCode.NONE]
