"""Everybody has something, everything has somebody, and little moves."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.coordination.groups.modern.group import Partitions
from odradek.broker.coordination.groups.share.assignor import ShareAssignee, assign_simple

T, U = b"t" * 16, b"u" * 16


def assignable(**partitions: int) -> dict[bytes, frozenset[int]]:
    return {name.encode() * 16: frozenset(range(count)) for name, count in partitions.items()}


def members(*topic_ids: frozenset[bytes], before: dict[str, Partitions] | None = None) -> list[ShareAssignee]:
    return [
        ShareAssignee(f"m{number}", topics, (before or {}).get(f"m{number}", {}))
        for number, topics in enumerate(topic_ids)
    ]


def counts(assigned: dict[str, Partitions]) -> list[int]:
    return [sum(map(len, own.values())) for own in assigned.values()]


@pytest.mark.parametrize(
    ("partitions", "number", "shares"),
    [(4, 1, [4]), (5, 2, [3, 2]), (1, 3, [1, 1, 1]), (3, 4, [2, 1, 2, 1]), (5, 6, [2, 2, 1, 2, 2, 1]), (0, 2, [0, 0])],
)
def test_shares_are_even_and_nobody_goes_without(partitions: int, number: int, shares: list[int]) -> None:
    both = [frozenset({T})] * number
    assert counts(assign_simple(members(*both), assignable(t=partitions))) == shares


def test_without_members_or_topics_nothing_is_assigned() -> None:
    assert assign_simple([], assignable(t=3)) == {}
    assert assign_simple(members(frozenset()), assignable(t=3)) == {"m0": {}}


def test_each_topic_is_dealt_out_to_its_own_subscribers_where_those_differ() -> None:
    assigned = assign_simple(members(frozenset({T, U}), frozenset({T})), assignable(t=2, u=3))
    assert assigned["m0"][U] == {0, 1, 2}
    assert sorted([*assigned["m0"][T], *assigned["m1"][T]]) == [0, 1]


def test_what_a_member_has_it_keeps_as_far_as_that_is_fair() -> None:
    before: dict[str, Partitions] = {"m0": {T: frozenset({0, 1, 2, 3})}}
    assigned = assign_simple(members(frozenset({T}), frozenset({T}), before=before), assignable(t=4))
    assert assigned == {"m0": {T: {0, 1}}, "m1": {T: {2, 3}}}
    again = assign_simple(members(frozenset({T}), frozenset({T}), before=dict(assigned)), assignable(t=4))
    assert again == assigned


def test_what_has_no_state_yet_is_not_assigned_and_what_has_none_any_more_is_taken() -> None:
    before: dict[str, Partitions] = {"m0": {T: frozenset({0, 5}), U: frozenset({0})}}
    assert assign_simple(members(frozenset({T}), before=before), assignable(t=2)) == {"m0": {T: {0, 1}}}


ASSIGNEES = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from([T, U])),
        st.dictionaries(st.sampled_from([T, U]), st.frozensets(st.integers(0, 6)), max_size=2),
    ),
    min_size=1,
    max_size=9,
)


@given(ASSIGNEES, st.integers(0, 6), st.integers(0, 6))
def test_every_partition_has_a_subscriber_and_none_has_another(
    given_members: list[tuple[frozenset[bytes], dict[bytes, frozenset[int]]]], t: int, u: int
) -> None:
    assignees = [ShareAssignee(f"m{number}", topics, before) for number, (topics, before) in enumerate(given_members)]
    there = assignable(t=t, u=u)
    assigned = assign_simple(assignees, there)
    holders = Counter(
        (topic, index) for own in assigned.values() for topic, indexes in own.items() for index in indexes
    )
    for topic, indexes in there.items():
        subscribers = [one for one in assignees if topic in one.topic_ids]
        for index in indexes:
            assert bool(holders[topic, index]) == bool(subscribers)
    for one in assignees:
        assert set(assigned[one.member_id]) <= one.topic_ids
    if all(topics == given_members[0][0] for topics, _ in given_members):
        shares = counts(assigned)
        assert max(shares) - min(shares) <= 1
