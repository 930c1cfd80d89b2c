"""All checkers together: which look at a history under way, and what its end is held against."""

from odradek.broker.tools.verify.checkers import FinalState, check_all, check_prefix

from .story import A, B, Story, at

ONE, TWO = at(A, 0, "one"), at(B, 0, "two")


def violated(verdicts: object) -> list[str]:
    assert isinstance(verdicts, list)
    return [verdict.name for verdict in verdicts if verdict.violations]


def test_a_history_under_way_is_held_only_against_what_must_always_hold() -> None:
    operations = Story().transaction("t", ONE).history.operations()
    assert violated(check_prefix(operations)) == []
    names = [verdict.name for verdict in check_prefix(operations)]
    assert "lost writes, acknowledged" not in names
    assert len(names) == len(set(names)) == 8


def test_the_end_is_held_against_everything_each_thing_once() -> None:
    operations = Story().transaction("t", ONE).history.operations()
    names = [verdict.name for verdict in check_all(operations, FinalState())]
    assert len(names) == len(set(names)) == 17
    assert set(names) > {verdict.name for verdict in check_prefix(operations)}


def test_a_committed_record_that_is_not_there_at_the_end_is_lost_both_ways() -> None:
    operations = Story().transaction("t", ONE, TWO).history.operations()
    whole = FinalState(committed=[ONE, TWO], uncommitted=[ONE, TWO])
    assert violated(check_all(operations, whole)) == []
    found = violated(check_all(operations, FinalState(committed=[TWO], uncommitted=[TWO])))
    assert {"lost writes, acknowledged", "lost writes, committed", "torn transactions"} <= set(found)


def test_what_never_came_to_its_end_is_a_violation_of_its_own() -> None:
    operations = Story().transaction("t", ONE).history.operations()
    state = FinalState(committed=[ONE], uncommitted=[ONE], stalled=["a transaction does not end"])
    (stalled,) = [one for one in check_all(operations, state) if one.violations]
    assert stalled.name == "stalled transactions and groups"
    assert [violation.sentence for violation in stalled.violations] == ["a transaction does not end"]
