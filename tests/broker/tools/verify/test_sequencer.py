"""Sends without transactions: unique values, and a new producer after every failure."""

import pytest

from odradek.broker.tools.verify.history import Begin, Phase, Send
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.sequencer import Sequencer

from .driven import Driven


@pytest.fixture
def driven() -> Driven:
    return Driven()


def test_every_turn_sends_new_values_to_the_plain_topic(driven: Driven) -> None:
    worker = driven.made(Sequencer("s", driven.run, driven.library))
    for _ in range(3):
        worker.turn()
    sent = [record for send in driven.details(Send) for record in send.records]
    assert {record.topic for record in sent} == {driven.plan.plain}
    assert len({record.value for record in sent}) == len(sent)
    assert sorted(driven.stored()) == sorted(record.value for record in sent)
    assert driven.operations(Begin, Phase.INVOKE) == []
    assert worker.instance == 1


def test_a_producer_is_left_now_and_then_and_the_next_is_another_process(driven: Driven) -> None:
    worker = driven.made(Sequencer("s", driven.run, driven.library), 0.0)
    worker.turn()
    worker.turn()
    assert {one.process for one in driven.operations(Send)} == {"s/1", "s/2"}


def test_after_a_failure_none_of_its_values_is_sent_again(driven: Driven, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = driven.made(Sequencer("s", driven.run, driven.library))
    worker.turn()

    def fail(records: object) -> None:
        raise ClientError("broker away")

    assert worker._producer is not None
    with monkeypatch.context() as patched:
        patched.setattr(worker._producer, "send", fail)
        with pytest.raises(ClientError):
            worker.turn()
    worker.let_go()
    worker.turn()
    values = [record.value for send in driven.details(Send) for record in send.records]
    assert len(set(values)) == len(values)
    worker.finish()
