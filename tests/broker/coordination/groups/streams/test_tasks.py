from odradek.broker.coordination.groups.streams.tasks import (
    NO_TASKS,
    NONE_HELD,
    HeldTasks,
    TaskId,
    Tasks,
    by_subtopology,
    without_epochs,
)

ONE = frozenset({1})


def test_tasks_meet_only_in_the_same_role() -> None:
    owned = Tasks(active={"0": ONE})
    assert owned.has_any(HeldTasks(active={"0": {1: 5, 2: 5}}))
    assert not owned.has_any(HeldTasks(active={"0": {2: 5}, "1": {1: 5}}))
    assert not owned.has_any(HeldTasks(standby={"0": ONE}, warmup={"0": ONE}))
    assert Tasks(standby={"0": ONE}).has_any(HeldTasks(standby={"0": ONE}))
    assert Tasks(warmup={"0": ONE}).has_any(HeldTasks(warmup={"0": ONE}))


def test_more_is_added_role_by_role() -> None:
    some = HeldTasks({"0": {1: 2}}, {"0": frozenset({2})})
    more = HeldTasks({"0": {3: 4}, "1": {0: 4}}, {"0": frozenset({4})}, {"1": ONE})
    both = some.with_more(more)
    assert both == HeldTasks({"0": {1: 2, 3: 4}, "1": {0: 4}}, {"0": frozenset({2, 4})}, {"1": ONE})
    assert some == HeldTasks({"0": {1: 2}}, {"0": frozenset({2})})


def test_no_tasks_are_empty_and_any_are_not() -> None:
    assert NO_TASKS.is_empty
    assert NONE_HELD.is_empty
    assert not Tasks(warmup={"0": ONE}).is_empty
    assert not HeldTasks(standby={"0": ONE}).is_empty


def test_tasks_are_grouped_by_their_subtopologies() -> None:
    found = by_subtopology([TaskId("0", 1), TaskId("1", 1), TaskId("0", 2)])
    assert found == {"0": frozenset({1, 2}), "1": ONE}
    assert without_epochs({"0": {1: 7, 2: 8}}) == {"0": frozenset({1, 2})}
