"""Aborted records are archived as soon as they are acquired, and told to no member."""

from collections.abc import Sequence

from odradek.broker.coordination.share_state.requests import ARCHIVED
from odradek.broker.share.aborted_records import aborted_extents, archive_aborted
from odradek.broker.share.acquisition import AcquiredRecords, Extent
from odradek.broker.share.in_flight import ACQUIRED
from odradek.protocol.batch import RecordBatch
from odradek.protocol.control import marker_batch
from odradek.protocol.records import NO_PRODUCER, NewRecord, ProducerStamp, build_batch
from odradek.storage.indexes.transaction_index import AbortedTxn

from .share_harness import acquire, extents, partition_at


def data(base: int, count: int, producer: int = -1, *, is_transactional: bool = True) -> RecordBatch:
    records = [NewRecord(None, b"value", 1000) for _ in range(count)]
    stamp = ProducerStamp(producer, 0, 0, is_transactional) if producer >= 0 else NO_PRODUCER
    return RecordBatch(build_batch(records, base_offset=base, producer=stamp))


def marker(base: int, producer: int, *, is_commit: bool) -> RecordBatch:
    return RecordBatch(
        marker_batch(
            producer_id=producer,
            producer_epoch=0,
            is_commit=is_commit,
            coordinator_epoch=0,
            timestamp_ms=1000,
            base_offset=base,
        )
    )


def aborted_of(batches: Sequence[RecordBatch], *txns: tuple[int, int]) -> list[tuple[int, int]]:
    aborted = [AbortedTxn(producer, first, 99, 99) for producer, first in txns]
    return [(first, last) for first, last in aborted_extents(batches, aborted)]


def test_the_batches_of_an_aborted_transaction_end_with_its_marker() -> None:
    batches = [data(0, 2, 5), data(2, 2), data(4, 2, 6), data(6, 2, 5), marker(8, 5, is_commit=False), data(9, 2, 5)]
    assert aborted_of(batches, (5, 0)) == [(0, 1), (6, 7)]


def test_a_commit_of_another_producer_ends_nothing() -> None:
    batches = [data(0, 2, 5), marker(2, 6, is_commit=True), data(3, 2, 5)]
    assert aborted_of(batches, (5, 0)) == [(0, 1), (3, 4)]


def test_what_the_producer_wrote_outside_a_transaction_or_before_it_stays() -> None:
    batches = [data(0, 2, 5), data(2, 2, 5, is_transactional=False), data(4, 2, 5)]
    assert aborted_of(batches, (5, 4)) == [(4, 5)]


def test_aborted_records_are_archived_and_not_told() -> None:
    partition = partition_at()
    acquired = [AcquiredRecords(*one) for one in acquire(partition, extents((0, 9), (10, 19)), batch_size=10)]
    left = archive_aborted(partition.in_flight, acquired, [Extent(3, 5), Extent(8, 12), Extent(19, 25)])
    assert left == [(0, 2, 1), (6, 7, 1), (13, 18, 1)]
    states = [(run.first, run.last, run.state) for batch in partition.in_flight.batches for run in batch.runs]
    assert states == [
        *[(0, 2, ACQUIRED), (3, 5, ARCHIVED), (6, 7, ACQUIRED), (8, 9, ARCHIVED)],
        *[(10, 12, ARCHIVED), (13, 18, ACQUIRED), (19, 19, ARCHIVED)],
    ]


def test_where_all_is_aborted_nothing_is_left() -> None:
    partition = partition_at()
    acquired = [AcquiredRecords(*one) for one in acquire(partition, extents((0, 9)))]
    assert archive_aborted(partition.in_flight, acquired, [Extent(0, 9)]) == []
    assert partition.in_flight.advance()
    assert partition.in_flight.start_offset == 10
