"""A page of a partition's records, read where they lie: bounded in records and bytes, decoded beside the loop."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...protocol.batch import whole_batches
from ...protocol.records import read_records
from ...storage.indexes.transaction_index import AbortedTxn, AbortedUnknown
from ...storage.log_api import Log
from ..beside_the_loop import beside_the_loop
from ..runtime import Threads
from ..testing.records_seen import ABORTED, COMMITTED, OPEN, SeenRecord, is_committed, seen_record

READ_BYTES = 1 << 18  # of the log at a time


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which partition a page is, and what it is to hold at most."""

    topic: str
    partition: int
    most_records: int
    most_bytes: int
    is_committed: bool


@dataclass(slots=True)
class RecordPage:
    """Some records of a partition, and where the next page begins."""

    records: list[SeenRecord]
    size_bytes: int
    next_offset: int
    is_full: bool = False

    def take(self, records: Iterator[SeenRecord], wanted: Wanted) -> None:
        """Go on with these, up to what is wanted."""
        for record in records:
            if record.offset < self.next_offset:
                continue  # the batch begins before
            if not wanted.is_committed or is_committed(record):
                if len(self.records) >= wanted.most_records or (self.records and self.size_bytes >= wanted.most_bytes):
                    self.is_full = True
                    return
                self.records.append(record)
                self.size_bytes += len(record.value or b"") + len(record.key or b"")
            self.next_offset = record.offset + 1


@dataclass(frozen=True, slots=True)
class _Transactions:
    """What became of the transactions of what was read."""

    aborted: Sequence[AbortedTxn]
    open_from: dict[int, int]  # the first offset of a producer's open transaction

    def outcome(self, producer_id: int, offset: int) -> str:
        if producer_id in self.open_from and offset >= self.open_from[producer_id]:
            return OPEN
        for txn in self.aborted:
            if txn.producer_id == producer_id and txn.first_offset <= offset <= txn.last_offset:
                return ABORTED
        return COMMITTED


async def read_page(log: Log, threads: Threads, offset: int, wanted: Wanted) -> RecordPage:
    """The records from an offset on, or from where the log begins now. KafkaError, CorruptFrame, OSError."""
    page = RecordPage([], 0, min(max(offset, log.log_start_offset), log.high_watermark))
    while not page.is_full and page.next_offset < log.high_watermark:
        page.next_offset = max(page.next_offset, log.log_start_offset)  # retention may have passed it meanwhile
        found = log.read(page.next_offset, READ_BYTES, upper_offset=log.high_watermark)
        try:
            aborted = log.aborted_transactions(page.next_offset, found.next_offset)
        except AbortedUnknown as unknown:
            for _ in unknown.steps:
                await asyncio.sleep(0)
            continue  # all may have changed meanwhile
        data = bytes(found.data)
        transactions = _Transactions(aborted, dict(_open_transactions(log)))
        await beside_the_loop(threads, lambda: page.take(_seen(data, transactions, wanted), wanted))  # noqa: B023
        if not page.is_full:
            page.next_offset = found.next_offset
    return page


def _open_transactions(log: Log) -> Iterator[tuple[int, int]]:
    for producer_id, entry in log.active_producers():
        if entry.current_txn_first_offset >= 0:
            yield producer_id, entry.current_txn_first_offset


def _seen(data: bytes, transactions: _Transactions, wanted: Wanted) -> Iterator[SeenRecord]:
    for batch in whole_batches(data):
        if batch.is_control:
            continue
        for record in read_records(batch):
            outcome = transactions.outcome(batch.producer_id, record.offset) if batch.is_transactional else None
            yield seen_record(wanted.topic, wanted.partition, batch, record, outcome)
