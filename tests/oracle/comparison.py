"""Two conversations side by side: where they differ, and which differences are decided upon."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .normalise import Plain

ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that the two answer differently."""

    step: str
    path: str
    kafka: Plain
    odradek: Plain

    def __str__(self) -> str:
        return f"{self.step}: {self.path or 'all of it'}: Apache Kafka {self.kafka!r}, Odradek {self.odradek!r}"


@dataclass(frozen=True, slots=True)
class Decided:
    """A difference that is meant. `path` is the field's place in the answer; `odradek` what we say there."""

    scenario: str
    step: str
    path: str
    odradek: Plain
    reason: str


def differences(kafka: Mapping[str, Plain], odradek: Mapping[str, Plain]) -> list[Difference]:
    """Every field in which the answers differ, in the order of the steps."""
    steps = [*kafka, *(step for step in odradek if step not in kafka)]
    return [
        Difference(step, path, one, other)
        for step in steps
        for path, one, other in _walk(kafka.get(step, ABSENT), odradek.get(step, ABSENT), "")
    ]


def surprises(
    scenario: str, kafka: Mapping[str, Plain], odradek: Mapping[str, Plain], decided: Iterable[Decided]
) -> list[str]:
    """The differences that nobody has decided upon, and the decisions that nothing differs by any more."""
    meant = {(one.step, one.path): one for one in decided if one.scenario == scenario}
    found: list[str] = []
    for difference in differences(kafka, odradek):
        expected = meant.pop((difference.step, difference.path), None)
        if expected is None or expected.odradek != difference.odradek:
            found.append(str(difference))
    return found + [f"{one.step}: {one.path} no longer differs: strike it out" for one in meant.values()]


def _walk(one: Plain, other: Plain, path: str) -> Iterator[tuple[str, Plain, Plain]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from _walk(one.get(name, ABSENT), other.get(name, ABSENT), f"{path}.{name}" if path else name)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (item, counterpart) in enumerate(zip(one, other, strict=True)):
            yield from _walk(item, counterpart, f"{path}.{index}" if path else str(index))
    elif one != other or type(one) is not type(other):
        yield path, one, other
