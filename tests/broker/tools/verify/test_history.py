"""A history keeps what happened, in order, and tells it in lines of bounded length."""

import itertools

from odradek.broker.tools.verify.history import (
    Acknowledged,
    Assign,
    Begin,
    Commit,
    Committed,
    Delivered,
    Detail,
    Disconnected,
    End,
    History,
    Init,
    Kind,
    Phase,
    Poll,
    Record,
    Send,
    SendOffsets,
    ShareAcknowledge,
    ShareLeave,
    SharePoll,
)

from .story import COMMITTED, A, Story, at


def test_operations_are_numbered_and_timed_from_the_start() -> None:
    ticks = itertools.count(100.0, 0.5)
    history = History(lambda: next(ticks))
    history.add("p", Phase.INVOKE, Init("id"))
    history.add("p", Phase.INFO, Init("id"), "no answer")
    first, second = history.operations()
    assert (first.index, first.time_s, second.index, second.time_s) == (0, 0.5, 1, 1.0)
    assert str(second).endswith("init id  (no answer)")


def test_readers_of_one_record_share_it() -> None:
    story = Story().poll("r", at(A, 0, "one")).poll("s", at(A, 0, "one"))
    first, second = (one.detail for one in story.history.operations())
    assert isinstance(first, Poll)
    assert isinstance(second, Poll)
    assert first.records[0] is second.records[0]


def test_every_kind_of_operation_tells_what_it_is_about() -> None:
    details: dict[str, Detail] = {
        "share-poll g a-0@1=one#2": SharePoll("g", (Delivered(at(A, 1, "one"), 2),)),
        "acknowledge g a-0@1=one:reject": ShareAcknowledge("g", (Acknowledged(at(A, 1, "one"), Kind.REJECT),)),
        "leave g": ShareLeave("g", is_killed=False),
        "killed in g": ShareLeave("g", is_killed=True),
        "lost a connection of broker": Disconnected("broker"),
        "begin t of id": Begin("t", "id"),
        "send t a-0@?=one": Send("t", (at(A, None, "one"),)),
        "send-offsets t g a-0:5": SendOffsets("t", "g", {A: 5}),
        "commit t": End("t", is_commit=True),
        "abort t": End("t", is_commit=False),
        "assign r read_committed a-0:5": Assign("r", COMMITTED, {A: 5}),
        "poll r read_committed a-0@1=one": Poll("r", COMMITTED, (at(A, 1, "one"),)),
        "commit-offset g a-0 5": Commit("g", A, 5),
        "committed g a-0 None": Committed("g", A),
    }
    story = Story()
    for detail in details.values():
        story.add("p", Phase.OK, detail)
    for said, operation in zip(details, story.history.operations(), strict=True):
        assert str(operation).endswith(said)


def test_a_long_poll_is_told_shortly() -> None:
    story = Story().poll("r", *[Record("a", 0, f"value-{offset}", offset) for offset in range(500)])
    (operation,) = story.history.operations()
    assert "(500 records)" in str(operation)
    assert len(str(operation)) < 500
