"""What all workers share: a thread that takes turns until it is told to stop, and starts afresh when a client fails.

Its one rule: a ClientError never ends a worker and never hides: what was under way is in the history as info, and the
next turn begins with new clients, as a restarted process would.
"""

import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from .history import Detail, History, Phase
from .library import ClientError, Library
from .plan import Plan

CALL_S = 30.0  # an answer may take as long as a restart of the broker
BACKOFF_S = 0.3


@dataclass(slots=True)
class Run:
    """What the workers of a run are given."""

    plan: Plan
    history: History
    now: Callable[[], float]
    calm: threading.Event = field(default_factory=threading.Event)  # no more faults: finish what there is
    failures: list[str] = field(default_factory=list[str])
    crashes: list[str] = field(default_factory=list[str])  # of workers, not of clients: these are bugs of the verifier


class Worker(ABC):
    """One process of the history; `instance` counts its lives."""

    def __init__(self, name: str, run: Run, library: Library) -> None:
        self.name = name
        self.run = run
        self.library = library
        self.random: random.Random = run.plan.random_of(name)
        self.stop = threading.Event()
        self.instance = 0
        self.thread = threading.Thread(target=self._live, name=name, daemon=True)

    @property
    def process(self) -> str:
        return f"{self.name}/{self.instance}"

    @abstractmethod
    def turn(self) -> None:
        """Some operations; raises ClientError when the clients are to be made anew."""

    @abstractmethod
    def let_go(self) -> None:
        """Abandons the clients, whatever their state."""

    def finish(self) -> None:
        """Closes the clients at the end of the run."""
        self.let_go()

    def happens(self, probability: float) -> bool:
        """Whether a fault is due; never once the run is calm."""
        return self.random.random() < probability and not self.run.calm.is_set()

    def note(self, phase: Phase, detail: Detail, note: str = "") -> None:
        self.run.history.add(self.process, phase, detail, note)

    def _live(self) -> None:
        try:
            self._take_turns()
        except Exception as error:
            self.run.crashes.append(f"{self.process}: {type(error).__name__}: {error}")

    def _take_turns(self) -> None:
        while not self.stop.is_set():
            try:
                self.turn()
            except ClientError as error:
                self.run.failures.append(f"{self.process}: {error}")
                self._quietly(self.let_go)
                self.stop.wait(BACKOFF_S)
        self._quietly(self.finish)

    def _quietly(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ClientError as error:
            self.run.failures.append(f"{self.process}: {error}")
