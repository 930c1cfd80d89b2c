"""A start or a stop waits for a change of the metadata, or is told why there is none."""

import asyncio
from collections.abc import Callable

import pytest

from odradek.broker.node import StartError
from odradek.broker.several_brokers.metadata_change import when_done
from odradek.protocol.errors import ErrorCode, KafkaError

Then = Callable[[KafkaError | None], None]


async def test_it_waits_until_the_change_counts() -> None:
    begun: list[Then] = []
    waiting = asyncio.ensure_future(when_done(begun.append))
    await asyncio.sleep(0)
    assert not waiting.done()
    begun[0](None)
    await waiting


async def test_a_change_that_counts_at_once_is_not_waited_for() -> None:
    await when_done(lambda then: then(None))


async def test_a_change_that_is_refused_says_why() -> None:
    with pytest.raises(StartError, match="the disk is full"):
        await when_done(lambda then: then(KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "the disk is full")))


async def test_an_answer_that_nobody_waits_for_any_more_does_no_harm() -> None:
    begun: list[Then] = []
    waiting = asyncio.ensure_future(when_done(begun.append))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    begun[0](None)
