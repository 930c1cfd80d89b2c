"""What a member acquires: batches as they are, portions of what was delivered often, and no more than there is room."""

from dataclasses import replace

import pytest

from odradek.broker.coordination.share_state.requests import ACKNOWLEDGED, AVAILABLE, StateBatch
from odradek.broker.share.acknowledgement import ACCEPT, RELEASE

from .share_harness import SETTINGS, ack, acknowledge, acquire, batches_of, extents, partition_at


def test_new_records_are_acquired_as_one_batch() -> None:
    partition = partition_at()
    assert acquire(partition, batches_of(10, 3)) == [(0, 29, 1)]
    assert partition.in_flight.next_fetch_offset() == 30


def test_a_batch_has_at_least_the_size_asked_for_and_begins_with_a_record_batch() -> None:
    assert acquire(partition_at(), batches_of(10, 5), batch_size=15) == [(0, 19, 1), (20, 39, 1), (40, 49, 1)]


def test_the_record_batch_that_reaches_the_limit_is_acquired_whole() -> None:
    partition = partition_at()
    assert acquire(partition, batches_of(10, 5), most=15) == [(0, 19, 1)]
    assert acquire(partition, batches_of(10, 5), most=1) == [(20, 29, 1)]


def test_with_a_strict_limit_no_more_is_acquired_and_the_rest_is_there_for_the_next() -> None:
    partition = partition_at()
    assert acquire(partition, batches_of(10, 5), most=15, is_record_limit=True) == [(0, 14, 1)]
    assert acquire(partition, batches_of(10, 5), "other", most=3, is_record_limit=True) == [(15, 17, 1)]
    assert acquire(partition, batches_of(10, 5), "other", most=3, is_record_limit=True) == [(18, 19, 1), (20, 20, 1)]


def test_without_a_limit_reached_the_strict_mode_acquires_all_at_once() -> None:
    assert acquire(partition_at(), batches_of(10, 2), batch_size=5, is_record_limit=True) == [(0, 19, 1)]


def test_a_fetch_that_begins_within_a_record_batch_acquires_from_there() -> None:
    assert acquire(partition_at(5), batches_of(10, 2)) == [(5, 19, 1)]


def test_what_others_have_is_not_acquired() -> None:
    partition = partition_at()
    assert acquire(partition, batches_of(10, 1), "a") == [(0, 9, 1)]
    assert acquire(partition, batches_of(10, 1), "b") == []
    assert acquire(partition, batches_of(10, 2), "b") == [(10, 19, 1)]


def test_what_was_released_comes_again_and_then_what_is_new() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 2))
    acknowledge(partition, ack(0, 19, RELEASE))
    assert acquire(partition, batches_of(10, 3)) == [(0, 19, 2), (20, 29, 1)]


def test_single_records_released_come_again_as_ranges() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10, 1))
    acknowledge(partition, ack(0, 9, *[ACCEPT, RELEASE, RELEASE, ACCEPT, RELEASE] * 2))
    assert acquire(partition, batches_of(10, 1)) == [(1, 2, 2), (4, 4, 2), (6, 7, 2), (9, 9, 2)]


def test_no_more_records_are_in_flight_than_the_group_may_have() -> None:
    settings = replace(SETTINGS, partition_max_record_locks=20)
    partition = partition_at()
    assert acquire(partition, batches_of(10, 5), settings=settings) == [(0, 19, 1)]
    assert not partition.can_acquire(settings)
    assert acquire(partition, batches_of(10, 5), settings=settings) == []


def test_what_is_in_flight_already_is_acquired_though_there_is_no_room_for_more() -> None:
    settings = replace(SETTINGS, partition_max_record_locks=20)
    partition = partition_at()
    acquire(partition, batches_of(10, 5), settings=settings)
    acknowledge(partition, ack(10, 14, RELEASE))
    assert partition.can_acquire(settings)
    assert acquire(partition, batches_of(10, 5), "other", settings=settings) == [(10, 14, 2)]


def again(times: int) -> tuple[int, int, int, int]:
    return (0, 15, AVAILABLE, times)


