"""What the service does around the coordinator: what it logs, and which fsync an answer waits for."""

import pytest

from odradek.broker.testing.disks import BROKEN
from odradek.broker.testing.topics import internal_topic
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.produce import ProduceResponse

from ...handlers.broker_harness import batch, produce_request
from ...handlers.group_context import Asked
from ...handlers.transaction_harness import ID, Producer, TransactingBroker
from .state_log import logged, states

FSYNC = {"log.flush.interval.messages": "1"}
MARKER_RETRY_S = 1.0


def test_every_move_is_one_record_and_the_decision_comes_before_the_end() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.add(who, 0)
    broker.add(who, 1)
    broker.add(who, 1)
    broker.end(who, commit=True)
    assert states(broker) == ["Empty", "Ongoing", "Ongoing", "PrepareCommit", "CompleteCommit"]


@pytest.mark.parametrize(("level", "version"), [(0, 0), (1, 1), (2, 1)])
def test_the_records_have_the_version_of_the_feature_level(level: int, version: int) -> None:
    broker = TransactingBroker()
    broker.set_level(level)
    broker.add(broker.begin())
    assert {found for found, _ in logged(broker)} == {version}


def _send_v2(broker: TransactingBroker, who: Producer) -> Asked[ProduceResponse]:
    records = batch(pid=who[0], epoch=who[1], is_transactional=True)
    return broker.ask(produce_request({"t": {0: records}}, transactional_id=ID), 12, ProduceResponse)


def test_a_v2_write_is_answered_when_its_partition_is_known_to_take_part_for_good() -> None:
    broker = TransactingBroker(FSYNC)
    who = broker.begin()
    broker.holds_fsyncs = True
    first, second = _send_v2(broker, who), _send_v2(broker, who)  # the second is a repeat
    states = [partition.open_log() for partition in internal_topic(broker.topics, "__transaction_state").partitions]
    state_log = max(states, key=lambda log: log.log_end_offset)
    data_log = broker.topics.partition("t", 0).open_log()
    for asked in (first, second):
        while asked.is_deferred:
            broker.finish_fsync()
        assert (state_log.recovery_point, data_log.recovery_point) == (2, 1)


def test_without_the_setting_nothing_waits() -> None:
    broker = TransactingBroker()
    who = broker.begin()
    broker.holds_fsyncs = True
    assert not _send_v2(broker, who).is_deferred
    assert broker.end(who, commit=True, version=5)[0] == 0


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
    assert first.is_deferred
    assert second.is_deferred
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
