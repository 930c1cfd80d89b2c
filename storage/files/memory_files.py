"""Files that live and die with the process: the ephemeral broker's disk, and the tests'.

The rule: it behaves as OsFiles does, down to the exceptions, so that no caller can tell which it has.
"""

import errno
from collections.abc import Callable, Sequence
from functools import partial

from .files import Buffer, OpenRefused, VolumeBytes
from .shared_bytes import SharedBytes


def _split(path: str) -> tuple[str, str]:
    directory, _, name = path.rpartition("/")
    return directory, name


class MemoryFiles:
    """A tree of byte strings; `fork` gives another that begins as this one is."""

    def __init__(self) -> None:
        self._directories: dict[str, dict[str, SharedBytes]] = {"": {}}
        # The directories below a directory, in the order in which they came: a set has another in every process.
        self._children: dict[str, dict[str, None]] = {"": {}}
        self._locked: set[str] = set()

    def fork(self) -> "MemoryFiles":
        """Another tree of the same bytes, not locked; what is in them is shared until one of the two changes it."""
        other = MemoryFiles()
        other._directories = {
            path: {name: content.copy() for name, content in list(files.items())}
            for path, files in list(self._directories.items())
        }
        other._children = {path: dict(names) for path, names in list(self._children.items())}
        return other

    def _find(self, path: str) -> SharedBytes | None:
        directory, name = _split(path)
        return self._directories.get(directory, {}).get(name)

    def _file(self, path: str) -> SharedBytes:
        content = self._find(path)
        if content is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        return content

    def _directory(self, path: str) -> dict[str, SharedBytes]:
        try:
            return self._directories[path]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, "no such directory", path) from None

    def write(self, path: str, buffers: Sequence[Buffer], position: int) -> None:
        directory, name = _split(path)
        found = self._directory(directory)
        content = found.get(name)
        if content is None:
            content = found[name] = SharedBytes()
        content.write(buffers, position)

    def read(self, path: str, position: int, size: int) -> bytes:
        return self._file(path).read(position, size)

    def size(self, path: str) -> int:
        return self._file(path).size

    def modified_ms(self, path: str) -> int | None:
        self._file(path)
        return None

    def exists(self, path: str) -> bool:
        return path in self._directories or self._find(path) is not None

    def truncate(self, path: str, size: int) -> None:
        self._file(path).truncate(size)

    def rename(self, old: str, new: str) -> None:
        if old in self._directories:
            self._rename_directory(old, new)
            return
        content = self._file(old)
        directory, name = _split(new)
        self._directory(directory)[name] = content
        old_directory, old_name = _split(old)
        if old != new:
            del self._directories[old_directory][old_name]

    def _rename_directory(self, old: str, new: str) -> None:
        if self._directories.get(new) or self._children.get(new):
            raise OSError(errno.ENOTEMPTY, "directory not empty", new)
        self.make_directory(_split(new)[0])
        for path in self._tree(old):
            moved = new + path[len(old) :]
            self._directories[moved] = self._directories.pop(path)
            self._children[moved] = self._children.pop(path)
        self._unlink_directory(old)
        self._link_directory(new)

    def _tree(self, path: str) -> list[str]:
        """A directory and all below it: found from the top, for there may be very many others beside it."""
        found = [path]
        for directory in found:
            found += [f"{directory}/{name}" for name in self._children[directory]]
        return found

    def _link_directory(self, path: str) -> None:
        parent, name = _split(path)
        self._children.setdefault(parent, {})[name] = None

    def _unlink_directory(self, path: str) -> None:
        parent, name = _split(path)
        self._children.get(parent, {}).pop(name, None)

    def remove(self, path: str) -> None:
        directory, name = _split(path)
        self._directories.get(directory, {}).pop(name, None)

    def removal(self, path: str) -> Callable[[], None]:
        def remove() -> None:
            for name in list(self._directories.get(path, ())):
                self.remove(f"{path}/{name}")
            self.remove_directory(path)
            self.remove(path)

        return remove

    def list_directory(self, path: str) -> list[str]:
        return [*self._directory(path), *self._children[path]]

    def volume_bytes(self, path: str) -> VolumeBytes | None:
        self._directory(path)
        return None

    def make_directory(self, path: str) -> None:
        if path in self._directories:
            return
        if self._find(path) is not None:
            raise FileExistsError(errno.EEXIST, "a file has this name", path)
        self.make_directory(_split(path)[0])
        self._directories[path] = {}
        self._children[path] = {}
        self._link_directory(path)

    def remove_directory(self, path: str) -> None:
        if self._directories.get(path) or self._children.get(path):
            raise OSError(errno.ENOTEMPTY, "directory not empty", path)
        if self._directories.pop(path, None) is not None:
            del self._children[path]
            self._unlink_directory(path)

    def write_whole(self, path: str, data: bytes, *, is_synced: bool = True) -> None:
        directory, name = _split(path)
        self._directory(directory)[name] = SharedBytes(data)

    def whole_writer(self, path: str, data: bytes, *, is_synced: bool = True) -> Callable[[], None]:
        return partial(self.write_whole, path, data, is_synced=is_synced)

    def sync_handle(self, path: str) -> Callable[[], None]:
        return partial(self._sync, path)

    def _sync(self, path: str) -> None:
        """Memory is as durable as it will ever be."""
        if path != "/" and not self.exists(path):
            raise OpenRefused(errno.ENOENT, "no such file", path)

    def write_out(self) -> None:
        """There is nowhere to write it to."""

    def make_room(self) -> None:
        """Nothing is ever open."""

    def lock(self, path: str) -> Callable[[], None]:
        if path in self._locked:
            raise BlockingIOError(errno.EAGAIN, "locked by another broker", path)
        self.write(path, [], 0)
        self._locked.add(path)
        return lambda: self._locked.discard(path)

    def close(self) -> None:
        """Nothing is open; what was written stays for as long as the object does."""
