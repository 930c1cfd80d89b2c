"""LoopForThreads: for a cluster that does the same in every run; threads would end in an order of their own."""

import asyncio
from collections.abc import Callable

from ..runtime import Then
from .threads import do_here


class LoopForThreads:
    """Threads in name: work is done on the loop, each in its turn, and followed up there and then.

    Whoever shares the loop waits meanwhile: as good as nothing on a disk in memory, and as long as it takes for what
    reads from elsewhere (`sasl.oauthbearer.jwks.endpoint.url`).
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, work: Callable[[], None], then: Then) -> None:
        """As Threads.run."""
        self._loop.call_soon(do_here, work, then)
