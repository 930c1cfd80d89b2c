"""What was found, and how it is mended: plain words, for a person and for a script."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum


class Status(Enum):
    """How a step ended."""

    OK = "ok"
    WRONG = "wrong"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Finding:
    """Something that keeps clients out, or a note: something that will keep some out. Remedies: the likeliest first."""

    kind: str
    problem: str
    remedies: Sequence[str] = ()
    is_note: bool = False


@dataclass(frozen=True)
class Step:
    """One step of the examination: one line, and what was found in it."""

    name: str
    status: Status
    text: str
    findings: Sequence[Finding] = field(default=())


def ok(name: str, text: str, findings: Sequence[Finding] = ()) -> Step:
    return Step(name, Status.OK, text, findings)


def wrong(name: str, text: str, *findings: Finding) -> Step:
    return Step(name, Status.WRONG, text, findings)


def cannot_tell(name: str, text: str, findings: Sequence[Finding] = ()) -> Step:
    return Step(name, Status.CANNOT_TELL, text, findings)
