"""A script: commands, one a line, and below each, indented, what is to come of it.

A line that begins with # is for the reader, and so is an empty one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

INDENT = "    "

Play = Callable[[str], Sequence[str]]
"""Carries out a command; its effects, a line each."""


class BadCommand(Exception):
    """A command that is none, or that cannot be carried out as it stands."""


class Mismatch(AssertionError):
    """A command has come to something else than its script says."""


@dataclass
class Step:
    """A line of a script; one for the reader has no command."""

    line: int
    text: str
    expected: list[str] = field(default_factory=list[str])

    @property
    def is_command(self) -> bool:
        return bool(self.text.strip()) and not self.text.startswith("#")


def parse(text: str) -> list[Step]:
    """The lines of a script, each with what is expected of it."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(INDENT):
            if not steps or not steps[-1].is_command:
                raise BadCommand(f"line {number}: an effect without a command")
            steps[-1].expected.append(line.removeprefix(INDENT).rstrip())
        else:
            steps.append(Step(number, line.rstrip()))
    return steps


def check(path: Path, play: Play) -> None:
    """Play a script; Mismatch with the line, and how the effects differ."""
    for step in parse(path.read_text()):
        effects = _play(path, step, play)
        if effects != step.expected:
            diff = unified_diff(step.expected, effects, "expected", "played", lineterm="")
            raise Mismatch("\n".join([f"{path.name}, line {step.line}: {step.text}", *diff]))


def rewrite(path: Path, play: Play) -> None:
    """Play a script, and write down what comes of it."""
    lines: list[str] = []
    for step in parse(path.read_text()):
        lines += [step.text, *_indented(_play(path, step, play))]
    path.write_text("".join(f"{line}\n" for line in lines))


def _play(path: Path, step: Step, play: Play) -> list[str]:
    if not step.is_command:
        return []
    try:
        return list(play(step.text))
    except BadCommand as bad:
        raise BadCommand(f"{path.name}, line {step.line}: {step.text}: {bad}") from None


def _indented(effects: Iterable[str]) -> list[str]:
    return [INDENT + effect for effect in effects]
