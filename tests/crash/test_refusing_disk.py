"""A log on a disk that refuses, at every single operation: what fails changes nothing, and goes through later."""

import copy
import errno
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest

from odradek.broker.testing.disks import RefusingFiles
from odradek.protocol.batch import whole_batches
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig

from ..storage.builders import NOW_MS, append, batch, open_log

CONFIG = LogConfig(segment_bytes=600, index_interval_bytes=100, retention_bytes=700, file_delete_delay_ms=0)
MOST_TRIES = 200

Stored = list[tuple[int, int, int, bytes]]  # base offset, producer id, sequence, the records


def _stored(log: PartitionLog) -> Stored:
    found: Stored = []
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        part = log.read(offset, 700, upper_offset=log.log_end_offset)
        for one in whole_batches(part.data):
            assert one.is_intact()
            found.append((one.base_offset, one.producer_id, one.base_sequence, bytes(one.records)))
        assert part.next_offset > offset
        offset = part.next_offset
    return found


def _aborted(log: PartitionLog) -> list[tuple[int, int, int]]:
    found = log.aborted_transactions(log.log_start_offset, log.log_end_offset)
    return [(txn.producer_id, txn.first_offset, txn.last_offset) for txn in found]


class Facts(NamedTuple):
    """What a log says of itself."""

    stored: Stored
    aborted: list[tuple[int, int, int]]
    start_offset: int
    end_offset: int
    producers: dict[int, int]


def _facts(log: PartitionLog) -> Facts:
    producers = {producer_id: entry.last_sequence for producer_id, entry in log.active_producers()}
    return Facts(_stored(log), _aborted(log), log.log_start_offset, log.log_end_offset, producers)


class RefusedLog:
    """A log whose every change is tried until the disk takes it, and compared with its disk whenever it did not."""

    def __init__(self, files: RefusingFiles) -> None:
        self.files = files
        self._log: PartitionLog | None = None
        self.at_close: Facts | None = None  # of the log as it was closed last, until it is open again
        self._insist(self._open)

    @property
    def log(self) -> PartitionLog:
        assert self._log is not None
        return self._log

    def _open(self) -> None:
        self._log = open_log(self.files, CONFIG)

    def _reopen(self) -> None:
        recovery_point, log_start_offset = self.log.recovery_point, self.log.log_start_offset
        self._log = open_log(
            self.files, CONFIG, is_clean=True, recovery_point=recovery_point, log_start_offset=log_start_offset
        )
        self.at_close = None

    def _close(self) -> None:
        with _Reading(self.files):
            self.at_close = _facts(self.log)
        self.log.close()

    def tell(self) -> None:
        for n in range(9):
            if n in (3, 5, 8):
                self._insist(self._close)
                self._insist(self._reopen)
            self._append(1, n)
            self._append(2, n, is_transactional=True)
            if n % 3 == 2:
                self._insist(partial(self.log.append_marker, 2, 0, 0, n == 5, NOW_MS, 0))
            if n % 4 == 1:
                self._insist(self._flush)
            if n in (4, 7):
                self._insist(lambda: self.log.delete_old_segments(NOW_MS))
                for path in self.log.take_due(NOW_MS):
                    self._insist(partial(self.files.remove, path))
        self._insist(self._close)

    def _append(self, producer_id: int, sequence: int, *, is_transactional: bool = False) -> None:
        one = batch(pid=producer_id, sequence=sequence, is_transactional=is_transactional, value_bytes=60 + sequence)
        end = self.log.log_end_offset
        assert self._insist(lambda: append(self.log, one)) == end
        assert self.log.log_end_offset == end + 1

    def _flush(self) -> None:
        job = self.log.begin_flush()
        try:
            job.run()
        finally:
            self.log.finish_flush(job)

    def _insist(self, change: Callable[[], object]) -> object:
        for _ in range(MOST_TRIES):
            try:
                return change()
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                self._check_memory_and_disk()
        raise AssertionError("it never goes through")

    def _check_memory_and_disk(self) -> None:
        """What the log says of itself is what a start would make of its disk, and what was there before."""
        if self._log is None:
            return
        disk = copy.deepcopy(self.files)
        disk.heal()
        found = open_log(disk, CONFIG, recovery_point=self.log.recovery_point)
        with _Reading(self.files):
            known = self.at_close or _facts(self.log)
            there = _facts(found)
            stored = known.stored
            assert (
                there.stored[len(there.stored) - len(stored) :] == stored
            )  # what retention could not rename comes back
            assert there.end_offset == known.end_offset
            assert set(known.aborted) <= set(there.aborted)
            assert there.producers == known.producers


class _Reading:
    """Refusals wait while the test itself looks."""

    def __init__(self, files: RefusingFiles) -> None:
        self.files = files

    def __enter__(self) -> None:
        self._kept = self.files._first, self.files._end, self.files.operations
        self.files.heal()

    def __exit__(self, *error: object) -> None:
        self.files._first, self.files._end, self.files.operations = self._kept


def _told(files: RefusingFiles) -> RefusedLog:
    story = RefusedLog(files)
    story.tell()
    return story


@pytest.mark.parametrize("refuses_reads", [False, True])
@pytest.mark.parametrize("length", [1, 3])
def test_a_refusal_at_any_operation_changes_nothing_and_heals(length: int, refuses_reads: bool) -> None:
    whole = RefusingFiles(refuses_reads=refuses_reads)
    story = _told(whole)
    total = whole.operations
    expected = story.at_close
    assert expected is not None
    assert total > 60
    for first in range(1, total):
        files = RefusingFiles(refuses_reads=refuses_reads)
        files.refuse(first, length)
        story = _told(files)
        files.heal()
        assert files.refused, first
        assert story.at_close == expected, first
        log = story.log
        again = open_log(
            files, CONFIG, is_clean=True, recovery_point=log.recovery_point, log_start_offset=log.log_start_offset
        )
        assert again.recovery_report.is_clean, (first, again.recovery_report.why)
        assert (_stored(again), _aborted(again)) == (expected.stored, expected.aborted), first
