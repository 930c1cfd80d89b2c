"""Countdown: one call after the last of several answers."""

from collections.abc import Callable


class Countdown:
    """Calls `then` when `count` answers have come; with nothing to wait for, at once."""

    __slots__ = ("_left", "_then")

    def __init__(self, count: int, then: Callable[[], None]) -> None:
        self._left = count
        self._then = then
        if count == 0:
            then()

    def count_down(self) -> None:
        """One more answer has come."""
        self._left -= 1
        if self._left == 0:
            self._then()
