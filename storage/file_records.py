"""FileRecords: the batches of one `.log` file, added at its end, read from any batch on, and scanned front to back.

Named after Apache Kafka's class. Nothing that was read is handed out before it was checked (`read_batches.py`).
"""

from collections.abc import Sequence

from ..protocol.batch import HEADER_BYTES, RecordBatch
from .files.files import Buffer, Files
from .integrity import BatchIntegrity
from .log_results import Range
from .read_batches import LogPosition, corrupt, read_batches
from .scan import BatchScan


class FileRecords:
    """A run of batches from `base_offset` on, and how long it is: what a segment and its indexes share."""

    __slots__ = ("_files", "base_offset", "integrity", "is_contiguous", "path", "size_bytes")

    def __init__(
        self,
        files: Files,
        path: str,
        base_offset: int,
        *,
        size_bytes: int = 0,
        integrity: BatchIntegrity | None = None,
        is_contiguous: bool = False,
    ) -> None:
        self._files = files
        self.path = path
        self.base_offset = base_offset
        self.size_bytes = size_bytes
        self.integrity = integrity or BatchIntegrity()
        self.is_contiguous = is_contiguous  # known never to have been compacted

    @property
    def may_skip(self) -> bool:
        """Whether offsets may be missing here."""
        return self.integrity.may_skip and not self.is_contiguous

    def create(self) -> None:
        """Make the empty file, which is what marks a segment's existence."""
        self._files.write(self.path, [b""], 0)

    def append(self, buffers: Sequence[Buffer], size_bytes: int) -> int:
        """Add bytes at the end, all or none of them; returns the position they got."""
        position = self.size_bytes
        self._files.write(self.path, buffers, position)
        self.size_bytes = position + size_bytes
        return position

    def truncate(self, position: int) -> None:
        """Cut the file at a batch boundary."""
        self._files.truncate(self.path, position)
        self.size_bytes = position

    def read(self, start: LogPosition, max_bytes: int, upper_offset: int, *, at_least_one: bool) -> Range | None:
        """Whole, sound batches from a batch boundary on; None when not even one may be returned."""
        position, base_offset = start
        left = self.size_bytes - position
        integrity = self.integrity
        may_skip = integrity.may_skip and not self.is_contiguous
        data = self._files.read(self.path, position, min(max(max_bytes, HEADER_BYTES), left))
        batches = read_batches(data, left, base_offset, upper_offset, integrity, may_skip=may_skip)
        if batches is not None and not 0 < batches.end <= max_bytes:
            if not at_least_one or not (batches.end or batches.first_batch_bytes):
                return None
            if not batches.end:
                data = self._files.read(self.path, position, batches.first_batch_bytes)
                batches = read_batches(data, left, base_offset, upper_offset, integrity, may_skip=may_skip)
        if batches is None:
            raise corrupt(self.path, position)
        end = batches.end
        if not end:
            return None
        if 2 * end < len(data):
            data = data[:end]  # what is not served is not kept until the answer is sent
        whole = data if end == len(data) else memoryview(data)[:end]
        return Range(whole, batches.first_offset, batches.next_offset, position + end)

    def read_header(self, position: int) -> RecordBatch | None:
        """The header alone of the batch at a batch boundary, unchecked; None where the file ends before."""
        if self.size_bytes - position < HEADER_BYTES:
            return None
        return RecordBatch(self._files.read(self.path, position, HEADER_BYTES))

    def scan(self, position: int = 0, *, integrity: BatchIntegrity | None = None) -> BatchScan:
        """Every sound batch from a batch boundary on."""
        return BatchScan(
            self._files,
            self.path,
            position,
            self.size_bytes,
            lowest_offset=self.base_offset,
            is_first_known=position == 0,
            integrity=integrity or self.integrity,
            may_skip=self.may_skip,
        )
