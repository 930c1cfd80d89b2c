"""Ways: how brokers, their controller and their clients reach each other, and how a test gets between them."""

from collections.abc import Callable, Iterable
from typing import Final

from ..node import StartError
from ..nodes.links import Links
from .broker_slot import BrokerSlot

CLIENTS: Final = -2  # an end of a way, beside the ids of brokers and CONTROLLER


class Ways:
    """Each has a direction, and an end is a broker, CONTROLLER or CLIENTS. StartError for an end that there is not."""

    def __init__(
        self, links: Links, slot: Callable[[int], BrokerSlot], slots: Callable[[], Iterable[BrokerSlot]]
    ) -> None:
        self._links = links
        self._slot = slot
        self._slots = slots

    def cut(self, source: int, target: int) -> None:
        """Nothing goes from one to the other any more; an end is a broker, CONTROLLER or CLIENTS. StartError."""
        self._set_link(source, target, is_cut=True)

    def mend(self, source: int, target: int) -> None:
        """What goes from one to the other arrives again, at once. StartError."""
        self._set_link(source, target, is_cut=False)

    def slow(self, source: int, target: int, delay_s: float) -> None:
        """What goes from one broker, or the controller, to the other is on its way so long. StartError."""
        self._check_ends(source, target)
        if CLIENTS in (source, target):
            raise StartError("the way of clients cannot be slowed: have a fault delay their requests")
        self._links.set(source, target, delay_s=delay_s)

    def heal(self) -> None:
        """Everything that was cut or slowed is as it was."""
        self._links.heal()
        for slot in self._slots():
            slot.set_reach(hears_clients=True, reaches_clients=True)

    def _set_link(self, source: int, target: int, *, is_cut: bool) -> None:
        self._check_ends(source, target)
        if source == CLIENTS:
            slot = self._slot(target)
            slot.set_reach(hears_clients=not is_cut, reaches_clients=slot.reaches_clients)
        elif target == CLIENTS:
            slot = self._slot(source)
            slot.set_reach(hears_clients=slot.hears_clients, reaches_clients=not is_cut)
        else:
            self._links.set(source, target, is_cut=is_cut, delay_s=None if is_cut else 0.0)

    def _check_ends(self, source: int, target: int) -> None:
        for end in (source, target):
            if end >= 0:
                self._slot(end)
        if source == target or max(source, target) < 0:
            raise StartError("a link is between two brokers, or between one and the controller or clients")
