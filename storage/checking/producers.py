"""Who wrote what, by the log, against the snapshots and the aborted-transaction indexes.

The rule: judged is only what the log alone decides. Where its beginning was deleted or compacted away, what began there
is not; and a producer that a snapshot lacks may have expired, unless its transaction is open.
"""

from ...protocol.batch import RecordBatch
from ..files.read_only_files import ReadableFiles
from ..indexes.transaction_index import AbortedTxn
from ..producer_snapshots import decode_snapshot
from ..producer_state import ProducerEntry, ProducerTable, SnapshotEntry
from ..replay import aborted_entry, replay_batch
from .entries import TooLarge, read_small
from .findings import Findings

SKIPPED = "the next start passes it over: an older snapshot and the log behind it serve instead"
WRONG = "the next start believes it: remove it, and the log serves instead"
MOST_PRODUCERS = 1 << 20


class ProducersCheck:
    """Replays the batches of a partition; the snapshots are compared where the replay comes by."""

    def __init__(
        self,
        files: ReadableFiles,
        directory: str,
        prefix: str,
        offsets: list[int],
        findings: Findings,
        *,
        synced_to: int,
    ) -> None:
        """`synced_to`: a stop that was not clean may have torn what describes the log beyond this offset."""
        self._synced_to = synced_to
        self._files, self._directory, self._prefix, self._findings = files, directory, prefix, findings
        self._due = sorted(offsets)
        self._table: ProducerTable | None = ProducerTable()
        self.known_from = 0

    def begin(self, base_offset: int) -> None:
        """The log begins here: below it only a snapshot knows."""
        if base_offset == 0:
            return
        entries: list[SnapshotEntry] | None = None
        while self._due and self._due[0] <= base_offset:
            offset = self._due.pop(0)
            found = self._read(offset)
            entries = found if offset == base_offset else None
        if entries is None:
            self.known_from = base_offset
        else:
            self._table = ProducerTable.from_snapshot(entries, 0, 1 << 62)

    def skip_to(self, offset: int) -> None:
        """What lies below is damaged, or was compacted: it no longer shows who wrote what."""
        self.known_from = max(self.known_from, offset)

    def see(self, batch: RecordBatch) -> AbortedTxn | None:
        """Replay one batch; the aborted transaction that it ends, if it ends one."""
        self._compare_up_to(batch.base_offset)
        if self._table is None:
            return None
        completed = replay_batch(self._table, batch)
        if len(self._table) > MOST_PRODUCERS:
            self._table = None  # more than any honest use, and not worth the memory
        return aborted_entry(completed) if completed is not None and completed.is_aborted else None

    def finish(self, end_offset: int) -> None:
        """The log ends here, and so must what the snapshots know."""
        self._compare_up_to(end_offset)
        for offset in self._due:
            name = self._name(offset)
            problem = f"it describes the log up to {offset}, which ends at {end_offset}"
            self._findings.add(name, problem, "the next start removes it", offset=offset, is_explained=True)

    def _name(self, offset: int) -> str:
        return f"{self._prefix}{offset:020d}.snapshot"

    def _read(self, offset: int) -> list[SnapshotEntry] | None:
        try:
            entries = decode_snapshot(read_small(self._files, f"{self._directory}/{offset:020d}.snapshot"))
        except TooLarge:
            entries = None
        if entries is None:
            problem, is_explained = "its version, its checksum or its length is wrong", offset >= self._synced_to
            self._findings.add(self._name(offset), problem, SKIPPED, is_explained=is_explained)
        return entries

    def _compare_up_to(self, offset: int) -> None:
        while self._due and self._due[0] <= offset:
            due = self._due.pop(0)
            entries = self._read(due)
            if entries is not None and self._table is not None:
                self._compare(self._name(due), entries, self._table)

    def _compare(self, name: str, entries: list[SnapshotEntry], table: ProducerTable) -> None:
        known = {entry.producer_id for entry in entries}
        for saved in entries:
            problem = self._problem_of(saved, table.find(saved.producer_id))
            if problem is not None:
                self._findings.add(name, f"producer {saved.producer_id}: {problem}", WRONG)
        for producer_id, entry in table:
            if producer_id not in known and entry.current_txn_first_offset >= self.known_from:
                first = entry.current_txn_first_offset
                self._findings.add(
                    name, f"producer {producer_id} lacks, whose transaction is open since {first}", WRONG
                )

    def _problem_of(self, saved: SnapshotEntry, entry: ProducerEntry | None) -> str | None:
        """Why a producer of a snapshot is not as the log has it; None where the log has its newest batch no more."""
        if entry is None:
            return None if self.known_from else "it wrote nothing into the log"
        newest = entry.batches[-1] if entry.batches else None
        if saved.last_offset < self.known_from or (newest is not None and newest.last_offset < self.known_from):
            return None
        if saved.producer_epoch != entry.producer_epoch:
            return f"epoch {saved.producer_epoch} where the log has {entry.producer_epoch}"
        if saved.last_sequence != entry.last_sequence:
            return f"last sequence {saved.last_sequence} where the log has {entry.last_sequence}"
        if newest is not None and saved.last_offset != newest.last_offset:
            return f"last offset {saved.last_offset} where the log has {newest.last_offset}"
        if max(saved.current_txn_first_offset, entry.current_txn_first_offset) < self.known_from:
            return None
        if saved.current_txn_first_offset != entry.current_txn_first_offset:
            return (
                f"transaction since {saved.current_txn_first_offset} where the log has {entry.current_txn_first_offset}"
            )
        return None
