"""The examination on paper: a line a step and what mends what is wrong, or JSON."""

import json
import textwrap
from collections.abc import Iterable, Sequence

from .findings import Finding, Status, Step

WIDTH = 110


def is_wrong(steps: Iterable[Step]) -> bool:
    """Whether clients are kept out of anything."""
    return any(step.status is Status.WRONG for step in steps)


def line_of(step: Step) -> str:
    """One step, for people."""
    return f"{step.status.value:<12}{_printable(f'{step.name}: {step.text}')}"


def summary_of(steps: Sequence[Step]) -> Sequence[str]:
    """What is wrong and what mends it, and what is worth knowing: lines, none where there is nothing of it."""
    lines: list[str] = []
    for title, is_note in (("What is wrong and what mends it", False), ("Worth knowing", True)):
        findings = _findings(steps, is_note=is_note)
        if findings:
            lines += ["", f"{title}:"]
        for number, finding in enumerate(findings, 1):
            lines += _wrapped(f"{number}. ", finding.problem)
            for remedy in finding.remedies:
                lines += _wrapped("   - ", remedy)
    return lines


def as_json(steps: Sequence[Step]) -> str:
    """One object, on one line: the same steps and findings."""
    return json.dumps(
        {
            "isWrong": is_wrong(steps),
            "steps": [{"name": step.name, "status": step.status.value, "text": step.text} for step in steps],
            "findings": [
                {
                    "kind": finding.kind,
                    "isNote": finding.is_note,
                    "problem": finding.problem,
                    "remedies": list(finding.remedies),
                }
                for finding in [*_findings(steps, is_note=False), *_findings(steps, is_note=True)]
            ],
        },
        ensure_ascii=False,
    )


def _findings(steps: Iterable[Step], *, is_note: bool) -> Sequence[Finding]:
    """Each once, in the order of the steps."""
    return list(dict.fromkeys(one for step in steps for one in step.findings if one.is_note == is_note))


def _wrapped(head: str, text: str) -> Sequence[str]:
    return textwrap.wrap(
        _printable(text),
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    """Text of an unknown server that cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
