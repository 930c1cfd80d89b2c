"""UnsentAnswers: how much of the answers waits for clients to take it, over all connections.

A client that does not read has its next request wait, so it holds one answer; but that may be a fetch of 55 MB. So the
more is unsent, the less a fetch is given: consumers ask on from where an answer ends (KIP-74), and none can tell.
"""

from typing import Final

LIMIT_BYTES: Final = 64 * 1024 * 1024
LEAST_BYTES: Final = 1024 * 1024  # `max.partition.fetch.bytes`: what a fetch is given however much is unsent


class UnsentAnswers:
    """The bytes that connections could not send yet: at most 64 MiB, and 1 MiB or a batch for each connection."""

    def __init__(self) -> None:
        self.total_bytes = 0

    def change(self, by_bytes: int) -> None:
        """A connection holds so much more, or less."""
        self.total_bytes += by_bytes

    @property
    def room_bytes(self) -> int:
        """What one more answer may have."""
        return max(LIMIT_BYTES - self.total_bytes, LEAST_BYTES)
