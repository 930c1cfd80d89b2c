"""Many share partitions, one answer."""

from functools import partial

import pytest

from odradek.broker.coordination.share_state.gathering import Gathering, Results, names_nothing
from odradek.broker.coordination.share_state.requests import StateError
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_share_group_state import DeleteStateData, PartitionData

from .share_state_broker import ShareStateBroker

Gathered = Gathering[StateError, Results[StateError]]


def gathering(broker: ShareStateBroker) -> Gathered:
    return Gathering(broker.context.share_state, "do this", StateError, lambda results: results)


def answer(asked: Gathered) -> list[Results[StateError]]:
    answers: list[Results[StateError]] = []
    asked.all_asked().deliver_to(answers.append, lambda error: None)
    return answers


def test_the_answer_comes_with_the_last_of_what_was_asked() -> None:
    broker = ShareStateBroker({"log.flush.interval.messages": "1"})
    broker.initialize()
    broker.holds_fsyncs = True
    asked = gathering(broker)
    for index in (1, 0):
        key = broker.key(index)
        asked.ask(key, partial(broker.context.share_state.initialize, key, 0, 0))
    answers = answer(asked)
    assert not answers
    while not answers:
        broker.finish_fsync()
    assert answers == [{broker.topic_id: {0: StateError(), 1: StateError()}}]


def test_one_that_is_named_twice_is_answered_with_what_came_of_it_last() -> None:
    broker = ShareStateBroker()
    broker.initialize(state_epoch=5)
    asked = gathering(broker)
    for state_epoch in (5, 4):
        asked.ask(broker.key(), partial(broker.context.share_state.initialize, broker.key(), state_epoch, 0))
    fenced = StateError(ErrorCode.FENCED_STATE_EPOCH, ErrorCode.FENCED_STATE_EPOCH.message)
    assert answer(asked) == [{broker.topic_id: {0: fenced}}]


def test_without_the_topic_there_is_no_coordinator_and_none_is_made() -> None:
    broker = ShareStateBroker()
    asked = gathering(broker)
    asked.ask(broker.key(), partial(broker.context.share_state.delete, broker.key()))
    message = "Unable to do this: This is not the correct coordinator."
    assert answer(asked) == [{broker.topic_id: {0: StateError(ErrorCode.NOT_COORDINATOR, message)}}]
    assert broker.topics.find("__share_group_state") is None


def test_nothing_asked_is_answered_with_nothing() -> None:
    assert answer(gathering(ShareStateBroker())) == [{}]


@pytest.mark.parametrize(
    ("group_id", "partitions", "is_nothing"),
    [("g", [1, 2], False), ("", [1], True), ("g", [], True), ("g", [1, 0], True)],
)
def test_a_request_names_nothing_if_any_part_of_it_is_empty(
    group_id: str, partitions: list[int], is_nothing: bool
) -> None:
    topics = [
        DeleteStateData(topic_id=bytes(16), partitions=[PartitionData(partition=0)] * count) for count in partitions
    ]
    assert names_nothing(group_id, topics) is is_nothing
