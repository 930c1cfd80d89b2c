"""Python source that grows line by line and is then compiled; tracebacks show it, through linecache."""

import linecache
import struct
from collections.abc import Callable
from typing import Any


class Source:
    """The text of one function, and the objects that its names stand for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {}
        self._bound: dict[int, str] = {}
        self._count = 0

    def __call__(self, depth: int, text: str) -> None:
        """Adds one line at that depth."""
        self.lines.append("    " * depth + text)

    def new(self, stem: str) -> str:
        """A local name not used before."""
        self._count += 1
        return f"{stem}{self._count}"

    def bind(self, stem: str, value: object) -> str:
        """The name under which the source reaches this very object."""
        name = self._bound.get(id(value))
        if name is None:
            name = self._bound[id(value)] = self.new(stem)
            self.names[name] = value
        return name

    def unpack(self, code: str) -> str:
        """The name of a compiled struct's unpack_from."""
        return self._struct("unpack_", code, lambda made: made.unpack_from)

    def pack(self, code: str) -> str:
        """The name of a compiled struct's pack."""
        return self._struct("pack_", code, lambda made: made.pack)

    def _struct(self, stem: str, code: str, method: Callable[[struct.Struct], Any]) -> str:
        name = stem + code.lstrip(">").replace("?", "B")
        if name not in self.names:
            self.names[name] = method(struct.Struct(code))
        return name

    def compile(self, name: str, title: str) -> Callable[..., Any]:
        """The function of that name; `title` stands for a file name."""
        text = "\n".join(self.lines) + "\n"
        exec(compile(text, title, "exec"), self.names)  # the text is ours: made of declarations, never of input
        linecache.cache[title] = (len(text), None, text.splitlines(True), title)
        made: Callable[..., Any] = self.names[name]
        return made


def source_of(function: Callable[..., Any]) -> str:
    """The source that was compiled into this function."""
    return "".join(linecache.getlines(function.__code__.co_filename))
