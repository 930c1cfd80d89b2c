"""Work that threads would do, on the loop: the order is that in which it was given."""

import asyncio

from odradek.broker.testing.loop_for_threads import LoopForThreads


async def test_work_is_done_in_its_turn_and_followed_up_before_the_next() -> None:
    threads, done = LoopForThreads(asyncio.get_running_loop()), list[str]()

    def give(name: str) -> None:
        threads.run(lambda: done.append(name), lambda error: done.append(f"after {name}: {error}"))

    give("a")
    give("b")
    assert done == []
    await asyncio.sleep(0)
    assert done == ["a", "after a: None", "b", "after b: None"]


async def test_what_the_work_raises_is_given_on() -> None:
    threads, heard = LoopForThreads(asyncio.get_running_loop()), list[Exception | None]()
    refusal = OSError("no space")

    def fail() -> None:
        raise refusal

    threads.run(fail, heard.append)
    await asyncio.sleep(0)
    assert heard == [refusal]
