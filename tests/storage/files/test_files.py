"""Both kinds of files behave alike; the real ones also keep few descriptors and survive a full disk."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from odradek.storage.files.files import Files, OpenRefused, OsFiles
from odradek.storage.files.memory_files import MemoryFiles


@pytest.fixture(params=["os", "memory"])
def files(request: pytest.FixtureRequest) -> Iterator[Files]:
    made: Files = OsFiles(most_open=3) if request.param == "os" else MemoryFiles()
    yield made
    made.close()


@pytest.fixture
def root(files: Files, tmp_path: Path) -> str:
    files.make_directory(str(tmp_path))
    return str(tmp_path)


def test_what_was_written_is_read_back(files: Files, root: str) -> None:
    path = f"{root}/a"
    files.write(path, [b"head", memoryview(b"tail")], 0)
    files.write(path, [b"more"], 8)
    assert files.read(path, 0, 100) == b"headtailmore"
    assert files.read(path, 4, 4) == b"tail"
    assert files.read(path, 12, 4) == b""
    assert files.size(path) == 12


def test_a_write_in_the_middle_replaces_bytes(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"0123456789"], 0)
    files.write(f"{root}/a", [b"ab", b"c"], 3)
    assert files.read(f"{root}/a", 0, 10) == b"012abc6789"


def test_a_write_behind_the_end_leaves_zeros_between(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"x"], 3)
    assert files.read(f"{root}/a", 0, 9) == b"\0\0\0x"


def test_many_buffers_go_in_one_write(files: Files, root: str) -> None:
    parts = [bytes([n % 256]) * 3 for n in range(3000)]
    files.write(f"{root}/a", parts, 0)
    assert files.read(f"{root}/a", 0, 9000) == b"".join(parts)


def test_a_file_can_be_cut_and_grown(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"12345"], 0)
    files.truncate(f"{root}/a", 2)
    assert files.read(f"{root}/a", 0, 9) == b"12"
    files.truncate(f"{root}/a", 4)
    assert files.read(f"{root}/a", 0, 9) == b"12\0\0"


def test_a_renamed_file_takes_its_bytes_along_and_replaces_its_namesake(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"new"], 0)
    files.write(f"{root}/b", [b"older"], 0)
    files.rename(f"{root}/a", f"{root}/b")
    assert files.read(f"{root}/b", 0, 9) == b"new"
    assert files.list_directory(root) == ["b"]


def test_a_renamed_directory_takes_its_files_along(files: Files, root: str) -> None:
    files.make_directory(f"{root}/old/inner")
    files.write(f"{root}/old/inner/a", [b"1"], 0)
    files.rename(f"{root}/old", f"{root}/new")
    files.write(f"{root}/new/inner/a", [b"2"], 1)
    assert files.read(f"{root}/new/inner/a", 0, 9) == b"12"
    assert not files.exists(f"{root}/old")
    assert files.list_directory(root) == ["new"]


def test_a_directory_lists_files_and_directories(files: Files, root: str) -> None:
    files.make_directory(f"{root}/d")
    files.make_directory(f"{root}/d")
    files.write(f"{root}/f", [b""], 0)
    assert sorted(files.list_directory(root)) == ["d", "f"]
    assert files.exists(f"{root}/d")
    assert files.exists(f"{root}/f")
    assert not files.exists(f"{root}/g")


def test_removing_what_is_gone_is_no_error(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"1"], 0)
    files.remove(f"{root}/a")
    files.remove(f"{root}/a")
    files.make_directory(f"{root}/d")
    files.remove_directory(f"{root}/d")
    files.remove_directory(f"{root}/d")
    assert files.list_directory(root) == []


def test_a_directory_with_files_is_not_removed(files: Files, root: str) -> None:
    files.make_directory(f"{root}/d")
    files.write(f"{root}/d/a", [b"1"], 0)
    with pytest.raises(OSError, match="not empty"):
        files.remove_directory(f"{root}/d")


@pytest.mark.parametrize("call", ["read", "size", "truncate", "rename", "modified_ms"])
def test_a_missing_file_is_file_not_found(files: Files, root: str, call: str) -> None:
    arguments = {"read": (0, 1), "truncate": (0,), "rename": (f"{root}/b",)}.get(call, ())
    with pytest.raises(FileNotFoundError):
        getattr(files, call)(f"{root}/a", *arguments)


def test_a_missing_directory_is_file_not_found(files: Files, root: str) -> None:
    with pytest.raises(FileNotFoundError):
        files.list_directory(f"{root}/nowhere")
    with pytest.raises(FileNotFoundError):
        files.write(f"{root}/nowhere/a", [b"1"], 0)


def test_a_file_in_the_way_of_a_directory_is_an_error(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"1"], 0)
    with pytest.raises(FileExistsError):
        files.make_directory(f"{root}/a")


def test_a_small_file_is_replaced_whole(files: Files, root: str) -> None:
    files.write_whole(f"{root}/a", b"first and longer")
    assert files.read(f"{root}/a", 0, 99) == b"first and longer"
    files.write_whole(f"{root}/a", b"second", is_synced=False)
    assert files.read(f"{root}/a", 0, 99) == b"second"
    assert files.list_directory(root) == ["a"]


def test_a_small_file_that_cannot_be_put_in_its_place_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError):
        OsFiles().write_whole(f"{tmp_path}/a", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_is_opened_when_it_is_synced_and_not_before(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"1"], 0)
    sync = files.sync_handle(f"{root}/a")
    sync_directory = files.sync_handle(root)
    sync()
    files.rename(f"{root}/a", f"{root}/b")
    with pytest.raises(OpenRefused, match="o such file"):
        sync()
    sync_directory()
    assert files.read(f"{root}/b", 0, 9) == b"1"


def test_a_thousand_fsyncs_to_come_hold_no_descriptor(tmp_path: Path) -> None:
    files = OsFiles(most_open=4)
    before = len(os.listdir("/proc/self/fd"))
    syncs: list[Callable[[], None]] = []
    for number in range(100):
        files.write(f"{tmp_path}/{number}", [b"1"], 0)
        syncs.append(files.sync_handle(f"{tmp_path}/{number}"))
    assert len(os.listdir("/proc/self/fd")) <= before + 4
    for sync in syncs:
        sync()
    assert len(os.listdir("/proc/self/fd")) <= before + 4
    files.make_room()
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    files.close()


def test_a_file_is_synced_through_a_copy_of_the_descriptor_that_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What went wrong while its pages were written back is reported to that one, whoever else was told meanwhile."""
    files = OsFiles()
    files.write(f"{tmp_path}/a", [b"1"], 0)

    def refuse(*args: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", refuse)
    files.sync_handle(f"{tmp_path}/a")()
    with pytest.raises(OpenRefused, match="Too many"):
        files.sync_handle(f"{tmp_path}/b")()


def test_a_lock_is_taken_once_and_can_be_given_back(files: Files, root: str) -> None:
    unlock = files.lock(f"{root}/.lock")
    with pytest.raises(BlockingIOError):
        files.lock(f"{root}/.lock")
    unlock()
    unlock()
    files.lock(f"{root}/.lock")()


def test_the_modification_time_is_known_on_disk_only(files: Files, root: str) -> None:
    files.write(f"{root}/a", [b"1"], 0)
    modified_ms = files.modified_ms(f"{root}/a")
    assert modified_ms is None if isinstance(files, MemoryFiles) else modified_ms and modified_ms > 1_600_000_000_000


def test_memory_directories_do_not_swallow_each_other() -> None:
    files = MemoryFiles()
    for name in ("a", "b"):
        files.make_directory(name)
        files.write(f"{name}/f", [b"1"], 0)
    with pytest.raises(OSError, match="not empty"):
        files.rename("a", "b")


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def test_descriptors_stay_below_the_limit(tmp_path: Path) -> None:
    files = OsFiles(most_open=4)
    before = _open_descriptors()
    for n in range(50):
        files.write(f"{tmp_path}/{n}", [b"x"], 0)
    assert _open_descriptors() - before <= 4
    assert files.read(f"{tmp_path}/0", 0, 9) == b"x"
    files.close()
    assert _open_descriptors() == before


def test_out_of_descriptors_means_closing_some_and_trying_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = OsFiles()
    for n in range(4):
        files.write(f"{tmp_path}/{n}", [b"x"], 0)
    really_open = os.open
    failures = [OSError(errno.EMFILE, "too many")]

    def scarce(path: str, flags: int, mode: int = 0o777) -> int:
        if failures:
            raise failures.pop()
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", scarce)
    files.write(f"{tmp_path}/new", [b"y"], 0)
    monkeypatch.undo()
    assert files.read(f"{tmp_path}/new", 0, 9) == b"y"
    files.close()


def test_a_lock_of_another_process_is_respected(tmp_path: Path) -> None:
    path = f"{tmp_path}/.lock"
    program = (
        "import fcntl, os, sys\n"
        "held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)\n"
        "fcntl.lockf(held, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError, match="another process"):
            OsFiles().lock(path)
        other.stdin.close()
        other.wait()
    OsFiles().lock(path)()


def test_another_open_error_comes_through(tmp_path: Path) -> None:
    files = OsFiles()
    with pytest.raises(IsADirectoryError):
        files.write(str(tmp_path), [b"x"], 0)


def test_a_short_write_on_a_full_disk_is_cut_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = OsFiles()
    path = f"{tmp_path}/a"
    files.write(path, [b"whole"], 0)
    really_pwrite = os.pwrite

    def short_pwritev(descriptor: int, buffers: list[bytes], position: int) -> int:
        return really_pwrite(descriptor, b"".join(buffers)[:3], position)

    def full_pwrite(descriptor: int, data: bytes, position: int) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "pwritev", short_pwritev)
    monkeypatch.setattr(os, "pwrite", full_pwrite)
    with pytest.raises(OSError, match="no space"):
        files.write(path, [b"torn", b"batch"], 5)
    monkeypatch.undo()
    assert files.size(path) == 5
    files.close()


def test_a_short_write_without_an_error_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = OsFiles()
    really_pwrite = os.pwrite

    def one_byte(descriptor: int, buffers: list[bytes], position: int) -> int:
        return 1

    def two_bytes(descriptor: int, data: bytes, position: int) -> int:
        return really_pwrite(descriptor, data[:2], position)

    def no_bytes(descriptor: int, data: bytes, position: int) -> int:
        return 0

    monkeypatch.setattr(os, "pwritev", one_byte)
    monkeypatch.setattr(os, "pwrite", two_bytes)
    files.write(f"{tmp_path}/a", [b"abc", b"def"], 0)
    assert files.read(f"{tmp_path}/a", 0, 9) == b"abcdef"
    monkeypatch.setattr(os, "pwrite", no_bytes)
    with pytest.raises(OSError, match="nothing could be written"):
        files.write(f"{tmp_path}/a", [b"ghi"], 6)
    files.close()


def test_a_failed_replacement_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = OsFiles()
    files.write_whole(f"{tmp_path}/a", b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        files.write_whole(f"{tmp_path}/a", b"new")
    monkeypatch.undo()
    assert files.read(f"{tmp_path}/a", 0, 9) == b"old"
    assert files.list_directory(str(tmp_path)) == ["a"]
    files.close()


def test_short_reads_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = OsFiles()
    files.write(f"{tmp_path}/a", [b"0123456789"], 0)
    really_pread = os.pread

    def four_bytes(descriptor: int, size: int, position: int) -> bytes:
        return really_pread(descriptor, min(size, 4), position)

    monkeypatch.setattr(os, "pread", four_bytes)
    assert files.read(f"{tmp_path}/a", 0, 10) == b"0123456789"
    assert files.read(f"{tmp_path}/a", 8, 10) == b"89"
    files.close()


def test_a_file_is_replaced_by_a_call_that_another_thread_may_make(files: Files, root: str) -> None:
    path = f"{root}/a"
    files.write(path, [b"old and longer"], 0)
    write = files.whole_writer(path, b"new")
    assert (files.size(path), files.list_directory(root)) == (14, ["a"])
    thread = Thread(target=write)
    thread.start()
    thread.join()
    assert files.read(path, 0, 100) == b"new"
    assert files.list_directory(root) == ["a"]


def test_many_threads_replace_files_while_others_are_read_and_written(tmp_path: Path) -> None:
    """The descriptors that are kept open belong to one thread: a writer that used them would be seen here."""
    files = OsFiles(most_open=2)
    paths = [f"{tmp_path}/{n}" for n in range(6)]
    threads = [Thread(target=files.whole_writer(f"{tmp_path}/whole-{n}", b"%d" % n * 1000)) for n in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(100):
        for path in paths:
            files.write(path, [b"%d" % turn], 0)
            assert files.read(path, 0, 10) == b"%d" % turn
    for thread in threads:
        thread.join()
    assert [files.read(f"{tmp_path}/whole-{n}", 0, 1001) for n in range(8)] == [b"%d" % n * 1000 for n in range(8)]
    files.close()


def test_a_process_at_its_limit_can_still_list_and_replace_and_leaves_room_for_its_threads(tmp_path: Path) -> None:
    script = f"""
import os, resource
from odradek.storage.files.files import OsFiles
files, root = OsFiles(), {str(tmp_path)!r}
syncs = []
resource.setrlimit(resource.RLIMIT_NOFILE, (48, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
for number in range(100):
    files.make_directory(f"{{root}}/{{number}}")
    files.write_whole(f"{{root}}/{{number}}/whole", b"1")
    files.write(f"{{root}}/{{number}}/log", [b"1"], 0)
    assert len(files.list_directory(f"{{root}}/{{number}}")) == 2
    syncs.append(files.sync_handle(f"{{root}}/{{number}}/log"))
for sync in syncs:
    sync()
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_descriptor_is_not_closed_while_a_thread_copies_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = OsFiles()
    files.write(f"{tmp_path}/a", [b"1"], 0)
    before, dup = set(os.listdir("/proc/self/fd")), os.dup
    left: list[set[str]] = []

    def slow_dup(descriptor: int) -> int:
        files.remove(f"{tmp_path}/a")  # meanwhile, on the other thread
        left.append(set(os.listdir("/proc/self/fd")) & before)
        return dup(descriptor)

    monkeypatch.setattr(os, "dup", slow_dup)
    files.sync_handle(f"{tmp_path}/a")()
    files.close()
    assert len(left[0]) - len(set(os.listdir("/proc/self/fd")) & before) == 1


def test_the_volume_of_a_directory_is_known_on_disk_only(files: Files, root: str) -> None:
    volume = files.volume_bytes(root)
    if isinstance(files, MemoryFiles):
        assert volume is None
    else:
        assert volume is not None
        assert 0 <= volume.usable <= volume.total
    with pytest.raises(FileNotFoundError):
        files.volume_bytes(root + "/missing")


def test_a_directory_is_its_owners_alone_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    files = OsFiles()
    (tmp_path / "old").mkdir(0o755)
    for name in ("new", "above/new", "old"):
        files.make_directory(f"{tmp_path}/{name}")
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "above/new", "old")]
    assert modes == [0o700, 0o700, 0o755]
