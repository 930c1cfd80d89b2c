"""The leader epochs of a partition: the checkpoint, against the epoch that each batch was written under."""

from bisect import bisect_right

from ...protocol.batch import RecordBatch
from ..checkpoints import MalformedCheckpoint, decode_lines
from ..files.read_only_files import ReadableFiles
from ..leader_epochs import FILE_NAME
from .entries import TooLarge, read_small
from .findings import BUILT_ANEW, Findings

UNKNOWN_EPOCH = -1


class EpochsCheck:
    """Each batch must lie in the span that the checkpoint gives its epoch."""

    def __init__(self, files: ReadableFiles, directory: str, prefix: str, findings: Findings) -> None:
        self._name, self._findings = prefix + FILE_NAME, findings
        self._entries = self._read(files, f"{directory}/{FILE_NAME}")
        self._starts = [start for _, start in self._entries]
        self._has_batches = False

    def _read(self, files: ReadableFiles, path: str) -> list[tuple[int, int]]:
        entries: list[tuple[int, int]] = []
        try:
            for epoch, start in decode_lines(read_small(files, path), path):
                entry = int(epoch), int(start)
                if entries and (entry[0] <= entries[-1][0] or entry[1] <= entries[-1][1]):
                    self._findings.add(self._name, f"epoch {epoch} at {start} does not ascend", BUILT_ANEW)
                    return []
                entries.append(entry)
        except FileNotFoundError:
            pass
        except (MalformedCheckpoint, TooLarge, ValueError):
            self._findings.add(self._name, "it is no checkpoint of epochs", BUILT_ANEW)
            return []
        return entries

    def see(self, batch: RecordBatch, name: str, position: int) -> None:
        """Compare the epoch of one batch; what lies below the first entry was deleted by request, and has none."""
        self._has_batches = self._has_batches or batch.partition_leader_epoch >= 0
        if not self._entries:
            return
        at = bisect_right(self._starts, batch.base_offset) - 1
        epoch = batch.partition_leader_epoch
        if at >= 0 and epoch != UNKNOWN_EPOCH and epoch != self._entries[at][0]:
            problem = f"the batch has leader epoch {epoch} where {FILE_NAME} says {self._entries[at][0]}"
            consequence = "one of the two is wrong; reading the batch may be refused (CORRUPT_MESSAGE)"
            self._findings.add(name, problem, consequence, position=position, offset=batch.base_offset)

    def finish(self, end_offset: int) -> None:
        """No epoch begins beyond the end of the log, and a log with batches has an epoch."""
        if self._starts and self._starts[-1] > end_offset:
            problem = f"epoch {self._entries[-1][0]} begins at {self._starts[-1]}, beyond the log's end {end_offset}"
            self._findings.add(self._name, problem, "the next start drops it", is_explained=True)
        if self._has_batches and not self._entries:
            self._findings.add(self._name, "it is missing, or has no epoch", BUILT_ANEW, is_explained=True)
