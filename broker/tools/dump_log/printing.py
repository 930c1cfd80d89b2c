"""The two forms of what is dumped: lines as Apache Kafka's tool writes them, or one JSON object a line.

The rule: a dumped thing is fields in order, under Kafka's names, and neither form knows more than the other. Control
characters never reach the terminal: a log may hold anything.
"""

import json
from collections.abc import Mapping
from typing import Protocol, TextIO, TypeAlias

Value: TypeAlias = "int | str | bool | bytes | list[Value] | dict[str, Value] | None"
Fields: TypeAlias = Mapping[str, Value]

_OPTIONAL = ("deleteHorizonMs", "currentTxnFirstOffset")
_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {9: "\t", 10: "\\n", 13: "\\r"}


class Printer(Protocol):
    """Takes one thing after another; `damages` counts what could not be read."""

    damages: int

    def file(self, path: str, about: str | None = None) -> None:
        """From here on it is about this file."""
        ...

    def item(self, kind: str, fields: Fields) -> None:
        """A batch, a record, an entry: `kind` tells. A `note` has one field of that name, a sentence."""
        ...

    def damage(self, position: int | None, problem: str) -> None:
        """What is wrong with the file, and at which byte, where there is one."""
        ...


class TextPrinter:
    """Kafka's form: `name: value` after `name: value`; a record begins with `| `."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._path = ""
        self.damages = 0

    def file(self, path: str, about: str | None = None) -> None:
        self._path = path
        self._out.write(f"Dumping {path}\n" + (f"{about}\n" if about else ""))

    def item(self, kind: str, fields: Fields) -> None:
        if kind == "note":
            self._out.write(f"{_visible(fields['note'])}\n")
            return
        parts = [_text_of(name, value) for name, value in fields.items()]
        self._out.write(("| " if kind == "record" else "") + " ".join(parts) + "\n")

    def damage(self, position: int | None, problem: str) -> None:
        self.damages += 1
        where = "" if position is None else f" at byte {position}"
        self._out.write(f"Found damage{where} of {self._path}: {problem}\n")


def _text_of(name: str, value: Value) -> str:
    if name in _OPTIONAL:
        return f"{name}: " + ("OptionalLong.empty" if value is None else f"OptionalLong[{_visible(value)}]")
    if name == "headerKeys" and isinstance(value, list):
        return f"{name}: [{','.join(map(_visible, value))}]"
    return f"{name}: {_visible(value)}"


def _visible(value: Value) -> str:
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return repr(value)[2:-1]  # as Python writes bytes: everything beyond ASCII as \xNN
    if isinstance(value, str):
        return value if value.isprintable() else value.translate(_VISIBLE)
    return json.dumps(value, separators=(",", ":"))


class JsonPrinter:
    """One object a line; `kind` says what it is, `file` where it stands. Bytes that are no UTF-8 become base64."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._path = ""
        self.damages = 0

    def file(self, path: str, about: str | None = None) -> None:
        self._path = path
        self._write("file", {"about": about} if about else {})

    def item(self, kind: str, fields: Fields) -> None:
        self._write(kind, fields)

    def damage(self, position: int | None, problem: str) -> None:
        self.damages += 1
        self._write("damage", {"position": position, "problem": problem})

    def _write(self, kind: str, fields: Fields) -> None:
        line: dict[str, Value] = {"kind": kind, "file": self._path}
        for name, value in fields.items():
            if isinstance(value, bytes):
                name, value = _as_json(name, value)
            line[name] = value
        self._out.write(json.dumps(line, separators=(",", ":")) + "\n")


def _as_json(name: str, value: bytes) -> tuple[str, str]:
    try:
        return name, value.decode()
    except UnicodeDecodeError:
        from base64 import b64encode

        return f"{name}Base64", b64encode(value).decode()
