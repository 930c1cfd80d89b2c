"""Calls into a client library that are sure to come back: each runs in a thread that may be left behind.

Its one rule: all calls into one producer or consumer come from one thread, as the libraries demand; after a call that
took too long nothing more is asked of it.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from .library import ClientError

T = TypeVar("T")


class CallThread:
    """A daemon thread that makes one call after another."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._is_stuck = False
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def call(self, function: Callable[[], T], timeout_s: float) -> T:
        """What the function returns; ClientError if it raises, or is not done in time."""
        if self._is_stuck:
            raise ClientError("an earlier call never came back")
        answer: Future[T] = Future()

        def make() -> None:
            try:
                answer.set_result(function())
            except Exception as error:
                answer.set_exception(error)

        self._calls.put(make)
        try:
            return answer.result(timeout_s)
        except TimeoutError as error:
            self._is_stuck = not answer.done()
            raise ClientError(f"no answer in {timeout_s:.0f} s {error}") from None
        except Exception as error:
            raise ClientError(f"{type(error).__name__}: {error}") from None

    def build(self, function: Callable[[], T], timeout_s: float) -> T:
        """As call, for the call without which the thread has no purpose: it ends if that fails."""
        try:
            return self.call(function, timeout_s)
        except ClientError:
            self.end()
            raise

    def end(self) -> None:
        """Lets the thread go once its call, if any, is done."""
        self._calls.put(None)

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


class LoopThread:
    """An event loop in a daemon thread, for libraries that live in one."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """What the coroutine returns; ClientError if it raises, or is not done in time: then it is cancelled."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout_s)
        except TimeoutError as error:
            future.cancel()
            raise ClientError(f"no answer in {timeout_s:.0f} s {error}") from None
        except Exception as error:
            raise ClientError(f"{type(error).__name__}: {error}") from None

    def end(self) -> None:
        """Stops the loop; what still runs in it is left behind."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(1.0)
        if not self._thread.is_alive():
            self._loop.close()
