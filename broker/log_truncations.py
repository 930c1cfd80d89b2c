"""LogTruncations: what is on record of a log is lowered before the log is cut back.

A start refuses a log that is shorter than two checkpoints have it: something else must have taken its end. So a log
whose end is cut off for good (an unclean election, KIP-966) waits until the checkpoints have heard of it; killed before
that the process finds the whole log, and is told once more where to cut it.
"""

from collections.abc import Callable

from ..storage.directory import DataDirectory
from .log_output import get_logger
from .runtime import SerialQueue

logger = get_logger("log manager")


class LogTruncations:
    """Those of one data directory."""

    def __init__(self, directory: DataDirectory, directory_queue: SerialQueue) -> None:
        self._directory = directory
        self._queue = directory_queue

    def lower(self, at: tuple[str, int], end_offset: int, then: Callable[[], None] | None = None) -> None:
        """Nothing of a log is to be on record beyond this end; `then` is called once it is so, at once if it was.

        A write that fails is reported, and keeps nobody from cutting the log. OSError where the directory is closed.
        """
        job = self._directory.begin_lower({at: end_offset})
        if job.has_work:
            self._queue.run(job.run, lambda error: self._on_written(error, at, end_offset, then))
        elif then is not None:
            then()

    def _on_written(
        self, error: Exception | None, at: tuple[str, int], end_offset: int, then: Callable[[], None] | None
    ) -> None:
        if error is not None:
            logger.error("the checkpoints could not be written", error=str(error))
        if then is not None and not self._directory.is_closed:
            self.lower(at, end_offset, then)  # checkpoints that were begun meanwhile have it as it still was
