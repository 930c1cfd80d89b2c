"""Our assignors give what Apache Kafka's give: `range` exactly, `uniform` as evenly and with as few changes of hands.

`uniform` walks over hash maps in Kafka, so that who gets which partition is an accident there. The groups, and what
Kafka made of them, are read from assigned.json, written by `pytest --oracle --record tests/oracle`.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from odradek.broker.coordination.groups.consumer.assignors import assign_range, assign_uniform
from odradek.broker.coordination.groups.modern.group import Partitions

from .apache_kafka import QUICK_JVM, jars
from .assigned_groups import GROUPS, ROUNDS, AssignedGroup, Given, Member, Owned, after, begin

SOURCE = Path(__file__).with_name("Assignors.java")
RECORDED = Path(__file__).with_name("assigned.json")


@pytest.fixture(scope="module")
def assigned(is_oracle: bool, request: pytest.FixtureRequest) -> list[Any]:
    """Pairs: a group, and what each of Kafka's assignors gave it."""
    if not is_oracle:
        recorded: list[Any] = json.loads(RECORDED.read_text())
        return recorded
    pairs = list(_asked_of_kafka())
    if request.config.getoption("--record"):
        RECORDED.write_text("[\n" + ",\n".join(json.dumps(pair) for pair in pairs) + "\n]\n")
    return pairs


def _asked_of_kafka() -> Iterator[tuple[dict[str, object], dict[str, Given]]]:
    home = jars()
    command = ["java", *QUICK_JVM, "-cp", f"{home / 'lib'}/*", str(SOURCE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as jvm:
        assert jvm.stdin is not None
        assert jvm.stdout is not None
        for seed in range(GROUPS):
            random, group = begin(seed)
            for _ in range(ROUNDS):
                jvm.stdin.write(json.dumps(group.as_json()) + "\n")
                jvm.stdin.flush()
                given: dict[str, Given] = json.loads(jvm.stdout.readline())
                yield group.as_json(), given
                group = after(random, group, given["uniform"])
        jvm.stdin.close()


def _group(stored: Any) -> AssignedGroup:
    members = [Member(one["id"], one["instance"], one["topics"], one["before"]) for one in stored["members"]]
    return AssignedGroup(stored["partitions"], members)


def _named(given: Mapping[str, Partitions], group: AssignedGroup) -> Given:
    found: Given = {member.id: {} for member in group.members}
    for member_id, own in given.items():
        found[member_id] = {topic.decode(): sorted(indexes) for topic, indexes in own.items() if indexes}
    return found


def _kept(group: AssignedGroup, given: Given) -> int:
    """How many partitions stay where they were."""

    def kept_by(before: Owned, own: Owned) -> int:
        return sum(len(set(indexes) & set(own.get(topic, ()))) for topic, indexes in before.items())

    return sum(kept_by(member.before, given[member.id]) for member in group.members)


def test_there_are_enough_groups_of_every_kind(assigned: list[Any]) -> None:
    groups = [_group(stored) for stored, _ in assigned]
    assert len(groups) == GROUPS * ROUNDS
    assert sum(any(member.before for member in group.members) for group in groups) > len(groups) / 2
    assert sum(len({tuple(sorted(member.topics)) for member in group.members}) > 1 for group in groups) > 50


def test_range_is_what_kafka_gives(assigned: list[Any]) -> None:
    for stored, given in assigned:
        group = _group(stored)
        ours = _named(assign_range(group.assignees(), group.topic_partitions()), group)
        assert ours == {**{member.id: {} for member in group.members}, **given["range"]}, stored


def _unevenness(given: Given) -> int:
    return sum(size * size for own in given.values() for size in [sum(map(len, own.values()))])


def test_uniform_is_as_even_as_kafkas_and_leaves_as_much_where_it_was(assigned: list[Any]) -> None:
    """Of members with unlike subscriptions it may move one or two more, for ours are sometimes more even."""
    kept_of_unlike = [0, 0]
    for stored, given in assigned:
        group = _group(stored)
        kafka: Given = {**{member.id: {} for member in group.members}, **given["uniform"]}
        ours = _named(assign_uniform(group.assignees(), group.topic_partitions()), group)
        assert _unevenness(ours) <= _unevenness(kafka), stored
        kept = [_kept(group, one) for one in (ours, kafka)]
        if len({tuple(sorted(member.topics)) for member in group.members}) == 1:
            assert kept[0] == kept[1], stored
        else:
            assert kept[0] >= kept[1] - 2, stored
            kept_of_unlike = [kept_of_unlike[0] + kept[0], kept_of_unlike[1] + kept[1]]
    assert kept_of_unlike[0] >= 0.97 * kept_of_unlike[1]
