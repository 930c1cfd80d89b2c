"""Connections share the loop: one request each, in rounds that end."""

from odradek.broker.network.turns import ROUND_S, Turns
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime


class Client:
    """A connection with so many requests waiting, each of which takes `takes_s`."""

    def __init__(self, world: "World", name: str, requests: int, takes_s: float = 0.0) -> None:
        self.world = world
        self.name = name
        self.requests = requests
        self.takes_s = takes_s

    def take_turn(self) -> None:
        self.world.taken.append(self.name)
        self.requests -= 1
        self.world.clock.pass_unseen(self.takes_s)
        if self.requests:
            self.world.turns.queue(self)


class BusyClock(ManualClock):
    """Its time passes while something works, without a timer being looked at."""

    def pass_unseen(self, seconds: float) -> None:
        self._now += seconds


class World:
    def __init__(self) -> None:
        self.clock = BusyClock()
        self.turns = Turns(manual_runtime(self.clock))
        self.taken: list[str] = []

    def queue(self, name: str, requests: int = 1, takes_s: float = 0.0) -> None:
        self.turns.queue(Client(self, name, requests, takes_s))


def test_who_has_sent_much_has_one_turn_like_any_other() -> None:
    world = World()
    world.queue("greedy", 1000)
    world.queue("modest", 2)
    world.queue("third")
    world.clock.advance(0)
    assert world.taken[:6] == ["greedy", "modest", "third", "greedy", "modest", "greedy"]
    assert (len(world.taken), len(world.turns)) == (1003, 0)


def test_a_round_ends_and_the_next_begins_where_it_ended() -> None:
    world = World()
    world.queue("a", 2, takes_s=ROUND_S / 2)
    world.queue("b", 1, takes_s=ROUND_S / 2)
    timers = world.clock.pending
    assert timers == 1
    world.turns._on_round()
    assert (world.taken, len(world.turns)) == (["a", "b"], 1)
    world.turns._on_round()
    assert world.taken == ["a", "b", "a"]


def test_a_request_that_comes_while_the_loop_has_long_been_busy_waits_for_a_turn() -> None:
    world = World()
    assert world.turns.may_begin()
    world.clock.pass_unseen(1.5 * ROUND_S)
    world.turns.note_end()
    assert not world.turns.may_begin()


def test_once_the_loop_has_looked_at_its_sockets_a_request_may_begin_at_once() -> None:
    world = World()
    assert world.turns.may_begin()
    world.clock.pass_unseen(1.5 * ROUND_S)
    world.turns.note_end()
    world.clock.pass_unseen(0.001)
    assert world.turns.may_begin()


def test_a_connection_that_fails_in_its_turn_does_not_keep_the_others_from_theirs() -> None:
    world = World()

    class Failing(Client):
        def take_turn(self) -> None:
            raise RuntimeError("the unforeseen")

    world.turns.queue(Failing(world, "failing", 1))
    world.queue("other")
    try:
        world.clock.advance(0)
    except RuntimeError:
        world.clock.advance(0)
    assert world.taken == ["other"]
