"""A broker inside a test process: in a thread of its own, with a loop of its own, on a free port."""

import asyncio
import contextlib
import threading
from collections.abc import Generator, Mapping

from ..broker import Broker
from ..config.broker_config import BrokerConfig

START_DEADLINE_S = 30.0


class BrokerThread:
    """Starts an ephemeral broker in a thread; `bootstrap` is its address until `stop`."""

    def __init__(self, settings: Mapping[str, str] | None = None, *, is_ephemeral: bool = True) -> None:
        config = BrokerConfig.from_settings({"listeners": "PLAINTEXT://127.0.0.1:0", **(settings or {})})
        self.broker = Broker(config, is_ephemeral=is_ephemeral)
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="odradek", daemon=True)

    @property
    def bootstrap(self) -> str:
        """HOST:PORT, for `bootstrap.servers`."""
        return self.broker.bootstrap

    def start(self) -> None:
        """Return when the broker answers; raises what kept it from starting."""
        self._thread.start()
        if not self._started.wait(START_DEADLINE_S):
            raise TimeoutError(f"the broker did not start in {START_DEADLINE_S} s")
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop the broker and wait for its thread."""
        if self._failure is None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        import uvloop

        uvloop.run(self._serve())  # what serves clients elsewhere; asyncio's own may leave a socket open when it stops

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            await self.broker.start()
        except BaseException as error:
            self._failure = error
            return
        finally:
            self._started.set()
        await self._stop.wait()
        await self.broker.stop()


@contextlib.contextmanager
def running_broker(settings: Mapping[str, str] | None = None, *, is_ephemeral: bool = True) -> Generator[BrokerThread]:
    """A broker for the length of a `with` block."""
    thread = BrokerThread(settings, is_ephemeral=is_ephemeral)
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()
