"""Turns: beside others, or alone, in the order of asking."""

import asyncio

import pytest

from odradek.broker.testing.turns import Turns


async def test_they_are_taken_in_the_order_of_asking() -> None:
    turns, done = Turns(), list[str]()
    ways = {"beside": turns.beside, "alone": turns.alone}

    async def work(name: str, way: str) -> None:
        async with ways[way]():
            done.append(f"{name} begins")
            await asyncio.sleep(0)
            done.append(f"{name} ends")

    await asyncio.gather(
        *(work(name, way) for name, way in zip("abcd", ["beside", "beside", "alone", "beside"], strict=True))
    )
    assert done == ["a begins", "b begins", "a ends", "b ends", "c begins", "c ends", "d begins", "d ends"]


async def test_one_that_is_cancelled_while_it_waits_keeps_nobody() -> None:
    turns = Turns()
    async with turns.beside():
        waiting = asyncio.ensure_future(turns.alone().__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with turns.beside():
            pass
    async with turns.alone():
        pass


async def test_one_that_fails_keeps_nobody() -> None:
    turns = Turns()
    for way in (turns.alone, turns.beside):
        with pytest.raises(ValueError, match="x"):
            async with way():
                raise ValueError("x")
    async with turns.alone():
        pass
