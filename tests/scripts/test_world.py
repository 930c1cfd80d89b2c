"""What scripts rely on: that two who read the same partition, and records that come back, do not go unnoticed."""

from .commands import play
from .world import World


def told(world: World, *lines: str) -> list[str]:
    return [effect for line in lines for effect in play(world, line)]


def test_two_members_that_read_the_same_partition_are_a_fault_which_is_told_once() -> None:
    world = World()
    told(world, "topic create orders 2", "join a consumer orders", "join b consumer orders", "wait 20")
    world.process("b").owned = {"orders": [0, 1]}
    assert told(world, "wait 1", "wait 1") == ["   20.1  FAULT: orders[0] is read by a and b"]


def test_a_member_that_processes_what_was_committed_is_a_fault() -> None:
    world = World()
    told(world, "topic create orders 1", "join a consumer orders", "commit a orders 0 10", "load orders")
    assert told(world, "beat a") == ["    0.0  FAULT: a processes orders[0] at 0, which was committed"]


def test_what_is_processed_and_not_committed_is_counted_where_it_comes_again() -> None:
    world = World()
    told(world, "topic create orders 1", "load orders", "join a consumer orders", "wait 20", "die a")
    told(world, "join b consumer orders", "wait 60")
    assert told(world, "offsets orders")[1].startswith("orders: 1 records were processed twice")


def test_a_process_that_ended_does_nothing_any_more() -> None:
    world = World()
    told(world, "topic create orders 1", "join a classic orders", "die a")
    assert told(world, "wait 100") == ["   45.0  g: a is out", "   45.0  g: classic, Empty, generation 2"]
