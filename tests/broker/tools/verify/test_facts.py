"""What follows from a history: outcomes, fencing, what was sent and what was read."""

import pytest

from odradek.broker.tools.verify.facts import Outcome
from odradek.broker.tools.verify.history import Begin, Commit, Committed, End, Init, Isolation, Phase, Send

from .story import COMMITTED, UNCOMMITTED, A, B, Story, at

ONE, TWO = at(A, 0, "one"), at(B, 0, "two")


@pytest.mark.parametrize(
    ("phase", "outcome"),
    [(Phase.OK, Outcome.COMMITTED), (Phase.INFO, Outcome.INDETERMINATE), (Phase.FAIL, Outcome.INDETERMINATE)],
)
def test_only_a_commit_that_was_answered_is_certain(phase: Phase, outcome: Outcome) -> None:
    facts = Story().transaction("t", ONE, phase=phase).facts()
    assert facts.transactions["t"].outcome is outcome


@pytest.mark.parametrize("phase", [Phase.OK, Phase.INFO])
def test_what_never_asked_for_a_commit_is_aborted_whatever_was_answered(phase: Phase) -> None:
    ended = Story().begin("p", "t").send("p", "t", ONE).abort("p", "t", phase).facts()
    left = Story().begin("p", "t").send("p", "t", ONE).facts()
    assert ended.transactions["t"].outcome is left.transactions["t"].outcome is Outcome.ABORTED


def test_a_commit_that_was_repeated_counts_from_the_first_time_it_was_asked_for() -> None:
    story = Story().begin("p", "t").commit("p", "t", Phase.INFO)
    first = len(story.history) - 2
    facts = story.commit("p", "t").facts()
    assert (facts.transactions["t"].commit_invoked_at, facts.transactions["t"].outcome) == (first, Outcome.COMMITTED)


def test_a_newer_process_of_the_id_fences_a_transaction_that_had_not_asked_for_its_commit() -> None:
    facts = Story().init("p").begin("p", "t").init("q").commit("p", "t").facts()
    fenced = facts.transactions["t"]
    assert fenced.is_fenced_before_commit
    assert fenced.outcome is Outcome.ABORTED


def test_a_fence_after_the_commit_was_asked_for_leaves_it_as_it_is() -> None:
    facts = Story().init("p").begin("p", "t").commit("p", "t").init("q").facts()
    assert facts.transactions["t"].fenced_at is not None
    assert facts.transactions["t"].outcome is Outcome.COMMITTED


@pytest.mark.parametrize("later", ["the same process", "one that failed", "one of another id", "one that began before"])
def test_who_does_not_fence(later: str) -> None:
    story = Story()
    if later == "one that began before":
        story.add("q", Phase.INVOKE, Init("id")).begin("p", "t").add("q", Phase.OK, Init("id"))
    else:
        story.begin("p", "t")
    if later == "the same process":
        story.init("p")
    elif later == "one that failed":
        story.add("q", Phase.INVOKE, Init("id")).add("q", Phase.INFO, Init("id"))
    elif later == "one of another id":
        story.init("q", "other")
    assert story.facts().transactions["t"].fenced_at is None


def test_a_record_is_found_by_topic_and_value_with_the_transaction_that_sent_it() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE).send("q", None, TWO).facts()
    assert (facts.sent["a", "one"].transaction, facts.sent["a", "one"].process) == ("t", "p")
    assert (facts.sent["b", "two"].transaction, facts.sent["b", "two"].process) == (None, "q")


def test_of_a_send_that_was_answered_in_part_only_that_part_is_acknowledged() -> None:
    facts = Story().begin("p", "t").send("p", "t", ONE, at(B, None, "two")).facts()
    ((_, send),) = facts.acknowledged
    assert send.records == (ONE,)
    assert facts.transactions["t"].acknowledged == [ONE]
    assert ("b", "two") in facts.sent


def test_offsets_belong_to_the_transaction_that_sent_them() -> None:
    facts = Story().begin("p", "t").send_offsets("p", "t", "g", {A: 5}).facts()
    assert facts.transactions["t"].offsets == [("g", {A: 5})]


def test_reads_are_told_apart_by_isolation() -> None:
    facts = Story().poll("r", ONE).poll("s", TWO, isolation=UNCOMMITTED).facts()
    assert [record for _, _, record in facts.reads(COMMITTED)] == [ONE]
    assert [record for _, _, record in facts.reads(Isolation.READ_UNCOMMITTED)] == [TWO]


def test_the_story_of_a_transaction_has_its_own_operations_and_the_later_owners_of_its_id() -> None:
    facts = Story().init("p").begin("p", "t").send("p", "t", ONE).init("q").begin("q", "u").commit("p", "t").facts()
    told = facts.story_of("t")
    assert [type(one.detail) for one in told] == [Begin, Begin, Send, Send, Init, Init, End, End]
    assert {one.process for one in told if isinstance(one.detail, Init)} == {"q"}


def test_a_record_is_mentioned_by_its_send_its_reads_and_its_transaction() -> None:
    facts = Story().transaction("t", ONE).poll("r", ONE).poll("r", TWO).facts()
    told = facts.mentions(("a", "one"))
    assert len(told) == 7
    assert all("two" not in str(one) for one in told)


def test_offset_commits_and_their_reads_come_in_order() -> None:
    facts = Story().commit_offset("g", A, 5).committed("g", A, 5).facts()
    assert [type(detail) for _, detail in facts.commits()] == [Commit, Commit, Committed]
