import pytest

from odradek.broker.node import StartError
from odradek.broker.nodes.links import CONTROLLER, Links
from odradek.broker.several_brokers.ways import CLIENTS, Ways
from odradek.broker.testing.clock import ManualClock


class Slot:
    """A broker's place, as far as its clients can be cut off."""

    def __init__(self) -> None:
        self.hears_clients = self.reaches_clients = True

    def set_reach(self, *, hears_clients: bool, reaches_clients: bool) -> None:
        self.hears_clients, self.reaches_clients = hears_clients, reaches_clients


class World:
    def __init__(self) -> None:
        clock = ManualClock()
        self.links = Links(clock, clock)
        self.slots = {1: Slot(), 2: Slot()}
        self.ways = Ways(self.links, self.slot, self.slots.values)  # type: ignore[arg-type]

    def slot(self, node_id: int) -> Slot:
        if node_id not in self.slots:
            raise StartError(f"there is no broker {node_id}")
        return self.slots[node_id]


@pytest.fixture
def world() -> World:
    return World()


def test_a_way_is_cut_in_one_direction_and_mended(world: World) -> None:
    world.ways.cut(1, 2)
    assert (world.links.is_up(1, 2), world.links.is_up(2, 1)) == (False, True)
    world.ways.mend(1, 2)
    assert world.links.is_up(1, 2)


def test_clients_are_not_heard_or_not_reached(world: World) -> None:
    world.ways.cut(CLIENTS, 1)
    world.ways.cut(2, CLIENTS)
    slots = world.slots
    assert (slots[1].hears_clients, slots[1].reaches_clients) == (False, True)
    assert (slots[2].hears_clients, slots[2].reaches_clients) == (True, False)


def test_healing_mends_everything(world: World) -> None:
    world.ways.cut(CLIENTS, 1)
    world.ways.cut(2, CONTROLLER)
    world.ways.slow(1, 2, 0.5)
    world.ways.heal()
    assert world.slots[1].hears_clients
    assert world.links.is_up(2, CONTROLLER)
    assert world.links.is_immediate(1, 2)


@pytest.mark.parametrize(("source", "target"), [(1, 1), (1, 9), (CLIENTS, CONTROLLER)])
def test_a_way_has_two_ends_that_are_there(world: World, source: int, target: int) -> None:
    with pytest.raises(StartError):
        world.ways.cut(source, target)


def test_the_way_of_clients_cannot_be_slowed(world: World) -> None:
    with pytest.raises(StartError, match="fault"):
        world.ways.slow(CLIENTS, 1, 0.5)
