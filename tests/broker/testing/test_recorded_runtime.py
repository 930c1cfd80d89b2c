"""What a runtime was asked for and has not done yet is known."""

from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.recorded_runtime import RecordedThreads, RecordedTimers
from odradek.broker.testing.threads import ManualThreads


def test_a_timer_is_armed_until_it_fires_or_is_cancelled() -> None:
    clock = ManualClock(now=0.0)
    timers, fired = RecordedTimers(clock), list[str]()
    timers.call_at(5.0, lambda: fired.append("deadline"))
    timers.call_soon(lambda: fired.append("soon"))
    cancelled = timers.call_at(6.0, lambda: fired.append("cancelled"))
    assert len(timers.armed) == 3
    cancelled.cancel()
    assert len(timers.armed) == 2
    clock.advance(10)
    assert (fired, timers.armed, clock.pending) == (["soon", "deadline"], set(), 0)


async def test_threads_are_idle_once_what_follows_from_their_work_is_done() -> None:
    inside = ManualThreads(holds=True)
    threads, done = RecordedThreads(inside), list[str]()
    await threads.idle()
    threads.run(lambda: done.append("work"), lambda error: done.append("what follows"))
    assert threads.running == 1
    inside.finish()
    await threads.idle()
    assert (done, threads.running) == (["work", "what follows"], 0)
