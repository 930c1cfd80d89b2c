"""What a crash in the middle of a change leaves in a partition's directory, finished or swept up.

`.swap` files are a compaction's result that was complete: the swap goes through. Everything else that is half done
(`.cleaned`, `.deleted`, `.tmp`, an index without its log) was never or is no longer part of the log.
"""

from dataclasses import dataclass, field

from .files import Files
from .names import LOG_SUFFIX, SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX, TXN_INDEX_SUFFIX, offset_name
from .scan import BatchScan

_UNFINISHED = (".deleted", ".cleaned", ".tmp")
_SWAP = ".swap"


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


def tidy(files: Files, directory: str) -> PartitionFiles:
    """Finish or remove what is half done, and list the rest; names that are not ours are left alone."""
    names = set(files.list_directory(directory))
    for name in sorted(names):
        if name.endswith(_UNFINISHED) and name[:20].isdecimal():
            files.remove(f"{directory}/{name}")
            names.discard(name)
    if any(name.endswith(_SWAP) for name in names):
        names = _complete_swaps(files, directory, names)
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
    """Put compacted segments in the place of those whose offsets they cover."""
    for name in sorted(names):
        base_offset = find_offset(name, LOG_SUFFIX + _SWAP)
        if base_offset is None:
            continue
        path = f"{directory}/{name}"
        scan = BatchScan(files, path, 0, files.size(path), lowest_offset=base_offset)
        for _ in scan:
            pass
        covered = {
            offset
            for other in names
            if (offset := find_offset(other, LOG_SUFFIX)) is not None and base_offset <= offset < scan.next_offset
        }
        for offset in covered:
            for suffix in SEGMENT_SUFFIXES:
                files.remove(f"{directory}/{offset_name(offset)}{suffix}")
    for name in sorted(names):
        if name.endswith(_SWAP):
            files.rename(f"{directory}/{name}", f"{directory}/{name.removesuffix(_SWAP)}")
    return set(files.list_directory(directory))
