"""Waiting for a cluster to be as a test wants it, with an error that says how it was instead."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

AWAIT_S = 10.0  # how long is waited, if nothing else is said
POLL_S = 0.005

R = TypeVar("R")


async def wait_for(
    look: Callable[[], Awaitable[tuple[bool, R]]], timeout_s: float, wanted: str, shown: Callable[[R], object]
) -> R:
    """What is found, once it is what is wanted. AssertionError says what was there instead, as `shown` has it."""
    until = time.monotonic() + timeout_s
    while True:
        is_there, found = await look()
        if is_there:
            return found
        if time.monotonic() >= until:
            raise AssertionError(f"after {timeout_s} s there were not {wanted}, but {shown(found)!r}")
        await asyncio.sleep(POLL_S)
