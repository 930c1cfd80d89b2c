import pytest

from odradek.broker.answers.request_names import Names
from odradek.broker.faults.fault_table import Asked, FaultTable, fits
from odradek.broker.faults.rule import FaultRule

NOTHING = Names(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())
ASKED = Asked(
    "Produce",
    9,
    "shop",
    "User:alice",
    "127.0.0.1:4000",
    2,
    Names(frozenset({"t", "u"}), frozenset({("t", 0), ("u", 1)}), frozenset({"g"}), frozenset({"x"}), frozenset({"k"})),
)


def hits(rule: FaultRule, requests: int, *, now: float = 0.0) -> list[int]:
    """Which of so many requests are hit, counted from 1."""
    table = FaultTable()
    table.add(rule, 0.0)
    return [number for number in range(1, requests + 1) if table.find(ASKED, now) is not None]


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(),
        FaultRule(api="Produce", version=9, client_id="shop"),
        FaultRule(principal="User:alice", connection="127.0.0.1:4000"),
        FaultRule(broker=2),
        FaultRule(topic="u"),
        FaultRule(topic="t", partition=0),
        FaultRule(group="g", transactional_id="x", key="k"),
    ],
)
def test_a_rule_fits_what_it_names(rule: FaultRule) -> None:
    assert fits(rule, ASKED)


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(api="Fetch"),
        FaultRule(version=8),
        FaultRule(client_id="other"),
        FaultRule(principal="User:ANONYMOUS"),
        FaultRule(connection="127.0.0.1:4001"),
        FaultRule(broker=1),
        FaultRule(topic="v"),
        FaultRule(topic="t", partition=1),
        FaultRule(group="h"),
        FaultRule(transactional_id="y"),
        FaultRule(key="l"),
    ],
)
def test_a_rule_does_not_fit_where_one_thing_is_another(rule: FaultRule) -> None:
    assert not fits(rule, ASKED)
    table = FaultTable()
    fault = table.add(rule, 0.0)
    assert table.find(ASKED, 0.0) is None
    assert (fault.matched, fault.hits) == (0, 0)


def test_it_is_said_which_requests_are_hit() -> None:
    assert hits(FaultRule(), 3) == [1, 2, 3]
    assert hits(FaultRule(times=2), 4) == [1, 2]
    assert hits(FaultRule(skip=2, times=1), 5) == [3]
    assert hits(FaultRule(every=3), 7) == [1, 4, 7]
    assert hits(FaultRule(skip=1, every=2, times=2), 9) == [2, 4]


def test_a_rule_holds_as_long_as_it_says() -> None:
    rule = FaultRule(for_ms=500)
    assert hits(rule, 2, now=0.4) == [1, 2]
    assert hits(rule, 2, now=0.5) == []


def test_what_is_left_to_chance_is_the_same_for_the_same_seed() -> None:
    one, other = FaultRule(probability=0.5, seed=1), FaultRule(probability=0.5, seed=2)
    assert hits(one, 50) == hits(one, 50) != hits(other, 50)
    assert 10 < len(hits(one, 50)) < 40


def test_the_first_rule_that_hits_decides_and_one_that_is_over_lets_the_next_have_its_turn() -> None:
    table = FaultTable()
    first, second = table.add(FaultRule(times=1), 0.0), table.add(FaultRule(), 0.0)
    assert [table.find(ASKED, 0.0) for _ in range(3)] == [first, second, second]
    assert (first.hits, first.matched, second.hits) == (1, 1, 2)


def test_who_waits_for_a_fault_is_woken_by_the_hit_and_once() -> None:
    table, woken = FaultTable(), list[str]()
    fault = table.add(FaultRule(every=2), 0.0)
    fault.when_hit(1, lambda: woken.append("first"))
    fault.when_hit(2, lambda: woken.append("second"))
    take_back = fault.when_hit(1, lambda: woken.append("no more"))
    take_back()
    take_back()
    seen: list[list[str]] = []
    for _ in range(5):
        table.find(ASKED, 0.0)
        seen.append(list(woken))
    assert seen == [["first"], ["first"], ["first", "second"], ["first", "second"], ["first", "second"]]


def test_a_rule_that_is_removed_hits_nothing() -> None:
    table = FaultTable()
    kept, gone = table.add(FaultRule(), 0.0), table.add(FaultRule(), 0.0)
    assert kept.fault_id != gone.fault_id
    assert table.remove(kept.fault_id) is kept
    assert (list(table), len(table)) == ([gone], 1)
    with pytest.raises(KeyError):
        table.remove(kept.fault_id)
    table.clear()
    assert not table
    assert table.find(Asked("Fetch", 4, "", "User:ANONYMOUS", "127.0.0.1:1", 1, NOTHING), 0.0) is None


def test_a_rule_that_went_before_it_hit_anything_is_remembered() -> None:
    table = FaultTable()
    hit, removed, cleared = (FaultRule(client_id="shop"), FaultRule(client_id="a"), FaultRule(client_id="b"))
    table.add(hit, 0.0)
    table.remove(table.add(removed, 0.0).fault_id)
    table.add(cleared, 0.0)
    assert table.find(ASKED, 0.0) is not None
    assert table.never_hit() == [cleared]
    table.clear()
    assert (table.never_hit(), table.never_hit(with_gone=True)) == ([], [removed, cleared])
