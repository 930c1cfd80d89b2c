"""What a member acquires of the records that were read for it, as Kafka's SharePartition.acquire.

What was available before comes first, as the batches it was acquired in; new batches end where record batches end, so
that few of them are divided. Records that were delivered often come in ever smaller portions, and for the last time
alone: one that cannot be dealt with then harms no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from ..coordination.share_state.requests import AVAILABLE
from .in_flight import ACQUIRED, InFlight, InFlightBatch, Run

# What one fetch acquires in so many pieces takes a few milliseconds; the rest is there for the next.
MOST_PIECES = 2000


class Extent(NamedTuple):
    """The offsets of one record batch as it was read."""

    base_offset: int
    last_offset: int


class AcquiredRecords(NamedTuple):
    """Neighbouring records that a member has acquired, for the `delivery_count`th time."""

    first_offset: int
    last_offset: int
    delivery_count: int


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Who acquires, how much, until when, and within which bounds of the group."""

    member: str
    max_records: int
    batch_size: int
    is_record_limit: bool  # KIP-1206: no more than `max_records`, though record batches be divided
    deadline: float
    delivery_limit: int
    most_in_flight: int

    @property
    def throttled_from(self) -> int:
        """The delivery count from which on records come in smaller portions."""
        return max(2, ceil(self.delivery_limit / 2))


def acquire(
    in_flight: InFlight, asked: Acquisition, fetch_offset: int, extents: Sequence[Extent]
) -> list[AcquiredRecords]:
    """Acquire of the record batches read from `fetch_offset` on."""
    if asked.max_records <= 0 or not extents or extents[-1].last_offset < in_flight.start_offset:
        return []
    last, most = extents[-1].last_offset, min(asked.max_records, asked.most_in_flight - len(in_flight))
    if most <= 0:
        # No room for more, but there may be records between those in flight.
        most = min(asked.max_records, in_flight.end_offset - fetch_offset + 1)
        last = min(last, in_flight.end_offset)
        if most <= 0:
            return []
    return _Acquiring(in_flight, asked, extents, last, most).run(fetch_offset)


