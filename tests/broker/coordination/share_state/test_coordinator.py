"""The pure part: epochs, snapshots and updates; what a restart replays is what there was."""

from collections.abc import Callable
from dataclasses import astuple
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.coordination.result import CoordinatorResult, Instant, Record
from odradek.broker.coordination.share_state.coordinator import ShareStateCoordinator
from odradek.broker.coordination.share_state.records import ShareState
from odradek.broker.coordination.share_state.requests import (
    ReadState,
    SharePartitionKey,
    StateBatch,
    StateSummary,
    WriteState,
)
from odradek.broker.coordination.share_state.share_state_config import ShareStateConfig
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.share_group_records import ShareSnapshotKey, ShareUpdateKey
from odradek.protocol.state_records import decode_share_state_record

R = TypeVar("R")
T, U = b"t" * 16, b"u" * 16
KEY = SharePartitionKey("g", T, 0)
OTHER = SharePartitionKey("g", U, 1)
ONE = ShareStateConfig(updates_per_snapshot=2, state_topic_partitions=1)


class Driver:
    """A coordinator over a log in memory, and its clock."""

    def __init__(self, config: ShareStateConfig = ONE, log: list[Record] | None = None) -> None:
        self.config = config
        self.partitions = {T: 2, U: 2}
        self.it = ShareStateCoordinator(config, self.partitions.get)
        self.log: list[Record] = []
        self.at = Instant(0.0, 1000)
        for key, value in log or ():
            self.log.append((key, value))
            self.it.replay(key, value, len(self.log) - 1)

    def restarted(self) -> "Driver":
        return Driver(self.config, self.log)

    def take(self, result: CoordinatorResult[R]) -> R | None:
        """Log and replay, as the runtime does."""
        offset = len(self.log)
        self.log += result.records
        if result.replay is not None:
            result.replay(offset)
        else:
            for number, (key, value) in enumerate(result.records):
                self.it.replay(key, value, offset + number)
        return result.response

    def initialize(self, key: SharePartitionKey = KEY, state_epoch: int = 0, start: int = 0) -> None:
        self.take(self.it.initialize(key, state_epoch, start, self.at))

    def write(self, *batches: StateBatch, key: SharePartitionKey = KEY, start: int = -1, done: int = 0) -> None:
        self.take(self.it.write(key, WriteState(-1, -1, start, done, batches), self.at))

    def read(self, leader_epoch: int = 0, key: SharePartitionKey = KEY) -> ReadState:
        answer = self.take(self.it.read(key, leader_epoch, self.at))
        assert answer is not None
        return answer

    def states(self) -> dict[SharePartitionKey, object]:
        return {key: astuple(found) for key in (KEY, OTHER) if (found := self.it.find(key)) is not None}

    def newest(self) -> dict[SharePartitionKey, ShareState]:
        return {key: found.state for key in (KEY, OTHER) if (found := self.it.find(key)) is not None}

    def kinds(self) -> list[str]:
        """Of each record: a snapshot, an update, or the end."""
        found: list[str] = []
        for key, value in self.log:
            kind, _ = decode_share_state_record(key, value) or (None, None)
            assert isinstance(kind, ShareSnapshotKey | ShareUpdateKey)
            found.append("end" if value is None else "snapshot" if isinstance(kind, ShareSnapshotKey) else "update")
        return found


def refused(do: Callable[[], object]) -> tuple[ErrorCode, str]:
    with pytest.raises(KafkaError) as refusal:
        do()
    return refusal.value.code, refusal.value.message


def test_a_share_partition_begins_with_a_snapshot_and_nothing_is_known_of_it_before() -> None:
    driver = Driver()
    answer = driver.take(driver.it.summary(KEY, driver.at))
    assert answer == StateSummary(start_offset=-1, delivery_complete_count=-1)
    assert refused(driver.read)[0] is ErrorCode.INVALID_REQUEST
    assert refused(driver.write)[0] is ErrorCode.INVALID_REQUEST
    driver.initialize(start=-1)
    assert driver.take(driver.it.summary(KEY, driver.at)) == StateSummary(start_offset=-1, delivery_complete_count=-1)
    driver.initialize(start=7)
    assert driver.take(driver.it.summary(KEY, driver.at)) == StateSummary(start_offset=7, delivery_complete_count=0)
    assert driver.kinds() == ["snapshot", "snapshot"]


