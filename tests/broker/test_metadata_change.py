import asyncio
from collections.abc import Callable

import pytest

from odradek.broker.metadata_change import when_done
from odradek.broker.node import StartError
from odradek.protocol.errors import ErrorCode, KafkaError

Then = Callable[[KafkaError | None], None]


async def test_a_change_is_waited_for() -> None:
    asked: list[Then] = []
    waiting = asyncio.ensure_future(when_done(asked.append))
    await asyncio.sleep(0)
    assert not waiting.done()
    asked[0](None)
    await waiting


async def test_a_change_that_is_refused_says_why() -> None:
    def refuse(then: Then) -> None:
        then(KafkaError(ErrorCode.INVALID_REQUEST, "not like that"))

    with pytest.raises(StartError, match="not like that"):
        await when_done(refuse)


async def test_whoever_waits_no_more_is_not_told() -> None:
    asked: list[Then] = []
    waiting = asyncio.ensure_future(when_done(asked.append))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    asked[0](None)
    assert waiting.cancelled()
