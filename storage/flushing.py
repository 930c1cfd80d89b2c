"""One fsync of a log, prepared on the loop's thread and run on any other.

The rule: `run` touches nothing but descriptors of its own, so the log may grow meanwhile.
"""

from collections.abc import Callable, Sequence


class FlushJob:
    """Makes everything below `offset` durable."""

    __slots__ = ("_syncs", "offset")

    def __init__(self, offset: int, syncs: Sequence[Callable[[], None]]) -> None:
        self.offset = offset
        self._syncs = syncs

    def run(self) -> None:
        """fsync every file concerned; the first failure comes out as OSError, after all have been tried."""
        failure: OSError | None = None
        for sync in self._syncs:
            try:
                sync()
            except OSError as error:
                failure = failure or error
        self._syncs = ()
        if failure is not None:
            raise failure
