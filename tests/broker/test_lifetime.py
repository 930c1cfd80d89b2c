"""What is started under a lifetime ends with it, and one failure keeps nothing else from its turn."""

import asyncio
from dataclasses import replace

import pytest

from odradek.broker.lifetime import Lifetime
from odradek.broker.runtime import Runtime, Timer
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.broker.testing.threads import ManualThreads


def world() -> tuple[ManualClock, ManualThreads, Runtime]:
    clock, threads = ManualClock(now=0.0), ManualThreads(holds=True)
    return clock, threads, manual_runtime(clock, threads)


async def test_no_timer_fires_after_the_end_and_none_is_left_in_the_runtime() -> None:
    clock, _, outside = world()
    lifetime = Lifetime(outside)
    fired: list[str] = []
    lifetime.runtime.timers.call_at(5.0, lambda: fired.append("deadline"))
    lifetime.runtime.timers.call_soon(lambda: fired.append("soon"))
    await lifetime.ended()
    lifetime.runtime.timers.call_at(6.0, lambda: fired.append("late"))
    lifetime.runtime.timers.call_soon(lambda: fired.append("late"))
    assert clock.pending == 0
    clock.advance(10)
    assert fired == []


async def test_the_timers_of_another_lifetime_of_the_same_runtime_go_on() -> None:
    clock, _, outside = world()
    first, second = Lifetime(outside), Lifetime(outside)
    fired: list[str] = []
    first.runtime.timers.call_at(5.0, lambda: fired.append("first"))
    second.runtime.timers.call_at(5.0, lambda: fired.append("second"))
    await first.ended()
    clock.advance(10)
    assert fired == ["second"]


async def test_a_timer_that_fails_is_reported_and_keeps_no_other_from_its_turn(
    capfd: pytest.CaptureFixture[str],
) -> None:
    clock, _, outside = world()
    timers = Lifetime(outside).runtime.timers
    fired: list[str] = []

    def fail() -> None:
        raise ValueError("the unforeseen")

    timers.call_at(1.0, fail)
    timers.call_at(1.0, lambda: fired.append("the other"))
    clock.advance(1)
    assert fired == ["the other"]
    assert "the unforeseen" in capfd.readouterr().err


async def test_a_cancelled_timer_does_not_fire() -> None:
    clock, _, outside = world()
    fired: list[str] = []
    timer = Timer(Lifetime(outside).runtime.timers, lambda: fired.append("it"))
    timer.set(1.0)
    timer.set(None)
    clock.advance(2)
    assert fired == []


async def test_the_end_waits_for_the_work_on_threads_and_what_follows_from_it() -> None:
    _, threads, outside = world()
    lifetime = Lifetime(outside)
    done: list[str] = []

    def then(error: Exception | None) -> None:
        done.append("first")
        lifetime.runtime.threads.run(lambda: None, lambda error: done.append("what follows"))

    lifetime.runtime.threads.run(lambda: None, then)
    ending = asyncio.ensure_future(lifetime.ended())
    await asyncio.sleep(0)
    assert not ending.done()
    threads.finish_all()
    await ending
    assert done == ["first", "what follows"]


async def test_work_that_comes_after_the_end_is_refused_and_whoever_gave_it_is_told() -> None:
    _, threads, outside = world()
    lifetime = Lifetime(outside)
    await lifetime.ended()
    refused: list[Exception | None] = []
    lifetime.runtime.threads.run(lambda: None, refused.append)
    assert threads.held == 0
    assert isinstance(refused[0], RuntimeError)


async def test_any_failure_of_the_work_reaches_who_waits_for_it() -> None:
    _, _, outside = world()
    lifetime = Lifetime(replace(outside, threads=ManualThreads()))
    failures: list[Exception | None] = []

    def fail() -> None:
        raise ValueError("no OSError at all")

    lifetime.runtime.threads.run(fail, failures.append)
    assert isinstance(failures[0], ValueError)


# Frozen


async def test_nothing_is_called_while_it_is_frozen_and_what_was_missed_in_its_order_afterwards() -> None:
    clock, _, outside = world()
    lifetime = Lifetime(outside)
    called: list[str] = []
    lifetime.runtime.timers.call_at(5.0, lambda: called.append("deadline"))
    lifetime.freeze()
    lifetime.runtime.timers.call_soon(lambda: called.append("soon"))
    clock.advance(10)
    assert (lifetime.is_frozen, called) == (True, [])
    lifetime.resume()
    assert called == []  # once the loop is free
    clock.advance(0)
    assert (lifetime.is_frozen, called) == (False, ["soon", "deadline"])


async def test_what_comes_from_threads_waits_while_it_is_frozen() -> None:
    clock, threads, outside = world()
    lifetime = Lifetime(outside)
    ended: list[Exception | None] = []
    lifetime.runtime.threads.run(lambda: None, ended.append)
    lifetime.freeze()
    threads.finish()
    assert ended == []
    lifetime.resume()
    clock.advance(0)
    assert ended == [None]


async def test_what_is_cancelled_while_it_is_frozen_is_not_called() -> None:
    clock, _, outside = world()
    lifetime = Lifetime(outside)
    called: list[str] = []
    call = lifetime.runtime.timers.call_at(1.0, lambda: called.append("cancelled"))
    lifetime.freeze()
    clock.advance(1)
    call.cancel()
    lifetime.resume()
    clock.advance(0)
    assert called == []


async def test_another_lifetime_of_the_same_runtime_goes_on_meanwhile() -> None:
    clock, _, outside = world()
    frozen, other = Lifetime(outside), Lifetime(outside)
    called: list[str] = []
    frozen.freeze()
    other.runtime.timers.call_soon(lambda: called.append("other"))
    clock.advance(0)
    assert called == ["other"]


async def test_to_freeze_twice_loses_nothing_that_was_missed() -> None:
    clock, _, outside = world()
    lifetime = Lifetime(outside)
    called: list[str] = []
    lifetime.runtime.timers.call_soon(lambda: called.append("first"))
    lifetime.freeze()
    clock.advance(0)
    lifetime.freeze()
    lifetime.resume()
    clock.advance(0)
    assert called == ["first"]


async def test_a_frozen_lifetime_can_end() -> None:
    clock, threads, outside = world()
    lifetime = Lifetime(outside)
    called: list[object] = []
    lifetime.runtime.threads.run(lambda: None, called.append)
    lifetime.runtime.timers.call_soon(lambda: called.append("late"))
    lifetime.freeze()
    threads.finish()
    clock.advance(0)
    ending = asyncio.ensure_future(lifetime.ended())
    await asyncio.sleep(0)
    clock.advance(0)
    await ending
    assert called == [None]
