"""The assignor: all active tasks once, standbys apart, balance, stickiness; and the very tasks that Kafka gives out."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.coordination.groups.streams.sticky_assignor import StreamsAssignee, assign_sticky
from odradek.broker.coordination.groups.streams.tasks import Partitions, Tasks

from .streams_driver import configured

# Random groups and what Apache Kafka's own assignor gave them: tests/oracle/test_streams_assignments.py writes it.
RECORDED = Path(__file__).parents[4] / "oracle" / "streams_assignments.json"
CASES: list[dict[str, Any]] = json.loads(RECORDED.read_text())

processes = st.lists(st.sampled_from(["p", "q", "r", "s"]), min_size=1, max_size=7)
counts = st.dictionaries(st.sampled_from("0123"), st.integers(1, 6), min_size=1)


def assign(
    processes: list[str], counts: dict[str, int], standbys: int = 0, before: Mapping[str, Tasks] | None = None
) -> dict[str, Tasks]:
    members = [
        StreamsAssignee(f"m{number}", process, (before or {}).get(f"m{number}", Tasks()))
        for number, process in enumerate(processes)
    ]
    return assign_sticky(members, {name: configured(counts[name]) for name in sorted(counts)}, standbys)


def tasks(partitions: Partitions) -> set[tuple[str, int]]:
    return {(name, index) for name, indexes in partitions.items() for index in indexes}


def every_task(counts: dict[str, int]) -> set[tuple[str, int]]:
    return {(name, index) for name, count in counts.items() for index in range(count)}


@given(processes, counts, st.integers(0, 3))
def test_every_task_runs_once_and_its_standbys_are_on_other_processes(
    processes: list[str], counts: dict[str, int], standbys: int
) -> None:
    assigned = assign(processes, counts, standbys)
    active = Counter(task for own in assigned.values() for task in tasks(own.active))
    assert active == Counter(dict.fromkeys(every_task(counts), 1))
    places = Counter(
        (process, task)
        for process, own in zip(processes, assigned_in_order(processes, assigned), strict=True)
        for task in (*tasks(own.active), *tasks(own.standby))
    )
    assert all(count == 1 for count in places.values())
    copies = Counter(task for _, task in places)
    assert set(copies.values()) == {min(standbys + 1, len(set(processes)))}


def assigned_in_order(processes: list[str], assigned: dict[str, Tasks]) -> list[Tasks]:
    return [assigned[f"m{number}"] for number in range(len(processes))]


@given(processes, counts)
def test_no_process_has_more_than_a_task_more_for_each_thread_than_another(
    processes: list[str], counts: dict[str, int]
) -> None:
    assigned = assign(processes, counts)
    threads = Counter(processes)
    load = Counter[str]()
    for process, own in zip(processes, assigned_in_order(processes, assigned), strict=True):
        load[process] += len(tasks(own.active))
    each = [load[process] / threads[process] for process in threads]
    assert max(each) - min(each) <= 1


@given(processes, counts, st.integers(0, 2))
def test_nothing_moves_where_nothing_has_changed(processes: list[str], counts: dict[str, int], standbys: int) -> None:
    before = assign(processes, counts, standbys)
    after = assign(processes, counts, standbys, before)
    assert {name: own.active for name, own in after.items()} == {name: own.active for name, own in before.items()}


@given(processes, counts)
def test_who_stays_keeps_its_tasks_when_another_leaves(processes: list[str], counts: dict[str, int]) -> None:
    before = assign([*processes, "t"], counts)
    after = assign(processes, counts, before=before)
    for number in range(len(processes)):
        kept = tasks(after[f"m{number}"].active)
        assert tasks(before[f"m{number}"].active) <= kept


def test_a_task_goes_to_who_has_its_state() -> None:
    before = {"m0": Tasks(standby={"0": frozenset({1})}), "m1": Tasks(standby={"0": frozenset({0})})}
    assigned = assign(["p", "q"], {"0": 2}, 1, before)
    assert [tasks(assigned[name].active) for name in ("m0", "m1")] == [{("0", 1)}, {("0", 0)}]


def test_subtopologies_without_state_have_no_standbys() -> None:
    members = [StreamsAssignee("a", "p"), StreamsAssignee("b", "q")]
    assigned = assign_sticky(members, {"0": configured(2, is_stateful=False)}, 1)
    assert [tasks(own.standby) for own in assigned.values()] == [set(), set()]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_tasks_are_those_that_apache_kafka_gives(number: int) -> None:
    group, expected = CASES[number]["group"], CASES[number]["assigned"]
    assert assigned_as_json(group) == expected


def assigned_as_json(group: dict[str, Any]) -> dict[str, Any]:
    """A group as tests/oracle/StreamsAssignments.java is given it, assigned here."""

    def read(given: dict[str, list[int]]) -> dict[str, frozenset[int]]:
        return {name: frozenset(indexes) for name, indexes in given.items()}

    def write(partitions: Partitions) -> dict[str, list[int]]:
        return {name: sorted(partitions[name]) for name in sorted(partitions)}

    members = [
        StreamsAssignee(name, member["process"], Tasks(read(member["active"]), read(member["standby"])))
        for name, member in group["members"].items()
    ]
    subtopologies = {
        name: configured(group["tasks"][name], is_stateful=name in group["stateful"]) for name in sorted(group["tasks"])
    }
    assigned = assign_sticky(members, subtopologies, group["standbys"])
    return {
        name: {"active": write(assigned[name].active), "standby": write(assigned[name].standby)}
        for name in sorted(assigned)
    }
