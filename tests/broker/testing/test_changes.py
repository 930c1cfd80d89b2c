"""Whoever waits for a change is woken by it, and by nothing else."""

import asyncio

import pytest

from odradek.broker.testing.changes import Changes


async def test_who_waits_looks_again_when_something_has_changed_and_not_before() -> None:
    changes, state, looks = Changes(), [0], list[int]()

    def look() -> tuple[bool, int]:
        looks.append(state[0])
        return state[0] >= 2, state[0]

    waiting = asyncio.ensure_future(changes.wait(look, 60))
    for value in (0, 1, 2):
        if value:
            state[0] = value
            changes.note()
        for _ in range(10):  # a wait takes some turns of the loop
            await asyncio.sleep(0)
    assert await waiting == (True, 2)
    assert looks == [0, 1, 2]


async def test_what_is_so_already_is_not_waited_for() -> None:
    assert await Changes().wait(lambda: (True, "there"), 0) == (True, "there")


@pytest.mark.parametrize("is_ended", [True, False])
async def test_it_ends_when_the_time_is_over_or_everything_ends(is_ended: bool) -> None:
    ending = asyncio.Event()
    if is_ended:
        asyncio.get_running_loop().call_soon(ending.set)
    assert await Changes().wait(lambda: (False, 5), 60 if is_ended else 0.001, ending) == (False, 5)


async def test_one_that_gave_up_is_no_matter_to_the_next_change() -> None:
    changes = Changes()
    waiting = asyncio.ensure_future(changes.wait(lambda: (False, None), 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    changes.note()
