"""A call into a client library comes back, whatever the library does."""

import asyncio
import threading

import pytest

from odradek.broker.tools.verify.call_thread import CallThread, LoopThread
from odradek.broker.tools.verify.library import ClientError


def test_a_call_returns_what_the_function_returns_from_one_thread() -> None:
    thread = CallThread("t")
    first, second = (thread.call(threading.get_ident, 5) for _ in range(2))
    assert first == second != threading.get_ident()
    thread.end()


def test_what_a_function_raises_is_a_client_error_and_the_next_call_is_answered() -> None:
    thread = CallThread("t")
    with pytest.raises(ClientError, match="ZeroDivisionError"):
        thread.call(lambda: 1 // 0, 5)
    assert thread.call(lambda: 1, 5) == 1
    thread.end()


def test_a_thread_whose_client_could_not_be_built_ends() -> None:
    thread = CallThread("to-be-ended")
    (running,) = [one for one in threading.enumerate() if one.name == "to-be-ended"]
    with pytest.raises(ClientError, match="ZeroDivisionError"):
        thread.build(lambda: 1 // 0, 5)
    running.join(5)
    assert not running.is_alive()


def test_a_timeout_that_the_library_raises_itself_is_no_end() -> None:
    def raises() -> None:
        raise TimeoutError("of its own")

    thread = CallThread("t")
    with pytest.raises(ClientError, match="of its own"):
        thread.call(raises, 5)
    assert thread.call(lambda: 1, 5) == 1
    thread.end()


def test_a_call_that_does_not_come_back_is_given_up_and_none_follows() -> None:
    release = threading.Event()
    thread = CallThread("t")
    with pytest.raises(ClientError, match="no answer"):
        thread.call(release.wait, 0.01)
    release.set()
    with pytest.raises(ClientError, match="never came back"):
        thread.call(lambda: 1, 5)
    thread.end()


def test_a_coroutine_is_answered_fails_or_is_cancelled() -> None:
    async def answer() -> int:
        return 1

    async def fail() -> None:
        raise ValueError("no")

    cancelled = threading.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    loop = LoopThread("t")
    assert loop.call(answer(), 5) == 1
    with pytest.raises(ClientError, match="ValueError: no"):
        loop.call(fail(), 5)
    with pytest.raises(ClientError, match="no answer"):
        loop.call(hang(), 0.01)
    assert cancelled.wait(5)
    loop.end()
