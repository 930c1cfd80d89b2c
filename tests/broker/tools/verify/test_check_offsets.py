"""Planted by hand: committed offsets that are lost, go back, or come from a transaction that was aborted."""

from odradek.broker.tools.verify.check_offsets import (
    check_committed_offsets,
    check_final_offsets,
    check_transactional_offsets,
)
from odradek.broker.tools.verify.history import Phase

from .story import A, B, Story, assert_clean, assert_violated


def test_the_last_commit_is_read_back() -> None:
    story = Story().committed("g", A, None).commit_offset("g", A, 5).committed("g", A, 5).committed("g", B, None)
    assert_clean(check_committed_offsets(story.facts()), 2)


def test_a_commit_that_is_not_read_back_is_lost() -> None:
    story = Story().commit_offset("g", A, 5).commit_offset("g", A, 9).committed("g", A, 5)
    assert_violated(check_committed_offsets(story.facts()), "committed 9", "5 was read")


def test_a_commit_that_leaves_nothing_is_lost() -> None:
    assert_violated(check_committed_offsets(Story().commit_offset("g", A, 5).committed("g", A, None).facts()), "None")


def test_a_commit_without_an_answer_may_have_happened_or_not() -> None:
    story = Story().commit_offset("g", A, 5).commit_offset("g", A, 9, Phase.INFO)
    assert_clean(check_committed_offsets(story.committed("g", A, 5).committed("g", A, 9).facts()), 2)


def test_an_offset_that_nobody_committed_is_caught() -> None:
    story = Story().commit_offset("g", A, 5).commit_offset("g", A, 9, Phase.INFO).committed("g", A, 7)
    assert_violated(check_committed_offsets(story.facts()), "7 was read")


def with_offsets(transaction: str, offset: int) -> Story:
    return Story().begin("p", transaction).send_offsets("p", transaction, "g", {A: offset})


def test_offsets_of_a_committed_transaction_are_clean() -> None:
    story = with_offsets("t", 5).committed("g", A, None).commit("p", "t").committed("g", A, 5)
    assert_clean(check_transactional_offsets(story.facts()), 2)
    assert_clean(check_final_offsets(story.facts(), {"g": {A: 5}}), 1)


def test_offsets_of_an_aborted_transaction_are_caught() -> None:
    story = with_offsets("t", 5).abort("p", "t").committed("g", A, 5)
    assert_violated(check_transactional_offsets(story.facts()), "5", "no committed transaction")


def test_offsets_before_the_commit_are_caught() -> None:
    story = with_offsets("t", 5).committed("g", A, 5).commit("p", "t")
    assert_violated(check_transactional_offsets(story.facts()), "5", "no committed transaction")


def test_offsets_of_a_commit_without_an_answer_may_be_there() -> None:
    story = with_offsets("t", 5).commit("p", "t", Phase.INFO).committed("g", A, 5)
    assert_clean(check_transactional_offsets(story.facts()), 1)
    assert_clean(check_final_offsets(story.facts(), {"g": {}}), 0)


def test_transactional_offsets_that_go_back_are_caught() -> None:
    story = with_offsets("t", 5).commit("p", "t").begin("p", "u").send_offsets("p", "u", "g", {A: 9}).commit("p", "u")
    story.committed("g", A, 9).committed("g", A, 5)
    assert_violated(check_transactional_offsets(story.facts()), "went back from 9 to 5")


def test_transactional_offsets_that_are_missing_at_the_end_are_lost() -> None:
    facts = with_offsets("t", 5).commit("p", "t").facts()
    assert_violated(check_final_offsets(facts, {"g": {A: 4}}), "t committed offset 5", "ends at 4")


def test_a_group_that_was_not_read_at_the_end_is_not_judged() -> None:
    assert_clean(check_final_offsets(with_offsets("t", 5).commit("p", "t").facts(), {}), 0)
