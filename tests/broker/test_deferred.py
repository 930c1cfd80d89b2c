"""An answer that comes later, once; or what kept it from being made."""

import pytest

from odradek.broker.deferred import Deferred


class Client:
    """Who waits for an answer."""

    def __init__(self) -> None:
        self.answers: list[str | None] = []
        self.failures: list[str] = []

    def wait_for(self, deferred: Deferred[str] | Deferred[str | None]) -> None:
        deferred.deliver_to(self.answers.append, lambda error: self.failures.append(str(error)))


def test_the_first_answer_counts_and_goes_where_it_is_awaited() -> None:
    deferred: Deferred[str] = Deferred()
    client = Client()
    client.wait_for(deferred)
    assert not deferred.is_done
    deferred.answer("first")
    deferred.answer("second")
    deferred.fail(ValueError("too late"))
    assert (client.answers, client.failures, deferred.is_done) == (["first"], [], True)


def test_an_answer_that_was_there_before_anybody_asked_is_delivered_at_once() -> None:
    deferred: Deferred[str] = Deferred()
    deferred.answer("early")
    client = Client()
    client.wait_for(deferred)
    assert client.answers == ["early"]


def test_that_no_answer_is_due_is_an_answer_too() -> None:
    deferred: Deferred[str | None] = Deferred()
    deferred.answer(None)
    client = Client()
    client.wait_for(deferred)
    assert client.answers == [None]


@pytest.mark.parametrize("is_early", [True, False])
def test_a_failure_takes_the_place_of_the_answer(is_early: bool) -> None:
    deferred: Deferred[str] = Deferred()
    client = Client()
    if is_early:
        deferred.fail(ValueError("the unforeseen"))
    client.wait_for(deferred)
    deferred.fail(ValueError("the unforeseen"))
    deferred.answer("late")
    assert (client.answers, client.failures, deferred.is_done) == ([], ["the unforeseen"], True)


def test_once_the_client_has_gone_the_answer_is_dropped_and_its_maker_told() -> None:
    deferred: Deferred[str] = Deferred()
    client = Client()
    told: list[str] = []
    deferred.on_dropped = lambda: told.append("gone")
    client.wait_for(deferred)
    deferred.drop()
    deferred.drop()
    deferred.answer("late")
    deferred.fail(ValueError("late"))
    assert (client.answers, client.failures, told, deferred.is_done) == ([], [], ["gone"], True)


def test_nobody_is_told_of_a_client_that_goes_after_its_answer() -> None:
    deferred: Deferred[str] = Deferred()
    told: list[str] = []
    deferred.on_dropped = lambda: told.append("gone")
    deferred.answer("answer")
    deferred.drop()
    assert told == []
