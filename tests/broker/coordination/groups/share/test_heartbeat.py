"""What a heartbeat changes: epochs, targets, and which states are to begin."""

from odradek.broker.coordination.groups.modern.settings import ModernGroupSettings
from odradek.broker.coordination.groups.share.settings import ShareGroupConfig
from odradek.protocol.errors import ErrorCode

from ..consumer.consumer_driver import named
from .share_driver import ShareDriver

MEMBER, GROUP, TARGET_EPOCH, TARGET, CURRENT, STATES = 10, 11, 12, 13, 14, 15


def test_a_new_group_begins_at_epoch_2_with_nothing_and_has_all_at_the_next_heartbeat() -> None:
    driver = ShareDriver()
    first = driver.beat("a")
    assert (first.epoch, first.assignment, first.heartbeat_interval_ms) == (2, {}, 5000)
    assert driver.keys() == [MEMBER, GROUP, TARGET, TARGET_EPOCH, CURRENT, STATES, STATES]
    assert driver.states.offsets() == {("t", index): -1 for index in range(4)}
    second = driver.beat("a", 2)
    assert (second.epoch, named(second.assignment)) == (3, {"t": [0, 1, 2, 3]})
    before = len(driver.keys())
    third = driver.beat("a", 3)
    assert (third.epoch, third.assignment, len(driver.keys())) == (3, None, before)


def test_a_target_is_made_only_so_often() -> None:
    driver = ShareDriver(ShareGroupConfig(of_group=lambda group_id: ModernGroupSettings(assignment_interval_ms=1000)))
    driver.beat("a")
    assert driver.beat("a", 2).epoch == 2
    assert driver.share_group.epoch == 3
    driver.sleep(1)
    assert driver.beat("a", 2).epoch == 3


def test_members_share_partitions_and_each_follows_at_its_own_heartbeat() -> None:
    driver = ShareDriver()
    driver.topics.partitions["t"] = 1
    driver.beat("a")
    driver.follow("a")
    second = driver.beat("b")
    assert (second.epoch, named(second.assignment)) == (4, {"t": [0]})
    first = driver.beat("a", 3)
    assert (first.epoch, first.assignment) == (4, None)
    assert driver.assigned() == {"a": {"t": [0]}, "b": {"t": [0]}}


def test_a_full_heartbeat_is_told_its_assignment() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.follow("a")
    assert driver.beat("a", 3).assignment is None
    assert named(driver.beat("a", 3, subscribed_topic_names=["t"]).assignment) == {"t": [0, 1, 2, 3]}
    again = driver.beat("a")
    assert (again.epoch, named(again.assignment)) == (3, {"t": [0, 1, 2, 3]})


def test_what_is_not_subscribed_to_any_more_is_taken_at_once_though_the_target_has_to_wait() -> None:
    driver = ShareDriver(ShareGroupConfig(of_group=lambda group_id: ModernGroupSettings(assignment_interval_ms=1000)))
    driver.beat("a", subscribed_topic_names=["t", "u"])
    driver.sleep(1)
    driver.follow("a")
    left = driver.beat("a", 3, subscribed_topic_names=["u"])
    assert (left.epoch, named(left.assignment)) == (3, {"u": [0, 1]})


def test_epochs_that_are_not_the_members_own_are_fenced_but_for_the_last_one() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.follow("a")
    assert driver.beat("a", 2).epoch == 3
    for epoch, word in ((1, "smaller"), (4, "greater")):
        refused = driver.beat("a", epoch)
        assert refused.error is ErrorCode.FENCED_MEMBER_EPOCH
        assert f"a {word} member epoch ({epoch})" in (refused.message or "")
    stranger = driver.beat("b", 3)
    assert (stranger.error, stranger.message) == (
        ErrorCode.UNKNOWN_MEMBER_ID,
        "Member b is not a member of group g.",
    )


def test_a_full_group_takes_in_nobody_but_its_members() -> None:
    driver = ShareDriver(ShareGroupConfig(max_size=1))
    driver.beat("a")
    refused = driver.beat("b")
    assert (refused.error, refused.message) == (
        ErrorCode.GROUP_MAX_SIZE_REACHED,
        "The share group has reached its maximum capacity of 1 members.",
    )
    assert driver.beat("a").error is ErrorCode.NONE


def test_topics_that_come_grow_and_go_are_followed() -> None:
    driver = ShareDriver()
    driver.beat("a", subscribed_topic_names=["t", "new"])
    driver.follow("a")
    driver.change_topic("new", 1)
    driver.change_topic("t", 5)
    driver.settle()
    assert driver.assigned() == {"a": {"t": [0, 1, 2, 3, 4], "new": [0]}}
    driver.change_topic("t", None)
    driver.settle()
    assert driver.assigned() == {"a": {"new": [0]}}
    assert driver.states.offsets() == {("new", 0): -1}


def test_states_that_are_under_way_are_not_asked_for_again_until_they_are_overdue() -> None:
    driver = ShareDriver()
    driver.states.is_slow = True
    driver.beat("a")
    assert len(driver.states.waiting) == 4
    driver.beat("a", 2)
    driver.sleep(29.9)
    driver.beat("a", 2)
    assert len(driver.states.waiting) == 4
    driver.sleep(0.1)
    driver.beat("a", 2)
    assert len(driver.states.waiting) == 8
    driver.states.go_on()
    assert driver.beat("a", 2).epoch == 3


def test_states_of_which_the_request_was_lost_with_the_process_are_asked_for_by_the_next_one() -> None:
    driver = ShareDriver()
    driver.states.is_slow = True
    driver.beat("a")
    driver.states.waiting.clear()
    driver.states.is_slow = False
    driver = driver.restarted()
    driver.beat("a", 2)
    assert driver.beat("a", 2).assignment is not None


def test_states_that_cannot_begin_are_tried_again_at_the_next_heartbeat() -> None:
    driver = ShareDriver()
    driver.states.refusal = ErrorCode.NOT_COORDINATOR
    driver.beat("a")
    assert driver.share_group.states.initializing == {}
    driver.beat("a", 2)
    assert driver.share_group.epoch == 2
    driver.states.refusal = ErrorCode.NONE
    driver.beat("a", 2)
    assert driver.beat("a", 2).epoch == 3