class _Acquiring:
    """One acquisition under way."""

    def __init__(
        self, in_flight: InFlight, asked: Acquisition, extents: Sequence[Extent], last: int, most: int
    ) -> None:
        self._in_flight = in_flight
        self._asked = asked
        self._extents = extents
        self._last = last
        self._most = most
        self._acquired: list[AcquiredRecords] = []
        self._count = 0

    def run(self, fetch_offset: int) -> list[AcquiredRecords]:
        in_flight, read_from = self._in_flight, self._extents[0].base_offset
        self._archive_missing(fetch_offset, read_from)
        base = read_from
        floor = in_flight.floor(base)
        base = floor.first if floor is not None and floor.last >= base else max(base, in_flight.start_offset)
        known = in_flight.between(min(read_from, base), self._last)
        if not known:
            self._acquire_new(base, self._last, self._most)
            return self._acquired
        if self._acquire_known(known, base, read_from) and known[-1].last < self._last:
            first = max(known[-1].last + 1, in_flight.start_offset)
            self._acquire_new(first, self._last, self._most - self._count)
        if self._acquired:
            in_flight.begin_gap_at(self._acquired[-1].last_offset + 1)
        return self._acquired

    def _archive_missing(self, fetch_offset: int, read_from: int) -> None:
        """What the log has no more, such as compacted records, was asked for and did not come."""
        if not self._in_flight.batches or fetch_offset >= read_from:
            return
        # Apache Kafka looks for ever for records that a gap never had, and never moves a start offset that lies in one.
        if self._in_flight.has_gaps and self._in_flight.gap_from < read_from:
            self._in_flight.begin_gap_at(read_from)
        begins_at = min(self._in_flight.batches[0].first, read_from)
        if fetch_offset <= self._in_flight.start_offset < begins_at:
            self._in_flight.start_offset = begins_at
        missing = self._in_flight.touching(fetch_offset, read_from - 1)
        if missing and self._in_flight.archive(fetch_offset, read_from - 1, missing, AVAILABLE):
            self._in_flight.must_search = True

    def _acquire_known(self, known: Sequence[InFlightBatch], base: int, read_from: int) -> bool:
        """Acquire of batches that are in flight, and of gaps between them; whether there may be more after them."""
        gap_from = base
        for batch in known:
            if self._count >= self._most or len(self._acquired) >= MOST_PIECES:
                return False
            if self._in_flight.has_gaps:
                if gap_from < batch.first:
                    self._acquire_new(gap_from, batch.first - 1, self._most - self._count)
                gap_from = batch.last + 1
                if self._count >= self._most:
                    return False
            is_throttled = self._is_throttled(batch, read_from)
            if is_throttled and self._count:
                return False
            left = self._most - self._count
            is_whole = batch.first >= read_from and batch.last <= self._last
            is_too_large = self._asked.is_record_limit and len(batch) > left
            if not is_whole or batch.is_split or is_too_large or is_throttled:
                if not batch.is_split and not batch.runs[0].is_acquirable:
                    continue
                acquired = self._acquire_part(batch, read_from, left)
                self._count += acquired
                if is_throttled and acquired:
                    return False
            elif batch.runs[0].is_acquirable:
                run = batch.runs[0]
                run.acquire(self._asked.member, self._asked.deadline)
                self._acquired.append(AcquiredRecords(batch.first, batch.last, run.delivery_count))
                self._count += len(batch)
        return self._count < self._most

    def _is_throttled(self, batch: InFlightBatch, read_from: int) -> bool:
        if not batch.is_split:
            run = batch.runs[0]
            return run.is_acquirable and run.delivery_count >= self._asked.throttled_from
        counts = (
            run.delivery_count
            for run in batch.runs
            if run.is_acquirable and run.last >= read_from and run.first <= self._last
        )
        return max(counts, default=0) >= self._asked.throttled_from

    def _acquire_part(self, batch: InFlightBatch, read_from: int, left: int) -> int:
        """Acquire records of a batch one by one, as it were; how many."""
        asked, count, portion, taken = self._asked, 0, 0, list[AcquiredRecords]()
        batch.is_split = True
        for run in batch.within(read_from, self._last):
            if not run.is_acquirable:
                continue
            most = len(run)
            is_last_time = asked.delivery_limit > 2 and run.delivery_count == asked.delivery_limit - 1
            if is_last_time:
                if count:
                    break
                most = 1
            if run.delivery_count >= asked.throttled_from and not portion:
                portion = max(1, len(batch) >> (run.delivery_count - asked.throttled_from + 1))
            if asked.is_record_limit:
                most = min(most, left - count)
            if portion > count:
                most = min(most, portion - count)
            part = run if most == len(run) else batch.within(run.first, run.first + most - 1)[0]
            part.acquire(asked.member, asked.deadline)
            taken.append(AcquiredRecords(part.first, part.last, part.delivery_count))
            count += most
            if is_last_time or count == portion or (asked.is_record_limit and count == left):
                break
            if len(taken) >= MOST_PIECES:
                break
        batch.join_runs()
        self._acquired += _joined(taken)
        return count

    def _acquire_new(self, first: int, last: int, most: int) -> None:
        """Acquire records that were never in flight."""
        in_flight, asked = self._in_flight, self._asked
        if not in_flight.batches and in_flight.end_offset > first:
            first = in_flight.end_offset
        if most < last - first + 1:
            to = self._end_of_batch(first + most - 1)
            last = min(to, last) if in_flight.has_gaps else to
        if asked.is_record_limit and last - first + 1 > most:
            acquired = [self._begin_divided(first, last, most)]
        else:
            acquired = self._new_batches(first, last)
            for one in acquired:
                in_flight.add(InFlightBatch(Run(*one[:2], ACQUIRED, 1, asked.member, asked.deadline)))
        if in_flight.batches[0].first == first:
            in_flight.start_offset = first
        in_flight.end_offset = max(in_flight.end_offset, last)
        self._acquired += acquired
        self._count += acquired[-1].last_offset - first + 1
        in_flight.begin_gap_at(acquired[-1].last_offset + 1)

    def _begin_divided(self, first: int, last: int, most: int) -> AcquiredRecords:
        """A batch of which only the first records are acquired; the others are there for whoever comes."""
        batch = InFlightBatch(Run(first, last, AVAILABLE, 0))
        batch.is_split = True
        batch.within(first, first + most - 1)[0].acquire(self._asked.member, self._asked.deadline)
        self._in_flight.add(batch)
        self._in_flight.must_search = True
        return AcquiredRecords(first, first + most - 1, 1)

    def _new_batches(self, first: int, last: int) -> list[AcquiredRecords]:
        """Batches of at least the size asked for, each beginning with a record batch."""
        batches: list[AcquiredRecords] = []
        if not self._asked.is_record_limit and last - first + 1 > self._asked.batch_size:
            for extent in self._extents:
                if extent.base_offset > last:
                    break
                if extent.base_offset - first >= self._asked.batch_size:
                    batches.append(AcquiredRecords(first, extent.base_offset - 1, 1))
                    first = extent.base_offset
        batches.append(AcquiredRecords(first, last, 1))
        return batches

    def _end_of_batch(self, offset: int) -> int:
        """The last offset of the record batch that has this one."""
        holder: Extent | None = None
        for extent in self._extents:
            if offset < extent.base_offset:
                break
            holder = extent
        return holder.last_offset if holder is not None and offset <= holder.last_offset else offset


def _joined(taken: Sequence[AcquiredRecords]) -> list[AcquiredRecords]:
    joined: list[AcquiredRecords] = []
    for one in taken:
        if (
            joined
            and joined[-1].last_offset + 1 == one.first_offset
            and joined[-1].delivery_count == one.delivery_count
        ):
            joined[-1] = joined[-1]._replace(last_offset=one.last_offset)
        else:
            joined.append(one)
    return joined
