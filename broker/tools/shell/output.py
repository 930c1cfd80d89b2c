"""Rows as a table for people, or as JSON for scripts."""

import json
import sys
from collections.abc import Sequence
from typing import cast

import click

from .client import load

WIDE = 100_000  # columns of what is no terminal: nothing is cut off there


def show(columns: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Print the rows: as a table, or as one JSON array of objects with the columns' names."""
    if as_json:
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    console, table, text = load("rich.console"), load("rich.table"), load("rich.text")
    drawn = table.Table(box=None, pad_edge=False, header_style="bold")
    numeric = [bool(rows) and all(isinstance(row[at], int | None) for row in rows) for at in range(len(columns))]
    for column, is_numeric in zip(columns, numeric, strict=True):
        drawn.add_column(column, justify="right" if is_numeric else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(text.Text(_cell(value)) for value in row))
    width = None if sys.stdout.isatty() else WIDE
    console.Console(file=sys.stdout, width=width).print(drawn)


def show_json(value: object) -> None:
    """Print a value as JSON, on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def text_of(data: bytes | None) -> str | None:
    """Bytes of a client as text; what is no UTF-8 keeps its bytes as \\xNN."""
    return None if data is None else data.decode(errors="backslashreplace")


def printable(text: str) -> str:
    """Text that cannot move the cursor: everything but printable characters is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(map(str, cast("list[object]", value)))
    return printable(str(value))