def test_after_so_many_updates_the_whole_state_is_written_again() -> None:
    driver = Driver()
    driver.initialize()
    for offset in range(7):
        driver.write(StateBatch(offset, offset, 2, 1), done=offset)
    updates = ["update", "update", "snapshot"]
    assert driver.kinds() == ["snapshot", *updates, *updates, "update"]
    found = driver.it.find(KEY)
    assert found is not None
    assert found.state == ShareState(2, 0, 0, 0, 6, (StateBatch(0, 6, 2, 1),), 1000, 1000)


def test_without_updates_every_write_is_a_snapshot() -> None:
    driver = Driver(ShareStateConfig(updates_per_snapshot=0, state_topic_partitions=1))
    driver.initialize()
    driver.write(StateBatch(0, 0, 2, 1))
    assert driver.kinds() == ["snapshot", "snapshot"]


def test_a_leader_is_known_by_its_read_and_fences_the_one_before() -> None:
    driver = Driver()
    driver.initialize()
    driver.read(5)
    assert driver.kinds() == ["snapshot", "update"]
    driver.read(5)
    assert driver.kinds() == ["snapshot", "update"]
    assert refused(lambda: driver.read(4))[0] is ErrorCode.FENCED_LEADER_EPOCH
    older = WriteState(0, 4)
    assert refused(lambda: driver.it.write(KEY, older, driver.at))[0] is ErrorCode.FENCED_LEADER_EPOCH
    driver.take(driver.it.write(KEY, WriteState(0, 6), driver.at))
    summary = driver.take(driver.it.summary(KEY, driver.at))
    assert summary is not None
    assert summary.leader_epoch == 5


def test_a_state_that_begins_anew_fences_who_knows_the_old_one() -> None:
    driver = Driver()
    driver.initialize(state_epoch=3)
    driver.initialize(state_epoch=4, start=9)
    assert refused(lambda: driver.initialize(state_epoch=3))[0] is ErrorCode.FENCED_STATE_EPOCH
    older = WriteState(3, -1)
    assert refused(lambda: driver.it.write(KEY, older, driver.at))[0] is ErrorCode.FENCED_STATE_EPOCH
    assert driver.read() == ReadState(state_epoch=4, start_offset=9)


def test_only_partitions_that_exist_have_a_state() -> None:
    driver = Driver()
    driver.initialize()
    del driver.partitions[T]
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    for do in (driver.initialize, driver.write, driver.read, lambda: driver.it.delete(KEY, driver.at)):
        assert refused(do)[0] is unknown
    beyond = SharePartitionKey("g", U, 2)
    assert refused(lambda: driver.it.summary(beyond, driver.at))[0] is unknown
    below = SharePartitionKey("g", U, -1)
    assert refused(lambda: driver.it.summary(below, driver.at))[0] is ErrorCode.INVALID_REQUEST


def test_what_no_leader_would_write_is_refused() -> None:
    driver = Driver()
    driver.initialize()
    assert refused(lambda: driver.write(StateBatch(5, 3, 2, 1)))[0] is ErrorCode.INVALID_REQUEST
    many = [StateBatch(2 * n, 2 * n, 2, 1) for n in range(ONE.max_batches + 1)]
    assert refused(lambda: driver.write(*many))[0] is ErrorCode.INVALID_REQUEST
    driver.write(*many[:-1])
    assert len(driver.read().batches) == ONE.max_batches


def test_what_is_deleted_leaves_no_epochs_behind() -> None:
    driver = Driver()
    assert not driver.it.delete(KEY, driver.at).records
    driver.initialize(state_epoch=3)
    driver.read(5)
    driver.take(driver.it.delete(KEY, driver.at))
    assert driver.it.find(KEY) is None
    driver.initialize(state_epoch=0)
    assert driver.read(1) == ReadState()


def test_a_deleted_topic_takes_its_states_with_it_and_no_others() -> None:
    driver = Driver()
    driver.initialize(KEY)
    driver.initialize(OTHER)
    (operation,) = driver.it.delete_topics([T, b"x" * 16])
    driver.take(operation.decide(driver.at))
    assert set(driver.states()) == {OTHER}
    assert not list(driver.it.delete_topics([T]))


