"""Which batches belong to aborted transactions, and which markers are still needed: a pass over a log from its start.

A marker stays as long as any batch of its transaction does, an empty one included: without it the next transaction
of that producer would be taken for part of this one.
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from ...protocol.batch import RecordBatch
from ...protocol.control import find_marker
from ..indexes.transaction_index import AbortedTxn


class CleanedTransactions:
    """The transactions that a pass is inside of. Batches must be shown in the order of the log."""

    __slots__ = ("_aborted", "_committed", "_known", "_seen")

    def __init__(self) -> None:
        self._known: list[tuple[int, AbortedTxn]] = []  # a heap by first offset: not yet begun
        self._aborted: dict[int, AbortedTxn] = {}  # by producer: begun, and its marker is still to come
        self._seen: set[int] = set()  # producers whose aborted transaction has a batch
        self._committed: set[int] = set()  # producers with batches of a transaction that will be committed

    def add_aborted(self, entries: Iterable[AbortedTxn]) -> None:
        """The entries of the index for the stretch to come; an entry may be given more than once."""
        for entry in entries:
            heappush(self._known, (entry.first_offset, entry))

    def is_aborted(self, batch: RecordBatch) -> bool:
        """Whether a data batch was aborted; to be asked of every one."""
        self._begin_up_to(batch.last_offset)
        if not batch.is_transactional:
            return False
        if batch.producer_id in self._aborted:
            self._seen.add(batch.producer_id)
            return True
        self._committed.add(batch.producer_id)
        return False

    def end(self, batch: RecordBatch) -> tuple[bool, AbortedTxn | None]:
        """A control batch: whether nothing needs it any more, and the index entry that goes on beside it.

        CorruptFrame where its record is damaged.
        """
        self._begin_up_to(batch.last_offset)
        if not batch.records_count:
            return True, None  # emptied by an earlier pass
        marker = find_marker(batch)
        if marker is None:
            return False, None  # of no transaction: not ours to judge
        producer_id = batch.producer_id
        if marker.is_commit:
            is_needed = producer_id in self._committed
            self._committed.discard(producer_id)
            return not is_needed, None
        entry = self._aborted.pop(producer_id, None)
        is_needed = producer_id in self._seen
        self._seen.discard(producer_id)
        return not is_needed, entry if is_needed else None

    def _begin_up_to(self, offset: int) -> None:
        known = self._known
        while known and known[0][0] <= offset:
            _, entry = heappop(known)
            self._aborted.setdefault(entry.producer_id, entry)
