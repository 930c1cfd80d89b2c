"""Records in flight: ranges that are cut where records fare differently, and joined where they fare alike again."""

from odradek.broker.coordination.share_state.requests import ACKNOWLEDGED, ARCHIVED, AVAILABLE
from odradek.broker.share.in_flight import ACQUIRED, InFlight, InFlightBatch, Run, Transition


def in_flight(*runs: tuple[int, int, int, int], start: int | None = None) -> InFlight:
    flight = InFlight(runs[0][0] if start is None else start)
    for first, last, state, count in runs:
        flight.add(InFlightBatch(Run(first, last, state, count)))
    flight.end_offset = flight.batches[-1].last
    return flight


def states(flight: InFlight) -> list[tuple[int, int, int, int]]:
    return [(run.first, run.last, run.state, run.delivery_count) for batch in flight.batches for run in batch.runs]


def test_a_batch_has_one_run_until_part_of_it_fares_otherwise() -> None:
    batch = InFlightBatch(Run(0, 99, ACQUIRED, 1, "m", 30.0))
    (middle,) = batch.within(40, 49)
    middle.give_up(AVAILABLE, 5)
    batch.join_runs()
    assert [(run.first, run.last, run.state) for run in batch.runs] == [(0, 39, 1), (40, 49, 0), (50, 99, 1)]
    assert batch.run_at(45) is middle


def test_neighbours_that_fare_alike_again_are_one_run() -> None:
    batch = InFlightBatch(Run(0, 99, ACQUIRED, 1, "m", 30.0))
    for offset in range(10, 20):
        batch.within(offset, offset)[0].give_up(AVAILABLE, 5)
    assert len(batch.runs) == 12
    batch.join_runs()
    assert [(run.first, run.last, run.state) for run in batch.runs] == [(0, 9, 1), (10, 19, 0), (20, 99, 1)]


def test_records_are_cut_outside_a_batch_nowhere() -> None:
    batch = InFlightBatch(Run(10, 19, AVAILABLE, 1))
    assert batch.within(0, 100) == batch.runs
    assert batch.within(20, 30) == []
    assert len(batch.runs) == 1


def test_what_was_delivered_as_often_as_may_be_is_archived_when_it_is_given_up() -> None:
    run = Run(0, 9, ACQUIRED, 5, "m", 30.0)
    run.give_up(AVAILABLE, 5)
    assert (run.state, run.member) == (ARCHIVED, "")


def test_the_next_fetch_is_from_what_is_available_again_or_else_from_the_end() -> None:
    flight = in_flight((0, 9, ACQUIRED, 1), (10, 19, AVAILABLE, 1), (20, 29, ACQUIRED, 1))
    assert flight.next_fetch_offset() == 30
    flight.must_search = True
    assert flight.next_fetch_offset() == 10
    flight.batches[1].runs[0].acquire("m", 1.0)
    assert flight.next_fetch_offset() == 30
    assert not flight.must_search


def test_what_is_being_stored_is_not_available_yet() -> None:
    flight = in_flight((0, 9, AVAILABLE, 1))
    flight.must_search = True
    flight.batches[0].runs[0].transition = Transition("m", 5)
    assert flight.next_fetch_offset() == 10


def test_an_empty_share_partition_is_fetched_from_its_start() -> None:
    assert InFlight(7).next_fetch_offset() == 7


def test_the_next_fetch_is_from_a_gap_between_stored_batches() -> None:
    flight = in_flight((0, 4, ACKNOWLEDGED, 1), (10, 14, AVAILABLE, 1))
    flight.must_search, flight.gap_from, flight.gap_end = True, 5, 14
    assert flight.next_fetch_offset() == 5


def test_a_gap_is_forgotten_once_something_is_acquired_beyond_the_stored_end() -> None:
    flight = in_flight((0, 4, ACKNOWLEDGED, 1), (10, 14, AVAILABLE, 1))
    flight.gap_from, flight.gap_end = 5, 14
    flight.begin_gap_at(8)
    assert flight.has_gaps
    flight.end_offset = 20
    flight.begin_gap_at(21)
    assert not flight.has_gaps
    assert flight.gap_from == -1


