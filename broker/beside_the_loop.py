"""Work that takes its time, awaited: it runs on a thread, and the other clusters of this loop go on meanwhile."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .runtime import Threads

R = TypeVar("R")


async def beside_the_loop(threads: Threads, work: Callable[[], R]) -> R:
    """What the work brings, or raises."""
    done: asyncio.Future[R] = asyncio.get_running_loop().create_future()
    brought: list[R] = []

    def then(error: Exception | None) -> None:
        if done.done():
            return  # whoever waited was cancelled
        if error is None:
            done.set_result(brought[0])
        else:
            done.set_exception(error)

    threads.run(lambda: brought.append(work()), then)
    return await done
