"""Waiting for what a test wants, and the error when it does not come."""

import pytest

from odradek.broker.testing.waiting import wait_for


async def test_what_is_found_is_given_as_soon_as_it_is_what_is_wanted() -> None:
    found = iter([1, 2, 3, 4])

    async def look() -> tuple[bool, int]:
        one = next(found)
        return one == 3, one

    assert await wait_for(look, 10.0, "a three", str) == 3
    assert next(found) == 4


async def test_what_does_not_come_in_time_is_an_error_with_what_was_there() -> None:
    async def look() -> tuple[bool, int]:
        return False, 7

    with pytest.raises(AssertionError, match=r"after 0\.0 s there were not eight, but 'seven'"):
        await wait_for(look, 0.0, "eight", lambda found: "seven" if found == 7 else found)
