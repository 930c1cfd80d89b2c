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
    find_snapshots,
    remove_snapshot,
    write_snapshot,
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

    def write(self, image: MetadataImage, metadata_log: PartitionLog, epoch: int, now_ms: int) -> None:
        """Write a snapshot unless nothing is new; then let the log begin at the one before."""
        if not self._unsaved_bytes or image.is_in_transaction:
            return
        self._bytes_since_try = 0
        snapshot_id = SnapshotId(metadata_log.log_end_offset, epoch)
        snapshot = Snapshot(list(image.records()), list[Control](self._controls.items()))
        last = self._last_timestamp if self._last_timestamp >= 0 else now_ms
        try:
            metadata_log.check_open()  # the snapshot is a file beside it
            size = write_snapshot(
                self._files, self._directory, snapshot_id, snapshot, last_timestamp=last, now_ms=now_ms
            )
            self._unsaved_bytes = 0
            self._trim(metadata_log, now_ms)
        except OSError as error:
            logger.error("a snapshot of the metadata log failed", name=snapshot_id.file_name, error=str(error))
            return
        logger.info("snapshot of the metadata log", name=snapshot_id.file_name, bytes=size)

    def _trim(self, metadata_log: PartitionLog, now_ms: int) -> None:
        metadata_log.roll(now_ms)
        found = find_snapshots(self._files, self._directory)
        for needless in found[SNAPSHOTS_KEPT:]:
            remove_snapshot(self._files, self._directory, needless)
        if len(found) >= SNAPSHOTS_KEPT:
            metadata_log.delete_records_before(found[SNAPSHOTS_KEPT - 1].end_offset)
            metadata_log.delete_old_segments(now_ms)
