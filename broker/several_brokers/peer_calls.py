"""PeerCalls: what one broker asks of another, in this process without a socket between them.

The rule: a call is answered once: by the broker that was asked, or with None as soon as there is no way to it and back
any more. A call that has ended does nothing at the other end when it arrives there late.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..log_output import get_logger
from ..nodes.links import Links
from ..runtime import Timers

if TYPE_CHECKING:
    from ..context import Context

logger = get_logger("peers")

R = TypeVar("R")


class Call(Generic[R]):
    """One question, until it is answered or given up; once it `is_over` it does nothing where it arrives."""

    __slots__ = ("_then", "is_over", "target")

    def __init__(self, target: int, then: Callable[[R | None], None]) -> None:
        self.target = target
        self.is_over = False
        self._then: Callable[[R | None], None] | None = then

    def cancel(self) -> None:
        """Whoever asked does not want to know any more."""
        self.is_over, self._then = True, None

    def end(self, answer: R | None) -> None:
        """It is answered, or nobody can be asked."""
        then = self._then
        self.cancel()
        if then is not None:
            then(answer)


class PeerCalls:
    """The calls of one broker. Answers come in a turn of the loop of their own."""

    def __init__(self, node_id: int, links: Links, timers: Timers, contexts: Mapping[int, "Context"]) -> None:
        """`contexts` are those of the brokers that run."""
        self._node_id = node_id
        self._links = links
        self._timers = timers
        self._contexts = contexts
        self._open: dict[Call[Any], None] = {}
        links.on_change(self._on_links)

    @property
    def own(self) -> "Context":
        """That of this broker, once everything is built."""
        return self._contexts[self._node_id]

    def leader_of(self, topic: str, index: int) -> int | None:
        """Who leads a partition, as this broker knows it; None for nobody."""
        found = self.own.metadata.image.topics.get(topic)
        partition = None if found is None else found.partitions.get(index)
        return None if partition is None or partition.record.leader < 0 else partition.record.leader

    def call(
        self,
        target: int,
        ask: Callable[["Context", Callable[[R], None]], None],
        then: Callable[[R | None], None],
    ) -> Call[R]:
        """Have `ask` done at a broker, which may be this one, and give `then` what it answers, or None."""
        call: Call[R] = Call(target, then)
        self._open[call] = None
        if target == self._node_id:
            self._arrive(call, ask)
        elif self._links.reaches(self._node_id, target):
            self._links.send(self._node_id, target, partial(self._arrive, call, ask))
        else:
            self._give_up(call)
        return call

    def end(self) -> None:
        """The broker is no more: nobody waits for an answer."""
        self._links.forget(self._on_links)
        for call in self._open:
            call.cancel()
        self._open.clear()

    def _arrive(self, call: Call[R], ask: Callable[["Context", Callable[[R], None]], None]) -> None:
        context = self._contexts.get(call.target)
        if call.is_over:
            return
        if context is None:  # it is about to start, or to end
            self._give_up(call)
            return
        try:
            ask(context, partial(self._send_back, call))
        except Exception:
            logger.exception("what another broker asks failed", source=self._node_id, target=call.target)
            self._give_up(call)

    def _send_back(self, call: Call[R], answer: R) -> None:
        if call.target == self._node_id:
            self._end(call, answer)
        elif not call.is_over:
            self._links.send(call.target, self._node_id, partial(self._end, call, answer))

    def _give_up(self, call: Call[R]) -> None:
        call.is_over = True
        self._end(call, None)

    def _end(self, call: Call[R], answer: R | None) -> None:
        """In the next turn: it may be whatever replicates that has brought the answer, and is not done yet."""
        self._open.pop(call, None)
        self._timers.call_soon(partial(call.end, answer))

    def _on_links(self) -> None:
        for call in [one for one in self._open if one.target != self._node_id]:
            if not self._links.reaches(self._node_id, call.target):
                self._give_up(call)
