"""Entering, leaving, sessions, and what a restart replays."""

from odradek.protocol.errors import ErrorCode

from .share_driver import ShareDriver


def test_a_member_that_leaves_is_gone_and_the_group_stays() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.follow("a")
    left = driver.beat("a", -1)
    assert (left.error, left.member_id, left.epoch, left.heartbeat_interval_ms) == (ErrorCode.NONE, "a", -1, 0)
    assert (driver.share_group.state_name, driver.share_group.epoch) == ("Empty", 4)
    assert driver.keys()[-4:] == [14, 13, 10, 11]
    assert driver.beat("a", -1).error is ErrorCode.UNKNOWN_MEMBER_ID
    driver.sleep(10_000_000)  # as long as no offset would be kept
    assert driver.known_group() is not None


def test_groups_that_are_not_there_or_of_another_kind_have_kafkas_words() -> None:
    driver = ShareDriver()
    for epoch, message in ((1, "Share group g not found."), (-1, "Group g not found.")):
        refused = driver.beat("a", epoch)
        assert (refused.error, refused.message) == (ErrorCode.GROUP_ID_NOT_FOUND, message)
    driver.commit()
    for epoch in (0, 1, -1):
        refused = driver.beat("a", epoch)
        assert (refused.error, refused.message) == (ErrorCode.GROUP_ID_NOT_FOUND, "Group g is not a share group.")


def test_no_other_kind_takes_the_place_of_a_share_group() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.beat("a", -1)
    assert driver.join().answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert list(driver.commit().answer) == [ErrorCode.GROUP_ID_NOT_FOUND]


def test_a_member_that_falls_silent_is_put_out_after_its_session() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.sleep(44.9)
    driver.beat("a", 2)
    driver.sleep(44.9)
    assert set(driver.share_group.members) == {"a"}
    driver.sleep(0.2)
    assert not driver.share_group.members


def test_after_a_restart_a_member_has_a_whole_session_again() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.sleep(44)
    driver = driver.restarted()
    driver.sleep(44)
    assert set(driver.share_group.members) == {"a"}
    driver.sleep(2)
    assert not driver.share_group.members


def test_a_timer_of_a_member_that_has_left_has_nothing_to_do() -> None:
    driver = ShareDriver()
    driver.beat("a")
    driver.beat("a", -1)
    kind = driver.coordinator.kinds.share
    assert kind.on_timer(("share session", "g", "a")) is None
    assert kind.on_timer(("share session", "nope", "a")) is None


def test_a_topic_that_a_crash_left_is_struck_by_the_next_start_and_keeps_no_group_from_being_deleted() -> None:
    driver = ShareDriver()
    driver.beat("a", subscribed_topic_names=["t", "u"])
    driver.beat("a", -1)
    del driver.topics.partitions["t"]  # and nobody is told
    driver = driver.restarted()
    assert [topic.name for topic in driver.share_group.states.initialized.values()] == ["u"]
    assert driver.remove_group() is ErrorCode.NONE


def test_a_deleted_topic_is_struck_from_the_groups_that_have_states_of_it_and_from_no_other() -> None:
    driver = ShareDriver()
    driver.beat("a", subscribed_topic_names=["t", "u"])
    driver.beat("b", group_id="h", subscribed_topic_names=["u"])
    before = len(driver.keys())
    driver.change_topic("t", None)
    assert len(driver.keys()) == before + 1
    assert [topic.name for topic in driver.share_group.states.initialized.values()] == ["u"]
