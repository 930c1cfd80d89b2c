"""Which producer ids cannot go on to their next epoch, where a log of before has come back."""

from odradek.broker.coordination.transactions.coordinator import V1, V2
from odradek.broker.coordination.transactions.given_epochs import GivenEpochs
from odradek.broker.coordination.transactions.transaction import LAST_EPOCH, Transaction

from .coordinator_fixture import EPOCH, NEW_PID, PID, CoordinatorFixture, E, S, held, load, outcome


def at(epoch: int, producer_id: int = 7) -> Transaction:
    return Transaction("id", producer_id, epoch, 60_000)


def test_an_id_that_came_further_under_another_log_is_exhausted() -> None:
    given = GivenEpochs()
    given.begin()
    for epoch in (1, 3, 2):
        given.note(at(epoch))
    assert [given.is_exhausted(at(epoch)) for epoch in (0, 2, 3)] == [True, True, False]
    assert not given.is_exhausted(at(0, producer_id=8))


def test_beginning_again_forgets_nothing() -> None:
    given = GivenEpochs()
    given.begin()
    given.note(at(3))
    given.begin()
    assert given.is_exhausted(at(2))


def test_nothing_is_remembered_where_no_log_can_come_back() -> None:
    given = GivenEpochs()
    given.note(at(3))
    given.begin()
    assert not given.is_exhausted(at(2))


def test_an_id_without_another_epoch_is_exhausted_in_any_case() -> None:
    assert GivenEpochs().is_exhausted(at(LAST_EPOCH))


# What the coordinator makes of it


def come_back() -> CoordinatorFixture:
    """An id in a state of before, whose producer id has gone on since."""
    fixture = CoordinatorFixture(None)
    fixture.given.begin()
    load(fixture.it, held(S.EMPTY, producer_epoch=EPOCH + 3))
    load(fixture.it, held(S.ONGOING))
    return fixture


def test_a_producer_of_before_ends_its_transaction_and_goes_on_under_a_new_id() -> None:
    fixture = come_back()
    step = fixture.end(True, version=V2)
    assert step.producer == (NEW_PID, 0)
    assert fixture.take(step).state is S.COMPLETE_COMMIT
    again = fixture.end(True, version=V2)  # the answer was lost
    assert (again.transaction, again.producer) == (None, (NEW_PID, 0))
    assert outcome(lambda: fixture.end(True, EPOCH + 3, version=V2)) == E.PRODUCER_FENCED
    assert outcome(lambda: fixture.end(True, LAST_EPOCH, version=V2)) == E.PRODUCER_FENCED


def test_a_new_session_of_an_id_of_before_has_a_new_producer_id() -> None:
    fixture = come_back()
    assert fixture.it.may_take_producer_id("id")
    fixture.take(fixture.end(True, version=V1))
    assert fixture.init().producer == (NEW_PID, 0)


def test_a_producer_of_before_whose_transaction_timed_out_can_go_on() -> None:
    fixture = come_back()
    fixture.take(fixture.time_out())
    assert fixture.init(expected=(PID, EPOCH)).producer == (NEW_PID, 0)
    assert outcome(lambda: fixture.init(expected=(PID, EPOCH + 3))) == E.PRODUCER_FENCED
