"""Markers find the leader of each partition, wherever it is by then, and a transaction is over after the last."""

import pytest

from odradek.broker.coordination.transactions.marker_channel import TransactionMarker
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)

from ..handlers.group_context import Asked
from .transacting_brokers import Producer, TransactingBrokers

RETRY_S = 1.0


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("commit", [True, False])
def test_a_transaction_over_partitions_of_three_brokers_is_ended_in_all_of_them(version: int, commit: bool) -> None:
    brokers = TransactingBrokers([2, 3, 1], [3, 1, 2])
    who = brokers.begin()
    brokers.add(who, 0, 1, 2)
    for index in range(3):
        assert brokers.write(who, index=index, version=version + 7).error_code == 0
    assert [brokers.stable_and_end(index) for index in range(3)] == [(0, 1)] * 3
    assert brokers.end(who, commit=commit, version=version).error_code == 0
    assert [brokers.stable_and_end(index) for index in range(3)] == [(2, 2)] * 3
    assert brokers.state() == ("CompleteCommit" if commit else "CompleteAbort")
    aborted = [brokers.leader_of("t", index).partition("t", index).log.aborted_transactions(0, 2) for index in range(3)]
    assert [bool(one) for one in aborted] == [not commit] * 3


def test_the_epoch_of_a_marker_is_that_of_the_leader_of_the_coordinators_partition() -> None:
    brokers = TransactingBrokers()
    brokers.move(TRANSACTION_TOPIC, 3, 2, 1)
    epoch = brokers.record(TRANSACTION_TOPIC).leader_epoch
    assert epoch > 0
    who = brokers.begin()
    brokers.write(who)
    brokers.end(who)
    entry = brokers[1].partition().replica_log.find_producer(who[0])
    assert entry is not None
    assert entry.coordinator_epoch == epoch


def test_a_client_that_waits_for_markers_is_answered_after_a_while_and_the_rest_follows() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.write(who)
    brokers.links.set(2, 1, delay_s=2.0)
    ending = brokers.send_end(who)
    brokers.links.heal()
    brokers.advance(0.5)
    assert ending.answer.error_code == 0
    brokers.advance(3.0)
    assert (brokers.state(), brokers.stable_and_end()) == ("CompleteCommit", (2, 2))


def test_what_cannot_be_written_is_written_when_there_is_a_way_again() -> None:
    brokers = TransactingBrokers(state=(2, 3))
    who = brokers.begin()
    brokers.write(who)
    brokers.links.set(2, 1, is_cut=True)
    assert brokers.end(who).error_code == 0
    brokers.advance(3 * RETRY_S)
    assert (brokers.state(), brokers.stable_and_end()) == ("PrepareCommit", (0, 1))
    brokers.links.heal()
    brokers.advance(RETRY_S)
    assert (brokers.state(), brokers.stable_and_end()) == ("CompleteCommit", (2, 2))


def test_a_new_leader_is_given_the_marker_as_soon_as_there_is_one() -> None:
    brokers = TransactingBrokers(state=(2, 3))
    who = brokers.begin()
    brokers.write(who)
    brokers.freeze(1)
    ending = brokers.send_end(who)
    brokers.settle()
    assert ending.answer.error_code == 0
    assert brokers.state() == "PrepareCommit"
    brokers.kill(1)
    assert (brokers.leader_of("t").node_id, brokers.state(), brokers.stable_and_end()) == (2, "CompleteCommit", (2, 2))


def test_a_marker_that_was_lost_with_its_leader_is_written_again() -> None:
    brokers = TransactingBrokers([2, 3, 1], state=(2, 1))
    who = brokers.begin()
    brokers.write(who, index=1)
    for follower in (1, 3):
        brokers.links.set(2, follower, is_cut=True)  # nobody copies from broker 2 ...
    brokers.links.set(2, 1, is_cut=False)  # ... but what the coordinator keeps
    brokers.freeze(3)
    brokers.send_end(who)
    brokers.advance(0.6)
    assert brokers[2].partition("t", 1).replica_log.log_end_offset == 2
    brokers.links.heal()
    brokers.resume(3)
    brokers.advance(RETRY_S)
    assert (brokers.state(), brokers.stable_and_end(1)) == ("CompleteCommit", (2, 2))


def test_a_deleted_topic_keeps_no_transaction_from_its_end() -> None:
    brokers = TransactingBrokers([2, 3, 1], state=(2, 3))
    who = brokers.begin()
    brokers.write(who)
    brokers.write(who, index=1)
    brokers.freeze(1)
    brokers.send_end(who)
    brokers.advance(0.6)
    assert brokers.state() == "PrepareCommit"
    topic_id = brokers[2].topic().topic_id
    brokers.around.log.remove_topics(lambda: [topic_id], lambda error: None)
    brokers.advance(RETRY_S)
    assert brokers.state() == "CompleteCommit"


