"""What all workers share: a client that fails never ends one, and a fault of the worker itself never hides."""

from collections.abc import Callable

import pytest

from odradek.broker.tools.verify import worker as workers
from odradek.broker.tools.verify.history import Committed, Phase
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.worker import Worker

from .driven import Chosen, Driven
from .story import A


class Turning(Worker):
    """Takes the turns that a test gives it, then stops."""

    def __init__(self, driven: Driven, *turns: Callable[[], None]) -> None:
        super().__init__("turning", driven.run, driven.library)
        self.turns = list(turns)
        self.told: list[str] = []
        self.at_the_end: Callable[[], None] = lambda: self.told.append("finished")

    def turn(self) -> None:
        self.instance += 1
        turn = self.turns.pop(0)
        if not self.turns:
            self.stop.set()
        turn()

    def let_go(self) -> None:
        self.told.append("let go")

    def finish(self) -> None:
        self.at_the_end()


def fail() -> None:
    raise ClientError("broker away")


def crash() -> None:
    raise KeyError("a mistake")


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> Driven:
    monkeypatch.setattr(workers, "BACKOFF_S", 0.0)
    return Driven()


def live(worker: Turning) -> None:
    worker.thread.start()
    worker.thread.join(10)


def test_turns_are_taken_until_it_is_told_to_stop_and_then_it_finishes(driven: Driven) -> None:
    worker = Turning(driven)
    worker.turns += [lambda: worker.told.append("turn")] * 3
    live(worker)
    assert worker.told == ["turn", "turn", "turn", "finished"]


def test_a_client_that_fails_is_told_of_let_go_and_the_next_turn_is_taken(driven: Driven) -> None:
    worker = Turning(driven, fail)
    worker.turns.append(lambda: worker.told.append("turn"))
    live(worker)
    assert worker.told == ["let go", "turn", "finished"]
    assert driven.run.failures == ["turning/1: broker away"]
    assert driven.run.crashes == []


def test_a_client_that_fails_at_the_end_is_told_of_and_nothing_more(driven: Driven) -> None:
    worker = Turning(driven, lambda: None)
    worker.at_the_end = fail
    live(worker)
    assert driven.run.failures == ["turning/1: broker away"]


def test_a_mistake_of_the_worker_itself_ends_it_and_is_no_failure_of_a_client(driven: Driven) -> None:
    live(Turning(driven, crash))
    assert driven.run.crashes == ["turning/1: KeyError: 'a mistake'"]
    assert driven.run.failures == []


def test_faults_happen_as_often_as_they_should_until_the_run_is_calm(driven: Driven) -> None:
    worker = Turning(driven)
    worker.random = Chosen(0.09, 0.11, 0.0)
    assert [worker.happens(0.1) for _ in range(2)] == [True, False]
    driven.run.calm.set()
    assert not worker.happens(0.1)


def test_what_it_notes_is_in_the_history_under_the_name_of_its_present_life(driven: Driven) -> None:
    worker = Turning(driven)
    worker.instance = 3
    worker.note(Phase.OK, Committed("g", A, 1), "why")
    (one,) = driven.run.history.operations()
    assert (one.process, one.phase, one.note) == ("turning/3", Phase.OK, "why")
