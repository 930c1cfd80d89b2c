"""Planted by hand: what an atomic transaction must never look like."""

import pytest

from odradek.broker.tools.verify.check_transactions import (
    check_aborted_reads,
    check_lost_commits,
    check_precommitted_reads,
    check_torn_transactions,
    check_zombies,
)
from odradek.broker.tools.verify.facts import Outcome
from odradek.broker.tools.verify.history import Begin, End, Init, Phase, Send

from .story import UNCOMMITTED, A, B, Story, assert_clean, assert_violated, at

ONE, TWO = at(A, 0, "one"), at(B, 0, "two")


def test_reading_committed_records_is_clean() -> None:
    facts = Story().transaction("t", ONE, TWO).poll("r", ONE, TWO).facts()
    assert_clean(check_aborted_reads(facts), 2)
    assert_clean(check_precommitted_reads(facts), 2)
    assert_clean(check_torn_transactions(facts, {ONE, TWO}), 1)
    assert_clean(check_lost_commits(facts, {ONE, TWO}), 2)


def test_an_aborted_record_read_with_read_committed_is_g1a() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE).abort("p", "t").poll("r", ONE).facts()
    assert_violated(check_aborted_reads(facts), "one", "never committed")


def test_an_abort_without_an_answer_is_an_abort_all_the_same() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE).abort("p", "t", Phase.INFO).poll("r", ONE).facts()
    assert_violated(check_aborted_reads(facts), "one")


def test_a_record_of_a_transaction_that_nobody_ended_is_g1a() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE).poll("r", ONE).facts()
    assert_violated(check_aborted_reads(facts), "one")


def test_a_record_that_was_never_acknowledged_is_g1a_too() -> None:
    unanswered = at(A, None, "one")
    facts = Story().begin("p", "t").send("p", "t", unanswered).abort("p", "t").poll("r", ONE).facts()
    assert_violated(check_aborted_reads(facts), "one")


def test_an_aborted_record_read_with_read_uncommitted_is_clean() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE).abort("p", "t").poll("r", ONE, isolation=UNCOMMITTED).facts()
    assert_clean(check_aborted_reads(facts), 0)


def test_a_record_read_before_its_commit_was_asked_for_is_precommitted() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE).poll("r", ONE).commit("p", "t").facts()
    assert_violated(check_precommitted_reads(facts), "one", "before the commit")


def test_a_record_read_while_its_commit_is_under_way_is_clean() -> None:
    story = Story().begin("p", "t").send("p", "t", ONE)
    story.add("p", Phase.INVOKE, End("t", is_commit=True)).poll("r", ONE).add("p", Phase.OK, End("t", is_commit=True))
    assert_clean(check_precommitted_reads(story.facts()), 1)


@pytest.mark.parametrize("phase", [Phase.OK, Phase.INFO])
def test_a_part_of_a_transaction_is_torn_across_partitions_whatever_its_outcome(phase: Phase) -> None:
    facts = Story().transaction("t", ONE, TWO, phase=phase).facts()
    assert_violated(check_torn_transactions(facts, {ONE}), "t (", "1 of 2", "b-0", "whole in a-0")


def test_a_part_of_a_partition_is_torn_too() -> None:
    facts = Story().transaction("t", ONE, at(A, 1, "other")).facts()
    assert_violated(check_torn_transactions(facts, {ONE}), "1 of 2", "a-0")


@pytest.mark.parametrize("found", [set(), {ONE, TWO}])
def test_a_commit_without_an_answer_is_all_or_nothing(found: set[object]) -> None:
    facts = Story().transaction("t", ONE, TWO, phase=Phase.INFO).facts()
    committed = {record for record in (ONE, TWO) if record in found}
    assert facts.transactions["t"].outcome is Outcome.INDETERMINATE
    assert_clean(check_torn_transactions(facts, committed), 1)
    assert_clean(check_lost_commits(facts, committed), 0)


def test_a_committed_transaction_that_is_not_there_is_lost() -> None:
    facts = Story().transaction("t", ONE, TWO).facts()
    assert_clean(check_torn_transactions(facts, set()), 1)
    assert_violated(check_lost_commits(facts, set()), "2 of 2", "t are lost")


def test_a_commit_repeated_until_it_is_answered_is_committed() -> None:
    story = Story().begin("p", "t").send("p", "t", ONE).commit("p", "t", Phase.INFO).commit("p", "t")
    assert story.facts().transactions["t"].outcome is Outcome.COMMITTED


def test_a_zombie_that_commits_is_caught() -> None:
    story = Story().init("p").begin("p", "t").send("p", "t", ONE)
    facts = story.init("q").commit("p", "t").poll("r", ONE).facts()
    assert_violated(check_zombies(facts), "p committed t after it had been fenced")
    assert_violated(check_aborted_reads(facts), "one")


def test_a_zombie_that_writes_is_caught() -> None:
    facts = Story().init("p").begin("p", "t").init("q").send("p", "t", ONE).facts()
    assert_violated(check_zombies(facts), "p wrote to t after it had been fenced")


def test_a_zombie_that_is_refused_is_clean() -> None:
    story = Story().init("p").begin("p", "t").send("p", "t", ONE).init("q")
    facts = story.send("p", "t", at(A, None, "late")).commit("p", "t", Phase.INFO).facts()
    assert facts.transactions["t"].outcome is Outcome.ABORTED
    assert_clean(check_zombies(facts), 1)


def test_an_init_that_runs_beside_a_commit_leaves_the_outcome_open() -> None:
    story = Story().init("p").begin("p", "t").send("p", "t", ONE).add("q", Phase.INVOKE, Init("id"))
    facts = story.commit("p", "t", Phase.INFO).add("q", Phase.OK, Init("id")).facts()
    assert facts.transactions["t"].outcome is Outcome.INDETERMINATE
    assert_clean(check_zombies(facts), 1)


def test_an_init_that_failed_or_has_another_id_fences_nobody() -> None:
    story = Story().init("p").begin("p", "t").done("q", Init("id"), Phase.INFO).init("q", "other")
    assert story.commit("p", "t").facts().transactions["t"].fenced_at is None


def test_what_is_shown_of_a_violation_is_the_whole_story_of_its_transaction() -> None:
    story = Story().begin("x", "other", "x").begin("p", "t").send("p", "t", ONE).abort("p", "t").poll("r", ONE)
    (violation,) = check_aborted_reads(story.facts()).violations
    details = [type(one.detail) for one in violation.operations]
    assert details[:2] == [Begin, Begin]
    assert details.count(Send) == details.count(End) == 2
    assert "poll r" in str(violation.operations[-1])
