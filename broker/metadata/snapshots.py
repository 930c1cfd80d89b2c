"""When the metadata log is written down as a snapshot, and what of it may go then (KIP-630).

The rule: a snapshot and the log from its end on are the whole truth; the one before it, and the log from there, are
kept too, in case the newest cannot be read. A snapshot that cannot be written costs time at the next start, no more.
"""

from ...storage.files.files import Files
from ...storage.log import PartitionLog
from ...storage.metadata_snapshot import (
    Control,
    Snapshot,
    SnapshotId,
    SnapshotWrite,
    begin_snapshot,
    find_snapshots,
    remove_snapshot,
)
from ..log_output import get_logger
from .image import MetadataImage

logger = get_logger("metadata")

SNAPSHOTS_KEPT = 2


class MetadataSnapshots:
    """The snapshots in the directory of the metadata log.

    `controls` are the quorum's own records (its version, its voters), which every snapshot repeats;
    `unsaved_bytes` is how much of the log no snapshot covers yet.
    """

    def __init__(
        self, files: Files, directory: str, bytes_between: int, controls: dict[int, bytes], unsaved_bytes: int
    ) -> None:
        self._files = files
        self._directory = directory
        self._bytes_between = bytes_between
        self._controls = controls
        self._unsaved_bytes = unsaved_bytes
        self._bytes_since_try = unsaved_bytes
        self._under_way_bytes = 0  # of the log, covered by the snapshot that is being written
        self._last_timestamp = -1

    @property
    def is_due_by_size(self) -> bool:
        """Whether the log has grown by metadata.log.max.record.bytes.between.snapshots."""
        return self._bytes_since_try >= self._bytes_between

    def note_written(self, size_bytes: int, timestamp: int) -> None:
        """The log has grown, by records of this time."""
        self._unsaved_bytes += size_bytes
        self._bytes_since_try += size_bytes
        self._last_timestamp = timestamp

    def begin(self, image: MetadataImage, metadata_log: PartitionLog, epoch: int, now_ms: int) -> SnapshotWrite | None:
        """Prepare to write the image down; None if nothing is new, or one is on its way. OSError."""
        if not self._unsaved_bytes or image.is_in_transaction or self._under_way_bytes:
            return None
        metadata_log.check_open()
        self._bytes_since_try = 0
        snapshot = Snapshot(list(image.records()), list[Control](self._controls.items()))
        last = self._last_timestamp if self._last_timestamp >= 0 else now_ms
        snapshot_id = SnapshotId(metadata_log.log_end_offset, epoch)
        write = begin_snapshot(self._files, self._directory, snapshot_id, snapshot, last_timestamp=last, now_ms=now_ms)
        self._under_way_bytes = self._unsaved_bytes
        return write

    def finish(self, write: SnapshotWrite) -> None:
        """It is on the disk, or has failed and costs no more than time."""
        if write.is_done:
            self._unsaved_bytes -= self._under_way_bytes
            logger.info("snapshot of the metadata log", name=write.id.file_name, bytes=write.size_bytes)
        else:
            logger.error("a snapshot of the metadata log failed", name=write.id.file_name, error=str(write.failure))
        self._under_way_bytes = 0

    def drop_older(self) -> int | None:
        """Remove all but the last two; where the log may begin then, if there are two. OSError."""
        found = find_snapshots(self._files, self._directory)
        for needless in found[SNAPSHOTS_KEPT:]:
            remove_snapshot(self._files, self._directory, needless)
        return found[SNAPSHOTS_KEPT - 1].end_offset if len(found) >= SNAPSHOTS_KEPT else None
