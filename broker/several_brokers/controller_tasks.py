"""ControllerTasks: what the controller does by the clock: leaders go back to where they are preferred, and the like."""

from collections.abc import Callable

from ...protocol.errors import KafkaError
from ..controller.controller import Controller
from ..log_output import get_logger
from ..runtime import Runtime, Timer

logger = get_logger("controller")

Then = Callable[[KafkaError | None], None]


class ControllerTasks:
    """Both go on until the runtime's timers end."""

    def __init__(self, controller: Controller, runtime: Runtime) -> None:
        self._controller = controller
        self._clock = runtime.clock
        self._balancing = Timer(runtime.timers, self._balance)
        self._electing = Timer(runtime.timers, self._elect)

    def start(self) -> None:
        """Begin to watch the time."""
        now, controller = self._clock.now(), self._controller
        self._balancing.set(now + controller.balance_interval_s)
        self._electing.set(now + controller.unclean_election_interval_ms / 1000)

    def _balance(self) -> None:
        if self._controller.balances_leaders:
            self._controller.balance_leaders(_report)
        self._balancing.set(self._clock.now() + self._controller.balance_interval_s)

    def _elect(self) -> None:
        self._controller.elect_unclean_leaders(_report)
        self._electing.set(self._clock.now() + self._controller.unclean_election_interval_ms / 1000)


def _report(error: KafkaError | None) -> None:
    if error is not None:
        logger.error("the controller cannot do what was due", error=str(error))
