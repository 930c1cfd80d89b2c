from math import inf, nextafter

from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.broker.coordination.timers import Deadlines


def test_deadlines_come_due_in_their_order() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("late", 3.0)
    deadlines.set("early", 1.0)
    assert deadlines.next() == 1.0
    assert deadlines.pop_due(0.9) is None
    assert [deadlines.pop_due(3.0), deadlines.pop_due(3.0), deadlines.pop_due(3.0)] == ["early", "late", None]


def test_a_deadline_put_off_does_not_come_at_its_old_time() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.set("a", 5.0)
    assert deadlines.pop_due(4.9) is None
    assert deadlines.next() == 5.0
    assert deadlines.pop_due(5.0) == "a"


def test_a_deadline_brought_forward_comes_once() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 5.0)
    deadlines.set("a", 1.0)
    assert deadlines.pop_due(9.0) == "a"
    assert deadlines.pop_due(9.0) is None


def test_a_cancelled_deadline_never_comes() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    deadlines.cancel("a")
    deadlines.cancel("never set")
    assert deadlines.next() is None
    assert "a" not in deadlines
    assert len(deadlines) == 0


def test_bringing_one_deadline_forward_for_ever_keeps_the_heap_small() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for step in range(10_000):
        deadlines.set("a", -float(step))
    assert len(deadlines._heap) < 100
    assert deadlines.next() == -9999.0


actions = st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 20))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(actions, st.integers(0, 20)), max_size=60))
def test_it_is_a_dictionary_of_times(steps: list[tuple[str, int | None] | int]) -> None:
    deadlines: Deadlines[str] = Deadlines()
    model: dict[str, float] = {}
    at, taken = -inf, set[str]()
    for step in steps:
        if isinstance(step, int):
            if step != at:
                at, taken = step, set()
            due = deadlines.pop_due(step)
            if due is None:
                assert all(at > step for at in model.values())
            else:
                assert model.pop(due) <= step
                taken.add(due)
        elif step[1] is None:
            deadlines.cancel(step[0])
            model.pop(step[0], None)
        else:
            deadlines.set(step[0], step[1])
            model[step[0]] = nextafter(at, inf) if step[0] in taken and step[1] <= at else step[1]
        assert deadlines.next() == min(model.values(), default=None)
        assert len(deadlines) == len(model)


def test_a_deadline_that_is_set_again_in_its_own_round_comes_in_the_next_one() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    assert deadlines.pop_due(1.0) == "a"
    deadlines.set("a", 0.5)
    deadlines.set("b", 1.0)
    assert [deadlines.pop_due(1.0), deadlines.pop_due(1.0)] == ["b", None]
    assert deadlines.next() == nextafter(1.0, inf)
    assert deadlines.pop_due(1.1) == "a"
