"""Operations that wait: woken by a change at a key or by time; one that fails harms no other."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field

import pytest

from odradek.broker.deferred import Deferred
from odradek.broker.purgatory import DelayedAnswer, Purgatory, answer_in_time
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime

KEY = "partition"
OTHER = "another"


class Unforeseen(Exception):
    """A fault in the broker's own code."""


def fault() -> bool:
    raise Unforeseen("the unforeseen")


@dataclass(eq=False)
class Operation:
    """Waits at its keys until `is_complete` is set; says what became of it."""

    name: str
    outcomes: list[str]
    keys: Collection[Hashable] = (KEY,)
    deadline: float = 1010.0
    is_complete: bool = False
    when_asked: Callable[[], object] = lambda: None
    when_completed: Callable[[], object] = lambda: None
    when_failed: Callable[[], object] = lambda: None
    asked: int = 0

    def is_ready(self) -> bool:
        self.asked += 1
        self.when_asked()
        return self.is_complete

    def complete(self) -> None:
        self.when_completed()
        self.outcomes.append(f"{self.name} completed")

    def fail(self, error: Exception) -> None:
        self.outcomes.append(f"{self.name} failed: {error}")
        self.when_failed()


@dataclass
class Waiting:
    """A purgatory on a clock that stands still, and what became of the operations in it."""

    clock: ManualClock = field(default_factory=ManualClock)
    outcomes: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.purgatory = Purgatory(manual_runtime(self.clock))

    def watch(self, name: str, **kept: object) -> Operation:
        operation = Operation(name, self.outcomes)
        for key, value in kept.items():
            setattr(operation, key, value)
        self.purgatory.watch(operation)
        return operation

    def change(self, key: Hashable = KEY) -> None:
        """A request changes something, and ends."""
        self.purgatory.notify_changed(key)
        self.purgatory.complete_ready()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


# Changes


def test_a_change_completes_the_operation_that_it_makes_ready_once(waiting: Waiting) -> None:
    waiting.watch("it", is_complete=True)
    waiting.change()
    waiting.change()
    assert waiting.outcomes == ["it completed"]


def test_an_operation_that_is_not_ready_waits_for_the_next_change(waiting: Waiting) -> None:
    operation = waiting.watch("it")
    waiting.change()
    assert waiting.outcomes == []
    operation.is_complete = True
    waiting.change()
    assert waiting.outcomes == ["it completed"]


def test_a_change_at_any_of_its_keys_counts_and_one_elsewhere_is_not_even_looked_at(waiting: Waiting) -> None:
    operation = waiting.watch("it", keys=(KEY, OTHER), is_complete=True)
    waiting.change("a third")
    assert operation.asked == 0
    waiting.change(OTHER)
    assert waiting.outcomes == ["it completed"]
    waiting.change(KEY)
    assert waiting.outcomes == ["it completed"]


def test_who_came_first_is_completed_first(waiting: Waiting) -> None:
    for name in "abcdefgh":
        waiting.watch(name, is_complete=True)
    waiting.change()
    assert waiting.outcomes == [f"{name} completed" for name in "abcdefgh"]


def test_without_a_change_nothing_is_asked(waiting: Waiting) -> None:
    operation = waiting.watch("it", is_complete=True)
    waiting.purgatory.complete_ready()
    assert operation.asked == 0


def test_a_completion_may_change_what_others_wait_for_and_watch_anew(waiting: Waiting) -> None:
    def go_on() -> None:
        waiting.watch("third", keys=(OTHER,), is_complete=True)
        waiting.change(OTHER)

    waiting.watch("first", is_complete=True, when_completed=go_on)
    waiting.watch("second", keys=(KEY, OTHER), is_complete=True)
    waiting.change()
    assert waiting.outcomes == ["second completed", "third completed", "first completed"]


def test_what_changes_outside_a_request_wakes_too_with_one_call_for_all_of_it(waiting: Waiting) -> None:
    waiting.watch("it", is_complete=True, deadline=5000.0)
    waiting.watch("other", keys=(OTHER,), is_complete=True, deadline=5000.0)
    before = waiting.clock.pending
    for key in (KEY, OTHER, KEY):
        waiting.purgatory.notify_changed(key)
    assert waiting.clock.pending == before + 1
    assert waiting.outcomes == []
    waiting.clock.advance(0)
    assert waiting.outcomes == ["it completed", "other completed"]


def test_a_second_change_outside_a_request_wakes_as_the_first_did(waiting: Waiting) -> None:
    for name in ("first", "second"):
        waiting.watch(name, is_complete=True)
        waiting.purgatory.notify_changed(KEY)
        waiting.clock.advance(0)
    assert waiting.outcomes == ["first completed", "second completed"]


def test_what_a_request_changes_arms_no_call_for_its_end_looks_at_it(waiting: Waiting) -> None:
    waiting.watch("it", is_complete=True)
    before = waiting.clock.pending
    waiting.purgatory.hold()
    waiting.purgatory.notify_changed(KEY)
    assert (waiting.outcomes, waiting.clock.pending) == ([], before)
    waiting.purgatory.complete_ready()
    assert waiting.outcomes == ["it completed"]


def test_a_change_where_nothing_waits_arms_no_call(waiting: Waiting) -> None:
    waiting.purgatory.notify_changed(KEY)
    assert waiting.clock.pending == 0


# Time


def test_an_operation_is_completed_at_its_deadline_and_not_before(waiting: Waiting) -> None:
    waiting.watch("late", deadline=1003.0)
    waiting.watch("early", deadline=1001.0)
    waiting.clock.advance(0.999)
    assert waiting.outcomes == []
    waiting.clock.advance(0.001)
    assert waiting.outcomes == ["early completed"]
    waiting.clock.advance(5)
    assert waiting.outcomes == ["early completed", "late completed"]
    assert waiting.purgatory.next_deadline() is None
    assert waiting.clock.pending == 0


