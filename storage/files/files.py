"""The only door to the disk: everything storage does to files goes through `Files`.

The rule: a write that fails leaves the file as long as it was, and every failure comes out as OSError.
Paths are strings; a position is always given, so no descriptor carries one and any may be closed at any time.
"""

import errno
import fcntl
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

Buffer = bytes | bytearray | memoryview

_MOST_BUFFERS = 1024  # IOV_MAX of every system we know
_FEWEST_OPEN = 8
_PRIVATE = 0o700  # of directories: records may be secrets, and so may settings

T = TypeVar("T")

# POSIX locks do not hold within a process, and closing any descriptor of the file drops them: remember our own.
_LOCKED_HERE: set[str] = set()


class VolumeBytes(NamedTuple):
    """What the volume below a directory holds in all, and how much of it is left to us."""

    total: int
    usable: int


class OpenRefused(OSError):
    """A file could not be opened for its fsync: nothing is known to be wrong with the disk; it may be tried again."""


class Files(Protocol):
    """What storage asks of a file system."""

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        """Put all buffers at `position`, creating the file; a failure cuts it back to `position`."""
        ...

    def read(self, path: str, position: int, size: int) -> bytes:
        """Up to `size` bytes from `position`; fewer only at the end of the file."""
        ...

    def size(self, path: str) -> int:
        """Length in bytes."""
        ...

    def modified_ms(self, path: str) -> int | None:
        """When the file last changed, wall milliseconds; None when that is unknown."""
        ...

    def exists(self, path: str) -> bool:
        """Whether a file or directory has this path."""
        ...

    def truncate(self, path: str, size: int) -> None:
        """Cut the file to `size` bytes."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Move a file or a whole directory, replacing a file of the new name."""
        ...

    def remove(self, path: str) -> None:
        """Delete a file; one that is gone already is no error."""
        ...

    def removal(self, path: str) -> Callable[[], None]:
        """A call, good once and on any thread, that deletes a file, or a directory with the files in it.

        Nobody uses the path from now on, and nothing of it is open any more: systems exist where that matters. What is
        gone already is no error.
        """
        ...

    def list_directory(self, path: str) -> list[str]:
        """Names in a directory, in no order."""
        ...

    def volume_bytes(self, path: str) -> VolumeBytes | None:
        """The size of the volume that a directory is on; None where it is on none."""
        ...

    def make_directory(self, path: str) -> None:
        """Create a directory and its parents; one that is there already is no error."""
        ...

    def remove_directory(self, path: str) -> None:
        """Delete an empty directory; one that is gone already is no error."""
        ...

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        """Replace a small file at once: a reader, or a crash, sees the old bytes or the new."""
        ...

    def whole_writer(self, path: str, data: bytes, *, is_synced: bool = True) -> Callable[[], None]:
        """`write_whole` as a call, good once and on any thread; the file is not read through this object before."""
        ...

    def sync_handle(self, path: str) -> Callable[[], None]:
        """A call, good on any thread, that makes the file (or directory) durable as it is then.

        It has the file open for as long as it runs. OpenRefused where that fails, OSError for a failed fsync.
        """
        ...

    def write_out(self) -> None:
        """Have the system write everything out at once, so that many fsyncs find nothing left to do. No promise."""
        ...

    def make_room(self) -> None:
        """The process has no descriptors left: let half of those go that are kept for the next use."""
        ...

    def lock(self, path: str) -> Callable[[], None]:
        """Take the exclusive lock file, and return the call that gives it back; BlockingIOError when taken."""
        ...

    def close(self) -> None:
        """Let every descriptor go; the next use opens anew."""
        ...


