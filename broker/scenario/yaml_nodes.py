"""YAML as a tree that knows its lines.

The one rule: what could mean two things, or grow beyond its file, is refused: names given twice, aliases, tags. Words
are texts, but for true, false and null.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml

MOST_DEPTH = 20
_yaml = cast("Any", yaml)  # whose streams have no types
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]{1,3})")
_TEXT_TAGS = ("!", "tag:yaml.org,2002:str")


class ScenarioError(ValueError):
    """The file cannot be meant; the text says why, `line` where."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


@dataclass(slots=True)
class Node:
    """A value of the file. `line` is that of its name, if it has one; `text` is how a plain word stands there."""

    value: "str | int | float | bool | list[Node] | dict[str, Node] | None"
    line: int
    text: str = ""

    @property
    def fields(self) -> "dict[str, Node]":
        """Of an object; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Node]":
        """Of a list; none of anything else."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The value without its lines."""
        if isinstance(self.value, dict):
            return {name: one.plain() for name, one in self.value.items()}
        return [one.plain() for one in self.value] if isinstance(self.value, list) else self.value


def read_yaml(text: str) -> Node:
    """The one document of a file. ScenarioError."""
    # The C parser, where there is one, is ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _document(_yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ScenarioError(mark.line + 1 if mark else 1, f"no YAML: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise ScenarioError(line, f"no YAML: {error.reason}") from None


def _document(events: Iterator[yaml.Event]) -> Node:
    found: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent) and found is not None:
            raise ScenarioError(event.start_mark.line + 1, "a scenario is one document, and here a second one begins")
        if isinstance(event, yaml.NodeEvent):
            found = _node(event, events, 0)
    return Node({}, 1) if found is None or found.value is None else found


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        raise ScenarioError(line, f"aliases are not taken: write out what *{event.anchor} stands for")
    if depth > MOST_DEPTH:
        raise ScenarioError(line, f"nothing of a scenario is nested deeper than {MOST_DEPTH}")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, line)
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise ScenarioError(line, f"tags are not taken, and here is {tag!r}")
    if isinstance(event, yaml.SequenceStartEvent):
        return Node([*_items(events, depth)], line)
    assert isinstance(event, yaml.MappingStartEvent)
    return Node(_fields(events, depth), line)


def _items(events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return
        yield _node(event, events, depth + 1)


def _fields(events: Iterator[yaml.Event], depth: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        line = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent):
            raise ScenarioError(line, "a name is a text")
        name = event.value
        if name in found:
            raise ScenarioError(line, f"{name!r} is given twice, the first time in line {found[name].line}")
        found[name] = _node(next(events), events, depth + 1)
        found[name].line = line
    return found


def _scalar(event: yaml.ScalarEvent, line: int) -> Node:
    text = event.value
    if event.tag is not None and event.tag not in _TEXT_TAGS:
        raise ScenarioError(line, f"tags are not taken, and here is {event.tag!r}")
    if event.style or event.tag is not None:
        return Node(text, line, text)
    if text.lower() in _WORDS:
        return Node(_WORDS[text.lower()], line, text)
    if _WHOLE.fullmatch(text):
        return Node(int(text), line, text)
    return Node(float(text) if _NUMBER.fullmatch(text) else text, line, text)
