"""HeldTransport: a client's socket while nothing gets through to the client: what is written waits."""

import asyncio
from collections.abc import Iterable
from typing import Any

from ...protocol.codec import Segment


class HeldTransport:
    """In the place of a connection's transport; whatever is no write goes to that one."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._written: list[bytes] = []

    def write(self, data: Segment) -> None:
        """Keep it."""
        self._written.append(bytes(data))

    def writelines(self, segments: Iterable[Segment]) -> None:
        """Keep them."""
        self._written += [bytes(segment) for segment in segments]

    def let_go(self) -> asyncio.Transport:
        """Write what was kept, in its order; the transport to go on with."""
        if self._written and not self.transport.is_closing():
            self.transport.writelines(self._written)
        self._written = []
        return self.transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)
