"""What a member says has become of records that it acquired: KIP-932's acknowledgements, all of a partition at once.

A batch of acknowledgements has one type for all of its records, or one for each of them.
"""

from collections.abc import Generator, Iterator, Sequence
from itertools import groupby
from typing import Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ..coordination.share_state.requests import ACKNOWLEDGED, ARCHIVED, AVAILABLE
from .in_flight import ACQUIRED, NOBODY, InFlight, InFlightBatch, Run, Transition

GAP, ACCEPT, RELEASE, REJECT, RENEW = range(5)
RENEW_FROM_VERSION = 2  # KIP-1222

# Of one share partition in one request: what is to be stored of more would not fit into a record.
MOST_CHANGES = 10_000
TYPES_A_PAUSE = 8192

_STATE_AFTER = {GAP: ARCHIVED, ACCEPT: ACKNOWLEDGED, RELEASE: AVAILABLE, REJECT: ARCHIVED}


class AcknowledgementBatch(Protocol):
    """As a request has it: of the records from the first to the last offset, the type of all, or of each."""

    @property
    def first_offset(self) -> int: ...
    @property
    def last_offset(self) -> int: ...
    @property
    def acknowledge_types(self) -> Sequence[int]: ...


def check_batches(
    batches: Sequence[AcknowledgementBatch], highest_type: int, *, may_renew: bool
) -> Generator[None, None, None]:
    """Whether a request may have these, whatever is acquired. INVALID_REQUEST."""
    previous = -1
    for batch in batches:
        first, last, types = batch.first_offset, batch.last_offset, batch.acknowledge_types
        is_ordered = previous <= first <= last
        if not is_ordered or not types or (len(types) > 1 and last - first != len(types) - 1):
            raise KafkaError(ErrorCode.INVALID_REQUEST)
        for at in range(0, len(types), TYPES_A_PAUSE):
            some = types[at : at + TYPES_A_PAUSE]
            if min(some) < 0 or max(some) > highest_type or (RENEW in some and not may_renew):
                raise KafkaError(ErrorCode.INVALID_REQUEST)
            yield
        previous = last


class Acknowledging:
    """The acknowledgements of one member for one share partition; `transition` has what they change.

    A KafkaError leaves the transition to be taken back.
    """

    def __init__(self, in_flight: InFlight, transition: Transition, renewed_to: float | None) -> None:
        """Locks are renewed to `renewed_to`, or not at all."""
        self._in_flight = in_flight
        self._transition = transition
        self._renewed_to = renewed_to

    def take(self, batch: AcknowledgementBatch) -> Generator[None, None, None]:
        """Take one batch, whose records others leave alone between two steps. INVALID_RECORD_STATE, INVALID_REQUEST."""
        if batch.last_offset < self._in_flight.start_offset:
            return  # already archived
        for known in self._concerned(batch):
            if known.last < self._in_flight.start_offset:
                continue
            if not known.is_split:
                self._check_whole(known.runs[0])
            yield from self._take_of(known, batch)

    def _concerned(self, batch: AcknowledgementBatch) -> list[InFlightBatch]:
        in_flight = self._in_flight
        floor = in_flight.floor(batch.first_offset)
        if floor is None and batch.first_offset < in_flight.start_offset:
            floor = in_flight.floor(in_flight.start_offset)
        if floor is None:
            raise _invalid_state("Batch record not found. The request batch offsets are not found in the cache.")
        concerned = in_flight.between(floor.first, batch.last_offset)
        last = concerned[-1].last if concerned else floor.last
        if last < batch.first_offset:
            raise KafkaError(
                ErrorCode.INVALID_REQUEST,
                "Batch record not found. The first offset in request is past acquired records.",
            )
        if batch.last_offset > last:
            raise KafkaError(
                ErrorCode.INVALID_REQUEST,
                "Batch record not found. The last offset in request is past acquired records.",
            )
        return concerned

    def _check_whole(self, run: Run) -> None:
        if run.member == NOBODY:
            raise _invalid_state("The batch cannot be acknowledged. The batch is not in the acquired state.")
        if run.member != self._transition.member:
            raise _invalid_state("Member is not the owner of batch record")

    def _take_of(self, known: InFlightBatch, batch: AcknowledgementBatch) -> Generator[None, None, None]:
        first, last = max(batch.first_offset, self._in_flight.start_offset), batch.last_offset
        is_whole = batch.first_offset <= known.first and known.last <= last
        is_begun_before = known.first < self._in_flight.start_offset
        if not is_whole or len(batch.acknowledge_types) > 1 or is_begun_before:
            if not known.is_split and known.runs[0].state != ACQUIRED:
                raise _invalid_state("The batch cannot be acknowledged. The subset batch is not in the acquired state.")
            known.is_split = True
        if not known.is_split:
            self._change(known.runs[0], batch.acknowledge_types[0])
            return
        try:
            for begin, end, kind in _ranges(batch, max(first, known.first), min(last, known.last)):
                for run in known.within(begin, end):
                    self._check(run)
                    self._change(run, kind)
                yield
        finally:
            known.join_runs()

    def _check(self, run: Run) -> None:
        if run.state != ACQUIRED:
            raise _invalid_state("The offset cannot be acknowledged. The offset is not acquired.")
        if run.member != self._transition.member:
            raise _invalid_state("Member is not the owner of offset")

    def _change(self, run: Run, kind: int) -> None:
        if kind == RENEW:
            if self._renewed_to is None:
                raise _invalid_state("Renewing acquisition locks is not enabled for the group.")
            run.deadline = self._renewed_to
            return
        if len(self._transition.changes) >= MOST_CHANGES:
            raise KafkaError(ErrorCode.INVALID_REQUEST, "Too many different acknowledgements in one request.")
        run.transition = self._transition
        run.give_up(_STATE_AFTER[kind], self._transition.delivery_limit)
        self._transition.changes.append(run.as_stored())


def _ranges(batch: AcknowledgementBatch, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    """From `first` to `last`, as ranges of one type."""
    if len(batch.acknowledge_types) == 1:
        yield first, last, batch.acknowledge_types[0]
        return
    begin = first
    for kind, same in groupby(batch.acknowledge_types[first - batch.first_offset : last - batch.first_offset + 1]):
        end = begin + sum(1 for _ in same) - 1
        yield begin, end, kind
        begin = end + 1


def _invalid_state(message: str) -> KafkaError:
    return KafkaError(ErrorCode.INVALID_RECORD_STATE, message)
