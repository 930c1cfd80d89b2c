"""The directory that is exported: whose it is, whether it may be taken, and a copy of it.

The rule: it is locked while it is looked at, and nothing in it is changed.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ....protocol.wire import CorruptFrame
from ....storage.checking.entries import read_small
from ....storage.checking.partition import METADATA_TOPIC
from ....storage.checking.voters import recorded_voters
from ....storage.directory import CLEAN_SHUTDOWN, LOCK, DirectoryError
from ....storage.files.files import OsFiles
from ....storage.files.read_only_files import ReadOnlyFiles
from ....storage.meta_properties import META_PROPERTIES, decode_properties

_COPY = "data"
_UNFINISHED = ".unfinished"


class SourceDirectory(NamedTuple):
    """What Apache Kafka has to be told of it."""

    path: Path
    node_id: int
    is_voter_recorded: bool


@contextmanager
def open_source(path: Path) -> Generator[SourceDirectory]:
    """A directory of one node that was stopped cleanly; nobody else may take it meanwhile. DirectoryError."""
    path = path.resolve()
    if not (path / META_PROPERTIES).is_file():
        raise DirectoryError(f"{path} is no data directory: there is no {META_PROPERTIES}")
    try:
        unlock = OsFiles().lock(str(path / LOCK))
    except BlockingIOError:
        raise DirectoryError(f"the data directory {path} is in use by a broker: stop it first") from None
    except OSError as error:
        raise DirectoryError(f"the data directory {path} cannot be locked: {error.strerror or error}") from None
    try:
        yield _look(path)
    finally:
        unlock()


def _look(path: Path) -> SourceDirectory:
    if not (path / CLEAN_SHUTDOWN).exists():
        raise DirectoryError(
            f"the broker of {path} was not stopped cleanly, and its logs have to be recovered: start "
            f"`odradek serve --data-dir {path}` once more and stop it with SIGTERM; `odradek check-log {path}` tells "
            "what that makes of it"
        )
    files = ReadOnlyFiles()
    meta = str(path / META_PROPERTIES)
    metadata_log = path / f"{METADATA_TOPIC}-0"
    try:
        node_id = decode_properties(read_small(files, meta), meta).get("node.id", "")
        voters = recorded_voters(files, str(metadata_log))
    except (OSError, CorruptFrame) as error:
        raise DirectoryError(f"{error}; `odradek check-log {path}` tells what is wrong") from None
    if not node_id.isdecimal():
        raise DirectoryError(f"{meta} has no node.id: is it a directory of Apache Kafka from before KRaft?")
    if voters is not None and voters != [int(node_id)]:
        raise DirectoryError(
            f"the metadata log of {path} has the voters {', '.join(map(str, voters))}: node {node_id} alone is none"
        )
    return SourceDirectory(path, int(node_id), voters is not None)


def copy_source(source: SourceDirectory, out: Path) -> Path:
    """Copy the directory, byte for byte; returns where to. A copy that fails leaves nothing. OSError."""
    target, unfinished = out / _COPY, out / (_COPY + _UNFINISHED)
    try:
        # Closing a file lets go of every lock that this process has on it: the lock file is not read.
        shutil.copytree(source.path, unfinished, ignore=lambda at, _: [LOCK] if Path(at) == source.path else [])
        (unfinished / LOCK).touch()
        for directory, _, names in os.walk(unfinished):
            for name in names:
                _sync(Path(directory, name))
            _sync(Path(directory))
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return target


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
