"""The clock of a cluster in a test: what is due is done at its own time, whoever moves the hands."""

import asyncio

import pytest

from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.cluster_clock import (
    LATEST_MS,
    MOST_HOPS,
    ClockEnded,
    ClockError,
    ClusterClock,
    CountedThreads,
)
from odradek.broker.testing.threads import ManualThreads


@pytest.fixture
def machine() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def clock(machine: ManualClock) -> ClusterClock:
    return ClusterClock(asyncio.get_running_loop(), machine)


async def test_it_goes_as_the_machines_goes(clock: ClusterClock, machine: ManualClock) -> None:
    assert (clock.now(), clock.now_ms()) == (machine.now(), machine.now_ms())
    machine.jump(2.5)
    assert (clock.now(), clock.now_ms()) == (machine.now(), machine.now_ms())


async def test_it_stands_still_goes_on_and_goes_faster(clock: ClusterClock, machine: ManualClock) -> None:
    began, began_ms = clock.now(), clock.now_ms()
    clock.freeze()
    machine.jump(100)
    assert (clock.now(), clock.now_ms(), clock.rate) == (began, began_ms, 0)
    clock.run(10)
    machine.jump(2)
    assert (clock.now(), clock.now_ms()) == (began + 20, began_ms + 20_000)
    clock.run()
    machine.jump(1)
    assert clock.now() == began + 21


async def test_it_may_begin_at_a_time_and_stand_still_there_whatever_the_machine_shows() -> None:
    shown: list[tuple[float, int, float]] = []
    for machine in (ManualClock(), ManualClock(now=77.7)):
        clock = ClusterClock(asyncio.get_running_loop(), machine, frozen_at_ms=1_700_000_000_123)
        machine.jump(5)
        shown.append((clock.now(), clock.now_ms(), clock.rate))
        await clock.advance(2)
        shown.append((clock.now(), clock.now_ms(), clock.rate))
    assert shown[:2] == shown[2:]
    assert [now_ms for _, now_ms, _ in shown[:2]] == [1_700_000_000_123, 1_700_000_002_123]
    assert {rate for _, _, rate in shown} == {0}


@pytest.mark.parametrize("at_ms", [-1, LATEST_MS + 1])
async def test_it_begins_at_no_time_that_a_record_cannot_have(machine: ManualClock, at_ms: int) -> None:
    with pytest.raises(ClockError, match=f"not {at_ms}"):
        ClusterClock(asyncio.get_running_loop(), machine, frozen_at_ms=at_ms)


@pytest.mark.parametrize("at_ms", [-1, LATEST_MS + 1])
async def test_nor_is_it_set_to_such_a_time(clock: ClusterClock, at_ms: int) -> None:
    began_ms = clock.now_ms()
    with pytest.raises(ClockError, match=f"not {at_ms}"):
        clock.begin_at(at_ms)
    assert clock.now_ms() == began_ms


@pytest.mark.parametrize("rate", [-1, float("inf"), float("nan")])
async def test_it_never_goes_back(clock: ClusterClock, rate: float) -> None:
    with pytest.raises(ValueError, match="rate from 0 to 1000000"):
        clock.run(rate)
    with pytest.raises(ValueError, match="moved forward"):
        await clock.advance(rate)


async def test_it_goes_no_faster_than_what_is_due_can_be_done(clock: ClusterClock) -> None:
    clock.run(1e6)
    with pytest.raises(ValueError, match=r"rate from 0 to 1000000, not 1e\+15"):
        clock.run(1e15)
    assert clock.rate == 1e6


async def test_it_is_moved_to_the_last_time_that_it_can_show_and_not_beyond(clock: ClusterClock) -> None:
    clock.freeze()
    began_ms = clock.now_ms()
    for seconds in (1e300, (LATEST_MS - began_ms + 1) / 1000):
        with pytest.raises(ValueError, match=f"can show is {LATEST_MS}, the end of the year 9999"):
            await clock.advance(seconds)
        assert clock.now_ms() == began_ms
    await clock.advance((LATEST_MS - began_ms) / 1000)
    assert clock.now_ms() == LATEST_MS
    with pytest.raises(ValueError, match="the end of the year 9999"):
        await clock.advance(0.001)


async def test_a_clock_that_runs_stops_at_the_last_time_that_it_can_show(machine: ManualClock) -> None:
    clock = ClusterClock(asyncio.get_running_loop(), machine, frozen_at_ms=LATEST_MS - 10_000)
    began, rung = clock.now(), asyncio.Event()
    clock.run(1000)
    clock.call_at(began + 10, rung.set)
    clock.call_at(began + 10.5, lambda: pytest.fail("beyond the end"))
    machine.jump(1)
    await asyncio.wait_for(rung.wait(), 5)
    assert (clock.now(), clock.now_ms(), clock.rate) == (began + 10, LATEST_MS, 0)
    machine.jump(1e9)
    assert (clock.now_ms(), clock.fork().now_ms()) == (LATEST_MS, LATEST_MS)


