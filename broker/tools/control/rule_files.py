"""Faults from a file: one rule or a list of them, in JSON or YAML.

The rule: all of a file is read before anything of it is done, so that a bad line changes nothing.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click

from ...faults.rule import FaultError, parse_rule
from .client import ControlClient, Failed

Rule = Mapping[str, Any]


def read_rules(path: Path) -> Sequence[Rule]:
    """The rules of a file, each as it was written. UsageError names the file, and which rule or line is wrong."""
    try:
        content = _parsed(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"cannot read {path}: {error}") from None
    except ValueError as error:
        raise click.UsageError(f"{path}: {error}") from None
    rules = cast("list[object]", content) if isinstance(content, list) else [content]
    if not rules:
        raise click.UsageError(f"{path}: there is no fault in it")
    return [
        _checked(rule, f"{path}: rule {number}" if len(rules) > 1 else str(path))
        for number, rule in enumerate(rules, 1)
    ]


def add_all(client: ControlClient, rules: Sequence[Rule]) -> Sequence[Mapping[str, Any]]:
    """Have all of them at work, or none. Failed."""
    added: list[Mapping[str, Any]] = []
    try:
        for rule in rules:
            added.append(client.call("POST", "faults", body=rule))
    except Failed:
        for one in added:
            client.call("DELETE", "faults", str(one["id"]))
        raise
    return added


def _checked(rule: object, where: str) -> Rule:
    if not isinstance(rule, dict):
        raise click.UsageError(f"{where}: a fault is an object with fields, not {rule!r}")
    fields = {str(name): value for name, value in cast("dict[object, Any]", rule).items()}
    try:
        parse_rule(fields)
    except FaultError as error:
        raise click.UsageError(f"{where}: {error}") from None
    return fields


def _parsed(text: str) -> object:
    """What is written there; what is JSON is read without YAML. ValueError names the line."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        import yaml
    except ImportError:
        raise click.ClickException("a file of YAML needs the extra: pip install 'odradek[control]'") from None
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise ValueError(f"{line}{error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
