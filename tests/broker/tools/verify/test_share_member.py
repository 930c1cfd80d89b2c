"""A member's turns: what it is given, how it answers, and how it goes, are in the history in the right order."""

from collections.abc import Mapping, Sequence

import pytest

from odradek.broker.tools.verify.history import (
    Acknowledged,
    Delivered,
    Disconnected,
    Kind,
    Phase,
    ShareAcknowledge,
    ShareLeave,
    SharePoll,
    TopicPartition,
)
from odradek.broker.tools.verify.library import ClientError
from odradek.broker.tools.verify.share_member import ShareMember

from .driven import Driven
from .story import A, B, at

ONE, TWO = Delivered(at(A, 0, "one"), 1), Delivered(at(B, 0, "two"), 2)
STAYS, PROMPT, WHOLE, REMAINS = 0.5, 0.5, 0.5, 0.5
ACCEPT, RELEASE, REJECT = 0.5, 0.1, 0.16


class Member:
    """A share consumer that is given two records by each poll, and refused what the test wants."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self.records = [ONE, TWO]
        self.refused: dict[TopicPartition, str] = {}
        self.acknowledged: list[list[Kind]] = []
        self.end = ""

    def poll(self, timeout_s: float) -> list[Delivered]:
        return self.records

    def acknowledge(self, records: Sequence[Acknowledged], timeout_s: float) -> Mapping[TopicPartition, str]:
        self.acknowledged.append([one.kind for one in records])
        return {one.record.where: self.refused[one.record.where] for one in records if one.record.where in self.refused}

    def close(self) -> None:
        self.end = "closed"

    def kill(self) -> None:
        self.end = "killed"


class Sharing:
    def __init__(self) -> None:
        self.made: list[Member] = []

    def share_consumer(self, group: str, topic: str) -> Member:
        self.made.append(Member())
        return self.made[-1]

    def configure_group(self, group: str, settings: Mapping[str, str], timeout_s: float) -> None:
        raise AssertionError("not by members")

    def brokers(self, timeout_s: float) -> Sequence[tuple[str, int]]:
        return []


class Turns:
    def __init__(self) -> None:
        self.driven = Driven()
        self.sharing = Sharing()
        run, library = self.driven.run, self.driven.library
        self.worker = ShareMember("m", run, library, self.sharing, "g", "a", lock_s=3.0)

    def take(self, *chances: float) -> Member:
        self.driven.made(self.worker, *chances).turn()
        return self.sharing.made[-1]


@pytest.fixture
def turns() -> Turns:
    return Turns()


def test_it_accepts_releases_and_rejects(turns: Turns) -> None:
    member = turns.take(STAYS, PROMPT, WHOLE, RELEASE, REJECT, REMAINS)
    assert member.acknowledged == [[Kind.RELEASE, Kind.REJECT]]
    turns.take(STAYS, PROMPT, WHOLE, ACCEPT, ACCEPT, REMAINS)
    assert member.acknowledged[1:] == [[Kind.ACCEPT, Kind.ACCEPT]]
    assert turns.driven.details(SharePoll) == [SharePoll("g", (ONE, TWO))] * 2
    assert len(turns.driven.details(SharePoll, Phase.INVOKE)) == 2
    assert [len(one.records) for one in turns.driven.details(ShareAcknowledge)] == [2, 2]


def test_what_one_partition_refuses_is_unknown_and_the_rest_is_confirmed(turns: Turns) -> None:
    turns.take(STAYS, PROMPT, WHOLE, ACCEPT, ACCEPT, REMAINS).refused[A] = "no"
    turns.take(STAYS, PROMPT, WHOLE, ACCEPT, ACCEPT, REMAINS)
    assert turns.driven.details(ShareAcknowledge)[1].records == (Acknowledged(TWO.record, Kind.ACCEPT),)
    (unknown,) = turns.driven.operations(ShareAcknowledge, Phase.INFO)
    assert unknown.detail == ShareAcknowledge("g", (Acknowledged(ONE.record, Kind.ACCEPT),))
    assert unknown.note == "no"


def test_it_dies_with_what_it_holds_and_begins_a_new_life(turns: Turns) -> None:
    member = turns.take(0.0)
    assert member.end == "killed"
    assert not member.acknowledged
    assert turns.driven.details(ShareLeave, Phase.INVOKE) == [ShareLeave("g", is_killed=True)]
    assert turns.take() is not member
    assert {one.process for one in turns.driven.operations(SharePoll)} == {"m/1", "m/2"}


def test_it_leaves_after_it_acknowledged(turns: Turns) -> None:
    member = turns.take(STAYS, PROMPT, WHOLE, ACCEPT, ACCEPT, 0.0)
    assert member.end == "closed"
    assert turns.driven.run.history.operations()[-1].detail == ShareLeave("g", is_killed=False)


def test_it_accepts_everything_when_the_run_is_calm(turns: Turns) -> None:
    turns.driven.run.calm.set()
    assert turns.take(*[0.0] * 10).acknowledged == [[Kind.ACCEPT, Kind.ACCEPT]]


def test_troubles_are_told_before_the_records_they_came_with(turns: Turns) -> None:
    member = turns.take()
    member.troubles.append("connection reset")
    turns.take()
    (trouble,) = turns.driven.operations(Disconnected)
    assert trouble.detail == Disconnected("m/1")
    assert trouble.index < turns.driven.operations(SharePoll)[1].index
    assert not member.troubles


def test_a_client_that_fails_is_killed_by_the_worker_and_says_so(turns: Turns) -> None:
    member = turns.take()

    def fail(timeout_s: float) -> list[Delivered]:
        raise ClientError("gone")

    member.poll = fail  # type: ignore[method-assign]
    with pytest.raises(ClientError):
        turns.take()
    turns.worker.let_go()
    assert member.end == "killed"
    assert turns.driven.details(ShareLeave, Phase.INVOKE) == [ShareLeave("g", is_killed=True)]
