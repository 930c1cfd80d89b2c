"""Reads for a share fetch: no more of the log than can be acquired, and no batch that has nothing acquired."""

from collections.abc import Sequence
from typing import cast

import pytest

from odradek.broker.coordination.share_state.requests import SharePartitionKey
from odradek.broker.share.acquisition import AcquiredRecords
from odradek.broker.share.delayed_share_fetch import ShareFetch
from odradek.broker.share.share_partition import Wish
from odradek.broker.share.share_reads import AcquiredData, read_and_acquire, read_enough, sliced
from odradek.broker.share.share_sessions import SessionKey, SessionPartition, TopicPartition
from odradek.broker.slices import run_to_end
from odradek.broker.topics.topics import Topic
from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.errors import ErrorCode
from odradek.storage.log_api import Log
from odradek.storage.log_results import FetchedBatches

from ..handlers.broker_harness import AskedBroker, batch, offsets_in
from ..handlers.share_member import begin_share_partitions, set_group_config

BATCH_BYTES = len(batch(b"v"))


class Reading:
    """A group at the start of a topic."""

    def __init__(self, partitions: int = 1) -> None:
        self.broker = AskedBroker()
        self.topic: Topic = self.broker.create(partitions=partitions)
        set_group_config(self.broker, share_auto_offset_reset="earliest")
        begin_share_partitions(self.broker, self.topic)
        self.share = self.broker.context.share
        names = {self.name(partition.index): SessionPartition("t", False) for partition in self.topic.partitions}
        context = self.share.sessions.begin(SessionKey("g", "m"), object(), names)
        assert context.session is not None
        self.session = context.session

    def name(self, index: int = 0) -> TopicPartition:
        return TopicPartition(self.topic.topic_id, index)

    def append(self, count: int, index: int = 0) -> None:
        for _ in range(count):
            self.broker.append(self.topic.partitions[index], batch(b"v"))

    def read(self, most: int = 500, max_bytes: int = 1 << 20) -> dict[int, AcquiredData]:
        fetch = ShareFetch(self.session, Wish("m", most, 500, False), 1, max_bytes, {}, self.share.settings)
        for partition in self.topic.partitions:
            key = SharePartitionKey("g", *self.name(partition.index))
            opened = self.share.open(key, partition, lambda error: None)
            fetch.partitions[self.name(partition.index)] = opened, partition
        return {name.partition: data for name, data in run_to_end(read_and_acquire(fetch, self.share)).items()}


def batches(count: int) -> tuple[bytes, Sequence[RecordBatch]]:
    data = b"".join(b"".join(RecordBatch(batch(b"a", b"b")).stamped(at * 2, 0)) for at in range(count))
    return data, list(whole_batches(data))


@pytest.mark.parametrize(
    ("acquired", "bases"),
    [([(0, 5)], [0, 2, 4]), ([(2, 3)], [2]), ([(3, 3)], [2]), ([(0, 0), (5, 5)], [0, 2, 4]), ([(4, 5)], [4])],
)
def test_batches_around_what_was_acquired_are_left_out(acquired: list[tuple[int, int]], bases: list[int]) -> None:
    data, found = batches(3)
    assert offsets_in(sliced(data, found, [AcquiredRecords(*one, 1) for one in acquired])) == bases


def test_no_more_is_read_than_can_be_acquired() -> None:
    reading = Reading()
    reading.append(50)
    assert offsets_in(reading.read(most=7)[0].records) == list(range(7))
    assert offsets_in(reading.read(most=7)[0].records) == list(range(7, 14))


def test_the_batch_that_holds_the_last_record_asked_for_is_read() -> None:
    reading = Reading()
    for _ in range(3):
        reading.broker.append(reading.topic.partitions[0], batch(b"a", b"b", b"c"))
    data = reading.read(most=4)[0]
    assert offsets_in(data.records) == [0, 3]
    assert data.acquired == [AcquiredRecords(0, 5, 1)]


class CompactedLog:
    """As a log reads: whole batches below a bound. There are holes between them."""

    def __init__(self, *bases: int, segment_at: int = -1) -> None:
        self.segment_at = segment_at
        self.batches = [b"".join(RecordBatch(batch(b"a", b"b")).stamped(base, 0)) for base in bases]

    def read(self, offset: int, max_bytes: int, *, upper_offset: int, at_least_one: bool = True) -> FetchedBatches:
        found: list[bytes] = []
        next_offset = offset
        for stored in self.batches:
            one = RecordBatch(stored)
            if one.last_offset < offset:
                continue
            is_too_much = sum(map(len, found)) + len(stored) > max_bytes and (found or not at_least_one)
            is_next_segment = bool(found) and one.base_offset == self.segment_at
            if one.last_offset >= upper_offset or is_too_much or is_next_segment:
                break
            found.append(stored)
            next_offset = one.next_offset
        return FetchedBatches(b"".join(found), offset, next_offset)


@pytest.mark.parametrize(
    ("offset", "enough", "most_bytes", "at_least_one", "bases"),
    [
        (0, 2, 1000, True, [0]),
        (0, 3, 1000, True, [0, 1000]),
        (2, 5, 1000, True, [1000]),
        (2, 5, 1, True, [1000]),
        (2, 5, 1, False, []),
        (0, 1, 1, False, []),
        (0, 1005, 100, True, [0]),
        (0, 5000, 1000, True, [0, 1000, 1002]),
        (0, 5000, 160, True, [0, 1000]),
    ],
)
def test_the_batch_behind_a_hole_in_the_log_is_found(
    offset: int, enough: int, most_bytes: int, at_least_one: bool, bases: list[int]
) -> None:
    log = cast(Log, CompactedLog(0, 1000, 1002))
    assert offsets_in(read_enough(log, offset, enough, 1004, most_bytes, at_least_one=at_least_one)) == bases


def test_a_read_ends_with_its_segment() -> None:
    log = cast(Log, CompactedLog(0, 2, 4, segment_at=2))
    assert offsets_in(read_enough(log, 0, 500, 6, 1000, at_least_one=True)) == [0]
    assert offsets_in(read_enough(log, 2, 500, 6, 1000, at_least_one=True)) == [2, 4]


def test_bytes_are_divided_and_the_first_batch_is_given_whatever_is_left() -> None:
    reading = Reading(partitions=2)
    reading.append(3, 0)
    reading.append(3, 1)
    data = reading.read(max_bytes=2 * BATCH_BYTES)
    assert [len(data[index].records) for index in (0, 1)] == [BATCH_BYTES, BATCH_BYTES]
    data = reading.read(max_bytes=10)
    assert [len(data[index].records) for index in (0, 1)] == [BATCH_BYTES, 0]


def test_records_are_counted_over_all_partitions() -> None:
    reading = Reading(partitions=2)
    reading.append(5, 0)
    reading.append(5, 1)
    data = reading.read(most=7)
    assert [len(data[index].acquired) for index in (0, 1)] == [1, 1]
    assert data[1].acquired == [AcquiredRecords(0, 1, 1)]


def test_a_log_that_cannot_be_read_is_an_error_of_its_partition() -> None:
    reading = Reading(partitions=2)
    reading.append(1, 0)
    reading.append(1, 1)
    reading.read()
    reading.append(1, 0)
    reading.broker.files.read_error = OSError("gone")
    assert reading.read()[0] == AcquiredData(error=ErrorCode.KAFKA_STORAGE_ERROR)


def test_nothing_is_acquired_for_a_session_that_has_ended() -> None:
    reading = Reading()
    reading.append(1)
    reading.share.sessions.remove(reading.session.key)
    assert reading.read() == {}
