"""Workers under the hands of a test: their turns are taken on its thread, against a broker of a few lines."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from odradek.broker.tools.verify.history import Detail, History, Operation, Phase
from odradek.broker.tools.verify.plan import Plan
from odradek.broker.tools.verify.worker import Run, Worker

from .model_broker import Fault, ModelBroker, ModelLibrary

W = TypeVar("W", bound=Worker)
D = TypeVar("D", bound=Detail)


class Chosen(Random):
    """Random numbers of which `random` gives those that the test wants next, and then 0.5."""

    def __init__(self, *values: float) -> None:
        super().__init__(7)
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0) if self.values else 0.5

    def getrandbits(self, k: int, /) -> int:
        return super().getrandbits(k)


class Driven:
    """A run without threads."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.broker = ModelBroker(fault)
        self.library = ModelLibrary(self.broker)
        self.plan = Plan("run", 7, [self.library.name])
        self.run = Run(self.plan, History(lambda: 0.0), lambda: 0.0)
        self.library.create_topics(self.plan.topics, 1.0)

    def made(self, worker: W, *values: float) -> W:
        """A worker that pauses nowhere, whose next random numbers are these."""
        worker.stop.set()
        worker.random = Chosen(*values)
        return worker

    def operations(self, kind: type[D], phase: Phase = Phase.OK) -> list[Operation]:
        """What the history has of that kind."""
        return [one for one in self.run.history.operations() if isinstance(one.detail, kind) and one.phase is phase]

    def details(self, kind: type[D], phase: Phase = Phase.OK) -> Sequence[D]:
        return [one.detail for one in self.operations(kind, phase) if isinstance(one.detail, kind)]

    def stored(self) -> list[str]:
        """Every value that the broker holds, whatever became of its transaction."""
        return [entry.value for log in self.broker.logs.values() for entry in log if entry.value is not None]
