"""A disk that refuses: at one operation or for a while, and then takes everything again.

The rule: a refused operation leaves what a real one may leave (a file that was created and holds nothing, a file that
was replaced though its directory could not be synced), and nothing else. fsyncs are counted by themselves, for what
follows a failed one is another story: nothing is believed until the next start.
"""

import errno
import os
from collections.abc import Callable, Sequence

from odradek.storage.files.files import Buffer
from odradek.storage.files.memory_files import MemoryFiles


class RefusingFiles(MemoryFiles):
    """MemoryFiles that count what is asked of them and refuse `length` operations from the `first` on (0 for none)."""

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

    def _check(self, path: str) -> None:
        self.operations += 1
        if self._first <= self.operations < self._end:
            self.refused += 1
            raise OSError(self._code, os.strerror(self._code), path)

    def _check_read(self, path: str) -> None:
        if self.refuses_reads:
            self._check(path)

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        try:
            self._check(path)
        except OSError:
            if not self.exists(path) and any(len(buffer) for buffer in buffers):
                super().write(path, [], 0)
            raise
        super().write(path, buffers, position)

    def truncate(self, path: str, size: int) -> None:
        self._check(path)
        super().truncate(path, size)

    def rename(self, old: str, new: str) -> None:
        self._check(old)
        super().rename(old, new)

    def remove(self, path: str) -> None:
        if self.exists(path):
            self._check(path)
        super().remove(path)

    def make_directory(self, path: str) -> None:
        if not self.exists(path):
            self._check(path)
        super().make_directory(path)

    def remove_directory(self, path: str) -> None:
        self._check(path)
        super().remove_directory(path)

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        self._check(path)
        super().write_whole(path, data, is_synced=is_synced)
        if is_synced:
            self._check(path)

    def sync_handle(self, path: str) -> Callable[[], None]:
        self._check(path)
        sync = super().sync_handle(path)

        def run() -> None:
            self.fsyncs += 1
            if self.fsyncs == self._failing_fsync:
                raise OSError(errno.EIO, os.strerror(errno.EIO), path)
            sync()

        return run

    def read(self, path: str, position: int, size: int) -> bytes:
        if self.exists(path):
            self._check_read(path)
        return super().read(path, position, size)

    def size(self, path: str) -> int:
        if self.exists(path):
            self._check_read(path)
        return super().size(path)