def test_a_dropped_operation_is_never_completed_nor_asked(waiting: Waiting) -> None:
    operation = waiting.watch("gone", is_complete=True)
    waiting.purgatory.drop(operation)
    waiting.purgatory.drop(operation)
    waiting.change()
    waiting.clock.advance(20)
    assert (waiting.outcomes, operation.asked) == ([], 0)


def test_what_was_dropped_or_completed_long_before_its_deadline_is_not_kept(waiting: Waiting) -> None:
    for _ in range(1000):
        waiting.purgatory.drop(waiting.watch("gone", deadline=1e9))
    assert len(waiting.purgatory) == 0
    assert len(waiting.purgatory._by_deadline) < 100
    assert waiting.purgatory._by_key == {}


# Failures


def test_an_operation_that_fails_when_asked_is_answered_with_its_error_and_harms_no_other(waiting: Waiting) -> None:
    waiting.watch("before", is_complete=True)
    waiting.watch("broken", when_asked=fault)
    waiting.watch("after", is_complete=True)
    waiting.change()
    assert waiting.outcomes == ["before completed", "broken failed: the unforeseen", "after completed"]


def test_an_operation_that_fails_when_completed_is_answered_with_its_error_and_harms_no_other(waiting: Waiting) -> None:
    waiting.watch("before", is_complete=True)
    waiting.watch("broken", is_complete=True, when_completed=fault)
    waiting.watch("after", is_complete=True)
    waiting.change()
    assert waiting.outcomes == ["before completed", "broken failed: the unforeseen", "after completed"]


def test_an_operation_that_has_failed_waits_no_more(waiting: Waiting) -> None:
    waiting.watch("broken", when_asked=fault)
    waiting.change()
    waiting.change()
    waiting.clock.advance(20)
    assert waiting.outcomes == ["broken failed: the unforeseen"]


def test_an_operation_that_fails_at_its_deadline_keeps_no_other_from_its_own(waiting: Waiting) -> None:
    waiting.watch("broken", deadline=1001.0, when_completed=fault)
    waiting.watch("at once", deadline=1001.0)
    waiting.watch("later", deadline=1002.0)
    waiting.clock.advance(5)
    assert waiting.outcomes == ["broken failed: the unforeseen", "at once completed", "later completed"]


def test_an_operation_that_fails_outside_a_request_keeps_no_other_from_waking(waiting: Waiting) -> None:
    waiting.watch("broken", when_asked=fault)
    waiting.watch("after", is_complete=True)
    waiting.purgatory.notify_changed(KEY)
    waiting.clock.advance(0)
    assert waiting.outcomes == ["broken failed: the unforeseen", "after completed"]


def test_one_that_cannot_even_be_failed_is_reported_and_harms_no_other(
    waiting: Waiting, capfd: pytest.CaptureFixture[str]
) -> None:
    waiting.watch("broken", when_asked=fault, when_failed=fault)
    waiting.watch("after", is_complete=True)
    waiting.change()
    assert waiting.outcomes == ["broken failed: the unforeseen", "after completed"]
    assert "Unforeseen: the unforeseen" in capfd.readouterr().err


def test_what_is_for_after_a_request_is_done_then_and_before_what_the_request_has_woken() -> None:
    waiting = Waiting()
    done: list[str] = waiting.outcomes
    waiting.purgatory.after_request(lambda: done.append("at once"))
    operation = Operation("woken", done)
    waiting.purgatory.watch(operation)
    waiting.purgatory.hold()
    operation.is_complete = True
    waiting.purgatory.notify_changed(KEY)
    waiting.purgatory.after_request(lambda: done.append("after"))
    assert done == ["at once"]
    waiting.purgatory.complete_ready()
    waiting.purgatory.complete_ready()
    assert done == ["at once", "after", "woken completed"]


# An answer in time


def asked(waiting: Waiting) -> tuple[Callable[[str], None], Deferred[str], list[str]]:
    """What is to be called with the answer, and the answers so far."""
    deferred: Deferred[str] = Deferred()
    answers: list[str] = []
    deadline = waiting.clock.now() + 5.0
    answer = answer_in_time(deferred, waiting.purgatory, deadline, lambda: "late")
    deferred.deliver_to(answers.append, lambda error: answers.append(repr(error)))
    return answer, deferred, answers


def test_an_answer_that_comes_in_time_is_the_only_one() -> None:
    waiting = Waiting()
    answer, _, answers = asked(waiting)
    waiting.clock.advance(4.9)
    answer("here")
    waiting.clock.advance(10.0)
    assert (answers, len(waiting.purgatory)) == (["here"], 0)


def test_one_that_does_not_come_in_time_is_given_up() -> None:
    waiting = Waiting()
    answer, _, answers = asked(waiting)
    waiting.clock.advance(5.0)
    answer("here")
    assert answers == ["late"]


def test_nobody_waits_for_the_answer_to_a_client_that_has_gone() -> None:
    waiting = Waiting()
    _, deferred, answers = asked(waiting)
    deferred.drop()
    waiting.clock.advance(10.0)
    assert (answers, len(waiting.purgatory)) == ([], 0)


def test_a_late_answer_that_cannot_be_made_is_an_error() -> None:
    waiting = Waiting()
    errors: list[Exception] = []
    waiting.purgatory.watch(DelayedAnswer(1001.0, lambda: None if fault() else None, errors.append))
    waiting.clock.advance(1.0)
    assert [str(error) for error in errors] == ["the unforeseen"]
