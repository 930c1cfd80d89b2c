"""A disk that is full or broken for as long as a test says so."""

import errno
from collections.abc import Callable, Sequence

from odradek.storage.files.files import Buffer
from odradek.storage.files.memory_files import MemoryFiles

FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")


class FailingFiles(MemoryFiles):
    """A disk that refuses writes, reads or fsyncs for as long as it is told what with; it lists what was replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.write_error: OSError | None = None
        self.read_error: OSError | None = None
        self.sync_error: OSError | None = None
        self.written_whole: list[str] = []

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        if self.write_error is not None:
            raise self.write_error
        super().write(path, buffers, position)

    def read(self, path: str, position: int, size: int) -> bytes:
        if self.read_error is not None:
            raise self.read_error
        return super().read(path, position, size)

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        if self.write_error is not None:
            raise self.write_error
        self.written_whole.append(path)
        super().write_whole(path, data, is_synced=is_synced)

    def sync_handle(self, path: str) -> Callable[[], None]:
        sync = super().sync_handle(path)

        def run() -> None:
            if self.sync_error is not None:
                raise self.sync_error
            sync()

        return run
