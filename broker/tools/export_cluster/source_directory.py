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

METADATA_LOG = f"{METADATA_TOPIC}-0"
COPY = "data"
_UNFINISHED = ".unfinished"
# What a controller has promised to the voters that there were.
_QUORUM_STATE = "quorum-state"


class SourceDirectory(NamedTuple):
    """What Apache Kafka has to be told of it."""

    path: Path
    cluster_id: str
    node_id: int
    is_voter_recorded: bool


@contextmanager
def open_source(path: Path, started_by: str | None = None, *, has_metadata: bool = True) -> Generator[SourceDirectory]:
    """A directory of one node that was stopped cleanly; nobody else may take it meanwhile. DirectoryError.

    `started_by` are the options that start its broker once more; one of several has no metadata log.
    """
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
        yield _look(path, started_by or f"--data-dir {path}", has_metadata=has_metadata)
    finally:
        unlock()


def _look(path: Path, started_by: str, *, has_metadata: bool) -> SourceDirectory:
    if not (path / CLEAN_SHUTDOWN).exists():
        raise DirectoryError(
            f"the broker of {path} was not stopped cleanly, and its logs have to be recovered: start "
            f"`odradek serve {started_by}` once more and stop it with SIGTERM; `odradek check-log {path}` tells "
            "what that makes of it"
        )
    files = ReadOnlyFiles()
    meta = str(path / META_PROPERTIES)
    try:
        properties = decode_properties(read_small(files, meta), meta)
        voters = recorded_voters(files, str(path / METADATA_LOG)) if has_metadata else None
    except (OSError, CorruptFrame) as error:
        raise DirectoryError(f"{error}; `odradek check-log {path}` tells what is wrong") from None
    node_id = properties.get("node.id", "")
    if not node_id.isdecimal():
        raise DirectoryError(f"{meta} has no node.id: is it a directory of Apache Kafka from before KRaft?")
    if voters is not None and voters != [int(node_id)]:
        raise DirectoryError(
            f"the metadata log of {path} has the voters {', '.join(map(str, voters))}: node {node_id} alone is none"
        )
    return SourceDirectory(path, properties.get("cluster.id", ""), int(node_id), voters is not None)


def copy_source(source: SourceDirectory, out: Path, metadata: SourceDirectory | None = None) -> Path:
    """Copy the directory, byte for byte; returns where to. A copy that fails leaves nothing. OSError.

    With `metadata` it gets the metadata log of that other directory, for a controller of its own.
    """
    target, unfinished = out / COPY, out / (COPY + _UNFINISHED)
    try:
        # Closing a file lets go of every lock that this process has on it: the lock file is not read.
        # A broker's own copy of the metadata log is older, if Apache Kafka has left one there.
        left_out = [LOCK] if metadata is None else [LOCK, METADATA_LOG]
        shutil.copytree(source.path, unfinished, ignore=lambda at, _: left_out if Path(at) == source.path else [])
        (unfinished / LOCK).touch()
        if metadata is not None:
            shutil.copytree(
                metadata.path / METADATA_LOG, unfinished / METADATA_LOG, ignore=lambda at, names: [_QUORUM_STATE]
            )
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
