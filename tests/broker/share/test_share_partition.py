"""A share partition: what is stored of it, what is taken back, locks that run out; and what holds whatever happens."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from odradek.broker.coordination.share_state.requests import (
    ACKNOWLEDGED,
    ARCHIVED,
    AVAILABLE,
    ReadState,
    SharePartitionKey,
    StateBatch,
    WriteState,
)
from odradek.broker.share.acknowledgement import ACCEPT, REJECT, RELEASE
from odradek.broker.share.acquisition import Extent
from odradek.broker.share.in_flight import ACQUIRED
from odradek.broker.share.share_partition import SharePartition, Status, Wish
from odradek.protocol.errors import KafkaError

from .share_harness import (
    KEY,
    LOCK_S,
    SETTINGS,
    AcknowledgementBatch,
    StoredState,
    ack,
    acknowledge,
    acquire,
    batches_of,
    begin_acknowledging,
    offsets_of,
    partition_at,
)


def test_a_partition_begins_where_its_state_says() -> None:
    partition = partition_at(5, StateBatch(5, 9, AVAILABLE, 2), StateBatch(10, 14, ACKNOWLEDGED, 1))
    assert partition.is_active
    assert partition.state_epoch == 7
    assert partition.in_flight.next_fetch_offset() == 5
    assert acquire(partition, batches_of(5, 4)) == [(5, 9, 3), (15, 19, 1)]


def test_what_is_stored_as_done_with_is_let_go_at_once() -> None:
    partition = partition_at(0, StateBatch(0, 9, ACKNOWLEDGED, 1), StateBatch(10, 19, AVAILABLE, 1))
    assert partition.in_flight.start_offset == 10


@pytest.mark.parametrize("batch", [StateBatch(4, 9, AVAILABLE, 1), StateBatch(9, 8, AVAILABLE, 1)])
def test_state_that_makes_no_sense_is_refused(batch: StateBatch) -> None:
    partition = SharePartition(SharePartitionKey("g", bytes(16), 2), leader_epoch=0)
    with pytest.raises(KafkaError, match="Failed to initialize the share partition"):
        partition.load(ReadState(start_offset=5, batches=[batch]), 5)
    assert partition.status is Status.EMPTY


def test_a_partition_that_was_dropped_gives_nothing() -> None:
    partition = partition_at()
    partition.status = Status.FENCED
    assert not partition.can_acquire(SETTINGS)
    assert acquire(partition, batches_of(10, 1)) == []


def test_what_is_written_says_where_it_stands_before_the_change() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 2), batch_size=10)
    transition = begin_acknowledging(partition, ack(0, 14), now=0.0)
    assert partition.to_write(transition.changes) == WriteState(
        state_epoch=7,
        leader_epoch=3,
        start_offset=0,
        delivery_complete_count=15,
        batches=[StateBatch(0, 9, ACKNOWLEDGED, 1), StateBatch(10, 14, ACKNOWLEDGED, 1)],
    )
    assert partition.complete(transition)
    assert partition.to_write([]).start_offset == 15
    assert partition.to_write([]).delivery_complete_count == 0


def test_records_are_neither_acquired_nor_acknowledged_while_they_are_being_stored() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1))
    transition = begin_acknowledging(partition, ack(0, 9, RELEASE), now=0.0)
    assert acquire(partition, batches_of(10, 1), "other") == []
    with pytest.raises(KafkaError, match="INVALID_RECORD_STATE"):
        begin_acknowledging(partition, ack(0, 9), now=0.0)
    partition.complete(transition)
    assert acquire(partition, batches_of(10, 1), "other") == [(0, 9, 2)]


def test_what_could_not_be_stored_is_taken_back() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1))
    transition = begin_acknowledging(partition, ack(0, 4), ack(5, 9, RELEASE), now=1.0)
    partition.take_back(transition, 1.0)
    assert acquire(partition, batches_of(10, 1), "other") == []
    assert acknowledge(partition, ack(0, 9)) == [(0, 9, ACKNOWLEDGED, 1)]


def test_what_could_not_be_stored_in_time_is_available_to_all() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1))
    transition = begin_acknowledging(partition, ack(0, 9), now=1.0)
    assert partition.expire(SETTINGS, LOCK_S) == []
    partition.take_back(transition, LOCK_S)
    assert acquire(partition, batches_of(10, 1), "other", now=LOCK_S) == [(0, 9, 2)]


def test_and_archived_if_that_was_the_last_delivery() -> None:
    partition = partition_at(0, StateBatch(0, 0, AVAILABLE, 4))
    acquire(partition, batches_of(1, 1))
    transition = begin_acknowledging(partition, ack(0, 0), now=1.0)
    partition.take_back(transition, LOCK_S)
    assert partition.in_flight.batches[0].runs[0].state == ARCHIVED


def test_records_archived_while_they_are_being_stored_stay_so() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1))
    transition = begin_acknowledging(partition, ack(0, 9, RELEASE), now=0.0)
    partition.in_flight.move_log_start(5)
    partition.take_back(transition, 0.0)
    assert acknowledge(partition, ack(5, 9)) == [(5, 9, ACKNOWLEDGED, 1)]
    assert partition.in_flight.start_offset == 10


def test_a_lock_runs_out_and_its_records_come_again() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 2), batch_size=10)
    acknowledge(partition, ack(0, 4))
    assert partition.expire(SETTINGS, LOCK_S - 0.001) == []
    assert partition.expire(SETTINGS, LOCK_S) == [
        ("m", StateBatch(5, 9, AVAILABLE, 1)),
        ("m", StateBatch(10, 19, AVAILABLE, 1)),
    ]
    assert acquire(partition, batches_of(10, 2), "other", now=LOCK_S) == [(5, 9, 2), (10, 19, 2)]


def test_a_lock_that_runs_out_for_the_last_time_archives() -> None:
    partition = partition_at()
    limited = replace(SETTINGS, delivery_count_limit=2)
    changes: list[StateBatch] = []
    for at in (0.0, LOCK_S):
        acquire(partition, batches_of(10, 1), settings=limited, now=at)
        changes += [change for _, change in partition.expire(limited, at + LOCK_S)]
    assert changes == [StateBatch(0, 9, AVAILABLE, 1), StateBatch(0, 9, ARCHIVED, 2)]


def test_locks_of_records_that_the_log_has_deleted_archive_them() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1))
    partition.in_flight.move_log_start(4)
    assert partition.expire(SETTINGS, LOCK_S) == [
        ("m", StateBatch(0, 3, ARCHIVED, 1)),
        ("m", StateBatch(4, 9, AVAILABLE, 1)),
    ]


def test_a_member_that_goes_leaves_its_records_to_others_and_theirs_alone() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1), "a")
    acquire(partition, batches_of(10, 2), "b")
    acknowledge(partition, ack(0, 2), member="a")
    transition = partition.release("a", SETTINGS)
    partition.complete(transition)
    assert transition.changes == [StateBatch(3, 9, AVAILABLE, 1)]
    assert acquire(partition, batches_of(10, 2), "c") == [(3, 9, 2)]


class Consuming(RuleBasedStateMachine):
    """Members of a group, a coordinator that stores or refuses, a clock, and a broker that dies."""

    @initialize(
        sizes=st.lists(st.integers(1, 8), min_size=1, max_size=8),
        holes=st.lists(st.integers(0, 2), min_size=8, max_size=8),
        limit=st.integers(2, 5),
    )
    def begin(self, sizes: list[int], holes: list[int], limit: int) -> None:
        self.log: list[Extent] = []
        offset = 0
        for size, hole in zip(sizes, holes, strict=False):
            self.log.append(Extent(offset, offset + size - 1))
            offset += size + hole
        self.records = {at for extent in self.log for at in range(extent.base_offset, extent.last_offset + 1)}
        self.settings = replace(SETTINGS, delivery_count_limit=limit)
        self.stored = StoredState()
        self.now = 0.0
        self.held: dict[int, tuple[str, float]] = {}
        self.settled: set[int] = set()
        self.restart()

    def restart(self) -> None:
        self.partition = SharePartition(KEY, leader_epoch=0)
        state = self.stored.read()
        self.partition.load(state, state.start_offset)
        self.held.clear()

    @rule()
    def broker_dies(self) -> None:
        self.restart()

    @rule(member=st.sampled_from("abc"), most=st.integers(1, 12), batch=st.integers(1, 6), strict=st.booleans())
    def fetch(self, member: str, most: int, batch: int, strict: bool) -> None:
        partition = self.partition
        fetch_offset = partition.in_flight.next_fetch_offset()
        read = [extent for extent in self.log if extent.last_offset >= fetch_offset]
        acquired = partition.acquire(Wish(member, most, batch, strict), fetch_offset, read, self.settings, self.now)
        offsets = offsets_of(acquired)
        assert len(offsets) == len(set(offsets))
        assert not set(offsets) & set(self.held), "a record that another member has"
        assert not set(offsets) & self.settled, "a record that was acknowledged"
        assert all(1 <= one.delivery_count <= self.settings.delivery_count_limit for one in acquired)
        if strict:
            assert len(offsets) <= most
        self.held.update({offset: (member, self.now + LOCK_S) for offset in offsets})

    @rule(
        member=st.sampled_from("abc"),
        kinds=st.lists(st.sampled_from([ACCEPT, RELEASE, REJECT]), min_size=1, max_size=4),
        part=st.integers(0, 3),
        is_stored=st.booleans(),
    )
    def acknowledge(self, member: str, kinds: list[int], part: int, is_stored: bool) -> None:
        mine = sorted(offset for offset, (holder, _) in self.held.items() if holder == member)
        mine = mine[part : part + len(kinds)]
        batches = [AcknowledgementBatch(at, at, (kind,)) for at, kind in zip(mine, kinds, strict=False)]
        transition = begin_acknowledging(self.partition, *batches, member=member, settings=self.settings, now=self.now)
        if not is_stored:
            self.partition.take_back(transition, self.now)
            return
        self.stored.write(self.partition.to_write(transition.changes))
        self.partition.complete(transition)
        for offset, kind in zip(mine, kinds, strict=False):
            del self.held[offset]
            if kind != RELEASE:
                self.settled.add(offset)

    @rule(member=st.sampled_from("abc"))
    def member_goes(self, member: str) -> None:
        transition = self.partition.release(member, self.settings)
        self.stored.write(self.partition.to_write(transition.changes))
        self.partition.complete(transition)
        self.held = {offset: holder for offset, holder in self.held.items() if holder[0] != member}

    @rule(passed=st.sampled_from([1.0, 10.0, LOCK_S]))
    def time_passes(self, passed: float) -> None:
        self.now += passed
        changes = [change for _, change in self.partition.expire(self.settings, self.now)]
        if changes:
            self.stored.write(self.partition.to_write(changes))
        self.partition.in_flight.advance()
        self.held = {offset: holder for offset, holder in self.held.items() if holder[1] > self.now}

    @rule(offset=st.integers(0, 60), member=st.sampled_from("abc"))
    def acknowledge_what_is_not_held(self, offset: int, member: str) -> None:
        if self.held.get(offset, ("", 0))[0] == member:
            return
        before = repr(self.partition.in_flight.batches)
        try:
            transition = begin_acknowledging(
                self.partition, ack(offset, offset), member=member, settings=self.settings, now=self.now
            )
        except KafkaError:
            return
        assert not transition.changes
        assert repr(self.partition.in_flight.batches) == before

    @invariant()
    def runs_cover_their_batches(self) -> None:
        if not hasattr(self, "partition"):
            return
        in_flight = self.partition.in_flight
        last = -1
        for batch in in_flight.batches:
            assert batch.first > last
            assert [batch.first, batch.last] == [batch.runs[0].first, batch.runs[-1].last]
            assert all(a.last + 1 == b.first for a, b in zip(batch.runs, batch.runs[1:], strict=False))
            last = batch.last
        if in_flight.batches:
            assert in_flight.end_offset == max(last, in_flight.start_offset)
        acquired = {
            offset
            for batch in in_flight.batches
            for run in batch.runs
            if run.state == ACQUIRED
            for offset in range(run.first, run.last + 1)
        }
        assert acquired == set(self.held)

    def teardown(self) -> None:
        """Whatever has happened: all that was not settled comes again, until it is, or has come too often."""
        if not hasattr(self, "partition"):
            return
        self.now += LOCK_S
        if changes := [change for _, change in self.partition.expire(self.settings, self.now)]:
            self.stored.write(self.partition.to_write(changes))
        self.restart()
        came = self.consume_all()
        given_up = {at for at, (state, _) in self.stored.offsets.items() if state == ARCHIVED}
        missing = {at for at in self.records if at >= self.stored.start_offset} - came - self.settled - given_up
        assert not missing
        assert not came & self.settled
        end = self.log[-1].last_offset
        self.log.append(Extent(end + 1, end + 3))
        assert self.consume_all() == {end + 1, end + 2, end + 3}
        assert self.partition.in_flight.start_offset == end + 4

    def consume_all(self) -> set[int]:
        """Accept all that comes, to the end."""
        came: set[int] = set()
        for _ in range(300):
            fetch_offset = self.partition.in_flight.next_fetch_offset()
            read = [extent for extent in self.log if extent.last_offset >= fetch_offset]
            wish = Wish("last", 500, 500, False)
            acquired = self.partition.acquire(wish, fetch_offset, read, self.settings, self.now)
            came.update(offsets_of(acquired))
            batches = [AcknowledgementBatch(one.first_offset, one.last_offset, (ACCEPT,)) for one in acquired]
            acknowledge(self.partition, *batches, member="last", settings=self.settings, now=self.now)
            if not acquired and fetch_offset > self.log[-1].last_offset:
                break
        return came


TestConsuming = Consuming.TestCase
TestConsuming.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
