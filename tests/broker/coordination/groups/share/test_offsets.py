"""Moving and deleting the offsets of a group without members: what is decided, and what becomes of it."""

import pytest

from odradek.broker.coordination.groups.share.offsets import TopicOutcome
from odradek.protocol.errors import ErrorCode

from ..consumer.consumer_driver import topic_id
from .share_driver import ShareDriver

T, U = topic_id("t"), topic_id("u")
NONE, UNKNOWN = ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.fixture
def driver() -> ShareDriver:
    """A group that has read t, and has no members any more."""
    driver = ShareDriver()
    driver.beat("a")
    driver.beat("a", -1)
    return driver


def test_a_group_in_use_keeps_its_offsets() -> None:
    driver = ShareDriver()
    driver.beat("a")
    assert driver.alter({"t": {0: 5}}).error is ErrorCode.NON_EMPTY_GROUP
    assert driver.forget_offsets("t")[0] is ErrorCode.NON_EMPTY_GROUP
    assert driver.remove_group() is ErrorCode.NON_EMPTY_GROUP


def test_what_exists_is_moved_whether_it_was_read_before_or_not(driver: ShareDriver) -> None:
    altered = driver.alter({"t": {0: 5, 7: 1}, "u": {1: 6}, "nope": {0: 1}})
    assert list(altered.topics) == [
        TopicOutcome("t", T, partitions={0: NONE, 7: UNKNOWN}),
        TopicOutcome("u", U, partitions={1: NONE}),
        TopicOutcome("nope", partitions={0: UNKNOWN}),
    ]
    assert driver.states.offsets() == {("t", 0): 5, ("t", 1): -1, ("t", 2): -1, ("t", 3): -1, ("u", 1): 6}
    states = driver.share_group.states
    assert (states.initializing, set(states.initialized)) == ({}, {T, U})


def test_a_group_that_is_not_there_begins_with_its_offsets() -> None:
    driver = ShareDriver()
    driver.alter({"t": {1: 9}})
    assert (driver.share_group.epoch, driver.share_group.state_name) == (1, "Empty")
    driver.beat("a")
    assert driver.states.offsets()["t", 1] == 9  # and is not begun again
    assert driver.follow("a") == 3


def test_what_cannot_begin_anew_says_so_partition_by_partition(driver: ShareDriver) -> None:
    driver.states.refusal = ErrorCode.COORDINATOR_NOT_AVAILABLE
    (topic,) = driver.alter({"t": {0: 5, 9: 5}}).topics
    assert topic.partitions == {0: ErrorCode.COORDINATOR_NOT_AVAILABLE, 9: UNKNOWN}
    driver.states.refusal = NONE
    driver.alter({"t": {0: 5}})
    assert (driver.share_group.states.initializing, driver.states.offsets()["t", 0]) == ({}, 5)


def test_a_partition_below_0_changes_nothing(driver: ShareDriver) -> None:
    before = len(driver.keys())
    refused = driver.alter({"t": {0: 5, -1: 5}})
    assert refused.error is ErrorCode.UNKNOWN_SERVER_ERROR
    assert (len(driver.keys()), driver.states.offsets()["t", 0]) == (before, -1)


def test_deleted_offsets_take_the_states_with_them(driver: ShareDriver) -> None:
    error, _, topics = driver.forget_offsets("t", "u", "nope")
    assert error is NONE
    assert list(topics) == [
        TopicOutcome("t", T),
        TopicOutcome("u", error=UNKNOWN, message="There is no offset information to delete."),
        TopicOutcome("nope", error=UNKNOWN, message=UNKNOWN.message),
    ]
    assert driver.states.offsets() == {}
    states = driver.share_group.states
    assert (states.initialized, states.deleting) == ({}, {})


def test_what_could_not_be_deleted_is_tried_again_in_all_of_its_partitions(driver: ShareDriver) -> None:
    driver.states.refusal = ErrorCode.NOT_COORDINATOR
    _, _, (refused,) = driver.forget_offsets("t")
    assert (refused.error, refused.name, refused.topic_id) == (ErrorCode.NOT_COORDINATOR, "t", T)
    assert driver.share_group.states.deleting == {T: "t"}
    driver.states.refusal = NONE
    assert list(driver.forget_offsets("t")[2]) == [TopicOutcome("t", T)]
    assert driver.states.offsets() == {}


def test_offsets_of_a_group_that_is_not_there_or_never_had_any_cannot_be_deleted() -> None:
    driver = ShareDriver()
    assert driver.forget_offsets("t")[:2] == (ErrorCode.GROUP_ID_NOT_FOUND, "Group g not found.")
    driver.beat("a", subscribed_topic_names=["nope"])
    driver.beat("a", -1)
    assert driver.forget_offsets("t") == (NONE, None, ())
    assert driver.remove_group() is NONE


def test_a_deleted_group_leaves_neither_records_nor_states(driver: ShareDriver) -> None:
    assert driver.remove_group() is NONE
    assert (driver.known_group(), driver.states.offsets()) == (None, {})
    assert driver.restarted().known_group() is None
    assert driver.remove_group() is ErrorCode.GROUP_ID_NOT_FOUND


def test_a_group_whose_states_stay_is_not_deleted_and_can_be_later(driver: ShareDriver) -> None:
    driver.states.refusal = ErrorCode.NOT_COORDINATOR
    assert driver.remove_group() is ErrorCode.NOT_COORDINATOR
    assert driver.share_group.states.deleting == {T: "t"}
    driver.states.refusal = NONE
    assert driver.remove_group() is NONE
    assert driver.states.offsets() == {}


def test_topics_that_are_about_to_lose_their_states_begin_anew_if_they_are_read_again(driver: ShareDriver) -> None:
    driver.states.refusal = ErrorCode.NOT_COORDINATOR
    driver.forget_offsets("t")
    driver.states.refusal = NONE
    driver.beat("a")
    driver.settle()
    assert driver.share_group.states.deleting == {}
    assert driver.assigned() == {"a": {"t": [0, 1, 2, 3]}}
