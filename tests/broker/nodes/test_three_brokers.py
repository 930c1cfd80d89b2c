"""The harness itself: three brokers in memory copy, lose a leader, and take it back."""

from ..handlers.broker_harness import batch, fetch_request, offsets_in, wanted
from .three_brokers import ThreeBrokers


def test_what_a_leader_has_taken_its_followers_have_once_everything_has_settled() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    assert brokers.produce("t", batch(b"one")).base_offset == 0
    logs = [node.partition().replica_log for node in brokers.running]
    assert [(log.log_end_offset, log.high_watermark) for log in logs] == [(1, 1)] * 3


def test_a_broker_that_was_killed_comes_back_and_follows() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.produce("t", batch(b"one"))
    brokers.kill(1)
    assert (brokers.record().leader, list(brokers.record().isr)) == (2, [2, 3])
    brokers.produce("t", batch(b"two"))
    brokers.start(1)
    brokers.settle()
    assert set(brokers.record().isr) == {1, 2, 3}
    assert brokers.record().leader == 2
    answer = brokers[2].fetch_one(fetch_request("t", wanted(0)))
    assert offsets_in(answer.records) == [0, 1]


def test_a_broker_that_was_stopped_leaves_nothing_leaderless() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.stop(1)
    assert brokers.record().leader == 2
    brokers.start(1)
    assert set(brokers.record().isr) == {1, 2, 3}


def test_what_is_sent_to_a_frozen_follower_waits_until_it_goes_on() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.freeze(3)
    asked = brokers[1].send(batch(b"one"))
    brokers.settle()
    assert asked.is_deferred
    brokers.resume(3)
    assert not asked.is_deferred
