"""Whether the metadata log of a directory says who votes in its quorum (kraft.version 1, KIP-853), and who that is.

Read from the newest snapshot and what comes behind it, as the broker does; with kraft.version 0 the settings say it.
"""

import re
from collections.abc import Iterator

from ...protocol.codec import decode
from ...protocol.control import ControlType, control_type
from ...protocol.quorum_records import KRaftVersionRecord, VotersRecord
from ...protocol.records import read_records
from ...protocol.wire import CorruptFrame
from ..files.read_only_files import ReadableFiles
from .batches import BatchWalk

_SNAPSHOT = re.compile(r"\d{20}-\d{10}\.checkpoint")
_LOG = re.compile(r"\d{20}\.log")


def recorded_voters(files: ReadableFiles, directory: str) -> list[int] | None:
    """The node ids of the voters on record in a metadata log; None where none are. OSError, CorruptFrame."""
    names = sorted(files.list_directory(directory))
    snapshots = [name for name in names if _SNAPSHOT.fullmatch(name)]
    version, voters = 0, list[int]()
    for name in [*snapshots[-1:], *(name for name in names if _LOG.fullmatch(name))]:
        for kind, value in _controls(files, f"{directory}/{name}"):
            if kind == ControlType.KRAFT_VERSION:
                version = decode(KRaftVersionRecord, 0, value).kraft_version
            elif kind == ControlType.KRAFT_VOTERS:
                voters = [voter.voter_id for voter in decode(VotersRecord, 0, value).voters]
    return voters if version else None


def _controls(files: ReadableFiles, path: str) -> Iterator[tuple[int, bytes]]:
    walk = BatchWalk(files, path, 0, files.size(path))
    for seen in walk:
        if not (seen.is_intact and seen.is_whole):
            raise CorruptFrame(f"{path}: a batch at byte {seen.position} is damaged")
        if seen.batch.is_control:
            for record in read_records(seen.batch):
                yield control_type(record.key), record.value or b""
    if walk.problem is not None:
        raise CorruptFrame(f"{path}: {walk.problem} at byte {walk.position}")
