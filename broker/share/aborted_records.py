"""Records of aborted transactions, which a group that reads committed is never given (share.isolation.level).

They are acquired with the others, for the log has them in between, and archived at once.
"""

from collections.abc import Iterable, Iterator, Sequence

from ...protocol.batch import RecordBatch
from ...protocol.control import find_marker
from ...protocol.wire import CorruptFrame
from ...storage.indexes.transaction_index import AbortedTxn
from .acquisition import AcquiredRecords, Extent
from .in_flight import ACQUIRED, InFlight


def aborted_extents(batches: Iterable[RecordBatch], aborted: Sequence[AbortedTxn]) -> Iterator[Extent]:
    """Of the batches that were read, in order, those that belong to these aborted transactions."""
    to_come = sorted(aborted, key=lambda txn: txn.first_offset, reverse=True)
    open_aborted: set[int] = set()
    for batch in batches:
        if batch.producer_id < 0:
            continue
        while to_come and to_come[-1].first_offset <= batch.last_offset:
            open_aborted.add(to_come.pop().producer_id)
        if batch.is_control:
            if _is_abort(batch):
                open_aborted.discard(batch.producer_id)
        elif batch.is_transactional and batch.producer_id in open_aborted:
            yield Extent(batch.base_offset, batch.last_offset)


def _is_abort(batch: RecordBatch) -> bool:
    try:
        marker = find_marker(batch)
    except CorruptFrame:
        return False
    return marker is not None and not marker.is_commit


def archive_aborted(
    in_flight: InFlight, acquired: Sequence[AcquiredRecords], aborted: Sequence[Extent]
) -> list[AcquiredRecords]:
    """Archive what was acquired of aborted batches, and return what is left of `acquired`."""
    for extent in aborted:
        touched = in_flight.touching(extent.base_offset, extent.last_offset)
        in_flight.archive(extent.base_offset, extent.last_offset, touched, ACQUIRED)
    return list(_without(acquired, aborted))


def _without(acquired: Iterable[AcquiredRecords], aborted: Sequence[Extent]) -> Iterator[AcquiredRecords]:
    at = 0
    for first, last, delivery_count in acquired:
        while at < len(aborted) and aborted[at].last_offset < first:
            at += 1
        next_at = at
        while next_at < len(aborted) and aborted[next_at].base_offset <= last:
            extent = aborted[next_at]
            if first < extent.base_offset:
                yield AcquiredRecords(first, extent.base_offset - 1, delivery_count)
            first = extent.last_offset + 1
            next_at += 1
        if first <= last:
            yield AcquiredRecords(first, last, delivery_count)
