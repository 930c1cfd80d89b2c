"""What only files in memory have: they live and die with the object, and are never synced. The rest: test_files.py."""

import pytest

from odradek.storage.files.files import OpenRefused
from odradek.storage.files.memory_files import MemoryFiles


def test_what_was_written_stays_after_a_close_for_as_long_as_the_object_does() -> None:
    files = MemoryFiles()
    files.make_directory("/d")
    files.write("/d/a", [b"x"], 0)
    files.close()
    assert files.read("/d/a", 0, 9) == b"x"
    with pytest.raises(FileNotFoundError):
        MemoryFiles().read("/d/a", 0, 9)


def test_what_is_read_is_a_copy_that_later_writes_leave_alone() -> None:
    files = MemoryFiles()
    files.write("a", [b"old"], 0)
    read = files.read("a", 0, 3)
    files.write("a", [b"new, and longer"], 0)
    assert read == b"old"


def test_a_directory_is_renamed_with_all_that_is_below_it() -> None:
    files = MemoryFiles()
    files.make_directory("/d/inner")
    files.write("/d/inner/a", [b"x"], 0)
    files.rename("/d", "/e")
    assert files.read("/e/inner/a", 0, 9) == b"x"
    assert not files.exists("/d/inner")
    assert files.list_directory("/e") == ["inner"]


def test_an_fsync_is_no_work_but_of_what_is_there() -> None:
    files = MemoryFiles()
    files.write("a", [b"x"], 0)
    files.sync_handle("a")()
    files.sync_handle("/")()
    with pytest.raises(OpenRefused, match="no such file"):
        files.sync_handle("b")()


def test_nothing_is_known_of_when_a_file_changed() -> None:
    files = MemoryFiles()
    files.write("a", [b"x"], 0)
    assert files.modified_ms("a") is None
    with pytest.raises(FileNotFoundError):
        files.modified_ms("b")


def test_two_disks_have_nothing_in_common_not_even_locks() -> None:
    one, other = MemoryFiles(), MemoryFiles()
    unlock = one.lock("lock")
    other.lock("lock")
    with pytest.raises(BlockingIOError):
        one.lock("lock")
    unlock()
    one.lock("lock")
