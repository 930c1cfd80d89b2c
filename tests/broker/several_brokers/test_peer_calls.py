"""A call is answered once, by the broker that was asked or by nobody, and does nothing there once it is over."""

from collections.abc import Callable
from typing import cast

import pytest

from odradek.broker.context import Context
from odradek.broker.nodes.links import Links
from odradek.broker.several_brokers.peer_calls import Call, PeerCalls
from odradek.broker.testing.clock import ManualClock

SELF, OTHER = 1, 2
Answer = Callable[[str], None]


class Asking:
    """Broker 1, which asks itself and broker 2."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.links = Links(self.clock, self.clock)
        self.contexts: dict[int, Context] = {node: cast(Context, f"context {node}") for node in (SELF, OTHER)}
        self.calls = PeerCalls(SELF, self.links, self.clock, self.contexts)
        self.arrived: list[Answer] = []
        self.heard: list[str | None] = []

    def ask(self, target: int = OTHER) -> Call[str]:
        def arrive(context: Context, answer: Answer) -> None:
            assert context is self.contexts[target]
            self.arrived.append(answer)

        return self.calls.call(target, arrive, self.heard.append)

    def turn(self) -> None:
        self.clock.advance(0)


@pytest.mark.parametrize("target", [SELF, OTHER])
def test_an_answer_comes_in_a_turn_of_its_own_and_once(target: int) -> None:
    asking = Asking()
    asking.ask(target)
    (answer,) = asking.arrived
    answer("yes")
    answer("no")
    assert asking.heard == []
    asking.turn()
    assert asking.heard == ["yes"]


def test_question_and_answer_take_the_time_that_the_links_take() -> None:
    asking = Asking()
    asking.links.set(SELF, OTHER, delay_s=1.0)
    asking.links.set(OTHER, SELF, delay_s=2.0)
    asking.ask()
    assert asking.arrived == []
    asking.clock.advance(1.0)
    asking.arrived[0]("yes")
    asking.clock.advance(1.9)
    assert asking.heard == []
    asking.clock.advance(0.1)
    assert asking.heard == ["yes"]


@pytest.mark.parametrize("way", [(SELF, OTHER), (OTHER, SELF)])
def test_without_a_way_there_and_back_nobody_is_asked(way: tuple[int, int]) -> None:
    asking = Asking()
    asking.links.set(*way, is_cut=True)
    asking.ask()
    assert asking.heard == []
    asking.turn()
    assert (asking.arrived, asking.heard) == ([], [None])


def test_a_broker_that_has_died_gives_no_answer() -> None:
    asking = Asking()
    asking.ask()
    asking.links.hold_still(OTHER)
    asking.turn()
    assert asking.heard == [None]
    asking.arrived[0]("yes")
    asking.links.set_going(OTHER)
    asking.turn()
    assert asking.heard == [None]


def test_a_broker_that_is_about_to_start_gives_none_either() -> None:
    asking = Asking()
    del asking.contexts[OTHER]
    asking.ask()
    asking.turn()
    assert asking.heard == [None]


def test_a_question_that_was_given_up_on_its_way_does_not_arrive() -> None:
    asking = Asking()
    asking.links.set(SELF, OTHER, delay_s=1.0)
    asking.ask()
    asking.links.set(OTHER, SELF, is_cut=True)
    asking.links.set(OTHER, SELF, is_cut=False)
    asking.clock.advance(1.0)
    assert (asking.arrived, asking.heard) == ([], [None])


def test_a_question_that_was_cancelled_does_not_arrive_and_its_answer_is_not_heard() -> None:
    asking = Asking()
    asking.links.set(SELF, OTHER, delay_s=1.0)
    asking.ask().cancel()
    asking.clock.advance(1.0)
    asking.links.heal()
    answered = asking.ask()
    asking.arrived[0]("yes")
    answered.cancel()
    asking.turn()
    assert (len(asking.arrived), asking.heard) == (1, [])


def test_a_broker_that_is_no_more_hears_nothing() -> None:
    asking = Asking()
    asking.ask()
    asking.calls.end()
    asking.arrived[0]("yes")
    asking.links.hold_still(OTHER)
    asking.turn()
    assert asking.heard == []


def test_what_fails_at_the_other_end_is_an_answer_that_does_not_come(capfd: pytest.CaptureFixture[str]) -> None:
    asking = Asking()

    def fail(context: Context, answer: Answer) -> None:
        raise RuntimeError("a bug")

    asking.calls.call(OTHER, fail, asking.heard.append)
    asking.turn()
    assert asking.heard == [None]
    assert "what another broker asks failed" in capfd.readouterr().err
