"""A reader follows every partition in one isolation, and begins anew in the middle now and then."""

import pytest

from odradek.broker.tools.verify.history import Assign, Isolation, Poll, Record
from odradek.broker.tools.verify.reader import STEP_BACK, Reader

from .driven import Driven

UNCOMMITTED = Isolation.READ_UNCOMMITTED


@pytest.fixture
def driven() -> Driven:
    return Driven()


def write(driven: Driven, *values: str) -> None:
    records = [Record(driven.plan.plain, 0, value) for value in values]
    driven.library.producer(None, 0.0, "none").send(records, 1.0)


def values_read(driven: Driven) -> list[str]:
    return [record.value for poll in driven.details(Poll) for record in poll.records]


def test_it_begins_at_the_start_of_every_partition_and_reads_each_record_once(driven: Driven) -> None:
    reader = driven.made(Reader("r", driven.run, driven.library, UNCOMMITTED))
    write(driven, "a", "b")
    reader.turn()
    write(driven, "c")
    reader.turn()
    (assigned,) = driven.details(Assign)
    assert set(assigned.starts) == set(driven.plan.partitions(list(driven.plan.topics)))
    assert set(assigned.starts.values()) == {0}
    assert values_read(driven) == ["a", "b", "c"]


def test_an_empty_poll_is_no_event(driven: Driven) -> None:
    driven.made(Reader("r", driven.run, driven.library, UNCOMMITTED)).turn()
    assert driven.details(Poll) == []


def test_another_life_begins_at_most_a_step_back_and_is_another_reader(driven: Driven) -> None:
    reader = driven.made(Reader("r", driven.run, driven.library, UNCOMMITTED), 0.0)
    write(driven, *map(str, range(2 * STEP_BACK)))
    reader.turn()
    reader.turn()
    first, second = driven.details(Assign)
    assert (first.reader, second.reader) == ("r/1", "r/2")
    start = max(second.starts.values())
    assert STEP_BACK <= start <= 2 * STEP_BACK
    assert values_read(driven)[2 * STEP_BACK :] == [str(n) for n in range(start, 2 * STEP_BACK)]


@pytest.mark.parametrize(
    ("isolation", "read"), [(Isolation.READ_COMMITTED, []), (Isolation.READ_UNCOMMITTED, ["open"])]
)
def test_its_isolation_decides_what_it_sees(driven: Driven, isolation: Isolation, read: list[str]) -> None:
    producer = driven.library.producer("id", 1000.0, "none")
    producer.init_transactions(1.0)
    producer.begin()
    producer.send([Record(driven.plan.source, 0, "open")], 1.0)
    reader = driven.made(Reader("r", driven.run, driven.library, isolation))
    reader.turn()
    assert values_read(driven) == read
    reader.finish()
