"""A broker whose clock and faults are held, with clusters beside it: what the control plane and scenarios rule."""

import asyncio
import contextlib
from typing import Protocol

from ..cluster import StartError
from ..runtime import LoopThreads
from ..testing.cluster_clock import ClockError
from ..testing.held_start import MakeBroker, start_held
from ..testing.reins import Reins
from .plane import ControlPlane


class Opening(Protocol):
    """What a broker begins with."""

    def prepare(self, reins: Reins) -> None:
        """Before the served cluster starts: its clock and its faults."""
        ...

    async def carry_out(self, plane: ControlPlane) -> None:
        """Once it runs. StartError: then everything ends again."""
        ...


class HeldBroker:
    """`await start()`, use `ready` and `plane`, `await stop()`."""

    def __init__(
        self,
        make_broker: MakeBroker,
        opening: Opening | None = None,
        *,
        seed: int | None = None,
        frozen_at_ms: int | None = None,
    ) -> None:
        """With a `seed` every id follows from it; with `frozen_at_ms` the clock stands still there."""
        self._make_broker = make_broker
        self._seed, self._frozen_at_ms = seed, frozen_at_ms
        self._opening = opening
        self._ends = contextlib.AsyncExitStack()
        self._plane: ControlPlane | None = None
        self.ready = ""  # what it is ready with: its addresses

    @property
    def plane(self) -> ControlPlane:
        """All clusters; only while it runs."""
        assert self._plane is not None
        return self._plane

    async def start(self) -> None:
        """StartError, and then nothing is left."""
        async with contextlib.AsyncExitStack() as ends:
            loop = asyncio.get_running_loop()
            threads = LoopThreads(loop)
            ends.callback(threads.close)
            try:
                reins = Reins(loop, threads, self._seed, frozen_at_ms=self._frozen_at_ms)
            except ClockError as error:
                raise StartError(str(error)) from error
            if self._opening is not None:
                self._opening.prepare(reins)
            broker, running = await start_held(self._make_broker, reins)
            ends.push_async_callback(broker.stop)
            plane = self._plane = ControlPlane(running, loop, threads)
            ends.push_async_callback(plane.close)
            ends.callback(plane.begin_end)
            if self._opening is not None:
                await self._opening.carry_out(plane)
            self.ready = broker.bootstrap
            self._ends = ends.pop_all()

    async def stop(self) -> None:
        """End the clusters."""
        await self._ends.aclose()
