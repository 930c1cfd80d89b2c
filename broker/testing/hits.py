"""Waiting for a fault to be hit: whoever waits is woken by the hit."""

import asyncio
from contextlib import suppress

from ..faults.fault_table import Fault


async def wait_for_hits(fault: Fault, count: int, timeout_s: float, ending: asyncio.Event | None = None) -> bool:
    """Whether it has hit so many in that time, on the cluster's own loop; with `ending`, before that is set."""
    if fault.hits >= count:
        return True
    loop = asyncio.get_running_loop()
    woken = ending or asyncio.Event()
    hit: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not hit.done():
            hit.set_result(None)

    # At a stop it may be a thread of its own whose fsync is hit.
    take_back = fault.when_hit(count, lambda: loop.call_soon_threadsafe(wake))
    ended = asyncio.ensure_future(woken.wait())
    try:
        await asyncio.wait((hit, ended), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        take_back()
        ended.cancel()
        with suppress(asyncio.CancelledError):
            await ended
    return fault.hits >= count


async def await_hits(fault: Fault, count: int, timeout_s: float) -> int:
    """How many it has hit, once they are so many. AssertionError says how many there were instead."""
    if not await wait_for_hits(fault, count, timeout_s):
        raise AssertionError(missing_hits(fault, count, timeout_s))
    return fault.hits


def missing_hits(fault: Fault, count: int, timeout_s: float) -> str:
    """What is said of hits that have not come."""
    return f"after {timeout_s} s there were not {count} hits of {fault.rule}, but {fault.hits}"
