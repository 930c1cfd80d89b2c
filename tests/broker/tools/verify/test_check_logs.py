"""Planted by hand: what a partition must never look like."""

from odradek.broker.tools.verify.check_logs import (
    check_duplicates,
    check_invented,
    check_lost_writes,
    check_offsets_are_consistent,
    check_order_of_polls,
    check_order_of_sends,
    check_skipped_polls,
)

from .story import UNCOMMITTED, A, B, Story, assert_clean, assert_violated, at

LOG = [at(A, 0, "one"), at(A, 1, "two"), at(A, 2, "three")]


def written() -> Story:
    return Story().send("p", None, *LOG)


def test_a_log_as_it_was_written_is_clean() -> None:
    facts = written().assign("r", {A: 0}).poll("r", *LOG).facts()
    assert_clean(check_lost_writes(facts, LOG), 3)
    assert_clean(check_duplicates(facts, LOG), 3)
    assert_clean(check_invented(facts), 3)
    assert_clean(check_offsets_are_consistent(facts), 6)
    assert_clean(check_order_of_sends(facts, LOG), 3)
    assert_clean(check_order_of_polls(facts), 3)
    assert_clean(check_skipped_polls(facts, LOG, LOG), 3)


def test_an_acknowledged_record_that_is_not_there_is_lost() -> None:
    assert_violated(check_lost_writes(written().facts(), [LOG[0], LOG[2]]), "two", "lost")


def test_a_record_without_an_answer_may_be_there_or_not() -> None:
    facts = Story().send("p", None, at(A, 0, "one"), at(A, None, "two")).facts()
    assert_clean(check_lost_writes(facts, [LOG[0]]), 1)
    assert_clean(check_lost_writes(facts, LOG[:2]), 1)


def test_a_record_that_is_there_twice_is_a_duplicate() -> None:
    assert_violated(check_duplicates(written().facts(), [*LOG, at(A, 3, "two")]), "two", "twice")


def test_a_record_without_an_answer_that_is_there_twice_is_a_duplicate() -> None:
    facts = Story().send("p", None, at(A, None, "one")).facts()
    assert_violated(check_duplicates(facts, [at(A, 0, "one"), at(A, 1, "one")]), "one")


def test_a_record_that_nobody_sent_is_invented() -> None:
    assert_violated(check_invented(written().poll("r", at(A, 3, "four")).facts()), "nobody sent")


def test_a_record_in_another_partition_is_invented_there() -> None:
    story = Story().send("p", None, at(A, 0, "one")).poll("r", at(A._replace(partition=1), 0, "one"))
    assert_violated(check_invented(story.facts()), "not sent to")


def test_two_readers_that_see_two_records_at_one_offset_are_inconsistent() -> None:
    story = Story().poll("r", at(A, 0, "one")).poll("s", at(A, 0, "two"))
    assert_violated(check_offsets_are_consistent(story.facts()), "offset 0 of a-0 is one and two")


def test_a_producer_that_was_told_another_offset_is_inconsistent() -> None:
    story = written().poll("r", at(A, 1, "one"))
    assert_violated(check_offsets_are_consistent(story.facts()), "offset 1")


def test_an_answer_that_tells_no_offset_contradicts_nobody() -> None:
    story = Story().send("p", None, at(A, -1, "one"), at(A, -1, "two")).poll("r", at(A, 0, "one"))
    assert_clean(check_offsets_are_consistent(story.facts()), 1)


def test_sends_of_one_producer_that_change_places_are_not_monotonic() -> None:
    log = [at(A, 0, "two"), at(A, 1, "one"), at(A, 2, "three")]
    assert_violated(check_order_of_sends(written().facts(), log), "one", "two")


def test_sends_of_two_producers_have_no_order() -> None:
    facts = Story().send("p", None, at(A, 1, "one")).send("q", None, at(A, 0, "two")).facts()
    assert_clean(check_order_of_sends(facts, [at(A, 0, "two"), at(A, 1, "one")]), 2)


def test_a_poll_that_goes_back_is_not_monotonic() -> None:
    story = written().poll("r", LOG[1]).poll("r", LOG[0])
    assert_violated(check_order_of_polls(story.facts()), "one", "after offset 1")


def test_a_poll_that_reads_a_record_again_is_not_monotonic() -> None:
    assert_violated(check_order_of_polls(written().poll("r", LOG[1], LOG[1]).facts()), "two")


def test_a_reader_that_begins_anew_may_go_back() -> None:
    assert_clean(check_order_of_polls(written().poll("r#1", LOG[1]).poll("r#2", LOG[0]).facts()), 2)


def test_a_record_between_two_polls_that_nobody_returned_was_skipped() -> None:
    story = written().assign("r", {A: 0}).poll("r", LOG[0]).poll("r", LOG[2])
    assert_violated(check_skipped_polls(story.facts(), LOG, LOG), "skipped 1", "first at 1")


def test_a_record_before_the_first_poll_was_skipped_too() -> None:
    story = written().assign("r", {A: 0}).poll("r", LOG[2])
    assert_violated(check_skipped_polls(story.facts(), LOG, LOG), "skipped 2", "first at 0")


def test_a_reader_may_begin_in_the_middle_and_stop_before_the_end() -> None:
    story = written().assign("r", {A: 1, B: 0}).poll("r", LOG[1])
    assert_clean(check_skipped_polls(story.facts(), LOG, LOG), 1)


def test_a_record_that_was_read_and_is_gone_has_vanished() -> None:
    story = written().assign("r", {A: 0}).poll("r", *LOG)
    assert_violated(check_skipped_polls(story.facts(), [LOG[0], LOG[2]], LOG), "gone", "first at 1")


def test_each_isolation_is_compared_with_its_own_log() -> None:
    story = written().assign("r", {A: 0}).poll("r", LOG[0], LOG[2])
    story.assign("s", {A: 0}, UNCOMMITTED).poll("s", *LOG, isolation=UNCOMMITTED)
    assert_clean(check_skipped_polls(story.facts(), [LOG[0], LOG[2]], LOG), 5)
