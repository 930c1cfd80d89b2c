"""Home: where clusters live: the way to their loop, from there or from another, and who ends what is left of them.

The one rule: whatever is done to a cluster is done on its own loop.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from .running_cluster import RunningCluster

R = TypeVar("R")


class Home(Protocol):
    """Where clusters live."""

    async def reach(self, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """What a coroutine brings that is made and run on their loop."""
        ...

    def keep(self, running: RunningCluster) -> None:
        """It lives here, and is ended when this ends."""
        ...

    def let_go(self, running: RunningCluster) -> bool:
        """Somebody is about to end it; whether it was still kept."""
        ...


class Kept:
    """The clusters of a home."""

    def __init__(self) -> None:
        self._running: set[RunningCluster] = set()

    def keep(self, running: RunningCluster) -> None:
        self._running.add(running)

    def let_go(self, running: RunningCluster) -> bool:
        try:
            self._running.remove(running)
        except KeyError:
            return False
        return True

    def take(self) -> RunningCluster | None:
        """Let one go, if there are any."""
        return self._running.pop() if self._running else None


class OwnLoop(Kept):
    """The loop that one is on is a home."""

    async def reach(self, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """What a coroutine brings: its clusters are on this loop."""
        return await work()

    async def close(self) -> None:
        """End what is left."""
        while (running := self.take()) is not None:
            await running.stop()


class Inside:
    """The way to the clusters of a home for who is on their loop."""

    def __init__(self, home: Home) -> None:
        self.keep, self.let_go = home.keep, home.let_go

    async def reach(self, work: Callable[[], Coroutine[Any, Any, R]]) -> R:
        return await work()
