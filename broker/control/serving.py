"""A broker with its control plane, in one loop: started together, stopped together."""

import asyncio
import contextlib
import socket
from collections.abc import Generator
from ipaddress import ip_address

import uvicorn

from ..cluster import StartError
from ..config.listeners import address_of, parse_address
from ..log_output import get_logger
from ..testing.held_start import MakeBroker
from .app import make_app
from .held_broker import HeldBroker, Opening
from .plane import ControlPlane

STOP_S = 1
MOST_CONNECTIONS = 200
BACKLOG = 128

logger = get_logger("control")


class ControlledBroker:
    """Its clock and its faults are held by the control plane. `await start()`, use `ready`, `await stop()`."""

    def __init__(
        self,
        make_broker: MakeBroker,
        address: str,
        opening: Opening | None = None,
        *,
        seed: int | None = None,
        frozen_at_ms: int | None = None,
    ) -> None:
        """`address` is HOST:PORT; without a host the loopback is meant. ConfigError.

        With a `seed` every id follows from it; with `frozen_at_ms` the clock stands still there.
        """
        self._held = HeldBroker(make_broker, opening, seed=seed, frozen_at_ms=frozen_at_ms)
        has_host = ":" in address and not address.startswith(":")
        self._host, self._port = parse_address(address if has_host else f"127.0.0.1:{address.lstrip(':')}", "--control")
        self._ends = contextlib.AsyncExitStack()
        self.ready = ""  # what it is ready with: its addresses

    async def start(self) -> None:
        """StartError, and then nothing is left."""
        async with contextlib.AsyncExitStack() as ends:
            listening = ends.enter_context(contextlib.closing(_listen(self._host, self._port)))
            port = listening.getsockname()[1]
            await self._held.start()
            ends.push_async_callback(self._held.stop)
            await self._serve(self._held.plane, listening, ends)
            self.ready = f"{self._held.ready} control=http://{address_of(self._host, port)}"
            self._ends = ends.pop_all()

    async def stop(self) -> None:
        """Answer nothing any more, then end the clusters."""
        await self._ends.aclose()

    async def _serve(self, plane: ControlPlane, listening: socket.socket, ends: contextlib.AsyncExitStack) -> None:
        server = _Server(
            uvicorn.Config(
                make_app(plane, self._host),
                http="h11",
                ws="none",
                lifespan="off",
                loop="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                limit_concurrency=MOST_CONNECTIONS,
                timeout_graceful_shutdown=STOP_S,
            )
        )
        serving = asyncio.ensure_future(server.serve([listening]))

        async def end() -> None:
            plane.begin_end()
            server.should_exit = True
            await serving

        ends.push_async_callback(end)
        while not server.started and not serving.done():
            await asyncio.sleep(0)


class _Server(uvicorn.Server):
    """The broker hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    where = address_of(host, port)
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
            listening.setblocking(False)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise StartError(f"--control: cannot listen on {where}: {error.strerror or error}") from error
    if not ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback:
        logger.warning("the control plane asks for no password: whoever reaches it rules the broker", listening=where)
    return listening