def test_cold_partitions_are_written_anew_until_all_are() -> None:
    driver = Driver()
    driver.initialize(KEY)
    driver.at = Instant(1.0, 2000)
    driver.initialize(OTHER)
    driver.at = Instant(300.0, 301_000)
    driver.take(driver.it.snapshot_cold(0, driver.at))
    found = driver.it.find(KEY)
    assert found is not None
    assert (found.state.snapshot_epoch, found.state.created_ms, found.state.written_ms) == (1, 1000, 301_000)
    assert len(driver.log) == 3
    driver.at = Instant(301.0, 302_000)
    driver.take(driver.it.snapshot_cold(0, driver.at))
    assert len(driver.log) == 4
    driver.at = Instant(900.0, 902_000)
    driver.take(driver.it.snapshot_cold(0, driver.at))
    assert len(driver.log) == 4  # it is quiet


def test_records_are_needed_from_the_oldest_snapshot_on() -> None:
    driver = Driver()
    driver.initialize(KEY)
    driver.initialize(OTHER)
    assert driver.it.redundant_before(0) is None
    driver.initialize(KEY)
    assert driver.it.redundant_before(0) == 1
    driver.initialize(OTHER)
    assert driver.it.redundant_before(0) == 2
    driver.take(driver.it.delete(OTHER, driver.at))
    assert driver.it.redundant_before(0) == 2
    driver.take(driver.it.delete(KEY, driver.at))
    assert driver.it.redundant_before(0) == 5
    assert driver.it.partitions() == {0}


def test_an_unloaded_partition_knows_nothing() -> None:
    driver = Driver()
    driver.initialize()
    driver.it.unload(0)
    assert (driver.states(), driver.it.partitions(), list(driver.it.delete_topics([T]))) == ({}, set(), [])


def batch(first: int, length: int, state: int, count: int) -> StateBatch:
    return StateBatch(first, first + length, state, count)


BATCH = st.builds(
    batch,
    *(st.integers(0, 20), st.integers(0, 6), st.sampled_from([0, 2, 4]), st.integers(1, 3)),
)
STEP = st.tuples(
    st.sampled_from(["initialize", "write", "read", "delete", "cold"]),
    st.sampled_from([KEY, OTHER]),
    st.integers(-1, 3),
    st.integers(-1, 3),
    st.integers(-1, 20),
    st.lists(BATCH, max_size=3),
)


@given(st.lists(STEP, max_size=40))
def test_whatever_happens_a_restart_finds_the_same_state_and_epochs_never_go_back(
    steps: list[tuple[str, SharePartitionKey, int, int, int, list[StateBatch]]],
) -> None:
    driver = Driver(ShareStateConfig(updates_per_snapshot=2, cold_snapshot_interval_ms=3, state_topic_partitions=1))
    for number, (name, key, state_epoch, leader_epoch, start, batches) in enumerate(steps):
        driver.at = Instant(float(number), 1000 + number)
        before = driver.it.find(key)
        epochs = None if before is None or name == "delete" else (before.leader_epoch, before.state_epoch)
        snapshot_epoch = -1 if before is None else before.state.snapshot_epoch
        try:
            if name == "initialize":
                driver.initialize(key, state_epoch, start)
            elif name == "write":
                write = WriteState(state_epoch, leader_epoch, start, 1, batches)
                driver.take(driver.it.write(key, write, driver.at))
            elif name == "read":
                driver.read(leader_epoch, key)
            elif name == "delete":
                driver.take(driver.it.delete(key, driver.at))
            else:
                driver.take(driver.it.snapshot_cold(0, driver.at))
        except KafkaError:
            assert driver.it.find(key) == before
        after = driver.it.find(key)
        if epochs is not None and after is not None:
            assert (after.leader_epoch, after.state_epoch) >= epochs
            assert after.state.snapshot_epoch >= snapshot_epoch
    assert driver.restarted().states() == driver.states()
    needed = driver.it.redundant_before(0) or 0
    pruned = Driver(driver.config)
    for offset, (record_key, value) in enumerate(driver.log):
        if offset >= needed:
            pruned.it.replay(record_key, value, offset)
    assert pruned.newest() == driver.newest()
