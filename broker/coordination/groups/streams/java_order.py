"""The order of Java's hash maps and heaps: where all else is equal, Kafka's choice among members is that order.

The one rule: whoever counts on it gets Kafka's own answer, to the task; nothing else may count on it.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from ...coordinator_partition import java_string_hash

T = TypeVar("T")

DEFAULT_CAPACITY = 16


def in_hash_order(keys: Iterable[str], capacity: int = DEFAULT_CAPACITY) -> list[str]:
    """Keys as a HashMap that they were put into, one after the other, gives them back.

    `capacity` is the one the map was made with, a power of two. Within a bucket the order is that of the insertions:
    the trees that Java makes of crowded buckets are beyond any real group.
    """
    in_turn = list(dict.fromkeys(keys))
    capacity = table_size(len(in_turn), capacity)
    return sorted(in_turn, key=lambda key: _spread(java_string_hash(key)) & (capacity - 1))


def table_size(keys: int, capacity: int = DEFAULT_CAPACITY) -> int:
    """The capacity of a HashMap once it has had so many keys."""
    while keys > capacity * 3 // 4:
        capacity *= 2
    return capacity


def capacity_for(wanted: int) -> int:
    """The capacity of a HashMap made for so many."""
    return 1 << max(0, wanted - 1).bit_length()


def _spread(value: int) -> int:
    bits = value & 0xFFFFFFFF
    return bits ^ (bits >> 16)


class JavaHeap(Generic[T]):
    """Java's PriorityQueue: among equals the one that its sifting leaves on top. What is in it keeps its load."""

    def __init__(self, load: Callable[[T], float], items: Iterable[T] = ()) -> None:
        self._load = load
        self._items: list[T] = []
        self._loads: list[float] = []
        for item in items:
            self.add(item)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T) -> None:
        """One more."""
        items, loads, load = self._items, self._loads, self._load(item)
        at = len(items)
        items.append(item)
        loads.append(load)
        while at > 0:
            parent = (at - 1) >> 1
            if load >= loads[parent]:
                break
            items[at], loads[at] = items[parent], loads[parent]
            at = parent
        items[at], loads[at] = item, load

    def poll(self) -> T:
        """Take the least; IndexError of an empty heap."""
        items, loads = self._items, self._loads
        least, item, load = items[0], items.pop(), loads.pop()
        size = len(items)
        if size == 0:
            return least
        at = 0
        while at < size >> 1:
            child = 2 * at + 1
            right = child + 1
            if right < size and loads[child] > loads[right]:
                child = right
            if load <= loads[child]:
                break
            items[at], loads[at] = items[child], loads[child]
            at = child
        items[at], loads[at] = item, load
        return least