def test_what_is_done_with_at_the_start_is_let_go() -> None:
    flight = in_flight((0, 9, ACKNOWLEDGED, 1), (10, 19, ARCHIVED, 1), (20, 29, ACQUIRED, 1))
    assert flight.advance()
    assert (flight.start_offset, flight.end_offset, len(flight)) == (20, 29, 10)


def test_the_start_moves_into_a_batch_of_which_the_beginning_is_done_with() -> None:
    flight = in_flight((0, 9, ACQUIRED, 1))
    flight.batches[0].within(0, 3)[0].give_up(ACKNOWLEDGED, 5)
    assert flight.advance()
    assert (flight.start_offset, len(flight.batches)) == (4, 1)
    assert flight.complete_count() == 0


def test_the_start_moves_over_a_hole_in_the_log() -> None:
    flight = in_flight((0, 4, ACKNOWLEDGED, 1), (10, 14, ACQUIRED, 1))
    assert flight.advance()
    assert flight.start_offset == 10


def test_the_start_stays_at_a_gap_that_nobody_has_read() -> None:
    flight = in_flight((0, 4, ACKNOWLEDGED, 1), (10, 14, ACKNOWLEDGED, 1))
    flight.gap_from, flight.gap_end = 5, 14
    assert flight.advance()
    assert flight.start_offset == 5


def test_nothing_in_flight_leaves_the_start_after_the_last_record() -> None:
    flight = in_flight((0, 9, ACKNOWLEDGED, 1))
    assert flight.advance()
    assert (flight.start_offset, flight.end_offset, len(flight), flight.batches) == (10, 10, 0, [])


def test_the_start_does_not_move_over_what_is_being_stored() -> None:
    flight = in_flight((0, 9, ACKNOWLEDGED, 1))
    flight.batches[0].runs[0].transition = Transition("m", 5)
    assert not flight.advance()


def test_records_that_the_log_has_deleted_are_archived_but_not_taken_from_a_member() -> None:
    flight = in_flight((0, 9, AVAILABLE, 1), (10, 19, ACQUIRED, 1), (20, 29, AVAILABLE, 1))
    flight.move_log_start(25)
    assert states(flight) == [(0, 9, 4, 1), (10, 19, 1, 1), (20, 24, 4, 1), (25, 29, 0, 1)]
    assert (flight.start_offset, flight.end_offset) == (25, 29)


def test_a_log_that_begins_after_all_that_is_in_flight_moves_the_end_along() -> None:
    flight = in_flight((0, 9, AVAILABLE, 1))
    flight.move_log_start(25)
    assert (flight.start_offset, flight.end_offset) == (25, 25)
    empty = InFlight(3)
    empty.move_log_start(8)
    assert (empty.start_offset, empty.end_offset) == (8, 8)


def test_a_log_that_begins_before_the_start_moves_nothing() -> None:
    flight = in_flight((10, 19, AVAILABLE, 1))
    flight.move_log_start(5)
    assert states(flight) == [(10, 19, 0, 1)]
    assert flight.start_offset == 10


def test_records_done_with_are_counted_from_the_start_on() -> None:
    flight = in_flight((0, 9, ACKNOWLEDGED, 1), (10, 19, ACQUIRED, 1), (20, 29, ARCHIVED, 1), start=5)
    assert flight.complete_count() == 15


def test_batches_stand_in_the_order_of_their_offsets_however_they_came() -> None:
    flight = in_flight((0, 4, ACQUIRED, 1), (20, 24, ACQUIRED, 1))
    flight.add(InFlightBatch(Run(10, 14, ACQUIRED, 1)))
    assert [batch.first for batch in flight.batches] == [0, 10, 20]
    assert [batch.first for batch in flight.touching(12, 20)] == [10, 20]
    assert [batch.first for batch in flight.touching(5, 9)] == []


def test_the_next_deadline_is_the_first_of_what_is_acquired() -> None:
    flight = InFlight(0)
    assert flight.next_deadline() is None
    flight.add(InFlightBatch(Run(0, 4, ACQUIRED, 1, "m", 30.0)))
    flight.add(InFlightBatch(Run(5, 9, ACQUIRED, 1, "m", 20.0)))
    flight.add(InFlightBatch(Run(10, 14, AVAILABLE, 1)))
    assert flight.next_deadline() == 20.0
