"""Turns: who works in a cluster beside others, and who has it alone.

The one rule: whoever asked first has its turn first, so that none that wants it alone waits for ever.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class Turns:
    """Of one cluster, on one loop. A turn is not to be asked for within another."""

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._beside = 0
        self._is_free = asyncio.Event()
        self._is_free.set()

    @asynccontextmanager
    async def beside(self) -> AsyncGenerator[None]:
        """At work together with others, but with none that is to be alone."""
        async with self._door:
            self._beside += 1
            self._is_free.clear()
        try:
            yield
        finally:
            self._beside -= 1
            if not self._beside:
                self._is_free.set()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """At work with nobody beside; who asks meanwhile waits."""
        async with self._door:
            await self._is_free.wait()
            yield
