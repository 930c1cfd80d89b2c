"""Files that die: after so many changes nothing more reaches the disk, and what was never synced may be gone."""

from collections.abc import Callable, Sequence

from odradek.storage.files.files import Buffer
from odradek.storage.files.memory_files import MemoryFiles


class Killed(BaseException):
    """The process is dead: no handler may survive it."""


class FaultyFiles(MemoryFiles):
    """MemoryFiles that count their changes and stop at one of them, having written `torn_bytes` of it."""

    def __init__(self, dies_at: int | None = None, torn_bytes: int = 0) -> None:
        super().__init__()
        self.dies_at = dies_at
        self.torn_bytes = torn_bytes
        self.changes = 0
        self.is_dead = False

    def _change(self) -> bool:
        """Whether this change still happens whole; a dead disk takes nothing."""
        if self.is_dead:
            raise Killed
        self.changes += 1
        self.is_dead = self.changes == self.dies_at
        return not self.is_dead

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        if self._change():
            super().write(path, buffers, position)
            return
        if self.torn_bytes:
            super().write(path, [b"".join(buffers)[: self.torn_bytes]], position)
        raise Killed

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        if not self._change():
            raise Killed
        super().write_whole(path, data, is_synced=is_synced)

    def truncate(self, path: str, size: int) -> None:
        if not self._change():
            raise Killed
        super().truncate(path, size)

    def rename(self, old: str, new: str) -> None:
        if not self._change():
            raise Killed
        super().rename(old, new)

    def remove(self, path: str) -> None:
        if not self._change():
            raise Killed
        super().remove(path)

    def make_directory(self, path: str) -> None:
        if self.exists(path):
            return
        if not self._change():
            raise Killed
        super().make_directory(path)

    def sync_handle(self, path: str) -> Callable[[], None]:
        if self.is_dead:
            raise Killed
        return super().sync_handle(path)

    def revive(self) -> None:
        """The machine is up again, with what had been written."""
        self.is_dead, self.dies_at = False, None
