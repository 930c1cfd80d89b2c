"""Who wrote what to one partition: epochs, the last five batches, the open transaction of each producer.

Pure, in three steps: `check` reads and may refuse, the caller appends, `commit` writes. Nothing changes in
between, so a failed append leaves no trace. Replay uses `commit` alone: what is in the log is true (KIP-98).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..protocol.batch import MAX_SEQUENCE, RecordBatch
from ..protocol.errors import ErrorCode, KafkaError

NO_SEQUENCE = -1
NO_EPOCH = -1
NO_OFFSET = -1
BATCHES_KEPT = 5  # stock clients keep at most five requests in flight


class BatchMetadata(NamedTuple):
    """One appended batch, as much of it as recognises a repeat."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def first_sequence(self) -> int:
        """Sequence of the first record, 2^31 numbers wrapping to 0."""
        return (self.last_sequence - self.offset_delta) & MAX_SEQUENCE if self.last_sequence >= 0 else NO_SEQUENCE

    @property
    def first_offset(self) -> int:
        """Offset of the first record."""
        return self.last_offset - self.offset_delta


class ProducerAppend(NamedTuple):
    """A batch that may be appended: what `commit` will remember of it."""

    producer_id: int
    producer_epoch: int
    last_sequence: int
    offset_delta: int
    max_timestamp: int
    is_transactional: bool


class Duplicate(NamedTuple):
    """A batch that is in the log already; its answer is a success with these numbers."""

    base_offset: int
    last_offset: int
    timestamp: int


class CompletedTxn(NamedTuple):
    """A transaction that had data in this partition and has got its marker."""

    producer_id: int
    first_offset: int
    last_offset: int
    is_aborted: bool
    last_stable_offset: int


class SnapshotEntry(NamedTuple):
    """One producer in a snapshot file: its newest batch only, in the file's order of fields."""

    producer_id: int
    producer_epoch: int
    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int
    coordinator_epoch: int
    current_txn_first_offset: int


class ProducerEntry:
    """What a partition knows of one producer id."""

    __slots__ = ("batches", "coordinator_epoch", "current_txn_first_offset", "last_timestamp", "producer_epoch")

    def __init__(self, producer_epoch: int = NO_EPOCH) -> None:
        self.producer_epoch = producer_epoch
        self.batches: deque[BatchMetadata] = deque(maxlen=BATCHES_KEPT)
        self.coordinator_epoch = -1
        self.last_timestamp = -1
        self.current_txn_first_offset = NO_OFFSET

    @property
    def last_sequence(self) -> int:
        """Sequence of the last record, -1 when none is known under this epoch."""
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    def move_to_epoch(self, producer_epoch: int) -> None:
        """A new epoch starts with no batches."""
        if producer_epoch != self.producer_epoch:
            self.producer_epoch = producer_epoch
            self.batches.clear()


def draft_of(batch: RecordBatch) -> ProducerAppend:
    """What will be remembered of a batch."""
    return ProducerAppend(
        batch.producer_id,
        batch.producer_epoch,
        batch.last_sequence,
        batch.last_offset_delta,
        batch.max_timestamp,
        batch.is_transactional,
    )


