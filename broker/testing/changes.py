"""Changes: whoever waits for a cluster to be otherwise is woken when it is, and looks again."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage

R = TypeVar("R")


class Changes:
    """Subscribed to the metadata of a cluster; whatever else is to wake who waits is noted by hand."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """The metadata has changed."""
        self.note()

    def note(self) -> None:
        """Have everybody look again."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def wait(
        self, look: Callable[[], tuple[bool, R]], timeout_s: float, ending: asyncio.Event | None = None
    ) -> tuple[bool, R]:
        """Whether it is what is wanted, and what is found: as soon as it is, or after so long of the machine's time.

        With `ending` also as soon as that is set.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        ended = asyncio.ensure_future((ending or asyncio.Event()).wait())
        try:
            while True:
                is_so, found = look()
                if is_so or ended.done() or loop.time() >= until:
                    return is_so, found
                changed: asyncio.Future[None] = loop.create_future()
                self._waiting.append(changed)
                left_s = until - loop.time()
                await asyncio.wait((changed, ended), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
        finally:
            ended.cancel()
            with suppress(asyncio.CancelledError):
                await ended
