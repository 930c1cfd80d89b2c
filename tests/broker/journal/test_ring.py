"""The ring: the newest entries, so many and so large at most."""

from odradek.broker.journal.entries import Decision
from odradek.broker.journal.ring import Ring


def entry(number: int, size: int = 10) -> Decision:
    return Decision(number, 0, "group", "g", "", size_bytes=size)


def numbers(ring: Ring) -> list[int]:
    return [one.number for one in ring]


def test_it_has_so_many_entries_at_most() -> None:
    ring = Ring(most_entries=3)
    for number in range(1, 6):
        ring.append(entry(number))
    assert numbers(ring) == [3, 4, 5]
    assert [one.number for one in reversed(ring)] == [5, 4, 3]
    assert (len(ring), ring.forgotten, ring.size_bytes) == (3, 2, 30)


def test_it_has_so_many_bytes_at_most() -> None:
    ring = Ring(most_bytes=100)
    for number in range(1, 4):
        ring.append(entry(number, 40))
    assert numbers(ring) == [2, 3]
    ring.append(entry(4, 1000))
    assert numbers(ring) == []
    assert ring.size_bytes == 0


def test_an_entry_that_grows_drives_older_ones_out() -> None:
    ring = Ring(most_bytes=100)
    first, second = entry(1, 40), entry(2, 40)
    ring.append(first)
    ring.append(second)
    ring.grow(second, 30)
    assert numbers(ring) == [2]
    ring.grow(first, 1000)  # it has been forgotten
    assert (numbers(ring), ring.size_bytes) == ([2], 70)
