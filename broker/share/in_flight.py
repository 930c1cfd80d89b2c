"""Records in flight: the records of a share partition that members have, give back or are done with.

They are kept as ranges, never one by one: a batch, as it was acquired, has one run until part of it fares otherwise;
then it has as many runs as there are differences. Batches keep their ends as long as they are in flight, for what is
acquired together comes again together.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from ..coordination.share_state.requests import ACKNOWLEDGED, ARCHIVED, AVAILABLE, StateBatch

ACQUIRED = 1
NOBODY = ""
NO_DEADLINE = float("inf")


def is_terminal(state: int) -> bool:
    """Whether records of this state are done with."""
    return state in (ACKNOWLEDGED, ARCHIVED)


class Transition:
    """A change of records from acquired to something else that is being stored; until then it can be taken back."""

    __slots__ = ("changes", "delivery_limit", "member")

    def __init__(self, member: str, delivery_limit: int) -> None:
        self.member = member
        self.delivery_limit = delivery_limit
        self.changes: list[StateBatch] = []


class Run:
    """Neighbouring records of one batch that fare alike. `deadline` is when their lock runs out."""

    __slots__ = ("deadline", "delivery_count", "first", "last", "member", "state", "transition")

    def __init__(
        self,
        first: int,
        last: int,
        state: int,
        delivery_count: int,
        member: str = NOBODY,
        deadline: float = NO_DEADLINE,
        transition: Transition | None = None,
    ) -> None:
        self.first = first
        self.last = last
        self.state = state
        self.delivery_count = delivery_count
        self.member = member
        self.deadline = deadline
        self.transition = transition

    def __repr__(self) -> str:
        return f"Run({self.first}-{self.last}, state {self.state}, {self.delivery_count} deliveries, {self.member!r})"

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def is_acquirable(self) -> bool:
        """Whether a member may have these records now."""
        return self.state == AVAILABLE and self.transition is None

    @property
    def is_done(self) -> bool:
        """Whether they are done with, and stored as such."""
        return is_terminal(self.state) and self.transition is None

    def is_like(self, other: "Run") -> bool:
        """Whether both fare alike."""
        return (
            self.state == other.state
            and self.delivery_count == other.delivery_count
            and self.member == other.member
            and self.deadline == other.deadline
            and self.transition is other.transition
        )

    def acquire(self, member: str, deadline: float) -> None:
        """The member has them until `deadline`."""
        self.state, self.member, self.deadline = ACQUIRED, member, deadline
        self.delivery_count += 1

    def give_up(self, state: int, delivery_limit: int) -> None:
        """Nobody has them any more; what was delivered as often as may be does not become available again.

        In a transition the deadline stays: it may be taken back.
        """
        is_last = state == AVAILABLE and self.delivery_count >= delivery_limit
        self.state, self.member = ARCHIVED if is_last else state, NOBODY
        if self.transition is None:
            self.deadline = NO_DEADLINE

    def archive(self) -> None:
        """Nobody gets them any more, whatever is being stored of them."""
        self.state, self.member, self.deadline, self.transition = ARCHIVED, NOBODY, NO_DEADLINE, None

    def as_stored(self) -> StateBatch:
        """What is stored of them."""
        return StateBatch(self.first, self.last, self.state, self.delivery_count)


class InFlightBatch:
    """What was acquired together. It `is_split` once part of it may fare otherwise than the rest."""

    __slots__ = ("first", "is_split", "last", "runs")

    def __init__(self, run: Run) -> None:
        self.first = run.first
        self.last = run.last
        self.runs = [run]
        self.is_split = False

    def __repr__(self) -> str:
        return f"InFlightBatch({self.runs}, {self.is_split=})"

    def __len__(self) -> int:
        return self.last - self.first + 1

    def within(self, first: int, last: int) -> list[Run]:
        """The runs of the records from `first` to `last`, cut there."""
        self._cut(first)
        self._cut(last + 1)
        return self.runs[bisect_left(self.runs, first, key=_first) : bisect_right(self.runs, last, key=_first)]

    def run_at(self, offset: int) -> Run:
        """The run of one record, which is in the batch."""
        return self.runs[bisect_right(self.runs, offset, key=_first) - 1]

    def _cut(self, offset: int) -> None:
        """Let a run begin at `offset`, if it is in the batch."""
        if not self.first < offset <= self.last:
            return
        at = bisect_right(self.runs, offset, key=_first) - 1
        run = self.runs[at]
        if run.first < offset:
            tail = Run(offset, run.last, run.state, run.delivery_count, run.member, run.deadline, run.transition)
            run.last = offset - 1
            self.runs.insert(at + 1, tail)

    def join_runs(self) -> None:
        """Make one of neighbouring runs that fare alike."""
        joined = [self.runs[0]]
        for run in self.runs[1:]:
            if run.is_like(joined[-1]):
                joined[-1].last = run.last
            else:
                joined.append(run)
        self.runs = joined


def _first(batch: InFlightBatch | Run) -> int:
    return batch.first


class InFlight:
    """The batches in flight, by offset, from the start offset (SPSO) to the end offset, as Kafka's SharePartition.

    `end_offset` is the last offset in flight, or where the next batch begins when none is. `gap_from` is where records
    may lie between stored batches that were never delivered (KAFKA-18453), as long as nothing is acquired beyond the
    end that was stored, `gap_end`.
    """

    __slots__ = ("batches", "end_offset", "gap_end", "gap_from", "must_search", "start_offset")

    def __init__(self, start_offset: int) -> None:
        self.batches: list[InFlightBatch] = []
        self.start_offset = start_offset
        self.end_offset = start_offset
        self.must_search = False  # something before the end may be available again
        self.gap_from = self.gap_end = -1

    def __len__(self) -> int:
        """How many offsets are in flight."""
        return self.end_offset - self.start_offset + 1 if self.batches else 0

    def floor(self, offset: int) -> InFlightBatch | None:
        """The last batch that begins at `offset` or before."""
        at = bisect_right(self.batches, offset, key=_first)
        return self.batches[at - 1] if at else None

    def between(self, first: int, last: int) -> list[InFlightBatch]:
        """The batches that begin from `first` to `last`."""
        return self.batches[bisect_left(self.batches, first, key=_first) : bisect_right(self.batches, last, key=_first)]

    def touching(self, first: int, last: int) -> list[InFlightBatch]:
        """The batches that have any of the offsets from `first` to `last`."""
        floor = self.floor(first)
        begins_at = floor.first if floor is not None and floor.last >= first else first
        return self.between(begins_at, last)

    def add(self, batch: InFlightBatch) -> None:
        """One more batch, of offsets that no other has."""
        if not self.batches or self.batches[-1].first < batch.first:
            self.batches.append(batch)
        else:
            self.batches.insert(bisect_left(self.batches, batch.first, key=_first), batch)

    @property
    def has_gaps(self) -> bool:
        """Whether there may be undelivered records between batches."""
        return self.gap_from >= 0 and self.gap_end == self.end_offset

    def begin_gap_at(self, offset: int) -> None:
        """Everything before `offset` has been looked at."""
        if self.gap_from >= 0:
            self.gap_from = offset if self.gap_end == self.end_offset and offset <= self.gap_end else -1

    def next_fetch_offset(self) -> int:
        """From where to read next: what is available again, or the end."""
        if not self.batches or self.start_offset > self.batches[-1].last:
            self.must_search = False
            return self.end_offset
        if self.must_search:
            if (found := self._first_available()) is not None:
                return found
            self.must_search = False
        return self.end_offset + 1

    def _first_available(self) -> int | None:
        gap_from = self.gap_from
        for batch in self.batches:
            if self.has_gaps:
                if batch.first > gap_from:
                    return gap_from
                gap_from = max(batch.last + 1, gap_from)
            for run in batch.runs:
                if run.is_acquirable:
                    return run.first
        return None

    def can_acquire(self, most: int) -> bool:
        """Whether there may be something to acquire without more than `most` records in flight."""
        return self.next_fetch_offset() != self.end_offset + 1 or len(self) < most

    def archive(self, first: int, last: int, batches: Sequence[InFlightBatch], state: int) -> bool:
        """No member gets the records of this state from `first` to `last` any more; whether there were any."""
        has_archived = False
        for batch in batches:
            if batch.first > last:
                break
            is_whole = batch.first >= first and batch.last <= last
            if not is_whole and not batch.is_split:
                if batch.runs[0].state != state:
                    continue
                batch.is_split = True
            for run in batch.within(first, last):
                if run.state == state:
                    run.archive()
                    has_archived = True
            batch.join_runs()
        return has_archived

    def move_log_start(self, log_start_offset: int) -> None:
        """The log begins later now: what lies before can be delivered no more."""
        if log_start_offset <= self.start_offset:
            return
        if not self.batches:
            self.start_offset = self.end_offset = log_start_offset
            return
        if self.archive(self.start_offset, log_start_offset - 1, self.batches, AVAILABLE):
            self.must_search = True
        self.start_offset = log_start_offset
        self.end_offset = max(self.end_offset, log_start_offset)

    def advance(self) -> bool:
        """Let go of the batches at the start that are done with; whether there were any."""
        done_to = self._done_to() if self._is_start_done() else -1
        if done_to < 0:
            return False
        if done_to == self.batches[-1].last:
            self.start_offset = self.end_offset = done_to + 1
            self.batches.clear()
            return True
        at = bisect_right(self.batches, done_to, key=_first) - 1
        if self.batches[at].last == done_to:
            at += 1
            self.start_offset = max(self.start_offset, self.batches[at].first)
            if self.has_gaps:
                self.start_offset = min(self.start_offset, self.gap_from)
        else:
            self.start_offset = max(self.start_offset, done_to + 1)
        del self.batches[:at]
        return True

    def _is_start_done(self) -> bool:
        floor = self.floor(self.start_offset)
        if floor is None:
            return False  # there are records before the first batch that nobody has had
        return floor.run_at(min(self.start_offset, floor.last)).is_done

    def _done_to(self) -> int:
        done_to = -1
        for batch in self.batches:
            if self.has_gaps and batch.last >= self.gap_from:
                break
            for run in batch.runs:
                if not run.is_done:
                    return done_to
                done_to = run.last
        return done_to

    def complete_count(self) -> int:
        """How many of the records in flight are done with."""
        return sum(
            run.last - max(run.first, self.start_offset) + 1
            for run in self._runs()
            if is_terminal(run.state) and run.last >= self.start_offset
        )

    def next_deadline(self) -> float | None:
        """When the first lock runs out."""
        earliest = min((run.deadline for run in self._runs() if run.state == ACQUIRED), default=NO_DEADLINE)
        return None if earliest == NO_DEADLINE else earliest

    def _runs(self) -> Iterator[Run]:
        return (run for batch in self.batches for run in batch.runs)
