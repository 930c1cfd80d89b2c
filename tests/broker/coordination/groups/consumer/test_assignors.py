"""Balance, stickiness, and nothing given twice, for any members and topics."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.coordination.groups.consumer.assignors import (
    ASSIGNORS,
    Assignee,
    Assignment,
    assign_range,
    assign_uniform,
)
from odradek.broker.coordination.groups.modern.group import Partitions

from .consumer_driver import topic_id

T, U, V = topic_id("t"), topic_id("u"), topic_id("v")

counts = st.fixed_dictionaries({topic: st.integers(1, 7) for topic in (T, U, V)})
subscriptions = st.lists(st.frozensets(st.sampled_from([T, U, V])), min_size=1, max_size=6)


def members(topics: list[frozenset[bytes]], before: Assignment | None = None) -> list[Assignee]:
    given_before = before or {}
    return [Assignee(f"m{n}", None, own, given_before.get(f"m{n}", {})) for n, own in enumerate(topics)]


def loads(assigned: Assignment) -> dict[str, int]:
    return {member: sum(map(len, topics.values())) for member, topics in assigned.items()}


@pytest.mark.parametrize("name", ASSIGNORS)
@given(topics=subscriptions, partitions=counts)
def test_every_partition_that_is_read_is_given_once_and_to_a_reader(
    name: str, topics: list[frozenset[bytes]], partitions: dict[bytes, int]
) -> None:
    assigned = ASSIGNORS[name](members(topics), partitions)
    given_out = Counter(
        (topic, index) for own in assigned.values() for topic, indexes in own.items() for index in indexes
    )
    read = frozenset[bytes]().union(*topics)
    assert given_out == Counter({(topic, index): 1 for topic in read for index in range(partitions[topic])})
    for member in members(topics):
        assert set(assigned.get(member.member_id, {})) <= member.topic_ids


@given(number=st.integers(1, 9), partitions=counts)
def test_uniform_gives_members_that_read_the_same_the_same(number: int, partitions: dict[bytes, int]) -> None:
    assigned = assign_uniform(members([frozenset(partitions)] * number), partitions)
    spread = loads(assigned).values()
    assert max(spread) - min(spread) <= 1


@given(topics=subscriptions, partitions=counts)
def test_uniform_leaves_no_partition_with_a_member_that_has_two_more_than_another_reader(
    topics: list[frozenset[bytes]], partitions: dict[bytes, int]
) -> None:
    assigned = assign_uniform(members(topics), partitions)
    load = {f"m{n}": 0 for n in range(len(topics))} | loads(assigned)
    for owner, own in assigned.items():
        for topic in own:
            readers = [f"m{n}" for n, read in enumerate(topics) if topic in read]
            assert load[owner] <= min(load[reader] for reader in readers) + 1


@given(topics=subscriptions, partitions=counts)
def test_uniform_changes_nothing_that_is_balanced(topics: list[frozenset[bytes]], partitions: dict[bytes, int]) -> None:
    before = assign_uniform(members(topics), partitions)
    again = assign_uniform(members(topics, before), partitions)
    assert {m: own for m, own in again.items() if own} == {m: own for m, own in before.items() if own}


@given(number=st.integers(1, 6), partitions=counts)
def test_uniform_moves_to_a_newcomer_what_is_its_share_and_no_more(number: int, partitions: dict[bytes, int]) -> None:
    read = frozenset(partitions)
    before = assign_uniform(members([read] * number), partitions)
    after = assign_uniform(members([read] * (number + 1), before), partitions)
    for member, own in before.items():
        assert all(after[member].get(topic, frozenset()) <= indexes for topic, indexes in own.items())


def test_uniform_ignores_what_is_no_longer_there() -> None:
    before: Partitions = {T: frozenset({0, 5}), U: frozenset({0})}
    assigned = assign_uniform([Assignee("m", None, frozenset({T}), before)], {T: 2})
    assert assigned == {"m": {T: frozenset({0, 1})}}


def test_uniform_gives_nothing_to_members_without_topics() -> None:
    assert assign_uniform(members([frozenset()] * 2), {}) == {}


def test_range_gives_the_same_ranges_of_every_topic_to_the_same_members() -> None:
    assigned = assign_range(members([frozenset({T, U})] * 3), {T: 7, U: 7})
    assert assigned == {
        "m0": {T: frozenset({0, 1, 2}), U: frozenset({0, 1, 2})},
        "m1": {T: frozenset({3, 4}), U: frozenset({3, 4})},
        "m2": {T: frozenset({5, 6}), U: frozenset({5, 6})},
    }


def test_range_has_static_members_first_and_in_the_order_of_their_instances() -> None:
    three = [
        Assignee("a", None, frozenset({T})),
        Assignee("z", "i1", frozenset({T})),
        Assignee("b", "i2", frozenset({T})),
    ]
    assigned = assign_range(three, {T: 3})
    assert {m: own[T] for m, own in assigned.items()} == {"z": {0}, "b": {1}, "a": {2}}
