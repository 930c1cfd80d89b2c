from collections.abc import Callable
from typing import cast

import pytest

from odradek.broker.context import Context
from odradek.broker.nodes.links import Links
from odradek.broker.several_brokers.peer_calls import PeerCalls
from odradek.broker.testing.clock import ManualClock

DELAY_S = 0.5


class World:
    """Two brokers, of which the first asks."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.links = Links(self.clock, self.clock)
        self.contexts = {1: cast(Context, "one"), 2: cast(Context, "two")}
        self.calls = PeerCalls(1, self.links, self.clock, self.contexts)
        self.asked: list[object] = []
        self.answers: list[str | None] = []

    def ask(self, context: Context, answer: Callable[[str], None]) -> None:
        self.asked.append(context)
        answer(f"from {context}")

    def call(self, target: int) -> None:
        self.calls.call(target, self.ask, self.answers.append)
        self.clock.advance(0)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(("target", "answer"), [(1, "from one"), (2, "from two")])
def test_a_broker_is_asked_and_answers_be_it_the_same(world: World, target: int, answer: str) -> None:
    world.call(target)
    assert world.answers == [answer]


def test_nobody_answers_where_there_is_no_way_to_and_fro(world: World) -> None:
    world.links.set(2, 1, is_cut=True)
    world.call(2)
    assert (world.asked, world.answers) == ([], [None])


def test_a_broker_that_does_not_run_gives_no_answer(world: World) -> None:
    del world.contexts[2]
    world.call(2)
    assert world.answers == [None]


def test_a_call_is_given_up_when_its_way_is_cut_and_does_nothing_where_it_arrives_late(world: World) -> None:
    world.links.set(1, 2, delay_s=DELAY_S)
    world.call(2)
    world.links.set(2, 1, is_cut=True)
    world.clock.advance(0)
    assert world.answers == [None]
    world.clock.advance(DELAY_S)
    assert (world.asked, world.answers) == ([], [None])


def test_a_broker_that_has_ended_waits_for_nothing(world: World) -> None:
    world.links.set(1, 2, delay_s=DELAY_S)
    world.call(2)
    world.calls.end()
    world.clock.advance(DELAY_S)
    assert world.answers == []
