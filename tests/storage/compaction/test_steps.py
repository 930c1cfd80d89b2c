"""Long work in slices: what a thread does, and what comes out of it."""

import pytest

from odradek.storage.compaction.steps import Steps, in_thread, run_to_end


def _fail() -> int:
    raise OSError("the disk is gone")


def _work(made: list[str]) -> Steps[str]:
    made.append("begun")
    yield None
    number = yield from in_thread(lambda: 7)
    made.append(f"got {number}")
    return "the end"


def test_all_of_it_can_be_done_at_once() -> None:
    made: list[str] = []
    assert run_to_end(_work(made)) == "the end"
    assert made == ["begun", "got 7"]


def test_a_pause_is_none_and_work_for_a_thread_is_a_call() -> None:
    made: list[str] = []
    steps = _work(made)
    assert next(steps) is None
    assert made == ["begun"]
    call = next(steps)
    assert call is not None
    call()
    assert made == ["begun"]  # the slice goes on when the driver does
    with pytest.raises(StopIteration):
        next(steps)
    assert made == ["begun", "got 7"]


def test_what_a_thread_raises_comes_out_where_it_was_asked_for() -> None:
    caught: list[str] = []

    def work() -> Steps[int]:
        try:
            return (yield from in_thread(_fail))
        except OSError as error:
            caught.append(str(error))
            raise

    step = next(steps := work())
    assert step is not None
    step()  # does not raise on the thread
    with pytest.raises(OSError, match="the disk is gone"):
        next(steps)
    assert caught == ["the disk is gone"]
