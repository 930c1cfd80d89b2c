from odradek.broker.coordination.groups.streams.process_load import ProcessLoad
from odradek.broker.coordination.groups.streams.tasks import TaskId


def test_the_load_is_tasks_for_each_thread() -> None:
    process = ProcessLoad(["a", "b"])
    assert process.load == 0.0
    assert process.give("a", TaskId("0", 0), is_active=True) == 1
    assert process.give("a", TaskId("0", 1), is_active=False) == 2
    assert (process.load, process.counts) == (1.0, {"a": 2, "b": 0})
    assert (process.active, process.standby) == ({"a": {TaskId("0", 0)}}, {"a": {TaskId("0", 1)}})


def test_a_process_has_what_any_of_its_threads_has() -> None:
    process = ProcessLoad(["a", "b"])
    process.give("b", TaskId("0", 0), is_active=False)
    assert process.has(TaskId("0", 0))
    assert not process.has(TaskId("0", 1))


def test_what_is_left_goes_to_the_thread_with_the_fewest() -> None:
    process = ProcessLoad(["a", "b"])
    process.give("a", TaskId("0", 0), is_active=True)
    assert [process.give_least_loaded(TaskId("1", n), is_active=True) for n in range(3)] == [1, 2, 2]
    assert process.counts == {"a": 2, "b": 2}
    for n in range(2):  # which is noticed by what follows
        process.give("a", TaskId("2", n), is_active=True)
    assert process.give_least_loaded(TaskId("2", 2), is_active=True) == 3
    assert process.counts == {"a": 4, "b": 3}
