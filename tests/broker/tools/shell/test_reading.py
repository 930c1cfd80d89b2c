"""Records read to the ends of their partitions, and what is shown of them."""

import pytest

from odradek.broker.tools.shell.client import Failed, Kafka
from odradek.broker.tools.shell.reading import headers_of, line_of, read, shown

from .shell import Shell


class Message:
    """A message as the client library hands it out."""

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return 1

    def offset(self) -> int:
        return 2

    def timestamp(self) -> tuple[int, int]:
        return (1, 0)

    def key(self) -> bytes | None:
        return b"\xff"

    def value(self) -> bytes | None:
        return b"a\nb"

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return [("h", b"1"), ("h", None)]


class Tombstone(Message):
    def key(self) -> bytes | None:
        return None

    def value(self) -> bytes | None:
        return None

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return None


def test_a_message_is_one_line_whatever_it_holds() -> None:
    assert line_of(Message()) == "1:2  1970-01-01T00:00:00.000+00:00  key=\\xff  h=1  h=  a\\nb"
    assert line_of(Tombstone()) == "1:2  1970-01-01T00:00:00.000+00:00  -"
    assert headers_of(Tombstone()) == []


def test_a_script_can_tell_nothing_from_empty() -> None:
    assert shown(Message())["headers"] == [["h", "1"], ["h", None]]
    assert (shown(Tombstone())["key"], shown(Tombstone())["value"], shown(Tombstone())["headers"]) == (None, None, [])


def test_reading_ends_where_every_partition_ends(shell: Shell) -> None:
    shell.json("topics", "create", "t", "--partitions", "3")
    shell.json("produce", "t", "a", "b", "--partition", "1")
    kafka = Kafka(shell.bootstrap, 10.0)
    starts = {("t", 0): 0, ("t", 1): 1, ("t", 2): 0}
    assert [message.value() for message in read(kafka, starts, follows=False)] == [b"b"]
    assert list(read(kafka, {}, follows=False)) == []


def test_an_offset_that_is_out_of_range_is_an_error(shell: Shell) -> None:
    shell.json("topics", "create", "u")
    with pytest.raises(Failed, match="u-0"):
        list(read(Kafka(shell.bootstrap, 10.0), {("u", 0): 7}, follows=False))