class ProducerTable:
    """All producers of one partition, and their open transactions in the order of their first offsets."""

    __slots__ = ("_deferred", "_entries", "_open_txns")

    def __init__(self) -> None:
        self._entries: dict[int, ProducerEntry] = {}
        self._deferred: dict[int, tuple[int, int]] = {}  # id -> (epoch, sequence); in memory only, as in Kafka
        self._open_txns: dict[int, int] = {}  # a transaction opens at the log's end: insertion order is offset order

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[tuple[int, ProducerEntry]]:
        return iter(self._entries.items())

    def find(self, producer_id: int) -> ProducerEntry | None:
        """The state of one producer."""
        return self._entries.get(producer_id)

    @property
    def first_open_offset(self) -> int | None:
        """Where the earliest open transaction begins."""
        for first_offset in self._open_txns.values():
            return first_offset
        return None

    def has_open_transaction(self, producer_id: int) -> bool:
        """Whether this producer has data here that waits for a marker."""
        return producer_id in self._open_txns

    def check(self, batch: RecordBatch, *, is_from_client: bool = True) -> ProducerAppend | Duplicate:
        """Decide on a data batch with a producer id; raises, in Kafka's order, INVALID_PRODUCER_EPOCH,
        OUT_OF_ORDER_SEQUENCE_NUMBER or INVALID_TXN_STATE."""
        entry = self._entries.get(batch.producer_id)
        if entry is None:
            if is_from_client:
                self._check_deferred(batch)
            return draft_of(batch)
        epoch = batch.producer_epoch
        last_sequence = batch.last_sequence
        if is_from_client and epoch == entry.producer_epoch:
            for known in entry.batches:
                if known.last_sequence == last_sequence and known.first_sequence == batch.base_sequence:
                    return Duplicate(known.first_offset, known.last_offset, known.timestamp)
        _check_epoch(entry, batch.producer_id, epoch)
        if is_from_client:
            _check_sequence(entry, batch)
        if entry.current_txn_first_offset != NO_OFFSET and not batch.is_transactional:
            raise KafkaError(
                ErrorCode.INVALID_TXN_STATE,
                f"Producer {batch.producer_id} wrote without a transaction while one is open since offset "
                f"{entry.current_txn_first_offset}",
            )
        return ProducerAppend(
            batch.producer_id,
            epoch,
            last_sequence,
            batch.last_offset_delta,
            batch.max_timestamp,
            batch.is_transactional,
        )

    def note_tentative_sequence(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        """A batch will come later than those sent after it, which must wait where no sequence is known (KAFKA-14920).

        For producers that the coordinator knows only: each is remembered until it has written here.
        """
        epoch, lowest = self._deferred.get(producer_id, (NO_EPOCH, base_sequence))
        if producer_id not in self._entries and producer_epoch >= epoch:
            lowest = base_sequence if producer_epoch > epoch else min(lowest, base_sequence)
            self._deferred[producer_id] = (producer_epoch, lowest)

    def _check_deferred(self, batch: RecordBatch) -> None:
        epoch, lowest = self._deferred.get(batch.producer_id, (NO_EPOCH, NO_SEQUENCE))
        if batch.producer_epoch == epoch and batch.base_sequence > lowest:
            raise KafkaError(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                f"Out of order sequence number for producer {batch.producer_id}: {batch.base_sequence} (incoming seq. "
                f"number), {lowest} (earliest seen sequence)",
            )

    def commit(self, draft: ProducerAppend, base_offset: int) -> None:
        """Remember a batch that has been appended at `base_offset`."""
        producer_id, epoch, last_sequence, offset_delta, timestamp, is_transactional = draft
        entry = self._entries.get(producer_id)
        if entry is None:
            self._deferred.pop(producer_id, None)
            entry = self._entries[producer_id] = ProducerEntry(epoch)
        elif epoch != entry.producer_epoch:
            entry.move_to_epoch(epoch)
        entry.batches.append(BatchMetadata(last_sequence, base_offset + offset_delta, offset_delta, timestamp))
        entry.last_timestamp = timestamp
        if is_transactional and entry.current_txn_first_offset == NO_OFFSET:
            entry.current_txn_first_offset = self._open_txns[producer_id] = base_offset

    def check_marker(
        self, producer_id: int, producer_epoch: int, coordinator_epoch: int, *, must_raise_epoch: bool = False
    ) -> None:
        """INVALID_PRODUCER_EPOCH for a marker of an old one, TRANSACTION_COORDINATOR_FENCED for an old coordinator.

        With `must_raise_epoch` (transactions V2, KIP-890 and KIP-1228) the open transaction's own epoch is old.
        """
        entry = self._entries.get(producer_id)
        if entry is None:
            return
        is_repeat = must_raise_epoch and entry.current_txn_first_offset != NO_OFFSET
        if is_repeat and producer_epoch == entry.producer_epoch:
            raise KafkaError(
                ErrorCode.INVALID_PRODUCER_EPOCH,
                f"The marker of producer {producer_id} must have an epoch above {producer_epoch}",
            )
        _check_epoch(entry, producer_id, producer_epoch)
        if coordinator_epoch < entry.coordinator_epoch:
            raise KafkaError(
                ErrorCode.TRANSACTION_COORDINATOR_FENCED,
                f"Coordinator epoch {coordinator_epoch} of producer {producer_id}'s marker is below "
                f"{entry.coordinator_epoch}",
            )

    def commit_marker(
        self,
        producer_id: int,
        producer_epoch: int,
        coordinator_epoch: int,
        *,
        is_abort: bool,
        offset: int,
        timestamp: int,
    ) -> CompletedTxn | None:
        """Remember a marker appended at `offset`; None when the transaction had no data here."""
        entry = self._entries.get(producer_id)
        if entry is None:
            entry = self._entries[producer_id] = ProducerEntry(producer_epoch)
        entry.move_to_epoch(producer_epoch)
        entry.coordinator_epoch = coordinator_epoch
        entry.last_timestamp = timestamp
        entry.current_txn_first_offset = NO_OFFSET
        first_offset = self._open_txns.pop(producer_id, None)
        if first_offset is None:
            return None
        still_open = self.first_open_offset
        return CompletedTxn(
            producer_id, first_offset, offset, is_abort, offset + 1 if still_open is None else still_open
        )

    def expire(self, now_ms: int, expiration_ms: int) -> int:
        """Drop producers silent for `expiration_ms` of their own timestamps, unless a transaction is open."""
        old = [
            producer_id
            for producer_id, entry in self._entries.items()
            if entry.current_txn_first_offset == NO_OFFSET and now_ms - entry.last_timestamp >= expiration_ms
        ]
        for producer_id in old:
            del self._entries[producer_id]
        return len(old)

    def snapshot_entries(self) -> list[SnapshotEntry]:
        """What a snapshot file keeps."""
        entries: list[SnapshotEntry] = []
        for producer_id, entry in self._entries.items():
            newest = entry.batches[-1] if entry.batches else None
            entries.append(
                SnapshotEntry(
                    producer_id,
                    entry.producer_epoch,
                    newest.last_sequence if newest else NO_SEQUENCE,
                    newest.last_offset if newest else NO_OFFSET,
                    newest.offset_delta if newest else 0,
                    entry.last_timestamp,
                    entry.coordinator_epoch,
                    entry.current_txn_first_offset,
                )
            )
        return entries

    @classmethod
    def from_snapshot(cls, entries: Iterable[SnapshotEntry], now_ms: int, expiration_ms: int) -> "ProducerTable":
        """The table a snapshot describes, without the producers that have expired since."""
        table = cls()
        opened: list[tuple[int, int]] = []
        for saved in entries:
            is_open = saved.current_txn_first_offset >= 0
            if not is_open and now_ms - saved.timestamp >= expiration_ms:
                continue
            entry = table._entries[saved.producer_id] = ProducerEntry(saved.producer_epoch)
            entry.coordinator_epoch = saved.coordinator_epoch
            entry.last_timestamp = saved.timestamp
            if saved.last_offset >= 0:
                entry.batches.append(
                    BatchMetadata(saved.last_sequence, saved.last_offset, saved.offset_delta, saved.timestamp)
                )
            if is_open:
                entry.current_txn_first_offset = saved.current_txn_first_offset
                opened.append((saved.current_txn_first_offset, saved.producer_id))
        table._open_txns = {producer_id: first_offset for first_offset, producer_id in sorted(opened)}
        return table


def _check_epoch(entry: ProducerEntry, producer_id: int, epoch: int) -> None:
    # Never PRODUCER_FENCED: a transactional producer may then abort and go on (KIP-588).
    if epoch < entry.producer_epoch:
        raise KafkaError(
            ErrorCode.INVALID_PRODUCER_EPOCH,
            f"Epoch {epoch} of producer {producer_id} is below the last seen epoch {entry.producer_epoch}",
        )


def _check_sequence(entry: ProducerEntry, batch: RecordBatch) -> None:
    """Under a new epoch sequences begin at 0; under the known one they go on."""
    sequence = batch.base_sequence
    if batch.producer_epoch == entry.producer_epoch:
        last = entry.last_sequence
        expected = (last + 1) & MAX_SEQUENCE
    elif entry.producer_epoch == NO_EPOCH:
        return
    else:
        last, expected = NO_SEQUENCE, 0
    if sequence != expected:
        raise KafkaError(
            ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
            f"Out of order sequence number for producer {batch.producer_id}: {sequence} (incoming seq. number), "
            f"{last} (current end sequence number)",
        )
