"""Files for those who only look: nothing is created, locked, written or kept open.

The rule: what cannot be changed cannot be changed by mistake. A directory of another broker, a running one or one on a
read-only disk is read as it is; names that are no regular files (a pipe, a device) are refused instead of waited for.
"""

import errno
import fcntl
import os
import stat
import struct
import sys
from typing import Protocol

_FLOCK = struct.Struct("hhqqi4x")  # struct flock of 64-bit Linux


class ReadableFiles(Protocol):
    """What looking asks of a file system: the part of `Files` that changes nothing."""

    def read(self, path: str, position: int, size: int) -> bytes:
        """Up to `size` bytes from `position`; fewer only at the end of the file."""
        ...

    def size(self, path: str) -> int:
        """Length in bytes."""
        ...

    def exists(self, path: str) -> bool:
        """Whether a file or directory has this path."""
        ...

    def list_directory(self, path: str) -> list[str]:
        """Names in a directory, in no order."""
        ...


class ReadOnlyFiles:
    """Files of the operating system, opened for reading and closed again at every call."""

    def read(self, path: str, position: int, size: int) -> bytes:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        try:
            _check_regular(os.fstat(descriptor), path)
            data = os.pread(descriptor, size, position)
            if len(data) == size or not data:
                return data
            parts, got = [data], len(data)  # a short read is the end of the file, or a signal, or 2 GiB at once
            while got < size and (data := os.pread(descriptor, size - got, position + got)):
                parts.append(data)
                got += len(data)
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def size(self, path: str) -> int:
        found = os.stat(path)
        _check_regular(found, path)
        return found.st_size

    def exists(self, path: str) -> bool:
        return os.path.exists(path)

    def list_directory(self, path: str) -> list[str]:
        return os.listdir(path)


def is_locked(path: str) -> bool | None:
    """Whether another process holds a lock on a file, which is not touched; None where that cannot be told."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        holder = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return bool(holder[0] != fcntl.F_UNLCK)


def _check_regular(found: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
