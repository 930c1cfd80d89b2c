"""What a crash in the middle of a change leaves in a partition's directory, finished or swept up.

`.swap` files are a compaction's result that was complete: the swap goes through. Everything else that is half done
(`.cleaned`, `.deleted`, `.tmp`, an index without its log) was never or is no longer part of the log.
"""

from dataclasses import dataclass, field

from .file_names import LOG_SUFFIX, SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX, TXN_INDEX_SUFFIX, offset_name
from .files.files import Files
from .scan import BatchScan

_UNFINISHED = (".deleted", ".cleaned", ".tmp")
_CLEANED, _SWAP = ".cleaned", ".swap"


@dataclass(slots=True)
class PartitionFiles:
    """The base offsets of what a directory holds."""

    logs: set[int] = field(default_factory=set[int])
    txn_indexes: set[int] = field(default_factory=set[int])
    snapshots: set[int] = field(default_factory=set[int])


def find_offset(name: str, suffix: str) -> int | None:
    """The offset in a file's name, if it is a name of ours with this suffix."""
    digits = name[: -len(suffix)]
    return int(digits) if name.endswith(suffix) and len(digits) == 20 and digits.isdecimal() else None


def complete_swaps_and_remove_temporaries(files: Files, directory: str) -> PartitionFiles:
    """Finish or remove what is half done, and list the rest; names that are not ours are left alone."""
    names = set(files.list_directory(directory))
    if any(name.endswith(_SWAP) for name in names):
        names = _complete_swaps(files, directory, names)
    for name in sorted(names):
        if name.endswith(_UNFINISHED) and name[:20].isdecimal():
            files.remove(f"{directory}/{name}")
            names.discard(name)
    found = PartitionFiles()
    found.logs = {offset for name in names if (offset := find_offset(name, LOG_SUFFIX)) is not None}
    found.snapshots = {offset for name in names if (offset := find_offset(name, SNAPSHOT_SUFFIX)) is not None}
    for name in names:
        for suffix in SEGMENT_SUFFIXES[1:]:
            offset = find_offset(name, suffix)
            if offset is None:
                continue
            if offset not in found.logs:
                files.remove(f"{directory}/{name}")
            elif suffix == TXN_INDEX_SUFFIX:
                found.txn_indexes.add(offset)
    return found


def _complete_swaps(files: Files, directory: str, names: set[str]) -> set[str]:
    """Put compacted segments in the place of those whose offsets they cover; returns the names there are then."""
    # Apache Kafka renames the log first: beside a file that is `.cleaned`, what is `.swap` is not whole (KAFKA-6264).
    cleaned = [int(name[:20]) for name in names if name.endswith(_CLEANED) and name[:20].isdecimal()]
    whole = [
        offset
        for name in sorted(names)
        if (offset := find_offset(name, LOG_SUFFIX + _SWAP)) is not None and offset < min(cleaned, default=offset + 1)
    ]
    for base_offset in whole:
        _remove_covered(files, directory, names, base_offset)
        for suffix in reversed(SEGMENT_SUFFIXES):  # the log last: until then this is done again after a crash
            path = f"{directory}/{offset_name(base_offset)}{suffix}"
            if files.exists(path + _SWAP):
                files.rename(path + _SWAP, path)
    for name in files.list_directory(directory):
        if name.endswith(_SWAP) and name[:20].isdecimal():
            files.remove(f"{directory}/{name}")
    return set(files.list_directory(directory))


def _remove_covered(files: Files, directory: str, names: set[str], base_offset: int) -> None:
    """Remove the segments whose records a `.log.swap` holds.

    Its own namesake loses the log last, so where that has gone, the indexes of this name are the new ones.
    """
    path = f"{directory}/{offset_name(base_offset)}{LOG_SUFFIX}{_SWAP}"
    for _ in (scan := BatchScan(files, path, 0, files.size(path), lowest_offset=base_offset)):
        pass
    logs = {offset for name in names if (offset := find_offset(name, LOG_SUFFIX)) is not None}
    for offset in sorted(logs, reverse=True):
        if offset == base_offset or base_offset < offset < scan.next_offset:
            for suffix in reversed(SEGMENT_SUFFIXES):
                files.remove(f"{directory}/{offset_name(offset)}{suffix}")