@pytest.mark.parametrize(("deliveries", "portion"), [(2, (0, 15)), (3, (0, 7)), (4, (0, 0))])
def test_records_delivered_often_come_in_smaller_portions_and_the_last_time_alone(
    deliveries: int, portion: tuple[int, int]
) -> None:
    partition = partition_at(0, StateBatch(*again(deliveries)))
    assert acquire(partition, batches_of(16, 1)) == [(*portion, deliveries + 1)]


def test_a_portion_is_not_delivered_with_others() -> None:
    partition = partition_at(0, StateBatch(0, 9, AVAILABLE, 1), StateBatch(10, 19, AVAILABLE, 3))
    log = batches_of(10, 3)
    assert acquire(partition, log) == [(0, 9, 2)]
    assert acquire(partition, log) == [(10, 14, 4)]
    assert acquire(partition, log) == [(15, 19, 4)]
    assert acquire(partition, log) == [(20, 29, 1)]


def test_with_few_deliveries_allowed_the_last_one_is_like_any_other() -> None:
    settings = replace(SETTINGS, delivery_count_limit=2)
    partition = partition_at(0, StateBatch(*again(1)))
    assert acquire(partition, batches_of(16, 1), settings=settings) == [(0, 15, 2)]


def test_what_the_log_has_no_more_is_archived() -> None:
    partition = partition_at(0, StateBatch(0, 9, AVAILABLE, 1))
    assert acquire(partition, extents((20, 29))) == [(20, 29, 1)]
    assert partition.in_flight.advance()
    assert partition.in_flight.start_offset == 20


def test_a_hole_in_the_log_is_part_of_the_batch_around_it() -> None:
    assert acquire(partition_at(), extents((0, 4), (10, 14))) == [(0, 14, 1)]


def test_a_limit_within_a_hole_ends_there() -> None:
    assert acquire(partition_at(), extents((0, 4), (10, 14)), most=7) == [(0, 6, 1)]


def test_records_between_stored_batches_that_nobody_has_had_are_acquired() -> None:
    partition = partition_at(0, StateBatch(5, 9, ACKNOWLEDGED, 1), StateBatch(15, 19, AVAILABLE, 1))
    assert partition.in_flight.next_fetch_offset() == 0
    assert acquire(partition, batches_of(10, 3)) == [(0, 4, 1), (10, 14, 1), (15, 19, 2), (20, 29, 1)]


def test_a_gap_is_read_in_portions_too() -> None:
    partition = partition_at(0, StateBatch(15, 19, AVAILABLE, 1))
    assert acquire(partition, batches_of(5, 4), most=5) == [(0, 4, 1)]
    assert partition.in_flight.next_fetch_offset() == 5
    assert acquire(partition, batches_of(5, 4), most=5) == [(5, 9, 1)]
    assert acquire(partition, batches_of(5, 4), most=50) == [(10, 14, 1), (15, 19, 2)]


def test_nothing_is_acquired_where_nothing_was_asked_for_or_read() -> None:
    partition = partition_at(10)
    assert acquire(partition, batches_of(10, 2), most=0) == []
    assert acquire(partition, []) == []
    assert acquire(partition, extents((0, 9))) == []


def test_a_start_that_the_log_has_no_more_moves_to_the_next_record() -> None:
    partition = partition_at(0, StateBatch(2, 2, AVAILABLE, 1))
    assert acquire(partition, extents((2, 2))) == [(2, 2, 2)]
    acknowledge(partition, ack(2, 2))
    assert partition.in_flight.start_offset == 3


def test_a_gap_that_never_had_records_is_not_looked_at_again() -> None:
    partition = partition_at(0, StateBatch(5, 9, AVAILABLE, 1), StateBatch(15, 19, AVAILABLE, 1))
    log = extents((5, 9), (15, 19))
    acquire(partition, log, most=5)
    acquire(partition, log, most=5)
    acknowledge(partition, ack(5, 9, RELEASE))
    assert acquire(partition, log) == [(5, 9, 3)]
    assert acquire(partition, log) == []
    assert partition.in_flight.next_fetch_offset() == 20


def test_records_released_one_by_one_come_again_in_so_many_pieces_at_most() -> None:
    partition = partition_at()
    acquire(partition, batches_of(6000, 1))
    acknowledge(partition, ack(0, 5999, *[ACCEPT, RELEASE] * 3000))
    assert [len(acquire(partition, batches_of(6000, 1))) for _ in range(3)] == [2000, 1000, 0]
