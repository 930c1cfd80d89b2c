"""A world that stands still until it is told otherwise, and is the same in every run."""

from odradek.broker.runtime import Timer
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.testing.threads import ManualThreads


def test_clock_and_timers_are_one() -> None:
    runtime = manual_runtime()
    assert isinstance(runtime.clock, ManualClock)
    fired: list[float] = []
    Timer(runtime.timers, lambda: fired.append(runtime.clock.now())).set(runtime.clock.now() + 5)
    runtime.clock.advance(10)
    assert fired == [1005.0]


def test_a_clock_and_threads_of_the_tests_own_are_used() -> None:
    clock, threads = ManualClock(now=1.0), ManualThreads(holds=True)
    runtime = manual_runtime(clock, threads)
    runtime.threads.run(lambda: None, lambda error: None)
    assert (runtime.clock.now(), threads.held) == (1.0, 1)


def test_chance_is_the_same_for_the_same_seed() -> None:
    first, second, other = (manual_runtime(seed=seed).new_uuid() for seed in (1, 1, 2))
    assert first == second != other
