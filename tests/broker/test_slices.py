"""Long work in slices: short work ends at once, long work lets others in, and one failure is one answer."""

import asyncio

import pytest

from odradek.broker import slices
from odradek.broker.deferred import Deferred, Disconnect
from odradek.broker.slices import SLICE_S, Slices, Steps, are_steps, slice_by_slice
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime

STEPS_A_SLICE = 10


class TickingClock(ManualClock):
    """Each look at it takes a tenth of a slice."""

    def now(self) -> float:
        self._now += SLICE_S / (STEPS_A_SLICE - 0.5)
        return self._now


class World:
    def __init__(self, clock: ManualClock | None = None) -> None:
        self.clock = clock or TickingClock()
        self.slices = Slices(manual_runtime(self.clock))
        self.done: list[str] = []

    def work(self, name: str, steps: int, result: object = "done") -> Steps[object]:
        for _ in range(steps):
            self.done.append(name)
            yield
        return result

    def start(self, steps: Steps[object], *, ends_with_client: bool = False) -> tuple[Deferred[object], list[object]]:
        deferred = self.slices.run(steps, ends_with_client=ends_with_client)
        assert isinstance(deferred, Deferred)
        answers: list[object] = []
        deferred.deliver_to(answers.append, answers.append)
        return deferred, answers

    def turn(self) -> None:
        self.slices._on_turn()


def test_short_work_ends_at_once_and_needs_no_timer() -> None:
    world = World()
    assert world.slices.run(world.work("a", 3), ends_with_client=True) == "done"
    assert (len(world.slices), world.clock.pending) == (0, 0)


def test_long_work_is_answered_after_as_many_slices_as_it_takes() -> None:
    world = World()
    _, answers = world.start(world.work("a", 3 * STEPS_A_SLICE))
    turns = 0
    while not answers:
        world.turn()
        turns += 1
    assert (answers, turns, len(world.slices)) == (["done"], 3, 0)


def test_several_pieces_of_work_take_turns() -> None:
    world = World()
    for name in "ab":
        world.start(world.work(name, 3 * STEPS_A_SLICE))
    world.done.clear()
    world.turn()
    first = set(world.done)
    world.turn()
    assert (first, set(world.done)) == ({"a"}, {"a", "b"})


def test_the_timers_bring_it_to_its_end() -> None:
    world = World()
    _, answers = world.start(world.work("a", 5 * STEPS_A_SLICE))
    for _ in range(10):
        world.clock.advance(SLICE_S)
    assert answers == ["done"]


def test_work_that_only_reads_ends_with_its_client_and_other_work_does_not() -> None:
    world = World()
    for name, ends in (("read", True), ("write", False)):
        deferred, _ = world.start(world.work(name, 3 * STEPS_A_SLICE), ends_with_client=ends)
        deferred.drop()
    world.done.clear()
    while len(world.slices):
        world.turn()
    assert set(world.done) == {"write"}


@pytest.mark.parametrize(("error", "lines"), [(RuntimeError("the unforeseen"), 1), (Disconnect("no"), 0)])
def test_work_that_fails_in_a_later_slice_fails_its_answer_and_no_other_work(
    error: Exception, lines: int, capfd: pytest.CaptureFixture[str]
) -> None:
    world = World()

    def failing() -> Steps[object]:
        yield from world.work("a", 2 * STEPS_A_SLICE)
        raise error

    _, failures = world.start(failing())
    _, answers = world.start(world.work("b", 3 * STEPS_A_SLICE))
    while len(world.slices):
        world.turn()
    assert (failures, answers) == ([error], ["done"])
    assert capfd.readouterr().err.count("a request failed") == lines


def test_what_the_first_slice_raises_is_raised() -> None:
    def failing() -> Steps[object]:
        raise RuntimeError("the unforeseen")
        yield

    with pytest.raises(RuntimeError):
        World().slices.run(failing(), ends_with_client=False)


def test_a_result_that_is_deferred_itself_is_waited_for() -> None:
    world = World()
    later: Deferred[object] = Deferred()
    _, answers = world.start(world.work("a", 2 * STEPS_A_SLICE, later))
    while len(world.slices):
        world.turn()
    assert answers == []
    later.answer("late")
    assert answers == ["late"]


def test_only_a_generator_is_work_in_slices() -> None:
    assert are_steps(World().work("a", 1))
    assert not any(are_steps(answer) for answer in (None, Deferred[object](), iter([1])))


async def test_what_is_done_in_slices_lets_others_in_and_brings_what_it_ends_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "SLICE_S", 0.0)
    seen: list[str] = []

    def work() -> Steps[int]:
        for number in range(3):
            seen.append(f"step {number}")
            yield
        return 5

    async def other() -> None:
        while len(seen) < 5:
            seen.append("other")
            await asyncio.sleep(0)

    assert (await asyncio.gather(slice_by_slice(work()), other()))[0] == 5
    assert seen[:4] == ["step 0", "other", "step 1", "other"]
