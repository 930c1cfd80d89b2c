"""Disks of a test."""

from collections.abc import Callable, Sequence

from ...storage.files.files import Buffer, OsFiles


class RecordedOsFiles(OsFiles):
    """The machine's disk, and the paths that were changed through it."""

    def __init__(self) -> None:
        super().__init__()
        self.changed: list[str] = []

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
