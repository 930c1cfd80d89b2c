"""What a checker says: how much it looked at, and what it found wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .history import Operation

TOLD_IN_FULL = 3


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise in one sentence, and the operations that show it (of the first few of a kind)."""

    sentence: str
    operations: Sequence[Operation] = ()


@dataclass(slots=True)
class Verdict:
    """One property: `checked` counts `unit`s."""

    name: str
    unit: str
    checked: int = 0
    violations: list[Violation] = field(default_factory=list[Violation])

    def add(self, sentence: str, operations: Callable[[], Sequence[Operation]] = tuple) -> None:
        """`operations` is asked for only the first few times: a broken broker breaks much."""
        evidence = operations() if len(self.violations) < TOLD_IN_FULL else ()
        self.violations.append(Violation(sentence, evidence))


def showing(*operations: Operation) -> Callable[[], Sequence[Operation]]:
    """Evidence that is at hand already."""
    return lambda: operations
