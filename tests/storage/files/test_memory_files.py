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


def test_a_fork_begins_as_the_files_are_and_goes_its_own_way() -> None:
    files = MemoryFiles()
    files.make_directory("/d/inner")
    files.write("/d/inner/a", [b"shared"], 0)
    files.lock("/d/lock")
    fork = files.fork()
    fork.lock("/d/lock")
    fork.write("/d/inner/a", [b", forked"], 6)
    files.write("/d/inner/a", [b"S"], 0)
    files.write_whole("/d/b", b"new")
    fork.make_directory("/d/other")
    assert (files.read("/d/inner/a", 0, 99), fork.read("/d/inner/a", 0, 99)) == (b"Shared", b"shared, forked")
    assert (fork.exists("/d/b"), files.exists("/d/other")) == (False, False)
    assert sorted(fork.list_directory("/d")) == ["inner", "lock", "other"]


def test_directories_are_listed_in_the_order_in_which_they_came_in_a_fork_as_well() -> None:
    files = MemoryFiles()
    names = [f"t-{number}" for number in (5, 3, 9, 1)]
    for name in names:
        files.make_directory(f"data/{name}")
    files.rename("data/t-3", "data/t-4")
    for tree in (files, files.fork()):
        assert tree.list_directory("data") == ["t-5", "t-9", "t-1", "t-4"]
