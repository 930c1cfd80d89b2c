"""The faults of a cluster: which of them a request is hit by, and how often each was.

Pure: time is an argument, and what is left to chance is drawn from the rule's own seed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from ..request_names import Names
from .rule import FaultRule


@dataclass(slots=True)
class Fault:
    """A rule at work. `matched` counts the requests that fit it, `hits` those that it was done to."""

    fault_id: str
    rule: FaultRule
    began_s: float
    random: random.Random
    matched: int = 0
    hits: int = 0

    def is_over(self, now: float) -> bool:
        """Whether it will hit nothing any more."""
        rule = self.rule
        is_used_up = rule.times is not None and self.hits >= rule.times
        return is_used_up or (rule.for_ms is not None and now >= self.began_s + rule.for_ms / 1000)

    def strikes(self) -> bool:
        """A request fits: whether it is hit."""
        rule = self.rule
        self.matched += 1
        number = self.matched - rule.skip
        if number < 1 or (number - 1) % rule.every or self.random.random() >= rule.probability:
            return False
        self.hits += 1
        return True


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as rules look at it."""

    api: str
    version: int
    client_id: str
    names: Names


class FaultTable:
    """The rules in the order in which they were given: the first that hits a request decides."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    def add(self, rule: FaultRule, now: float) -> Fault:
        """Have a rule at work from now on."""
        fault = Fault(f"fault-{next(self._numbers)}", rule, now, random.Random(rule.seed))
        self._faults[fault.fault_id] = fault
        return fault

    def remove(self, fault_id: str) -> Fault:
        """Have it hit nothing any more. KeyError."""
        return self._faults.pop(fault_id)

    def clear(self) -> None:
        """Have none any more."""
        self._faults.clear()

    def find(self, asked: Asked, now: float) -> Fault | None:
        """The fault that hits a request, which is counted."""
        for fault in self._faults.values():
            if not fault.is_over(now) and fits(fault.rule, asked) and fault.strikes():
                return fault
        return None


def fits(rule: FaultRule, asked: Asked) -> bool:
    """Whether a request is one that a rule is about."""
    names = asked.names
    if rule.api not in (None, asked.api) or rule.version not in (None, asked.version):
        return False
    if rule.client_id not in (None, asked.client_id):
        return False
    if rule.partition is not None:
        if (rule.topic, rule.partition) not in names.partitions:
            return False
    elif rule.topic is not None and rule.topic not in names.topics:
        return False
    return (
        (rule.group is None or rule.group in names.groups)
        and (rule.transactional_id is None or rule.transactional_id in names.transactional_ids)
        and (rule.key is None or rule.key in names.keys)
    )