def test_the_next_coordinator_ends_what_was_decided() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.write(who)
    brokers.commit_offset(who, 7)
    for leader in (1, 3):
        brokers.links.set(2, leader, delay_s=0.01)
    brokers.send_end(who)
    brokers.clock.advance(0.012)  # the decision is replicated, and no marker has arrived
    brokers.kill(2)
    brokers.links.heal()
    brokers.advance(RETRY_S)
    assert brokers.coordinator.node_id == 3
    assert brokers.state() in ("CompleteCommit", "CompleteAbort")
    assert brokers.stable_and_end() == (2, 2)


def test_a_coordinator_that_resigns_writes_no_more_markers_and_lets_its_client_go() -> None:
    brokers = TransactingBrokers(state=(2, 3, 1))
    who = brokers.begin()
    brokers.write(who)
    brokers.links.set(2, 1, delay_s=5.0)
    ending = brokers.send_end(who)
    brokers.links.set(2, 1, delay_s=0.0)
    brokers.advance(0.1)
    brokers.move(TRANSACTION_TOPIC, 3, 2, 1)
    assert not ending.is_deferred
    brokers.advance(10.0)
    assert (brokers.state(), brokers.stable_and_end()) == ("CompleteCommit", (2, 2))


def test_transactions_that_nobody_ends_are_timed_out_by_the_next_coordinator() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin(timeout_ms=5_000)
    brokers.write(who)
    brokers.kill(2)
    brokers.advance(30.0)
    assert (brokers.state(), brokers.stable_and_end()) == ("CompleteAbort", (2, 2))


def test_the_marker_of_a_coordinator_that_was_followed_by_another_is_refused_and_it_gives_up() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.write(who)
    newer = TransactionMarker(*who, coordinator_epoch=9, is_commit=False, must_raise_epoch=False)
    brokers[1].context.transactions.append_marker(("t", 0), newer, lambda code: None)
    brokers.settle()
    assert brokers.end(who).error_code == 0
    brokers.advance(5 * RETRY_S)
    assert (brokers.state(), brokers.stable_and_end()) == ("PrepareCommit", (2, 2))


def test_groups_of_another_broker_hear_of_the_marker() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.commit_offset(who, 7)
    assert brokers.offset() is None
    brokers.end(who)
    assert (brokers.leader_of(OFFSETS_TOPIC).node_id, brokers.offset()) == (3, 7)
    brokers.kill(3)
    assert (brokers.leader_of(OFFSETS_TOPIC).node_id, brokers.offset()) == (1, 7)


# WriteTxnMarkers, as tools ask it


def ask_to_abort(brokers: TransactingBrokers, who: Producer, node_id: int) -> Asked[WriteTxnMarkersResponse]:
    marker = WritableTxnMarker(
        producer_id=who[0],
        producer_epoch=who[1],
        transaction_result=False,
        topics=[WritableTxnMarkerTopic(name="t", partition_indexes=[0])],
    )
    return brokers[node_id].ask(WriteTxnMarkersRequest(markers=[marker]), 1, WriteTxnMarkersResponse)


def code_of(asked: Asked[WriteTxnMarkersResponse]) -> int:
    return asked.answer.markers[0].topics[0].partitions[0].error_code


def test_a_marker_that_a_tool_writes_is_answered_once_it_is_replicated() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.write(who)
    brokers.freeze(3)
    asked = ask_to_abort(brokers, who, 1)
    brokers.settle()
    assert asked.is_deferred
    brokers.resume(3)
    assert (code_of(asked), brokers.stable_and_end()) == (ErrorCode.NONE, (2, 2))
    assert code_of(ask_to_abort(brokers, who, 2)) == ErrorCode.NOT_LEADER_OR_FOLLOWER


def test_too_few_in_sync_take_no_marker() -> None:
    brokers = TransactingBrokers(min_isr=3)
    who = brokers.begin()
    brokers.write(who)
    brokers.kill(3)
    assert code_of(ask_to_abort(brokers, who, 1)) == ErrorCode.NOT_ENOUGH_REPLICAS
    assert brokers.end(who).error_code == 0
    brokers.advance(5 * RETRY_S)
    assert brokers.state() == "PrepareCommit"
    brokers.start(3)
    brokers.advance(RETRY_S)
    assert (brokers.state(), brokers.stable_and_end()) == ("CompleteCommit", (2, 2))
