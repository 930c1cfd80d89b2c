"""Work on a thread that a coroutine waits for."""

import asyncio
from collections.abc import Iterator

import pytest

from odradek.broker.beside_the_loop import beside_the_loop
from odradek.broker.runtime import LoopThreads


async def test_what_fails_beside_the_loop_fails_here() -> None:
    threads = LoopThreads(asyncio.get_running_loop())
    assert await beside_the_loop(threads, lambda: 5) == 5

    def fail() -> Iterator[None]:
        raise OSError("torn")

    with pytest.raises(OSError, match="torn"):
        await beside_the_loop(threads, fail)
    threads.close()
