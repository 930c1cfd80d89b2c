"""A power loss on command: what no fsync has covered goes from the files of a log that was abandoned.

The least that a disk promises: everything below the recovery point is there, and nothing else. What a real power loss
leaves may be more, and in pieces; recovery copes with that as well.
"""

from ..protocol.errors import KafkaError
from .file_names import LOG_SUFFIX, SEGMENT_SUFFIXES, SNAPSHOT_SUFFIX, offset_name
from .files.files import Files
from .read_batches import LogPosition, find_position
from .swap_completion import complete_swaps_and_remove_temporaries


def drop_unflushed(files: Files, path: str, recovery_point: int) -> int:
    """Cut the log in the directory `path` where its recovery point has it; returns how many bytes of batches went.

    Nobody has it open, and the next start is to recover it: the indexes of its last segment are removed. A segment that
    begins beyond the recovery point is the first of all where the log was truncated fully; it stays, empty.
    """
    found = complete_swaps_and_remove_temporaries(files, path)
    bases = sorted(found.logs)
    kept = [base for base in bases if base <= recovery_point] or bases[:1]
    lost = 0
    for base in bases[len(kept) :]:
        lost += files.size(f"{path}/{offset_name(base)}{LOG_SUFFIX}")
        for suffix in SEGMENT_SUFFIXES:
            files.remove(f"{path}/{offset_name(base)}{suffix}")
    for offset in found.snapshots:
        if offset > recovery_point:
            files.remove(f"{path}/{offset_name(offset)}{SNAPSHOT_SUFFIX}")
    return lost + (_cut(files, f"{path}/{offset_name(kept[-1])}", kept[-1], recovery_point) if kept else 0)


def _cut(files: Files, stem: str, base_offset: int, recovery_point: int) -> int:
    """Cut a segment before the first batch that reaches the recovery point; returns how many bytes went."""
    size = files.size(stem + LOG_SUFFIX)
    try:
        start = LogPosition(0, base_offset)
        end = find_position(files, stem + LOG_SUFFIX, start, size, recovery_point, may_skip=True).byte
    except KafkaError:
        return 0  # damaged before: recovery finds that, and everything behind it
    for suffix in SEGMENT_SUFFIXES[1:]:
        files.remove(stem + suffix)
    files.truncate(stem + LOG_SUFFIX, end)
    return size - end
