"""What goes between nodes: at once, later, or not at all; and who hears that this has become another."""

import pytest

from odradek.broker.nodes.links import CONTROLLER, Links
from odradek.broker.testing.clock import ManualClock


class Wire:
    """Links, and what has come of what was sent."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.links = Links(self.clock, self.clock)
        self.arrived: list[str] = []
        self.lost: list[str] = []

    def send(self, what: str, source: int = 1, target: int = 2) -> bool:
        return self.links.send(source, target, lambda: self.arrived.append(what), lambda: self.lost.append(what))


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_what_is_sent_arrives_at_once(wire: Wire) -> None:
    assert wire.send("a")
    assert wire.arrived == ["a"]


def test_a_link_that_is_cut_takes_nothing_and_the_way_back_stays(wire: Wire) -> None:
    wire.links.set(1, 2, is_cut=True)
    assert not wire.send("a")
    assert wire.send("b", 2, 1)
    assert (wire.arrived, wire.lost) == (["b"], [])
    assert not wire.links.reaches(1, 2)
    assert wire.links.reaches(1, CONTROLLER)


def test_what_goes_over_a_slow_link_takes_its_time(wire: Wire) -> None:
    wire.links.set(1, 2, delay_s=2.0)
    assert wire.send("a")
    wire.clock.advance(1.9)
    assert wire.arrived == []
    wire.clock.advance(0.1)
    assert wire.arrived == ["a"]


def test_what_is_on_its_way_is_lost_with_the_link(wire: Wire) -> None:
    wire.links.set(1, 2, delay_s=2.0)
    wire.send("a")
    wire.links.set(1, 2, is_cut=True)
    wire.clock.advance(2)
    assert (wire.arrived, wire.lost) == ([], ["a"])


def test_what_is_on_its_way_is_lost_with_the_node_that_it_goes_to(wire: Wire) -> None:
    wire.links.set(1, 2, delay_s=2.0)
    wire.send("a")
    wire.links.hold_still(2)
    wire.clock.advance(2)
    assert (wire.arrived, wire.lost) == ([], ["a"])


def test_a_link_that_is_cut_and_mended_meanwhile_loses_nothing(wire: Wire) -> None:
    wire.links.set(1, 2, delay_s=2.0)
    wire.send("a")
    wire.links.set(1, 2, is_cut=True)
    wire.links.set(1, 2, is_cut=False)
    wire.clock.advance(2)
    assert wire.arrived == ["a"]


def test_nothing_goes_to_a_node_that_is_held_still_or_comes_from_it(wire: Wire) -> None:
    wire.links.hold_still(2)
    assert not wire.links.is_up(1, 2)
    assert not wire.links.is_up(2, 1)
    assert wire.links.is_up(1, 3)
    wire.links.set_going(2)
    assert wire.links.reaches(1, 2)


def test_healing_does_not_wake_a_node_that_is_held_still(wire: Wire) -> None:
    wire.links.set(1, 2, is_cut=True, delay_s=1.0)
    wire.links.hold_still(3)
    wire.links.heal()
    assert wire.links.is_immediate(1, 2)
    assert not wire.links.is_up(1, 3)


def test_a_link_is_immediate_when_neither_way_takes_time(wire: Wire) -> None:
    assert wire.links.is_immediate(1, 2)
    wire.links.set(2, 1, delay_s=0.1)
    assert not wire.links.is_immediate(1, 2)


def test_whatever_becomes_of_a_link_or_a_node_is_heard_of(wire: Wire) -> None:
    heard: list[bool] = []
    wire.links.on_change(lambda: heard.append(wire.links.is_up(1, 2)))
    wire.links.set(1, 2, is_cut=True)
    wire.links.set(1, 2, is_cut=False)
    wire.links.hold_still(2)
    wire.links.set_going(2)
    wire.links.heal()
    assert heard == [False, True, False, True, True]


def test_who_is_forgotten_hears_nothing_more_not_even_of_the_change_under_way(wire: Wire) -> None:
    heard: list[str] = []

    def second() -> None:
        heard.append("second")

    def first() -> None:
        heard.append("first")
        wire.links.forget(second)

    wire.links.on_change(first)
    wire.links.on_change(second)
    wire.links.heal()
    assert heard == ["first"]


def test_links_in_trouble_are_listed(wire: Wire) -> None:
    wire.links.set(2, CONTROLLER, delay_s=0.5)
    wire.links.set(1, 2, is_cut=True)
    wire.links.set(3, 1, is_cut=False)
    listed = [(source, target, link.is_cut, link.delay_s) for source, target, link in wire.links.troubled()]
    assert listed == [(1, 2, True, 0.0), (2, CONTROLLER, False, 0.5)]
