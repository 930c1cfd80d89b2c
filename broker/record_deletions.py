"""Deletions of records (DeleteRecords): logs that begin later, durably, with few writes of the checkpoint for many."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ..storage.directory import DataDirectory, LogStartWrite
from ..storage.log_api import Log
from ..storage.log_cleanup import RecordsDeletion
from .log_output import get_logger
from .runtime import SerialQueue, Then

logger = get_logger("record deletions")


DELETIONS_AT_ONCE = 100  # more would keep the loop when they are finished


@dataclass(slots=True)
class _Deletion:
    """Records that are being deleted from one log."""

    at: tuple[str, int]
    opened: Log
    offset: int
    then: Then
    job: RecordsDeletion | None = None
    error: Exception | None = None


class RecordDeletions:
    """Begins logs later: first on record for the directory, then in the logs themselves.

    Those that come while others are written share one write. The record stays under way until the log has followed: a
    checkpoint that is written in between would put the log's old start back.
    """

    def __init__(self, directory: DataDirectory, directory_queue: SerialQueue) -> None:
        self._directory = directory
        self._queue = directory_queue
        self._waiting: deque[_Deletion] = deque()
        self._is_busy = False

    def add(self, topic: str, index: int, opened: Log, offset: int, then: Then) -> None:
        """Begin this log at `offset` when its turn comes; `then` gets the error that left it as it was, or None."""
        self._waiting.append(_Deletion((topic, index), opened, offset, then))
        if not self._is_busy:
            self._begin_next()

    def _begin_next(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), DELETIONS_AT_ONCE))]
        self._is_busy = bool(group)
        if not group:
            return
        starts: dict[tuple[str, int], int] = {}
        for one in group:
            starts[one.at] = max(one.offset, starts.get(one.at, 0))
        try:
            write = self._directory.begin_write_log_starts(starts)
        except OSError as error:
            self._end(group, error)
        else:
            self._queue.run(write.run, partial(self._on_starts_recorded, group, write))

    def _on_starts_recorded(self, group: list[_Deletion], write: LogStartWrite, error: Exception | None) -> None:
        if error is not None:
            self._directory.finish_write_log_starts(write)
            self._end(group, error)
            return
        for one in group:
            try:
                one.job = one.opened.begin_delete_records(one.offset)
            except Exception as failure:  # its topic has been deleted
                one.error = failure
        jobs = [one for one in group if one.job is not None]
        self._queue.run(partial(_run_jobs, jobs), partial(self._on_deleted, group, write))

    def _on_deleted(self, group: list[_Deletion], write: LogStartWrite, error: Exception | None) -> None:
        for one in group:
            try:
                if one.job is not None:
                    one.opened.finish_delete_records(one.job)
            except Exception as failure:  # its topic has been deleted
                one.error = one.error or failure
        self._directory.finish_write_log_starts(write)
        self._end(group, error)

    def _end(self, group: list[_Deletion], error: Exception | None) -> None:
        for one in group:
            try:
                one.then(error or one.error)
            except Exception:
                logger.exception("a deletion of records could not be answered", partition=f"{one.at[0]}-{one.at[1]}")
        self._begin_next()


def _run_jobs(deletions: Sequence[_Deletion]) -> None:
    """On a thread: one log after the other, whatever becomes of those before."""
    for one in deletions:
        try:
            if one.job is not None:
                one.job.run()
        except Exception as failure:
            one.error = failure
