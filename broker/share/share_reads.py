"""Reads of the log for a share fetch, and what is acquired of them: bytes stay bytes, as in Fetch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...protocol.batch import RecordBatch, whole_batches
from ...protocol.errors import ErrorCode, KafkaError
from ...storage.files.files import Buffer
from ...storage.indexes.transaction_index import AbortedTxn, AbortedUnknown
from ...storage.log_api import Log
from ..log_output import get_logger
from ..slices import Steps
from ..topics.partition import Partition
from .aborted_records import aborted_extents, archive_aborted
from .acquisition import AcquiredRecords, Extent
from .delayed_share_fetch import ShareFetch
from .share_partition import SharePartition
from .share_partitions import SharePartitions
from .share_sessions import TopicPartition

logger = get_logger("share")

# Of one partition; reading and checking more keeps everyone waiting, and the consumer comes back for the rest.
MOST_AT_ONCE_BYTES = 4 * 1024 * 1024

_NOTHING = b""


@dataclass(frozen=True, slots=True)
class AcquiredData:
    """What a share fetch brings of one partition: whole batches, and which of their records were acquired."""

    records: Buffer = _NOTHING
    acquired: Sequence[AcquiredRecords] = ()
    error: ErrorCode = ErrorCode.NONE


def read_and_acquire(fetch: ShareFetch, share: SharePartitions) -> Steps[Mapping[TopicPartition, AcquiredData]]:
    """Acquire what there is now, of each partition in turn. Nothing for a session that has ended."""
    found: dict[TopicPartition, AcquiredData] = {}
    acquirable = fetch.acquirable()
    most_bytes = fetch.max_bytes // len(acquirable) if acquirable else 0
    left, total = fetch.wish.max_records, 0
    for name in acquirable:
        if share.sessions.find(fetch.session.key) is not fetch.session:
            break
        opened, partition = fetch.partitions[name]
        try:
            reading = _Reading(fetch, share, opened, partition, min(most_bytes, MOST_AT_ONCE_BYTES))
            data = yield from reading.run(left, at_least_one=not total)
        except OSError as fault:
            logger.error("a log cannot be read", partition=partition.name, error=str(fault))
            data = AcquiredData(error=ErrorCode.KAFKA_STORAGE_ERROR)
        except KafkaError as error:
            data = AcquiredData(error=error.code)
        left -= sum(one.last_offset - one.first_offset + 1 for one in data.acquired)
        total += len(data.records)
        found[name] = data
        yield
    return found


class _Reading:
    """One partition that is read and acquired from."""

    def __init__(
        self, fetch: ShareFetch, share: SharePartitions, opened: SharePartition, partition: Partition, most_bytes: int
    ) -> None:
        self._fetch = fetch
        self._share = share
        self._opened = opened
        self._partition = partition
        self._most_bytes = most_bytes

    def run(self, most_records: int, *, at_least_one: bool) -> Steps[AcquiredData]:
        while True:
            settings = self._fetch.settings
            if not self._opened.can_acquire(settings):
                return AcquiredData()
            log, offset = self._partition.log, self._opened.in_flight.next_fetch_offset()
            if offset < log.log_start_offset:
                self._opened.in_flight.move_log_start(log.log_start_offset)
                return AcquiredData()
            upper = log.last_stable_offset if settings.is_read_committed else log.high_watermark
            enough = max(self._opened.in_flight.end_offset + 1, offset) + max(most_records, 0)
            data = read_enough(log, offset, enough, upper, self._most_bytes, at_least_one=at_least_one)
            batches = list(whole_batches(data))
            aborted: Sequence[AbortedTxn] = ()
            if settings.is_read_committed and batches:
                try:
                    aborted = log.aborted_transactions(offset, batches[-1].next_offset)
                except AbortedUnknown as unknown:
                    yield from unknown.steps
                    continue  # all may have changed meanwhile
            wish = self._fetch.wish
            if most_records < wish.max_records:
                wish = wish.with_most(most_records)
            extents = [Extent(batch.base_offset, batch.last_offset) for batch in batches]
            acquired = self._share.acquire(self._opened, wish, offset, extents, settings)
            if aborted and acquired:
                gone = list(aborted_extents(batches, aborted))
                acquired = archive_aborted(self._opened.in_flight, acquired, gone)
                self._opened.in_flight.advance()  # or a group could have nothing but aborted records in flight
            return AcquiredData(sliced(data, batches, acquired) if acquired else _NOTHING, acquired)


def read_enough(log: Log, offset: int, enough: int, upper: int, most_bytes: int, *, at_least_one: bool) -> Buffer:
    """Up to the batch that has the offset before `enough`, and no more: a member asks for some hundred records."""
    wanted = min(upper, enough)
    found = log.read(offset, most_bytes, upper_offset=wanted, at_least_one=at_least_one)
    if found.next_offset >= wanted or len(found.data) >= most_bytes:
        return found.data
    # That batch, which may lie behind a hole in the log; what begins before ended with a segment.
    more = log.read(found.next_offset, 1, upper_offset=upper, at_least_one=True)
    is_too_much = len(more.data) > most_bytes - len(found.data) and (found.data or not at_least_one)
    if is_too_much or (found.data and more.next_offset < wanted):
        return found.data
    return b"".join((found.data, more.data)) if found.data else more.data


def sliced(data: Buffer, batches: Sequence[RecordBatch], acquired: Sequence[AcquiredRecords]) -> Buffer:
    """The batches that have acquired records, and those between them."""
    first, last = acquired[0].first_offset, acquired[-1].last_offset
    begin, end = 0, 0
    for batch in batches:
        if end and batch.base_offset > last:
            break
        if batch.base_offset <= first:
            begin = end
        end += batch.size_bytes
    return data if begin == 0 and end == len(data) else memoryview(data)[begin:end]
