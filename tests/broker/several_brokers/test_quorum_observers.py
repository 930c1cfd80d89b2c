"""How far brokers have followed the metadata, as far as the controller has heard of them."""

from odradek.broker.nodes.links import CONTROLLER

from ..nodes.three_brokers import ThreeBrokers

FIVE_MINUTES_S = 300.0


def listed(brokers: ThreeBrokers) -> dict[int, tuple[int, int, int]]:
    """Log end, last fetch and last time caught up, in milliseconds ago."""
    now_ms = brokers.clock.now_ms()
    found = brokers.around.observers.listed()
    return {one.node_id: (one.log_end_offset, now_ms - one.fetched_ms, now_ms - one.caught_up_ms) for one in found}


def test_who_can_be_heard_has_just_been_heard() -> None:
    brokers = ThreeBrokers()
    brokers.advance(1000.0)
    end = brokers.around.log.end_offset
    assert listed(brokers) == {1: (end, 0, 0), 2: (end, 0, 0), 3: (end, 0, 0)}


def test_who_hears_nothing_lags_and_who_is_not_heard_was_heard_last_when_its_way_was_cut() -> None:
    brokers = ThreeBrokers()
    before = brokers.around.log.end_offset
    brokers.links.set(CONTROLLER, 3, is_cut=True)
    brokers.create("t", [1, 2])
    brokers.advance(10.0)
    assert listed(brokers)[3] == (before, 10_000, 10_000)
    brokers.links.heal()
    brokers.settle()
    assert listed(brokers)[3] == (brokers.around.log.end_offset, 0, 0)


def test_one_that_has_died_is_listed_for_five_minutes() -> None:
    brokers = ThreeBrokers()
    brokers.advance(1000.0)
    brokers.kill(2)
    brokers.advance(FIVE_MINUTES_S)
    assert list(listed(brokers)) == [1, 2, 3]
    brokers.advance(0.1)
    assert list(listed(brokers)) == [1, 3]
    brokers.start(2)
    assert list(listed(brokers)) == [1, 2, 3]
