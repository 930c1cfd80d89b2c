"""Planted by hand: records that are lost, held twice, delivered after their end, miscounted or not released."""

import pytest

from odradek.broker.tools.verify.check_shares import (
    check_all_is_settled,
    check_deliveries_are_the_log,
    check_delivery_counts,
    check_releases,
    check_settled_stay_settled,
    check_shares,
    check_shares_so_far,
    check_single_holder,
)
from odradek.broker.tools.verify.history import Kind, Phase

from .share_story import LIMIT, LOCK_S, ONE, SETTINGS, TWO, ShareStory
from .story import assert_clean, assert_violated

ACCEPT, RELEASE, REJECT = Kind.ACCEPT, Kind.RELEASE, Kind.REJECT


def right() -> ShareStory:
    """Each record once to the end, and one of them after a release."""
    story = ShareStory().wrote(ONE, TWO).gets("m", ONE).says("m", RELEASE, ONE).gets("n", ONE, 2)
    return story.says("n", ACCEPT, ONE).gets("m", TWO).says("m", REJECT, TWO)


def test_a_right_history_is_clean_in_every_respect() -> None:
    story = right()
    verdicts = check_shares(story.facts(), story.shares(), SETTINGS, [ONE, TWO])
    assert [verdict.violations for verdict in verdicts] == [[]] * len(verdicts)
    assert all(verdict.checked for verdict in verdicts)
    so_far = check_shares_so_far(story.history.operations(), SETTINGS)
    assert {verdict.name for verdict in so_far} < {verdict.name for verdict in verdicts}


def test_two_holders_at_once_are_caught() -> None:
    story = ShareStory().gets("m", ONE).after(1).gets("n", ONE, 2)
    assert_violated(check_single_holder(story.shares(), SETTINGS), "#1 (to m)", "#2 (to n)", "was not done with it")


def test_a_member_that_is_given_what_it_holds_is_caught() -> None:
    story = ShareStory().gets("m", ONE).after(1).gets("m", ONE, 2)
    assert_violated(check_single_holder(story.shares(), SETTINGS), "#1 (to m)", "#2 (to m)")


def test_a_record_may_come_to_another_once_its_lock_may_be_over() -> None:
    story = ShareStory().gets("m", ONE).after(LOCK_S).gets("n", ONE, 2)
    assert_clean(check_single_holder(story.shares(), SETTINGS), 2)


@pytest.mark.parametrize("end", ["killed", "left", "released", "refused"])
def test_a_record_may_come_to_another_once_its_member_is_done(end: str) -> None:
    story = ShareStory().gets("m", ONE)
    if end in ("killed", "left"):
        story.goes("m", is_killed=end == "killed")
    else:
        story.says("m", RELEASE, ONE, Phase.OK if end == "released" else Phase.INFO)
    assert_clean(check_single_holder(story.gets("n", ONE, 2).shares(), SETTINGS), 2)


def test_a_broker_that_was_away_may_have_forgotten_who_held_what() -> None:
    story = ShareStory().gets("m", ONE).loses().gets("n", ONE)
    assert_clean(check_single_holder(story.shares(), SETTINGS), 2)


def test_a_member_that_lost_its_connection_may_have_lost_its_records() -> None:
    story = ShareStory().gets("m", ONE).gets("n", ONE, 2).loses("m")
    assert_clean(check_single_holder(story.shares(), SETTINGS), 2)


def test_a_lower_number_tells_that_a_delivery_is_an_older_one() -> None:
    story = ShareStory().asks("n").gets("m", ONE, 2).is_given("n", ONE, 1)
    assert_clean(check_single_holder(story.shares(), SETTINGS), 2)


def test_an_acknowledgement_of_what_another_holds_by_now_is_caught() -> None:
    story = ShareStory().gets("m", ONE).after(LOCK_S + 1).gets("n", ONE, 2).says("m", ACCEPT, ONE)
    assert_violated(check_single_holder(story.shares(), SETTINGS), "could acknowledge it after")


def test_an_acknowledgement_of_what_another_is_done_with_is_no_matter() -> None:
    story = ShareStory().gets("m", ONE).after(LOCK_S + 1).gets("n", ONE, 2).says("n", ACCEPT, ONE)
    assert_clean(check_single_holder(story.says("m", ACCEPT, ONE).shares(), SETTINGS), 2)


def test_an_acknowledgement_whose_effect_is_seen_before_its_answer_is_no_matter() -> None:
    story = ShareStory().gets("m", ONE).begins("m", RELEASE, ONE).gets("n", ONE, 2).ends("m", RELEASE, ONE)
    assert_clean(check_single_holder(story.shares(), SETTINGS), 2)


