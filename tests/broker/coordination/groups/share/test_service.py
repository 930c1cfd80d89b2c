"""The order of things: the group's log, the stored states, the answers."""

from odradek.broker.coordination.groups.share.heartbeat_request import ShareHeartbeatRequest, ShareHeartbeatResult
from odradek.broker.coordination.groups.share.offsets import AlteredOffsets
from odradek.protocol.errors import ErrorCode, KafkaError

from ..consumer.consumer_driver import topic_id
from ..group_driver import Call
from .share_driver import ShareDriver


def test_a_heartbeat_does_not_wait_for_the_states_that_it_asks_for() -> None:
    driver = ShareDriver()
    driver.states.is_slow = True
    assert driver.beat("a").epoch == 2
    assert driver.states.offsets() == {}
    driver.states.go_on()
    assert len(driver.states.offsets()) == 4
    assert driver.beat("a", 2).epoch == 3


def test_states_are_asked_for_when_the_group_log_is_durable_and_not_before() -> None:
    driver = ShareDriver()
    driver.log.is_slow = True
    call: Call[ShareHeartbeatResult] = Call(ShareHeartbeatResult)
    driver.shares.heartbeat(ShareHeartbeatRequest("g", "a", 0, "c", "/h", None, ["t"]), call)
    assert (call.is_deferred, driver.states.offsets()) == (True, {})
    driver.log.flush()
    assert call.answer.epoch == 2
    assert len(driver.states.offsets()) == 4


def test_a_log_that_refuses_changes_nothing() -> None:
    driver = ShareDriver()
    driver.log.refusal = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR)
    assert driver.beat("a").error is ErrorCode.NOT_COORDINATOR
    assert (driver.known_group(), driver.states.offsets()) == (None, {})
    assert driver.alter({"t": {0: 1}}).error is ErrorCode.NOT_COORDINATOR
    driver.log.refusal = None
    driver.alter({"t": {0: 1}})
    driver.log.refusal = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR)
    assert driver.forget_offsets("t")[0] is ErrorCode.NOT_COORDINATOR
    assert driver.remove_group() is ErrorCode.NOT_COORDINATOR
    assert driver.states.offsets() == {("t", 0): 1}


def test_offsets_are_altered_when_the_states_have_begun_anew() -> None:
    driver = ShareDriver()
    driver.states.is_slow = True
    call: Call[AlteredOffsets] = Call(lambda code: AlteredOffsets(error=code))
    driver.shares.alter_offsets("g", {"t": {0: 1}}, call)
    assert call.is_deferred
    driver.states.go_on()
    assert call.answer.topics[0].partitions == {0: ErrorCode.NONE}


def test_states_that_come_for_a_group_that_was_deleted_meanwhile_bring_it_not_back() -> None:
    driver = ShareDriver()
    driver.states.is_slow = True
    driver.beat("a")
    driver.beat("a", -1)
    driver.states.is_slow = False
    assert driver.remove_group() is ErrorCode.NONE
    driver.states.go_on()
    assert driver.known_group() is None


def test_states_that_come_for_a_topic_that_was_deleted_meanwhile_do_not_count() -> None:
    driver = ShareDriver()
    driver.states.is_slow = True
    driver.beat("a", subscribed_topic_names=["t", "u"])
    driver.change_topic("t", None)
    driver.states.go_on()
    states = driver.share_group.states
    assert ([topic.name for topic in states.initialized.values()], states.initializing) == (["u"], {})


def test_where_partitions_stand_is_told_of_those_that_have_begun_and_those_that_have_not() -> None:
    driver = ShareDriver()
    driver.alter({"t": {0: 7}})
    found = driver.summaries(("t", 0), ("t", 1))
    assert {index: summary.start_offset for (_, index), summary in found.items()} == {0: 7, 1: -1}
    assert driver.shares.begun_partitions("g") == {topic_id("t"): {0}}
    assert (driver.summaries(), driver.shares.begun_partitions("nope")) == ({}, {})
