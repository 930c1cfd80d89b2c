"""A request to a cluster past every client, connection and fault: what its handler answers."""

import asyncio
from typing import TypeVar, cast

from ...protocol.header import RequestHeader
from ...protocol.schema import declared
from ..apis import TABLE
from ..context import Context
from ..deferred import Deferred
from ..network.pipeline import build_pipeline
from ..session import Session

CLIENT_ID = "odradek-testing"

R = TypeVar("R")


async def ask(context: Context, request: object, response_type: type[R]) -> R:
    """What the handler of a request answers, past every client and every fault."""
    answered: asyncio.Future[R] = asyncio.get_running_loop().create_future()
    api = next(api for api in TABLE.values() if api.key == declared(type(request)).api_key)
    header = RequestHeader(api.key, api.last, 0, CLIENT_ID)
    session = Session("/127.0.0.1", "127.0.0.1", 0, client_id=CLIENT_ID)
    answer = build_pipeline([], context)(api.load(), request, header, session)
    context.purgatory.complete_ready()
    deferred: Deferred[object] = Deferred()
    deferred.follow(answer)
    deferred.deliver_to(lambda given: answered.set_result(cast("R", given)), answered.set_exception)
    found = await answered
    assert isinstance(found, response_type)
    return found
