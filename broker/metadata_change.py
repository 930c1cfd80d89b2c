"""A change of the metadata, to be waited for: what a start or a stop has to have recorded before it goes on."""

import asyncio
from collections.abc import Callable

from ..protocol.errors import KafkaError
from .node import StartError


async def when_done(begin: Callable[[Callable[[KafkaError | None], None]], None]) -> None:
    """Wait for a change of the metadata. StartError says why it could not be."""
    done: asyncio.Future[KafkaError | None] = asyncio.get_running_loop().create_future()

    def then(error: KafkaError | None) -> None:
        if not done.done():  # whoever waited may have been cancelled
            done.set_result(error)

    begin(then)
    if (error := await done) is not None:
        raise StartError(error.message)
