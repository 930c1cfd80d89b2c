"""The disks of tests: one family, so that a fault is told of in one way wherever it strikes.

    ObservedFiles      MemoryFiles that every operation is announced to, before it happens
      FailingFiles     refuses writes, reads or fsyncs for as long as it is told to
      RefusingFiles    counts what is asked of it, and refuses some of it by number
      DyingFiles       counts its changes, and is killed at one of them
    RecordedOsFiles    the machine's disk, and what was done to it

Each overrides `before` and hands on what it lets pass, so a test combines them by naming several as parents. What a
disk may hold after the power has gone is another matter: power_loss.py.
"""

import errno
import os
from collections.abc import Callable, Sequence
from typing import Literal

from ...storage.files.files import Buffer, OpenRefused, OsFiles
from ...storage.files.memory_files import MemoryFiles

FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")
NO_DESCRIPTORS = OSError(errno.EMFILE, "Too many open files")

Operation = Literal[
    "write",
    "write_whole",
    "sync_name",  # the directory of what was written whole
    "truncate",
    "rename",
    "remove",
    "make_directory",
    "remove_directory",
    "read",
    "size",
    "open_to_sync",
    "sync",  # the fsync itself
]
CHANGES: frozenset[Operation] = frozenset(("write", "write_whole", "truncate", "rename", "remove", "make_directory"))


class Killed(BaseException):
    """The process is dead: no handler may survive it."""


class ObservedFiles(MemoryFiles):
    """MemoryFiles that announce each operation to `before`, but for what finds nothing to read or to make."""

    def before(self, operation: Operation, path: str) -> None:
        """The operation is about to happen; what is raised here, the disk answers instead."""

    def leave_of_write(self, path: str, data: bytes, position: int) -> None:
        """The write that `before` refused may leave something of itself."""

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        try:
            self.before("write", path)
        except BaseException:
            self.leave_of_write(path, b"".join(buffers), position)
            raise
        super().write(path, buffers, position)

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        self.before("write_whole", path)
        super().write_whole(path, data, is_synced=is_synced)
        if is_synced:
            self.before("sync_name", path)

    def truncate(self, path: str, size: int) -> None:
        self.before("truncate", path)
        super().truncate(path, size)

    def rename(self, old: str, new: str) -> None:
        self.before("rename", old)
        super().rename(old, new)

    def remove(self, path: str) -> None:
        self.before("remove", path)
        super().remove(path)

    def make_directory(self, path: str) -> None:
        if not self.exists(path):
            self.before("make_directory", path)
        super().make_directory(path)

    def remove_directory(self, path: str) -> None:
        self.before("remove_directory", path)
        super().remove_directory(path)

    def read(self, path: str, position: int, size: int) -> bytes:
        if self.exists(path):
            self.before("read", path)
        return super().read(path, position, size)

    def size(self, path: str) -> int:
        if self.exists(path):
            self.before("size", path)
        return super().size(path)

    def sync_handle(self, path: str) -> Callable[[], None]:
        sync = super().sync_handle(path)

        def run() -> None:
            try:
                self.before("open_to_sync", path)
            except OSError as error:
                raise OpenRefused(error.errno, error.strerror, path) from error
            self.before("sync", path)
            sync()

        return run


class FailingFiles(ObservedFiles):
    """A disk that refuses for as long, or as often, as it is told; it lists what was replaced and what was synced."""

    def __init__(self) -> None:
        super().__init__()
        self.write_error: OSError | None = None
        self.read_error: OSError | None = None
        self.sync_error: OSError | None = None
        self.failing_writes = 0  # so many of the next, of a disk that is full
        self.failing_syncs = 0  # so many of the next, of a disk that is broken
        self.opens_left: int | None = None  # for fsyncs; None for any number
        self.written_whole: list[str] = []
        self.synced: list[str] = []

    def before(self, operation: Operation, path: str) -> None:
        super().before(operation, path)
        if operation in ("write", "write_whole"):
            self._before_write(operation, path)
        elif operation == "read" and self.read_error is not None:
            raise self.read_error
        elif operation == "open_to_sync" and self.opens_left is not None:
            if self.opens_left == 0:
                raise NO_DESCRIPTORS
            self.opens_left -= 1
        elif operation == "sync":
            self._before_sync(path)

    def _before_write(self, operation: Operation, path: str) -> None:
        if self.write_error is not None:
            raise self.write_error
        if operation == "write_whole":
            self.written_whole.append(path)
        elif self.failing_writes:
            self.failing_writes -= 1
            raise FULL

    def _before_sync(self, path: str) -> None:
        self.synced.append(path)
        if self.sync_error is not None:
            raise self.sync_error
        if self.failing_syncs:
            self.failing_syncs -= 1
            raise BROKEN


