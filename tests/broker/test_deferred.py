"""An answer that comes later, once."""

from odradek.broker.deferred import Deferred


def test_the_first_answer_counts_and_goes_where_it_is_awaited() -> None:
    parked: Deferred[str] = Deferred()
    got: list[str] = []
    parked.deliver_to(got.append)
    assert not parked.is_done
    parked.answer("first")
    parked.answer("second")
    assert (got, parked.is_done) == (["first"], True)


def test_an_answer_that_was_there_before_anybody_asked_is_delivered_at_once() -> None:
    parked: Deferred[str] = Deferred()
    parked.answer("early")
    got: list[str] = []
    parked.deliver_to(got.append)
    assert got == ["early"]


def test_once_the_client_has_gone_the_answer_is_dropped_and_its_maker_told() -> None:
    parked: Deferred[str] = Deferred()
    got: list[str] = []
    told: list[str] = []
    parked.on_dropped = lambda: told.append("gone")
    parked.deliver_to(got.append)
    parked.drop()
    parked.drop()
    parked.answer("late")
    assert (got, told, parked.is_done) == ([], ["gone"], True)


def test_nobody_is_told_of_a_client_that_goes_after_its_answer() -> None:
    parked: Deferred[str] = Deferred()
    told: list[str] = []
    parked.on_dropped = lambda: told.append("gone")
    parked.answer("answer")
    parked.drop()
    assert told == []
