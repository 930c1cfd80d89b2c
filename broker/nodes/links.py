"""Links: what goes between the brokers of a process and their controller, and how a test slows or cuts it.

The rule: one node reaches another by `send`, and in no other way. A link has a direction. One that is up and not slow
delivers at once; what is sent over one that is cut is lost, as is what is on its way to a node that has died.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..runtime import Clock, Timers

CONTROLLER: Final = -1  # beside the ids of brokers

Deliver = Callable[[], None]


@dataclass(slots=True)
class Link:
    """One direction between two nodes."""

    is_cut: bool = False
    delay_s: float = 0.0


class Links:
    """Every ordered pair of nodes; `on_change` hears of each link, and each node, that has become another."""

    def __init__(self, clock: Clock, timers: Timers) -> None:
        self.clock = clock
        self._timers = timers
        self._links: dict[tuple[int, int], Link] = {}
        self._still: set[int] = set()  # nodes that are dead or frozen
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call it whenever something may go where nothing went, or the other way round."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Call it no more."""
        self._listeners.remove(listener)

    def is_up(self, source: int, target: int) -> bool:
        """Whether what is sent now has a way."""
        if source in self._still or target in self._still:
            return False
        link = self._links.get((source, target))
        return link is None or not link.is_cut

    def reaches(self, one: int, other: int) -> bool:
        """Whether there is a way both to and fro."""
        return self.is_up(one, other) and self.is_up(other, one)

    def delay_s(self, source: int, target: int) -> float:
        """How long what is sent is on its way."""
        link = self._links.get((source, target))
        return 0.0 if link is None else link.delay_s

    def is_immediate(self, one: int, other: int) -> bool:
        """Whether question and answer take no time."""
        return self.reaches(one, other) and not self.delay_s(one, other) and not self.delay_s(other, one)

    def send(self, source: int, target: int, deliver: Deliver, on_lost: Deliver = lambda: None) -> bool:
        """Deliver at once, or later where the link is slow; whether there is a way at all.

        `on_lost` is called for what was on its way and has not arrived, at the moment when it should have.
        """
        if not self.is_up(source, target):
            return False
        delay_s = self.delay_s(source, target)
        if not delay_s:
            deliver()
            return True

        def arrive() -> None:
            if self.is_up(source, target):
                deliver()
            else:
                on_lost()

        self._timers.call_at(self.clock.now() + delay_s, arrive)
        return True

    def set(self, source: int, target: int, *, is_cut: bool | None = None, delay_s: float | None = None) -> None:
        """Cut or heal a link, or have it take its time."""
        link = self._links.setdefault((source, target), Link())
        if is_cut is not None:
            link.is_cut = is_cut
        if delay_s is not None:
            link.delay_s = delay_s
        self._tell()

    def heal(self) -> None:
        """Every link is up, and fast."""
        self._links.clear()
        self._tell()

    def hold_still(self, node_id: int) -> None:
        """A node has died, or is frozen: nothing goes to it or comes from it."""
        self._still.add(node_id)
        self._tell()

    def set_going(self, node_id: int) -> None:
        """It is back."""
        self._still.discard(node_id)
        self._tell()

    def troubled(self) -> list[tuple[int, int, Link]]:
        """The links that are cut or slow."""
        return [(*ends, link) for ends, link in sorted(self._links.items()) if link.is_cut or link.delay_s]

    def _tell(self) -> None:
        for listener in list(self._listeners):
            if listener in self._listeners:  # another one may have ended it
                listener()
