"""Work on files that may be run on another thread: all of it is tried, and its failure is kept."""

import pytest

from odradek.broker.testing.disks import FailingFiles
from odradek.storage.disk_job import DiskJob, sync_handles


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


def test_handles_that_cannot_all_be_had_are_closed_again() -> None:
    files = FailingFiles()
    for name in "abc":
        files.write(name, [b"x"], 0)
    files.handles_left = 2
    with pytest.raises(OSError, match="Too many open files"):
        sync_handles(files, ["a", "b", "c"])
    assert files.synced == ["a", "b"]  # which is how a handle lets its descriptor go
