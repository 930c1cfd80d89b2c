"""Source that is written line by line: what it can reach, and how it is shown."""

import traceback

import pytest

from odradek.protocol.source import Source, source_of


def _adding(bound: object) -> Source:
    s = Source()
    s(0, "def add(a):")
    s(1, f"return a + {s.bind('one', bound)}")
    return s


def test_a_function_is_made_of_its_lines_and_of_what_was_bound() -> None:
    assert _adding(5).compile("add", "<adding>")(2) == 7


def test_the_same_object_is_bound_once_and_an_equal_one_for_itself() -> None:
    s = Source()
    one, other = [1], [1]
    names = [s.bind("list", one), s.bind("list", one), s.bind("list", other)]
    assert names[0] == names[1] != names[2]
    assert s.names[names[0]] is one
    assert s.names[names[2]] is other


def test_local_names_are_never_used_twice() -> None:
    s = Source()
    assert len({s.new("n") for _ in range(100)} | {s.bind("n", object())}) == 101


def test_a_struct_is_compiled_once_for_each_format() -> None:
    s = Source()
    assert s.pack(">hi") == s.pack(">hi") != s.unpack(">hi")
    assert s.names[s.pack(">hi")](1, 2) == bytes.fromhex("000100000002")
    assert s.names[s.unpack(">hi")](bytes.fromhex("000100000002")) == (1, 2)
    assert s.names[s.pack(">?")](True) == b"\x01"  # a name cannot have a question mark in it


def test_a_traceback_shows_the_line_that_failed() -> None:
    add = _adding("text").compile("add", "<adding text>")
    with pytest.raises(TypeError) as failed:
        add(1)
    shown = "".join(traceback.format_exception(failed.value))
    assert 'File "<adding text>", line 2, in add' in shown
    assert "return a + one1" in shown


def test_the_source_of_a_function_can_be_read() -> None:
    assert source_of(_adding(5).compile("add", "<adding 5>")) == "def add(a):\n    return a + one1\n"
