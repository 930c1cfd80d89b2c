"""The disks of the tests do what they promise; a test that trusts them proves as much as they do."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from odradek.broker.testing.disks import (
    BROKEN,
    FULL,
    DyingFiles,
    FailingFiles,
    Killed,
    ObservedFiles,
    Operation,
    RecordedOsFiles,
    RefusingFiles,
)
from odradek.storage.files.files import OpenRefused
from odradek.storage.files.memory_files import MemoryFiles


class Announced(ObservedFiles):
    """It lists what was announced."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[Operation, str]] = []

    def before(self, operation: Operation, path: str) -> None:
        super().before(operation, path)
        self.seen.append((operation, path))


def contents(files: MemoryFiles, path: str) -> bytes:
    return MemoryFiles.read(files, path, 0, MemoryFiles.size(files, path))


def test_every_operation_is_announced_before_it_happens() -> None:
    files = Announced()
    files.make_directory("/d")
    files.write("/d/a", [b"one", b"two"], 0)
    files.truncate("/d/a", 3)
    files.rename("/d/a", "/d/b")
    files.write_whole("/d/c", b"c")
    files.write_whole("/d/e", b"e", is_synced=False)
    files.sync_handle("/d/b")()
    assert files.read("/d/b", 0, files.size("/d/b")) == b"one"
    files.remove("/d/b")
    files.removal("/d")()
    assert files.seen == [
        ("make_directory", "/d"),
        ("write", "/d/a"),
        ("truncate", "/d/a"),
        ("rename", "/d/a"),
        ("write_whole", "/d/c"),
        ("sync_name", "/d/c"),
        ("write_whole", "/d/e"),
        ("open_to_sync", "/d/b"),
        ("sync", "/d/b"),
        ("size", "/d/b"),
        ("read", "/d/b"),
        ("remove", "/d/b"),
        ("remove", "/d/c"),
        ("remove", "/d/e"),
        ("remove_directory", "/d"),
        ("remove", "/d"),
    ]


def test_what_finds_nothing_is_not_announced_and_fails_as_it_would_without() -> None:
    files = Announced()
    files.make_directory("/d")
    files.make_directory("/d")
    for ask in (lambda: files.read("/d/a", 0, 1), lambda: files.size("/d/a")):
        with pytest.raises(FileNotFoundError):
            ask()
    assert files.seen == [("make_directory", "/d")]


# FailingFiles


def test_a_failing_disk_refuses_for_as_long_as_it_is_told_and_leaves_what_was() -> None:
    files = FailingFiles()
    files.write("/a", [b"a"], 0)
    refused: list[Callable[[], object]] = [
        lambda: files.write("/a", [b"b"], 0),
        lambda: files.write_whole("/a", b"b"),
        lambda: files.read("/a", 0, 1),
        files.sync_handle("/a"),
    ]
    files.write_error, files.read_error, files.sync_error = FULL, BROKEN, BROKEN
    for ask, code in zip(refused, (errno.ENOSPC, errno.ENOSPC, errno.EIO, errno.EIO), strict=True):
        with pytest.raises(OSError, match=r".") as failure:
            ask()
        assert failure.value.errno == code
    files.write_error = files.read_error = files.sync_error = None
    assert files.read("/a", 0, 9) == b"a"
    for ask in refused:
        ask()
    assert (files.written_whole, files.synced) == (["/a"], ["/a", "/a"])


def test_a_failing_disk_refuses_as_often_as_it_is_told() -> None:
    files = FailingFiles()
    files.failing_writes, files.failing_syncs, files.opens_left = 1, 1, 2
    with pytest.raises(OSError, match="No space"):
        files.write("/a", [b"a"], 0)
    files.write("/a", [b"a"], 0)
    with pytest.raises(OSError, match="Input/output"):
        files.sync_handle("/a")()
    files.sync_handle("/a")()
    with pytest.raises(OpenRefused, match="Too many open files"):
        files.sync_handle("/a")()


# RefusingFiles


def test_a_refusing_disk_refuses_by_number_and_takes_the_rest() -> None:
    files = RefusingFiles()
    files.refuse(2, 2)
    taken: list[int] = []
    for n in range(5):
        try:
            files.write(f"/{n}", [b"x"], 0)
            taken.append(n)
        except OSError:
            assert contents(files, f"/{n}") == b""  # it was created, as a real one may be
    assert (taken, files.refused, files.operations) == ([0, 3, 4], 2, 5)
    files.refuse(1, 100)
    files.heal()
    files.write("/0", [b"y"], 0)


