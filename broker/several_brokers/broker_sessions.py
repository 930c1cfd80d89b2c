"""BrokerSessions: a broker that the controller does not hear of for `broker.session.timeout.ms` is fenced (KIP-631).

Brokers of one process send no heartbeats: whether they would arrive is known from the links. So the time begins when
the way is lost, and a broker that is heard of again is let in at once, without a new registration.
"""

from collections.abc import Callable
from functools import partial

from ...protocol.errors import KafkaError
from ..controller.controller import Controller
from ..log_output import get_logger
from ..nodes.links import CONTROLLER, Links
from ..runtime import Runtime, TimerHandle

logger = get_logger("controller")


class BrokerSessions:
    """The brokers that are registered, and since when they have not been heard of."""

    def __init__(self, controller: Controller, links: Links, runtime: Runtime, timeout_s: Callable[[], float]) -> None:
        self._controller = controller
        self._links = links
        self._clock = runtime.clock
        self._timers = runtime.timers
        self._timeout_s = timeout_s
        self._watched: set[int] = set()
        self._running_out: dict[int, TimerHandle] = {}
        links.on_change(self._on_links)

    def watch(self, broker_id: int) -> None:
        """The broker has registered, and is not fenced."""
        self._watched.add(broker_id)
        self._look_at(broker_id)

    def forget(self, broker_id: int) -> None:
        """It is fenced, and comes back by registering again."""
        self._watched.discard(broker_id)
        self._cancel(broker_id)

    def _on_links(self) -> None:
        for broker_id in list(self._watched):
            self._look_at(broker_id)

    def _look_at(self, broker_id: int) -> None:
        broker = self._controller.cluster.brokers.get(broker_id)
        if not self._links.is_up(broker_id, CONTROLLER):
            if broker_id not in self._running_out and broker is not None and not broker.is_fenced:
                deadline = self._clock.now() + self._timeout_s()
                self._running_out[broker_id] = self._timers.call_at(deadline, lambda: self._fence(broker_id))
            return
        self._cancel(broker_id)
        # Before it leads again it must have heard of what has happened meanwhile.
        if broker is not None and broker.is_fenced and self._links.is_up(CONTROLLER, broker_id):
            self._controller.unfence_broker(broker_id, partial(self._changed, broker_id))

    def _cancel(self, broker_id: int) -> None:
        timer = self._running_out.pop(broker_id, None)
        if timer is not None:
            timer.cancel()

    def _fence(self, broker_id: int) -> None:
        self._running_out.pop(broker_id, None)
        logger.warning("a broker has not been heard of for too long: it is fenced", broker=broker_id)

        self._controller.fence_broker(broker_id, partial(self._changed, broker_id))

    def _changed(self, broker_id: int, error: KafkaError | None) -> None:
        """It is fenced, or is not any more. The way may have become another meanwhile."""
        if error is not None:
            logger.error("a broker cannot be fenced, or let in again", broker=broker_id, error=str(error))
        elif broker_id in self._watched:
            self._look_at(broker_id)