@pytest.mark.parametrize(
    ("kind", "number", "word"),
    [(ACCEPT, 1, "accepted"), (REJECT, 1, "rejected"), (RELEASE, LIMIT, "released for the last time")],
)
def test_what_comes_after_its_last_acknowledgement_is_caught(kind: Kind, number: int, word: str) -> None:
    story = ShareStory().gets("m", ONE, number).says("m", kind, ONE).gets("n", ONE, number)
    assert_violated(check_settled_stay_settled(story.shares(), SETTINGS), word, "came again as")


def test_what_comes_after_its_end_is_caught_over_a_crash_too() -> None:
    story = ShareStory().gets("m", ONE).says("m", ACCEPT, ONE).loses().gets("n", ONE)
    assert_violated(check_settled_stay_settled(story.shares(), SETTINGS), "accepted")


def test_a_poll_that_was_waiting_is_caught_by_its_number() -> None:
    story = ShareStory().asks("n").gets("m", ONE).says("m", ACCEPT, ONE).is_given("n", ONE, 2)
    assert_violated(check_settled_stay_settled(story.shares(), SETTINGS), "accepted", "#2 (to n)")


def test_a_delivery_that_may_be_older_than_the_end_is_not_judged() -> None:
    story = ShareStory().asks("n").gets("m", ONE, 2).says("m", ACCEPT, ONE).is_given("n", ONE, 1)
    assert_clean(check_settled_stay_settled(story.shares(), SETTINGS), 1)
    story = ShareStory().asks("n").loses().gets("m", ONE).says("m", ACCEPT, ONE).is_given("n", ONE, 2)
    assert_clean(check_settled_stay_settled(story.shares(), SETTINGS), 1)


def test_an_acknowledgement_without_a_confirmation_ends_nothing() -> None:
    story = ShareStory().gets("m", ONE).says("m", ACCEPT, ONE, Phase.INFO).gets("n", ONE, 2)
    assert_clean(check_settled_stay_settled(story.shares(), SETTINGS), 0)


@pytest.mark.parametrize("number", [0, LIMIT + 1])
def test_numbers_beyond_the_limit_are_caught(number: int) -> None:
    story = ShareStory().gets("m", ONE, number)
    assert_violated(check_delivery_counts(story.shares(), SETTINGS), f"counts beyond 1 to {LIMIT}")


def test_a_number_that_does_not_go_on_after_a_release_is_caught() -> None:
    story = ShareStory().gets("m", ONE, 2).says("m", RELEASE, ONE).gets("n", ONE, 2)
    assert_violated(check_delivery_counts(story.shares(), SETTINGS), "was released, and came again")


def test_a_number_may_stay_after_a_death() -> None:
    story = ShareStory().gets("m", ONE).goes("m").gets("n", ONE)
    assert_clean(check_delivery_counts(story.shares(), SETTINGS), 2)


def test_a_record_that_never_came_is_lost() -> None:
    story = ShareStory().wrote(ONE)
    assert_violated(check_all_is_settled(story.facts(), story.shares(), SETTINGS), "never came")


@pytest.mark.parametrize("end", ["released", "died"])
def test_a_record_that_nobody_finished_is_lost(end: str) -> None:
    story = ShareStory().wrote(ONE).gets("m", ONE)
    if end == "released":
        story.says("m", RELEASE, ONE)
    else:
        story.goes("m")
    assert_violated(check_all_is_settled(story.facts(), story.shares(), SETTINGS), "came last as", "(to m)")


def test_a_record_is_settled_by_a_doubtful_end_and_by_its_last_delivery() -> None:
    story = ShareStory().wrote(ONE, TWO).gets("m", ONE).says("m", ACCEPT, ONE, Phase.INFO).gets("m", TWO, LIMIT)
    assert_clean(check_all_is_settled(story.facts(), story.shares(), SETTINGS), 2)


def test_a_write_that_was_not_acknowledged_may_be_lost() -> None:
    story = ShareStory().wrote(ONE._replace(offset=None))
    assert_clean(check_all_is_settled(story.facts(), story.shares(), SETTINGS), 0)


def test_a_release_that_brings_nothing_is_caught() -> None:
    story = ShareStory().gets("m", ONE).says("m", RELEASE, ONE)
    assert_violated(check_releases(story.shares(), SETTINGS), "was released, and never came again")


def test_a_release_at_the_limit_or_after_the_lock_brings_nothing() -> None:
    story = ShareStory().gets("m", ONE, LIMIT).says("m", RELEASE, ONE)
    story.gets("m", TWO).after(LOCK_S + 1).says("m", RELEASE, TWO)
    assert_clean(check_releases(story.shares(), SETTINGS), 0)


def test_a_delivery_that_is_not_in_the_log_is_caught() -> None:
    story = ShareStory().gets("m", ONE)
    assert_violated(check_deliveries_are_the_log(story.shares(), []), "is nothing in the log")
    other = ONE._replace(value="other")
    assert_violated(check_deliveries_are_the_log(story.shares(), [other]), "is other in the log")
