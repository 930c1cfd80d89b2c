"""A scenario held against the table: each field is known, given if it has to be, and of its kind. ScenarioError."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ..config.config_def import nearest
from .table import SCENARIO, Part
from .yaml_nodes import Node, ScenarioError

MOST_WHOLE = 1 << 62


def check_scenario(node: Node) -> None:
    """ScenarioError for the first thing that is wrong."""
    _check_object(node, SCENARIO)


def _check_object(node: Node, part: Part) -> None:
    known = [one.name for one in part.parts]
    if not isinstance(node.value, dict):
        raise ScenarioError(node.line, f"{part.what} is an object with {', '.join(known)}, not {_short(node)}")
    for name, one in node.value.items():
        if name not in known:
            hint = nearest(name, known) or f"; it has {', '.join(known)}"
            raise ScenarioError(one.line, f"{part.what} has no field {name!r}{hint}")
    for wanted in part.parts:
        if wanted.name in node.value:
            _check(node.value[wanted.name], wanted)
        elif wanted.is_required:
            raise ScenarioError(node.line, f"{part.what} needs {wanted.name}: {wanted.about}")


def _check(node: Node, part: Part) -> None:
    if part.kind == "object":
        _check_object(node, part)
    elif part.kind in ("list", "fault"):
        if not isinstance(node.value, list):
            raise ScenarioError(node.line, f"{part.name} is a list: a line with - for {part.what}, not {_short(node)}")
        for one in node.value if part.kind == "list" else ():  # a rule of a fault has words of its own
            _check_object(one, part)
    elif part.kind in _CHECKS:
        wanted, is_right = _CHECKS[part.kind]
        if not is_right(node):
            hint = ": put it in quotes" if part.kind == "text" and node.text else ""
            raise ScenarioError(node.line, f"{part.name} is {wanted}, not {_short(node)}{hint}")
        _check_least(node, part)


def _check_least(node: Node, part: Part) -> None:
    value = node.value
    if isinstance(value, int | float) and not (part.least or 0) <= value < MOST_WHOLE:
        bound = f"{part.least or 0} at least" if value < MOST_WHOLE else f"less than {MOST_WHOLE}"
        raise ScenarioError(node.line, f"{part.name} is {bound}, not {node.text}")


def _is_whole(node: Node) -> bool:
    return isinstance(node.value, int) and not isinstance(node.value, bool)


def _is_number(node: Node) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


def _is_settings(node: Node) -> bool:
    return isinstance(node.value, dict) and all(isinstance(one.value, str | int | float) for one in node.value.values())


def time_ms(node: Node) -> int | None:
    """Milliseconds since 1970; None for what is no time."""
    if isinstance(node.value, str):
        try:
            found = datetime.fromisoformat(node.value)
        except ValueError:
            return None
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
    return node.value if isinstance(node.value, int) and not isinstance(node.value, bool) else None


def _is_texts(node: Node) -> bool:
    return isinstance(node.value, list) and all(isinstance(one.value, str) for one in node.items)


def _is_end(node: Node) -> bool:
    return _is_whole(node) or isinstance(node.value, str)


def _is_time(node: Node) -> bool:
    found = time_ms(node)
    return found is not None and found >= 0


_CHECKS: Mapping[str, tuple[str, Callable[[Node], bool]]] = {
    "text": ("a text", lambda node: isinstance(node.value, str)),
    "whole": ("a whole number", _is_whole),
    "number": ("a number", _is_number),
    "flag": ("true or false", lambda node: isinstance(node.value, bool)),
    "time": ("milliseconds since 1970 or a time such as 2026-01-31T12:00:00Z", _is_time),
    "settings": ("an object of names and values", _is_settings),
    "texts": ("a list of texts", _is_texts),
    "end": ("the id of a broker, controller or clients", _is_end),
}


def _short(node: Node) -> str:
    text = node.text or json.dumps(node.plain(), ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:60] + "…"