class OsFiles:
    """Files of the operating system, through a bounded number of descriptors, least recently used out first.

    Used by one thread at a time, which alone opens and closes what is kept open; what is said to be good on any thread
    has descriptors of its own. While any thread copies a descriptor, none is closed: its number would be given to
    another file. A thread enters itself in `_copying` before it looks for one, and one is taken out of `_open` before
    anyone looks there, so that one of the two notices.
    """

    def __init__(self, most_open: int = 512) -> None:
        self._most_open = most_open
        self._open: OrderedDict[str, int] = OrderedDict()
        self._copying: set[object] = set()
        self._to_close: list[int] = []

    def _descriptor(self, path: str, flags: int = os.O_RDWR) -> int:
        descriptor = self._open.get(path)
        if descriptor is not None:
            self._open.move_to_end(path)
            return descriptor
        while len(self._open) >= self._most_open:
            self._close_oldest()
        descriptor = self._with_room(lambda: os.open(path, flags | os.O_CLOEXEC, 0o644))
        self._open[path] = descriptor
        return descriptor

    def _with_room(self, use: Callable[[], T]) -> T:
        """Where the process is at its limit, whatever ours is, give half of what is kept back and try once more."""
        try:
            return use()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE) or not self._open:
                raise
        self.make_room()
        return use()

    def make_room(self) -> None:
        """As in Files; and from now on that much is left free, for the threads, which cannot make room."""
        for _ in range((len(self._open) + 1) // 2):
            self._close_oldest()
        self._most_open = max(len(self._open), _FEWEST_OPEN)

    def _close_oldest(self) -> None:
        self._to_close.append(self._open.popitem(last=False)[1])
        self._close_waiting()

    def _close_cached(self, path: str) -> None:
        descriptor = self._open.pop(path, None)
        if descriptor is not None:
            self._to_close.append(descriptor)
            self._close_waiting()

    def _close_waiting(self) -> None:
        """Where a thread is in the way, the next one that is closed takes these along."""
        while self._to_close and not self._copying:
            os.close(self._to_close.pop())

    def _close_cached_below(self, directory: str) -> None:
        inside = directory + "/"
        for path in [path for path in self._open if path.startswith(inside)]:
            self._close_cached(path)

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        descriptor = self._open.get(path)
        if descriptor is None:
            descriptor = self._descriptor(path, os.O_RDWR | os.O_CREAT)
        else:
            self._open.move_to_end(path)
        try:
            if len(buffers) <= _MOST_BUFFERS:
                wanted = 0
                for buffer in buffers:
                    wanted += len(buffer)
                if os.pwritev(descriptor, buffers, position) == wanted:
                    return
            self._write_slowly(descriptor, buffers, position)
        except BaseException:
            with suppress(OSError):
                os.ftruncate(descriptor, position)
            raise

    @staticmethod
    def _write_slowly(descriptor: int, buffers: Sequence[Buffer], position: int) -> None:
        """Buffer by buffer: after a short write the reason (a full disk) comes out as the error of the next."""
        for buffer in buffers:
            view = memoryview(buffer)
            while view:
                written = os.pwrite(descriptor, view, position)
                if written == 0:
                    raise OSError(errno.EIO, "nothing could be written")
                position += written
                view = view[written:]

    def read(self, path: str, position: int, size: int) -> bytes:
        descriptor = self._open.get(path)
        if descriptor is None:
            descriptor = self._descriptor(path)
        else:
            self._open.move_to_end(path)
        data = os.pread(descriptor, size, position)
        if len(data) == size or not data:
            return data
        parts = [data]  # a short read is the end of the file, or a signal, or 2 GiB at once
        got = len(data)
        while got < size and (data := os.pread(descriptor, size - got, position + got)):
            parts.append(data)
            got += len(data)
        return b"".join(parts)

    def size(self, path: str) -> int:
        return os.stat(path).st_size

    def modified_ms(self, path: str) -> int | None:
        return os.stat(path).st_mtime_ns // 1_000_000

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def truncate(self, path: str, size: int) -> None:
        os.truncate(path, size)

    def rename(self, old: str, new: str) -> None:
        self._close_cached(old)
        self._close_cached(new)
        self._close_cached_below(old)
        os.rename(old, new)

    def remove(self, path: str) -> None:
        self._close_cached(path)
        with suppress(FileNotFoundError):
            os.unlink(path)

    def removal(self, path: str) -> Callable[[], None]:
        self._close_cached(path)
        self._close_cached_below(path)

        def remove() -> None:
            if not os.path.isdir(path):
                with suppress(FileNotFoundError):
                    os.unlink(path)
                return
            for name in os.listdir(path):
                os.unlink(f"{path}/{name}")
            os.rmdir(path)

        return remove

    def list_directory(self, path: str) -> list[str]:
        return self._with_room(lambda: os.listdir(path))

    def volume_bytes(self, path: str) -> VolumeBytes | None:
        found = os.statvfs(path)
        return VolumeBytes(found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize)

    def make_directory(self, path: str) -> None:
        try:
            os.mkdir(path, _PRIVATE)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
        except FileNotFoundError:
            os.makedirs(path, _PRIVATE, exist_ok=True)

    def remove_directory(self, path: str) -> None:
        self._close_cached_below(path)
        with suppress(FileNotFoundError):
            os.rmdir(path)

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        self._with_room(self.whole_writer(path, data, is_synced=is_synced))

    def whole_writer(self, path: str, data: bytes, *, is_synced: bool = True) -> Callable[[], None]:
        self._close_cached(path)
        return partial(self._write_whole, path, data, is_synced=is_synced)

    @classmethod
    def _write_whole(cls, path: str, data: bytes, *, is_synced: bool) -> None:
        """With descriptors of its own, so on any thread."""
        temporary = path + ".tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            try:
                cls._write_slowly(descriptor, [data], 0)
                if is_synced:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        if is_synced:
            _sync_and_close(os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_CLOEXEC))

    def sync_handle(self, path: str) -> Callable[[], None]:
        return partial(self._sync, path)

    def _sync(self, path: str) -> None:
        """Sync through a copy of the descriptor that the file was written through, where that is still open.

        The system reports a failed write-back once to each open file description, and to one opened later only if it
        was reported to none before (Linux 4.17): by its own the writer learns of every one.
        """
        try:
            descriptor = self._copy(path)
            if descriptor is None:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise OpenRefused(error.errno, error.strerror, path) from error
        _sync_and_close(descriptor)

    def _copy(self, path: str) -> int | None:
        """A copy of the descriptor that is kept for a file, if there is one."""
        me = object()
        self._copying.add(me)
        try:
            kept = self._open.get(path)
            return None if kept is None else os.dup(kept)
        finally:
            self._copying.discard(me)

    def write_out(self) -> None:
        os.sync()

    def lock(self, path: str) -> Callable[[], None]:
        name = os.path.realpath(path)
        if name in _LOCKED_HERE:
            raise BlockingIOError(errno.EAGAIN, "locked by another broker of this process", path)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kind of lock Apache Kafka takes
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise BlockingIOError(error.errno, "locked by another process", path) from error
            raise
        _LOCKED_HERE.add(name)

        def unlock() -> None:
            if name in _LOCKED_HERE:
                _LOCKED_HERE.discard(name)
                os.close(descriptor)

        return unlock

    def close(self) -> None:
        while self._open:
            self._close_oldest()
        self._close_waiting()


def _sync_and_close(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
