"""Kill the broker after every single change to the disk, reopen, and compare with what had been acknowledged."""

import pytest

from odradek.broker.testing.disks import DyingFiles, Killed
from odradek.protocol.batch import whole_batches
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig

from ..storage.builders import NOW_MS, append, bases_of, batch, open_log

CONFIG = LogConfig(segment_bytes=600, index_interval_bytes=100, retention_bytes=2500)

Acknowledged = list[tuple[int, int, bytes]]  # (base offset, producer id, the records)


class Story:
    """What a broker does in a day, noting what it has acknowledged."""

    def __init__(self, files: DyingFiles) -> None:
        self.files = files
        self.acknowledged: Acknowledged = []
        self.recovery_point = 0
        self.log_start_offset = 0
        self.aborted: list[tuple[int, int]] = []
        self.is_closed = False

    def tell(self) -> None:
        log = open_log(self.files, CONFIG)
        for n in range(14):
            self._append(log, n)
            if n % 4 == 2:
                self._end_transaction(log, n)
            if n % 5 == 4:
                job = log.begin_flush()
                job.run()
                log.finish_flush(job)
                self.recovery_point = log.recovery_point
            if n == 11:
                log.delete_old_segments(NOW_MS)
                self.log_start_offset = log.log_start_offset
                for path in log.take_due(NOW_MS + 60_000):
                    self.files.remove(path)
        log.close()
        self.recovery_point = log.recovery_point
        self.is_closed = True

    def _append(self, log: PartitionLog, n: int) -> None:
        one = batch(2, pid=1, sequence=2 * n, value_bytes=20 + n)
        base_offset = append(log, one)
        self.acknowledged.append((base_offset, 1, bytes(one.records)))
        two = batch(pid=2, sequence=n, is_transactional=True)
        base_offset = append(log, two)
        self.acknowledged.append((base_offset, 2, bytes(two.records)))

    def _end_transaction(self, log: PartitionLog, n: int) -> None:
        first = log.last_stable_offset
        is_commit = n % 8 == 2
        marker = log.append_marker(2, 0, 0, is_commit, NOW_MS, 0)
        if not is_commit:
            self.aborted.append((first, marker.base_offset))


def _stored(log: PartitionLog) -> Acknowledged:
    found: Acknowledged = []
    offset = log.log_start_offset
    while offset < log.log_end_offset:
        part = log.read(offset, 700, upper_offset=log.log_end_offset)
        assert part.next_offset > offset
        for one in whole_batches(part.data):
            assert one.is_intact()
            if not one.is_control:
                found.append((one.base_offset, one.producer_id, bytes(one.records)))
        offset = part.next_offset
    return found


def _changes_of_the_story() -> int:
    files = DyingFiles()
    Story(files).tell()
    return files.changes


@pytest.mark.parametrize("torn_bytes", [0, 1, 17, 70])
def test_a_kill_at_any_moment_loses_nothing_that_was_acknowledged(torn_bytes: int) -> None:
    total = _changes_of_the_story()
    assert total > 50
    for dies_at in range(1, total + 1):
        files = DyingFiles(dies_at, torn_bytes)
        story = Story(files)
        with pytest.raises(Killed):
            story.tell()
        files.revive()
        log = open_log(files, CONFIG, recovery_point=story.recovery_point, log_start_offset=story.log_start_offset)
        _assert_nothing_lost(story, log)
        _assert_it_goes_on(story, log)


def _assert_nothing_lost(story: Story, log: PartitionLog) -> None:
    stored = _stored(log)
    expected = [entry for entry in story.acknowledged if entry[0] >= log.log_start_offset]
    # The batch under way when the power went may have arrived, unacknowledged.
    assert stored[: len(expected)] == expected
    assert len(stored) - len(expected) <= 1
    assert log.log_start_offset in (story.log_start_offset, bases_of(log)[0])
    known = [
        (txn.first_offset, txn.last_offset)
        for txn in log.aborted_transactions(log.log_start_offset, log.log_end_offset)
    ]
    due = [txn for txn in story.aborted if txn[1] >= log.log_start_offset]
    assert known[: len(due)] == due
    assert len(known) - len(due) <= 1


def _assert_it_goes_on(story: Story, log: PartitionLog) -> None:
    """The next batch of the producer fits, the last one is known, and a clean restart is clean."""
    entry = log.producers.find(1)
    sequence = 0 if entry is None else entry.last_sequence + 1
    assert append(log, batch(2, pid=1, sequence=sequence)) == log.log_end_offset - 2
    again = log.append([batch(2, pid=1, sequence=sequence)], NOW_MS, leader_epoch=0)
    assert again.is_duplicate
    stored = _stored(log)
    log.close()
    reopened = open_log(
        story.files,
        CONFIG,
        is_clean=True,
        recovery_point=log.recovery_point,
        log_start_offset=log.log_start_offset,
    )
    assert reopened.recovery_report.is_clean
    assert _stored(reopened) == stored
    assert reopened.last_stable_offset == log.last_stable_offset


def test_a_story_that_ends_well_reopens_clean() -> None:
    files = DyingFiles()
    story = Story(files)
    story.tell()
    log = open_log(
        files,
        CONFIG,
        is_clean=True,
        recovery_point=story.recovery_point,
        log_start_offset=story.log_start_offset,
    )
    assert log.recovery_report.is_clean
    _assert_nothing_lost(story, log)


@pytest.mark.parametrize("kills", [2, 3])
def test_a_crash_during_recovery_is_recovered_from(kills: int) -> None:
    total = _changes_of_the_story()
    for dies_at in range(10, total, 7):
        files = DyingFiles(dies_at, torn_bytes=30)
        story = Story(files)
        with pytest.raises(Killed):
            story.tell()
        for again in range(1, kills + 1):
            files.revive()
            files.dies_at = files.changes + again
            try:
                open_log(files, CONFIG, recovery_point=story.recovery_point)
            except Killed:
                continue
        files.revive()
        log = open_log(files, CONFIG, recovery_point=story.recovery_point, log_start_offset=story.log_start_offset)
        _assert_nothing_lost(story, log)
