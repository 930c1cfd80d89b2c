"""Rows for people and for scripts."""

import json

import pytest

from odradek.broker.tools.shell.output import printable, show, text_of

COLUMNS = ("name", "count", "list", "is")
ROWS = [("a", 1, [1, 2], True), ("long name", None, [], False)]


def test_a_table_has_a_line_for_each_row_and_nothing_is_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    show(COLUMNS, [*ROWS, ("x" * 300, 22, ["a"], None)], as_json=False)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert [line.split() for line in lines] == [
        list(COLUMNS),
        ["a", "1", "1,2", "yes"],
        ["long", "name", "-", "no"],
        ["x" * 300, "22", "a", "-"],
    ]


def test_json_is_one_array_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    show(COLUMNS, ROWS, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"name": "a", "count": 1, "list": [1, 2], "is": True},
        {"name": "long name", "count": None, "list": [], "is": False},
    ]


def test_no_rows_are_a_head_alone_or_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    show(COLUMNS, [], as_json=True)
    assert capsys.readouterr().out == "[]\n"
    show(COLUMNS, [], as_json=False)
    assert capsys.readouterr().out.split() == list(COLUMNS)


def test_bytes_are_text_and_what_is_none_is_seen() -> None:
    assert [text_of(data) for data in (None, b"", "é".encode(), b"\xff")] == [None, "", "é", "\\xff"]
    assert printable("é\x1b[0m\n") == "é\\x1b[0m\\n"
