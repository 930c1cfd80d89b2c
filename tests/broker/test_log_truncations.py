"""A log is cut back once nothing beyond its new end is on record any more."""

from odradek.broker.log_truncations import LogTruncations
from odradek.broker.runtime import SerialQueue
from odradek.broker.testing.disks import FailingFiles
from odradek.broker.testing.threads import ManualThreads
from odradek.storage.directory import DataDirectory

from .conftest import IDENTITY

AT = ("t", 0)


class Truncating:
    """A log of which nine offsets are on record, and threads that do their work when a test says so."""

    def __init__(self) -> None:
        self.files = FailingFiles()
        self.directory = DataDirectory.open(self.files, "/data", IDENTITY)
        self.write_checkpoint()
        self.threads = ManualThreads(holds=True)
        self.queue = SerialQueue(self.threads)
        self.truncations = LogTruncations(self.directory, self.queue)
        self.seen: list[int] = []  # how far the log is known, on the disk, each time that it may be cut

    def write_checkpoint(self) -> None:
        self.directory.write_checkpoints({AT: 9}, {}, {AT: 9})

    def lower(self, end_offset: int) -> None:
        self.truncations.lower(AT, end_offset, lambda: self.seen.append(self.known_end()))

    def known_end(self) -> int:
        return DataDirectory.open(self.files.fork(), "/data", IDENTITY).known_end(AT)


def test_what_is_on_record_no_further_may_be_cut_at_once() -> None:
    truncating = Truncating()
    truncating.lower(9)
    assert truncating.seen == [9]
    assert truncating.threads.held == 0


def test_who_is_to_cut_a_log_waits_until_it_is_written_down() -> None:
    truncating = Truncating()
    truncating.lower(4)
    assert truncating.seen == []
    truncating.threads.finish_all()
    assert truncating.seen == [4]


def test_checkpoints_that_were_begun_meanwhile_are_lowered_too() -> None:
    truncating = Truncating()
    truncating.lower(4)
    truncating.queue.run(truncating.directory.begin_write_checkpoints({AT: 9}, {}, {AT: 9}), lambda error: None)
    truncating.threads.finish_all()
    assert truncating.seen == [4]


def test_nobody_waits_for_what_is_only_to_be_written() -> None:
    truncating = Truncating()
    truncating.truncations.lower(AT, 4)
    truncating.threads.finish_all()
    assert truncating.known_end() == 4
    assert truncating.seen == []


def test_a_directory_that_was_closed_meanwhile_is_left_alone() -> None:
    truncating = Truncating()
    truncating.lower(4)
    truncating.directory.close()
    truncating.threads.finish_all()
    assert truncating.seen == []
