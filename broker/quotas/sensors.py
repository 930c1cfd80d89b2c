"""Sensors: what each bucket has used lately, for as long as anybody uses it.

Pure. Client ids are the clients' to choose, so there may be any number: one that was not used for an hour is forgotten,
as in Kafka, and of more than MOST_SENSORS the one that was not used for the longest time.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

EXPIRED_MS = 3_600_000
MOST_SENSORS = 10_000

K = TypeVar("K", bound=Hashable)
S = TypeVar("S")


class Sensors(Generic[K, S]):
    """By key, the least recently used first."""

    def __init__(self, new: Callable[[], S]) -> None:
        self._new = new
        self._sensors: OrderedDict[K, tuple[S, list[int]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sensors)

    def use(self, key: K, now_ms: int) -> S:
        """The sensor of `key`, a new one if there is none."""
        found = self._sensors.get(key)
        if found is not None and now_ms - found[1][0] < EXPIRED_MS:
            found[1][0] = now_ms
            self._sensors.move_to_end(key)
            return found[0]
        sensor = self._new()
        self._sensors[key] = sensor, [now_ms]
        self._sensors.move_to_end(key)
        self._forget_oldest(now_ms)
        return sensor

    def _forget_oldest(self, now_ms: int) -> None:
        """Of those that expired two at most, so that a newcomer never pays for all of them."""
        for _ in range(2):
            oldest = next(iter(self._sensors))
            _, (used_ms,) = self._sensors[oldest]
            if len(self._sensors) <= MOST_SENSORS and now_ms - used_ms < EXPIRED_MS:
                return
            del self._sensors[oldest]
