"""Reading the metadata log at the start, more strictly than any other: what it loses is topics.

The rule: bytes at the end that are no batch were being written when the broker died, and were never answered; the
recovery that follows cuts them. Damage with a good batch behind it, or below what was known to be durable, is no torn
tail, and the start is refused.
"""

import struct
from collections.abc import Iterator

from ..protocol.batch import HEADER_BYTES, LOG_OVERHEAD_BYTES, MAGIC_AT, RecordBatch
from .directory import DirectoryError
from .file_names import LOG_SUFFIX, offset_name
from .files.files import Files
from .leader_epochs import FILE_NAME as EPOCHS_FILE
from .metadata_snapshot import SUFFIX as SNAPSHOT_SUFFIX
from .read_batches import MAGIC
from .scan import BatchScan
from .swap_completion import find_offset

_LENGTH = struct.Struct(">i")


class MetadataLogReader:
    """The batches of `__cluster_metadata-0` from an offset on.

    Afterwards `end_offset` is where they end, and `stored_end_offset` where the log does, which may be before them all.
    """

    def __init__(self, files: Files, directory: str, from_offset: int, durable_offset: int) -> None:
        self._files = files
        self._directory = directory
        self._from_offset = from_offset
        self._durable_offset = durable_offset
        self.end_offset = from_offset
        self.stored_end_offset = 0

    def batches(self) -> Iterator[RecordBatch]:
        """Every batch with an offset at or beyond the one asked for, checked. DirectoryError for damage; OSError."""
        bases = self._find_bases()
        if bases and bases[0] > self._from_offset:
            raise DirectoryError(
                f"{self._directory} begins at offset {bases[0]}, and what is below is in no snapshot that can be read"
            )
        held = [at for at, base in enumerate(bases) if base <= self._from_offset]
        for at in range(held[-1] if held else 0, len(bases)):
            path = f"{self._directory}/{offset_name(bases[at])}{LOG_SUFFIX}"
            scan = BatchScan(self._files, path, 0, self._files.size(path), lowest_offset=bases[at])
            self.stored_end_offset = expected = bases[at]
            for position, batch in scan:
                if batch.base_offset != expected:
                    # Nothing ever compacts this log: a hole is damage.
                    raise DirectoryError(
                        f"the metadata log is damaged: offset {batch.base_offset} where {expected} was expected, at "
                        f"byte {position} of {path}; restore it from a copy"
                    )
                expected = batch.next_offset
                self.stored_end_offset = expected
                if batch.next_offset > self._from_offset:
                    self.end_offset = batch.next_offset
                    yield batch
            later = bases[at + 1 :]
            if scan.problem is not None:
                self._check_torn(path, scan, later)
                break
            if later and later[0] != expected:
                raise DirectoryError(
                    f"the metadata log is damaged: {path} ends at offset {expected}, the next segment begins at "
                    f"{later[0]}; restore it from a copy"
                )
        if self.end_offset < self._durable_offset:
            raise DirectoryError(
                f"{self._directory} ends at offset {self.end_offset}, but had reached {self._durable_offset} for good"
            )

    def _find_bases(self) -> list[int]:
        names = self._files.list_directory(self._directory)
        return sorted(offset for name in names if (offset := find_offset(name, LOG_SUFFIX)) is not None)

    def _check_torn(self, path: str, scan: BatchScan, later_bases: list[int]) -> None:
        follows = self._find_batch(path, scan.position + 1, scan.next_offset)
        if follows is None and later_bases:
            # A segment begins, empty or not, when the one before it is whole.
            follows = f"{offset_name(later_bases[0])}{LOG_SUFFIX} follows"
        if follows is not None:
            raise DirectoryError(
                f"the metadata log is damaged: {scan.problem} at byte {scan.position} of {path}, and {follows}; "
                "restore it from a copy: without it topics would be lost"
            )

    def _find_batch(self, path: str, start: int, lowest_offset: int) -> str | None:
        """Where behind `start` a good batch stands, at whatever byte."""
        data = self._files.read(path, start, self._files.size(path) - start)
        at = data.find(bytes([MAGIC]), MAGIC_AT) - MAGIC_AT
        while at >= 0 and len(data) - at >= HEADER_BYTES:
            size = int(_LENGTH.unpack_from(data, at + 8)[0]) + LOG_OVERHEAD_BYTES
            if HEADER_BYTES <= size <= len(data) - at:
                batch = RecordBatch(data, at)
                if batch.base_offset >= lowest_offset and batch.is_intact():
                    return f"there is a good batch at byte {start + at}"
            at = data.find(bytes([MAGIC]), at + MAGIC_AT + 1) - MAGIC_AT
        return None


def clear_metadata_log(files: Files, directory: str) -> None:
    """Remove a log that has nothing which a snapshot has not, so that it can begin where the snapshot ends."""
    for name in files.list_directory(directory):
        if name == EPOCHS_FILE or (name[:20].isdecimal() and not name.endswith(SNAPSHOT_SUFFIX)):
            files.remove(f"{directory}/{name}")
