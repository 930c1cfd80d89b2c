"""A transactional write is appended once its coordinator, which is another broker here, lets it pass for good."""

import pytest

from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse

from .transacting_brokers import Producer, TransactingBrokers, outcome


def test_a_v2_write_adds_its_partition_at_another_broker_and_is_appended_then() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    asked = brokers.send_write(who)
    assert (asked.is_deferred, brokers.stable_and_end()) == (True, (0, 0))
    brokers.settle()
    assert outcome(asked).error_code == ErrorCode.NONE
    assert (brokers.state(), brokers.stable_and_end()) == ("Ongoing", (0, 1))


def test_what_is_on_record_at_the_coordinator_alone_is_not_built_upon() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    for follower in (1, 3):
        brokers.links.set(follower, 2, delay_s=0.1)  # it asks for what its leader has a little later
    asked = brokers.send_write(who)
    brokers.settle()
    assert (asked.is_deferred, brokers.stable_and_end()) == (True, (0, 0))
    brokers.advance(1.0)
    assert (outcome(asked).error_code, brokers.stable_and_end()) == (ErrorCode.NONE, (0, 1))


def test_what_follows_in_an_open_transaction_is_appended_at_once() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.write(who)
    brokers.send_write(who, 1)
    assert brokers.stable_and_end() == (0, 2)


def test_a_v1_write_is_verified_by_another_broker() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    assert brokers.write(who, version=11).error_code == ErrorCode.TRANSACTION_ABORTABLE
    assert brokers.write(who, version=10).error_code == ErrorCode.INVALID_TXN_STATE
    brokers.add(who, 0)
    assert brokers.write(who, version=11).error_code == ErrorCode.NONE


def test_a_producer_that_is_fenced_or_unknown_is_told_in_the_words_of_produce() -> None:
    brokers = TransactingBrokers()
    old = brokers.begin()
    brokers.begin()
    assert brokers.write(old).error_code == ErrorCode.INVALID_PRODUCER_EPOCH
    assert brokers.write((999, 0)).error_code == ErrorCode.INVALID_PRODUCER_ID_MAPPING


@pytest.mark.parametrize("version", [11, 12])
def test_a_coordinator_that_cannot_be_reached_leaves_the_write_to_be_tried_again(version: int) -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.links.set(1, 2, is_cut=True)
    found = brokers.write(who, version=version)
    assert found.error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert found.error_message is not None
    assert found.error_message.endswith("Underlying error: NETWORK_EXCEPTION")
    brokers.links.heal()
    brokers.settle()
    brokers.add(who, 0)
    assert brokers.write(who, version=version).error_code == ErrorCode.NONE


def test_where_nobody_coordinates_the_write_is_to_be_tried_again() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.move(TRANSACTION_TOPIC, 2)
    brokers.kill(2)
    found = brokers.write(who)
    assert found.error_code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert found.error_message is not None
    assert found.error_message.endswith("Underlying error: COORDINATOR_NOT_AVAILABLE")


def test_a_coordinator_that_another_has_followed_refuses_and_the_new_one_is_asked_next() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.links.set(CONTROLLER, 1, is_cut=True)  # broker 1 does not hear of the move
    brokers.move(TRANSACTION_TOPIC, 3, 2, 1)
    found = brokers.write(who)
    assert found.error_message is not None
    assert found.error_message.endswith("Underlying error: NOT_COORDINATOR")
    brokers.links.heal()
    brokers.settle()
    assert brokers.write(who).error_code == ErrorCode.NONE
    assert brokers.coordinator.node_id == 3


def _with_a_transaction_that_is_being_ended() -> tuple[TransactingBrokers, Producer]:
    """And its producer in its next epoch: the marker waits for broker 3, the client no more."""
    brokers = TransactingBrokers([2, 3, 1], state=(2, 1))
    who = brokers.begin()
    brokers.write(who, index=1)
    brokers.freeze(3)
    ending = brokers.send_end(who)
    brokers.advance(0.6)
    assert brokers.state() == "PrepareCommit"
    return brokers, (ending.answer.producer_id, ending.answer.producer_epoch)


def test_a_transaction_that_is_being_ended_is_waited_for_a_little_under_v2() -> None:
    brokers, following = _with_a_transaction_that_is_being_ended()
    late = brokers.send_write(following)
    brokers.advance(0.05)
    assert late.is_deferred
    brokers.resume(3)
    brokers.advance(0.1)
    assert outcome(late).error_code == ErrorCode.NONE


def test_a_transaction_that_is_not_ended_in_time_is_a_conflict() -> None:
    brokers, following = _with_a_transaction_that_is_being_ended()
    late = brokers.send_write(following)
    brokers.advance(0.2)
    assert outcome(late).error_code == ErrorCode.CONCURRENT_TRANSACTIONS
    v1 = brokers.send_write(following, version=11)
    brokers.settle()
    assert outcome(v1).error_code == ErrorCode.NOT_ENOUGH_REPLICAS


def test_a_marker_between_the_answer_and_the_append_undoes_the_check() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.add(who, 0)
    brokers.links.set(2, 1, delay_s=1.0)  # the answer is on its way
    late = brokers.send_write(who, version=11)
    brokers.advance(0.5)
    brokers[1].partition().append_marker(*who, 0, is_commit=False, now_ms=brokers.clock.now_ms())
    brokers.advance(0.6)
    assert outcome(late).error_code == ErrorCode.INVALID_TXN_STATE
    brokers.advance(5.0)
    assert brokers.stable_and_end() == (1, 1)


def test_who_leads_no_more_when_the_answer_comes_appends_nothing() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.links.set(2, 1, delay_s=1.0)
    late = brokers.send_write(who)
    brokers.advance(0.5)
    brokers.move("t", 3, 2, 1)
    brokers.advance(3.0)
    assert outcome(late).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    assert brokers.stable_and_end() == (0, 0)


@pytest.mark.parametrize("version", [3, 5])
def test_offsets_get_into_a_transaction_that_another_broker_coordinates(version: int) -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    if version == 3:
        assert brokers.commit_offset(who, version=3) == ErrorCode.INVALID_TXN_STATE
        request = AddOffsetsToTxnRequest(transactional_id="id", producer_id=who[0], producer_epoch=who[1], group_id="g")
        brokers.coordinator.ask(request, 3, AddOffsetsToTxnResponse)
        brokers.settle()
    assert brokers.commit_offset(who, 5, version=version) == ErrorCode.NONE
    assert brokers.offset() is None
    assert brokers.end(who, version=5 if version == 5 else 4).error_code == 0
    assert brokers.offset() == 5


def test_offsets_that_another_broker_cannot_be_asked_about_are_to_be_sent_again() -> None:
    brokers = TransactingBrokers()
    who = brokers.begin()
    brokers.links.set(3, 2, is_cut=True)
    assert brokers.commit_offset(who) == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    brokers.links.heal()
    brokers.settle()
    assert brokers.commit_offset(who) == ErrorCode.NONE
    assert brokers.leader_of(OFFSETS_TOPIC).node_id == 3
