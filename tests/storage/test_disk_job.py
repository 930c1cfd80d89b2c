"""Work on files that may be run on another thread: all of it is tried, and its failure is kept."""

import pytest

from odradek.broker.testing.disks import FailingFiles
from odradek.storage.disk_job import DiskJob


def test_a_job_makes_its_calls_in_order_and_once() -> None:
    made: list[int] = []
    job = DiskJob([lambda: made.append(1), lambda: made.append(2)])
    assert not job.is_done
    job.run()
    assert (made, job.is_done, job.failure) == ([1, 2], True, None)
    job.run()
    assert made == [1, 2]


def test_after_a_failed_call_the_others_are_tried_and_the_first_failure_comes_out() -> None:
    made: list[int] = []

    def fail(code: int) -> None:
        raise OSError(code, f"failure {code}")

    job = DiskJob([lambda: fail(5), lambda: made.append(2), lambda: fail(28)])
    with pytest.raises(OSError, match="failure 5"):
        job.run()
    assert made == [2]
    assert not job.is_done
    assert job.failure is not None
    assert job.failure.errno == 5


def test_a_file_that_could_not_be_opened_is_no_failed_fsync() -> None:
    files = FailingFiles()
    for name in "abc":
        files.write(name, [b"x"], 0)
    files.opens_left = 2
    job = DiskJob([files.sync_handle(name) for name in "abc"])
    with pytest.raises(OSError, match="Too many open files"):
        job.run()
    assert (job.is_done, job.is_refused, job.failure) == (False, True, None)
    assert files.synced == ["a", "b"]


def test_a_failed_fsync_counts_whatever_could_not_be_opened_beside_it() -> None:
    files = FailingFiles()
    for name in "ab":
        files.write(name, [b"x"], 0)
    files.opens_left, files.failing_syncs = 1, 1
    job = DiskJob([files.sync_handle(name) for name in "ab"])
    with pytest.raises(OSError, match="Input/output"):
        job.run()
    assert not job.is_refused
    assert job.failure is not None