def test_a_refused_write_leaves_a_file_that_was_there_as_it_was() -> None:
    files = RefusingFiles()
    files.write("/a", [b"old"], 0)
    files.refuse(1, 1)
    with pytest.raises(OSError, match="No space"):
        files.write("/a", [b"new"], 0)
    assert contents(files, "/a") == b"old"


def test_what_is_written_whole_may_be_there_though_its_name_is_not_synced() -> None:
    files = RefusingFiles()
    files.refuse(2, 1)
    with pytest.raises(OSError, match="No space"):
        files.write_whole("/a", b"new")
    assert contents(files, "/a") == b"new"


@pytest.mark.parametrize("refuses_reads", [True, False])
def test_reads_are_refused_only_where_the_test_asks_for_it(refuses_reads: bool) -> None:
    files = RefusingFiles(refuses_reads=refuses_reads, code=errno.EIO)
    files.write("/a", [b"a"], 0)
    files.refuse(1, 1)
    if refuses_reads:
        with pytest.raises(OSError, match="Input/output"):
            files.size("/a")
    else:
        assert files.size("/a") == 1


def test_fsyncs_are_counted_by_themselves() -> None:
    files = RefusingFiles()
    files.write("/a", [b"a"], 0)
    files.fail_fsync(2)
    files.sync_handle("/a")()
    with pytest.raises(OSError, match="Input/output"):
        files.sync_handle("/a")()
    files.sync_handle("/a")()
    assert files.fsyncs == 3


# DyingFiles


def test_a_dying_disk_takes_nothing_from_its_last_change_on() -> None:
    files = DyingFiles(dies_at=2)
    files.write("/a", [b"a"], 0)
    with pytest.raises(Killed):
        files.write("/b", [b"b"], 0)
    assert not files.exists("/b")
    changes: list[Callable[[], None]] = [
        lambda: files.write("/a", [b"x"], 0),
        lambda: files.write_whole("/a", b"x"),
        lambda: files.truncate("/a", 0),
        lambda: files.rename("/a", "/c"),
        lambda: files.remove("/a"),
        lambda: files.make_directory("/d"),
        files.sync_handle("/a"),
    ]
    for change in changes:
        with pytest.raises(Killed):
            change()
    assert (files.changes, contents(files, "/a")) == (2, b"a")
    files.revive()
    files.write("/a", [b"again"], 0)
    assert contents(files, "/a") == b"again"


def test_the_last_write_may_be_torn_and_no_later_one_leaves_anything() -> None:
    files = DyingFiles(dies_at=1, torn_bytes=3)
    for _ in range(2):
        with pytest.raises(Killed):
            files.write("/a", [b"ab", b"cdef"], 0)
        assert contents(files, "/a") == b"abc"
        MemoryFiles.truncate(files, "/a", 3)
    with pytest.raises(Killed):
        files.write("/b", [b"b"], 0)
    assert not files.exists("/b")


def test_faults_are_combined_by_naming_both() -> None:
    class Shaky(DyingFiles, FailingFiles):
        """Dies and refuses."""

    files = Shaky(dies_at=3)
    files.failing_writes = 1
    with pytest.raises(OSError, match="No space"):
        files.write("/a", [b"a"], 0)
    files.write("/a", [b"a"], 0)
    with pytest.raises(Killed):
        files.write("/a", [b"b"], 0)


# RecordedOsFiles


def test_what_is_done_to_the_machines_disk_is_recorded(tmp_path: Path) -> None:
    files, a, b = RecordedOsFiles(), str(tmp_path / "d" / "a"), str(tmp_path / "d" / "b")
    files.make_directory(str(tmp_path / "d"))
    files.write(a, [b"abc"], 0)
    files.truncate(a, 1)
    files.rename(a, b)
    files.write_whole(a, b"x", is_synced=False)
    files.sync_handle(a)()
    assert files.read(b, 0, 9) == b"a"
    files.remove(a)
    files.removal(b)()
    assert files.changed == [str(tmp_path / "d"), a, a, a, b, a, a, b]
    assert files.synced == [a]
    files.close()
