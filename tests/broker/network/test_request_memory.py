"""The memory of large requests: admitted whole, first come, first served."""

import pytest

from odradek.broker.network.request_memory import RequestMemory


class Holder:
    def __init__(self) -> None:
        self.resumed = 0

    def resume_frame(self) -> None:
        self.resumed += 1


def test_a_frame_goes_beyond_the_limit_by_one_and_the_next_waits() -> None:
    memory = RequestMemory(100)
    first, second = Holder(), Holder()
    assert memory.admit(first, 99)
    assert memory.admit(first, 5000)
    assert not memory.admit(second, 1)
    assert (memory.held_bytes, memory.is_short, second.resumed) == (5099, True, 0)


def test_who_waits_is_let_in_as_room_comes_in_the_order_of_coming() -> None:
    memory = RequestMemory(100)
    holders = [Holder() for _ in range(4)]
    assert memory.admit(holders[0], 100)
    assert not any(memory.admit(holder, 60) for holder in holders[1:])
    memory.release(100)
    assert ([holder.resumed for holder in holders], memory.held_bytes) == ([0, 1, 1, 0], 120)
    memory.release(60)
    assert ([holder.resumed for holder in holders], memory.is_short) == ([0, 1, 1, 1], False)


def test_who_has_gone_waits_no_more() -> None:
    memory = RequestMemory(100)
    gone, other = Holder(), Holder()
    memory.admit(Holder(), 100)
    memory.admit(gone, 10)
    memory.admit(other, 10)
    memory.forget(gone)
    memory.release(100)
    assert (gone.resumed, other.resumed, memory.held_bytes) == (0, 1, 10)


@pytest.mark.parametrize("size", [1, 1 << 40])
def test_without_a_limit_everything_is_admitted(size: int) -> None:
    memory = RequestMemory(-1)
    assert all(memory.admit(Holder(), size) for _ in range(3))
