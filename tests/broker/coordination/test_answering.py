"""One answer that cannot be given keeps no other from its own."""

import pytest

from odradek.broker.coordination.answering import deliver, refuse, refuse_all
from odradek.broker.coordination.result import Answer, ResponseFuture
from odradek.protocol.errors import ErrorCode

from .groups.group_driver import Call


def call() -> Call[str]:
    return Call(lambda code: code.name)


class Gone(ResponseFuture[str]):
    """A client that cannot be answered."""

    def __init__(self) -> None:
        super().__init__(lambda response: None, lambda code: code.name)

    def complete(self, response: str) -> None:
        raise ConnectionResetError(response)


def test_whoever_waits_is_answered_and_where_nobody_does_nothing_happens() -> None:
    waiting = call()
    deliver(waiting, "yes")
    refuse(None, ErrorCode.NOT_COORDINATOR)
    assert waiting.answer == "yes"


def test_all_who_were_to_be_answered_are_refused_though_one_has_gone(capfd: pytest.CaptureFixture[str]) -> None:
    waiting = call()
    refuse_all([Answer(Gone(), "yes"), Answer(waiting, "yes")], ErrorCode.NOT_COORDINATOR)
    assert waiting.answer == "NOT_COORDINATOR"
    assert "an answer could not be delivered" in capfd.readouterr().err