class RefusingFiles(ObservedFiles):
    """A disk that counts what is asked of it and refuses `length` operations from the `first` on (0 for none).

    A refused operation leaves what a real one may leave (a file that was created and holds nothing, a file that was
    replaced though its directory could not be synced), and nothing else. fsyncs are counted by themselves, for what
    follows a failed one is another story: nothing is believed until the next start.
    """

    def __init__(self, *, refuses_reads: bool = False, code: int = errno.ENOSPC) -> None:
        super().__init__()
        self.refuses_reads = refuses_reads
        self.operations = 0
        self.refused = 0
        self._code = code
        self._first = self._end = 0
        self.fsyncs = self._failing_fsync = 0

    def refuse(self, first: int, length: int) -> None:
        """Which operations fail, counted from the next one: 1 is the next."""
        self._first, self._end = self.operations + first, self.operations + first + length

    def fail_fsync(self, number: int) -> None:
        """Which fsync fails, counted from the next one: 1 is the next; 0 for none."""
        self._failing_fsync = self.fsyncs + number if number else 0

    def heal(self) -> None:
        """From now on everything is taken."""
        self._first = self._end = 0

    def before(self, operation: Operation, path: str) -> None:
        super().before(operation, path)
        if operation == "sync":
            self.fsyncs += 1
            if self.fsyncs == self._failing_fsync:
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
            return
        if operation in ("read", "size") and not self.refuses_reads:
            return
        if operation == "remove" and not self.exists(path):
            return
        self.operations += 1
        if self._first <= self.operations < self._end:
            self.refused += 1
            raise OSError(self._code, os.strerror(self._code), path)

    def leave_of_write(self, path: str, data: bytes, position: int) -> None:
        if data and not self.exists(path):
            MemoryFiles.write(self, path, [], 0)


class DyingFiles(ObservedFiles):
    """A disk that counts its changes and dies at one of them, having written `torn_bytes` of it."""

    def __init__(self, dies_at: int | None = None, torn_bytes: int = 0) -> None:
        super().__init__()
        self.dies_at = dies_at
        self.torn_bytes = torn_bytes
        self.changes = 0
        self.is_dead = False
        self._torn_write_left = 0

    def before(self, operation: Operation, path: str) -> None:
        is_change = operation in CHANGES
        if self.is_dead and (is_change or operation == "open_to_sync"):
            self._torn_write_left = 0
            raise Killed
        if is_change:
            self.changes += 1
            if self.changes == self.dies_at:
                self.is_dead, self._torn_write_left = True, self.torn_bytes
                raise Killed
        super().before(operation, path)

    def leave_of_write(self, path: str, data: bytes, position: int) -> None:
        if self.is_dead and self._torn_write_left:
            MemoryFiles.write(self, path, [data[: self._torn_write_left]], position)

    def revive(self) -> None:
        """The machine is up again, with what had been written."""
        self.is_dead, self.dies_at = False, None


class RecordedOsFiles(OsFiles):
    """The machine's disk, the paths that were changed through it, and those that a sync was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: list[str] = []
        self.synced: list[str] = []

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        self.changed.append(path)
        super().write(path, buffers, position)

    def truncate(self, path: str, size: int) -> None:
        self.changed.append(path)
        super().truncate(path, size)

    def rename(self, old: str, new: str) -> None:
        self.changed += (old, new)
        super().rename(old, new)

    def remove(self, path: str) -> None:
        self.changed.append(path)
        super().remove(path)

    def removal(self, path: str) -> Callable[[], None]:
        self.changed.append(path)
        return super().removal(path)

    def make_directory(self, path: str) -> None:
        self.changed.append(path)
        super().make_directory(path)

    def whole_writer(self, path: str, data: bytes, *, is_synced: bool = True) -> Callable[[], None]:
        self.changed.append(path)
        return super().whole_writer(path, data, is_synced=is_synced)

    def sync_handle(self, path: str) -> Callable[[], None]:
        self.synced.append(path)
        return super().sync_handle(path)
