"""SharePartition: one partition as one share group reads it (KIP-932), a pure state machine.

What is to outlive the broker, acknowledgements and deliveries that came to nothing, is a Transition: it is written, and
then completed or taken back. The rule: what is acquired is known here alone, so after a restart it is available again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ..coordination.share_state.requests import (
    ARCHIVED,
    AVAILABLE,
    ReadState,
    SharePartitionKey,
    StateBatch,
    WriteState,
)
from .acknowledgement import Acknowledging
from .acquisition import AcquiredRecords, Acquisition, Extent, acquire
from .in_flight import ACQUIRED, NO_DEADLINE, InFlight, InFlightBatch, Run, Transition
from .settings import ShareGroupSettings


class Status(Enum):
    """How far a share partition is with its state."""

    EMPTY = "empty"
    LOADING = "loading"
    ACTIVE = "active"
    FENCED = "fenced"  # dropped: whoever still holds it finds nothing to acquire


@dataclass(frozen=True, slots=True)
class Wish:
    """What a fetch asks for."""

    member: str
    max_records: int
    batch_size: int
    is_record_limit: bool

    def with_most(self, max_records: int) -> "Wish":
        """The same for what is left of it."""
        return replace(self, max_records=max_records)


class GivenUp(NamedTuple):
    """Records that a member has no more, and what is to be stored of them."""

    member: str
    change: StateBatch


class SharePartition:
    """The state of one share partition. Times are monotonic seconds."""

    def __init__(self, key: SharePartitionKey, leader_epoch: int) -> None:
        self.key = key
        self.leader_epoch = leader_epoch
        self.status = Status.EMPTY
        self.state_epoch = 0
        self.in_flight = InFlight(0)
        self.first_deadline = NO_DEADLINE  # for which a timer is set: no lock runs out before

    def __repr__(self) -> str:
        return f"SharePartition({self.key.coordinator_key()}, {self.status.value})"

    @property
    def is_active(self) -> bool:
        """Whether its state is known and it may be used."""
        return self.status is Status.ACTIVE

    def load(self, state: ReadState, start_offset: int) -> None:
        """Begin where the stored state says, or at `start_offset` where it does not say. UNKNOWN_SERVER_ERROR."""
        in_flight = InFlight(start_offset)
        self.state_epoch = state.state_epoch
        expected = start_offset
        for batch in state.batches:
            if batch.first_offset < start_offset or batch.last_offset < batch.first_offset:
                name = f"{self.key.group_id}-{self.key.coordinator_key()}"
                raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, f"Failed to initialize the share partition {name}")
            if in_flight.gap_from < 0 and batch.first_offset > expected:
                in_flight.gap_from = expected
            expected = batch.last_offset + 1
            run = Run(batch.first_offset, batch.last_offset, batch.delivery_state, batch.delivery_count)
            in_flight.add(InFlightBatch(run))
        if in_flight.batches:
            in_flight.must_search = True
            in_flight.end_offset = in_flight.batches[-1].last
            in_flight.gap_end = in_flight.end_offset
            in_flight.advance()
        self.in_flight, self.status = in_flight, Status.ACTIVE

    def can_acquire(self, settings: ShareGroupSettings) -> bool:
        """Whether a fetch may find something here."""
        return self.is_active and self.in_flight.can_acquire(settings.partition_max_record_locks)

    def acquire(
        self, wish: Wish, fetch_offset: int, extents: Sequence[Extent], settings: ShareGroupSettings, now: float
    ) -> list[AcquiredRecords]:
        """Acquire of what was read from `fetch_offset` on, which is `in_flight.next_fetch_offset()`."""
        if not self.is_active:
            return []
        asked = Acquisition(
            member=wish.member,
            max_records=wish.max_records,
            batch_size=wish.batch_size,
            is_record_limit=wish.is_record_limit,
            deadline=now + settings.record_lock_duration_ms / 1000,
            delivery_limit=settings.delivery_count_limit,
            most_in_flight=settings.partition_max_record_locks,
        )
        return acquire(self.in_flight, asked, fetch_offset, extents)

    def begin_acknowledging(
        self, member: str, settings: ShareGroupSettings, now: float
    ) -> tuple[Transition, Acknowledging]:
        """To acknowledge batch by batch; whatever comes of it, `complete` or `take_back` the transition."""
        transition = Transition(member, settings.delivery_count_limit)
        renewed_to = now + settings.record_lock_duration_ms / 1000 if settings.renew_acknowledge_enable else None
        return transition, Acknowledging(self.in_flight, transition, renewed_to)

    def release(self, member: str, settings: ShareGroupSettings) -> Transition:
        """The member has gone: what it has acquired is for others."""
        transition = Transition(member, settings.delivery_count_limit)
        for batch in self.in_flight.batches:
            for run in self._at_start_cut(batch):
                if run.state == ACQUIRED and run.member == member:
                    run.transition = transition
                    transition.changes.append(self._give_up(run, settings))
            batch.join_runs()
        return transition

    def expire(self, settings: ShareGroupSettings, now: float) -> list[GivenUp]:
        """Give up every lock that has run out; what is to be stored of it, which need not succeed."""
        given_up: list[GivenUp] = []
        for batch in self.in_flight.batches:
            if not any(run.state == ACQUIRED and run.deadline <= now for run in batch.runs):
                continue
            for run in self._at_start_cut(batch):
                if run.state == ACQUIRED and run.deadline <= now:
                    member = run.member
                    change = self._give_up(run, settings)
                    given_up.append(GivenUp(member, change))
                    if change.delivery_state == AVAILABLE:
                        self.in_flight.must_search = True
            batch.join_runs()
        return given_up

    def _at_start_cut(self, batch: InFlightBatch) -> Sequence[Run]:
        """The runs of a batch, which the start offset may divide."""
        start = self.in_flight.start_offset
        if batch.first < start <= batch.last and (batch.is_split or batch.runs[0].state == ACQUIRED):
            batch.is_split = True
            batch.within(start, batch.last)
        return list(batch.runs)

    def _give_up(self, run: Run, settings: ShareGroupSettings) -> StateBatch:
        is_before_start = run.last < self.in_flight.start_offset
        run.give_up(ARCHIVED if is_before_start else AVAILABLE, settings.delivery_count_limit)
        return run.as_stored()

    def to_write(self, changes: Sequence[StateBatch]) -> WriteState:
        """What is to be stored, with these changes."""
        return WriteState(
            state_epoch=self.state_epoch,
            leader_epoch=self.leader_epoch,
            start_offset=self.in_flight.start_offset,
            delivery_complete_count=self.in_flight.complete_count(),
            batches=changes,
        )

    def complete(self, transition: Transition) -> bool:
        """It is stored; whether the start offset has moved."""
        for batch in self._batches_of(transition):
            for run in batch.runs:
                if run.transition is transition:
                    run.transition, run.deadline = None, NO_DEADLINE
                    if run.state == AVAILABLE:
                        self.in_flight.must_search = True
            batch.join_runs()
        return self.in_flight.advance()

    def take_back(self, transition: Transition, now: float) -> None:
        """It is not stored: the member has the records still, unless its locks have run out meanwhile."""
        for batch in self._batches_of(transition):
            for run in batch.runs:
                if run.transition is transition:
                    self._take_back_run(run, transition, now)
            batch.join_runs()

    def _take_back_run(self, run: Run, transition: Transition, now: float) -> None:
        run.transition = None
        if run.deadline > now:
            run.state, run.member = ACQUIRED, transition.member
            return
        run.give_up(AVAILABLE, transition.delivery_limit)
        if run.state == AVAILABLE:
            self.in_flight.must_search = True

    def _batches_of(self, transition: Transition) -> Iterable[InFlightBatch]:
        touched = {
            batch.first: batch
            for change in transition.changes
            for batch in self.in_flight.touching(change.first_offset, change.last_offset)
        }
        return touched.values()
