"""Transactions of every fate: committed, aborted, abandoned, outlived by a newer instance, left to time out."""

import pytest

from odradek.broker.tools.verify.appender import ORPHAN_TIMEOUT_S, TIMEOUT_S, Appender
from odradek.broker.tools.verify.facts import Facts, Outcome
from odradek.broker.tools.verify.history import Begin, End, Init, Phase, Send
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.writing import WritingProcess

from .driven import Chosen, Driven

LIVES_ON = 0.9  # it is no orphan
COMMITS, ABORTS, DIES, IS_OUTLIVED, IS_ORPHANED = 0.0, 0.8, 0.92, 0.95, 0.99


@pytest.fixture
def driven() -> Driven:
    return Driven()


def outcomes(driven: Driven) -> list[Outcome]:
    return [one.outcome for one in Facts.of(driven.run.history.operations()).transactions.values()]


@pytest.mark.parametrize(
    ("fate", "outcome"), [(COMMITS, Outcome.COMMITTED), (ABORTS, Outcome.ABORTED), (DIES, Outcome.ABORTED)]
)
def test_a_transaction_comes_to_its_fate(driven: Driven, fate: float, outcome: Outcome) -> None:
    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON, fate)
    worker.turn()
    assert outcomes(driven) == [outcome]
    topics = {record.topic for send in driven.details(Send) for record in send.records}
    assert topics <= set(driven.plan.transactional)
    assert (worker._producer is None) == (fate == DIES)


def test_who_lives_on_goes_on_with_the_same_producer(driven: Driven) -> None:
    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON, COMMITS, 0.5, COMMITS)
    worker.turn()
    worker.turn()
    assert len(driven.details(Init)) == 1
    assert outcomes(driven) == [Outcome.COMMITTED] * 2


def test_after_a_death_the_next_instance_takes_the_id_over(driven: Driven) -> None:
    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON, DIES, 0.5, LIVES_ON, COMMITS)
    worker.turn()
    worker.turn()
    first, second = driven.operations(Init)
    assert first.detail == second.detail
    assert (first.process, second.process) == ("a/1", "a/2")
    assert outcomes(driven) == [Outcome.ABORTED, Outcome.COMMITTED]


def test_a_zombie_wakes_up_after_its_successor_and_does_not_succeed(driven: Driven) -> None:
    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON, IS_OUTLIVED, 0.5, LIVES_ON, 0.9, COMMITS)
    worker.turn()
    assert worker._zombie is not None
    worker.turn()
    assert worker._zombie is None
    assert [one.process for one in driven.operations(End, Phase.INFO)] == ["a/1"]
    assert outcomes(driven) == [Outcome.ABORTED, Outcome.COMMITTED]


def test_an_orphan_is_left_for_good_and_the_next_id_is_another(driven: Driven) -> None:
    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON, IS_ORPHANED, 0.5, LIVES_ON, COMMITS)
    worker.turn()
    worker.turn()
    first, second = (begin.transactional_id for begin in driven.details(Begin))
    assert first != second
    assert first in driven.broker.open


def test_an_id_that_nobody_takes_again_times_out_soon(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str | None, float]] = []
    make = driven.library.producer

    def producer(transactional_id: str | None, timeout_s: float, codec: str) -> object:
        asked.append((transactional_id, timeout_s))
        return make(transactional_id, timeout_s, codec)

    monkeypatch.setattr(driven.library, "producer", producer)
    for is_orphan in (0.0, LIVES_ON):
        driven.made(Appender("a", driven.run, driven.library), is_orphan, COMMITS).turn()
    assert asked == [("run-a-orphan-1", ORPHAN_TIMEOUT_S), ("run-a", TIMEOUT_S)]


def test_a_send_that_fails_aborts_and_is_told_to_whoever_drives_it(
    driven: Driven, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(process: WritingProcess, records: object) -> None:
        raise ClientError("broker away")

    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON)
    monkeypatch.setattr(WritingProcess, "send", fail)
    with pytest.raises(ClientError, match="broker away"):
        worker.turn()
    assert [end.is_commit for end in driven.details(End)] == [False]


def test_at_the_end_it_comes_back_once_more_for_what_it_left_open(driven: Driven) -> None:
    worker = driven.made(Appender("a", driven.run, driven.library), LIVES_ON, DIES)
    worker.turn()
    assert driven.broker.open
    worker.random = Chosen(LIVES_ON)
    worker.finish()
    assert not driven.broker.open