async def test_advances_at_once_come_one_after_the_other_and_it_goes_on_as_it_was_told_meanwhile(
    clock: ClusterClock, machine: ManualClock
) -> None:
    began = clock.now()
    for at in (5, 15):
        clock.call_at(began + at, lambda: clock.run(3 if clock.rate == 1 else 7))
    await asyncio.gather(clock.advance(10), clock.advance(10))
    assert (clock.now(), clock.rate) == (began + 20, 7)
    machine.jump(1)
    assert clock.now() == began + 27


async def test_an_advance_does_what_is_due_at_its_time_and_in_order(clock: ClusterClock) -> None:
    clock.freeze()
    began = clock.now()
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, clock.now() - began))

    clock.call_at(began + 7, lambda: note("late"))
    clock.call_at(began + 3, lambda: note("early"))
    clock.call_at(began + 11, lambda: note("not yet"))
    clock.call_at(began + 4, lambda: note("taken back")).cancel()
    await clock.advance(10)
    assert seen == [("early", 3), ("late", 7)]
    assert clock.now() == began + 10
    await clock.advance(1)
    assert seen[2:] == [("not yet", 11)]


async def test_what_begins_in_an_advance_is_done_before_it_ends(clock: ClusterClock) -> None:
    clock.freeze()
    began, done = clock.now(), list[str]()
    threads = CountedThreads(ManualThreads())
    clock.watch(threads)

    def soon() -> None:
        threads.run(lambda: done.append("on a thread"), lambda error: done.append("and then"))

    def due() -> None:
        clock.call_soon(soon)

    clock.call_at(began + 1, due)
    clock.call_at(began + 1.5, lambda: done.append("later"))
    await clock.advance(2)
    assert done == ["on a thread", "and then", "later"]


async def test_an_advance_waits_for_threads(clock: ClusterClock) -> None:
    clock.freeze()
    held = ManualThreads(holds=True)
    threads = CountedThreads(held)
    clock.watch(threads)
    threads.run(lambda: None, lambda error: None)
    advance = asyncio.ensure_future(clock.advance(5))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not advance.done()
    held.finish()
    await advance
    assert threads.running == 0


async def test_a_week_takes_a_hundred_hops_for_what_happens_each_second(clock: ClusterClock) -> None:
    clock.freeze()
    calls: list[float] = []

    def again() -> None:
        calls.append(clock.now())
        clock.call_at(clock.now() + 1, again)

    again()
    await clock.advance(7 * 86_400)
    assert MOST_HOPS - 1 <= len(calls) <= MOST_HOPS + 2


async def test_timers_ring_while_it_runs_and_not_while_it_stands(clock: ClusterClock, machine: ManualClock) -> None:
    rung = asyncio.Event()
    clock.call_at(clock.now() + 0.001, rung.set)
    machine.jump(0.001)
    await asyncio.wait_for(rung.wait(), 5)
    rung.clear()
    clock.freeze()
    clock.call_at(clock.now() + 0.001, rung.set)
    machine.jump(1)
    await asyncio.sleep(0)
    assert not rung.is_set()
    clock.run()
    machine.jump(0.001)
    await asyncio.wait_for(rung.wait(), 5)


async def test_an_earlier_timer_is_not_kept_waiting_by_a_later_one(clock: ClusterClock, machine: ManualClock) -> None:
    rung = asyncio.Event()
    clock.call_at(clock.now() + 3600, lambda: None)
    clock.call_at(clock.now() + 0.001, rung.set)
    machine.jump(0.001)
    await asyncio.wait_for(rung.wait(), 5)
    clock.close()


async def test_a_fork_shows_the_same_time_and_goes_its_own_way(clock: ClusterClock, machine: ManualClock) -> None:
    clock.freeze()
    await clock.advance(1000)
    fork = clock.fork()
    assert (fork.now_ms(), fork.rate) == (clock.now_ms(), 0)
    await fork.advance(5)
    assert fork.now_ms() == clock.now_ms() + 5000
    clock.run(2)
    other = clock.fork()
    machine.jump(3)
    assert other.now_ms() == clock.now_ms() == fork.now_ms() + 1000


async def test_what_never_settles_is_waited_for_so_long(clock: ClusterClock) -> None:
    counted = CountedThreads(ManualThreads(holds=True))
    clock.watch(counted)
    counted.run(lambda: None, lambda error: None)
    await asyncio.wait_for(clock.settled(most_pauses=3), 5)
    assert counted.running == 1


async def test_an_advance_ends_where_it_is_when_the_cluster_ends(clock: ClusterClock, machine: ManualClock) -> None:
    threads = ManualThreads()
    counted = CountedThreads(threads)
    clock.watch(counted)
    counted.run(lambda: None, lambda error: None)  # which is waited for
    began = clock.now()
    advances = [asyncio.ensure_future(clock.advance(60)) for _ in range(2)]
    await asyncio.sleep(0)
    clock.end_advances()
    for advance in advances:
        with pytest.raises(ClockEnded, match="its clock is advanced no further"):
            await advance
    assert clock.now() == began
    assert clock.rate == 1
