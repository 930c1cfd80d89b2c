"""Hits of a fault, waited for on a loop."""

import asyncio

import pytest

from odradek.broker.faults.fault_table import Fault, FaultTable
from odradek.broker.faults.rule import FaultRule
from odradek.broker.testing.hits import await_hits, wait_for_hits


@pytest.fixture
def fault() -> Fault:
    return FaultTable().add(FaultRule(api="Fetch", action="blackhole"), 0.0)


async def test_a_hit_wakes_who_waits_for_it_from_any_thread(fault: Fault) -> None:
    waiting = [asyncio.ensure_future(await_hits(fault, count, 10.0)) for count in (1, 2)]
    await asyncio.sleep(0)
    fault.strikes()
    assert await waiting[0] == 1
    assert not waiting[1].done()
    await asyncio.to_thread(fault.strikes)
    assert await waiting[1] == 2
    assert await await_hits(fault, 2, 0.0) == 2


async def test_hits_that_do_not_come_are_said_to_be_missing(fault: Fault) -> None:
    fault.strikes()
    with pytest.raises(AssertionError, match="not 2 hits of the fault api=Fetch action=blackhole, but 1"):
        await await_hits(fault, 2, 0.01)


async def test_an_end_ends_the_wait(fault: Fault) -> None:
    ending = asyncio.Event()
    waiting = asyncio.ensure_future(wait_for_hits(fault, 1, 10.0, ending))
    await asyncio.sleep(0)
    ending.set()
    assert not await waiting


async def test_a_wait_that_is_cancelled_leaves_nothing_behind(fault: Fault) -> None:
    waiting = asyncio.ensure_future(wait_for_hits(fault, 1, 10.0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(asyncio.all_tasks()) == 1
