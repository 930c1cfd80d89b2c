"""The faults of a cluster: which of them a request is hit by, and how often each was.

Pure: time is an argument, and what is left to chance is drawn from the rule's own seed.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from ..answers.request_names import Names
from ..topic_names import METADATA_TOPIC
from .rule import DEATHS, OF_METADATA, FaultError, FaultRule

MOST_GONE = 1000  # rules that are remembered when they are gone


@dataclass(slots=True)
class Fault:
    """A rule at work. `matched` counts the requests, or uses of the disk, that fit it; `hits` those it was done to."""

    fault_id: str
    rule: FaultRule
    began_s: float
    random: random.Random
    matched: int = 0
    hits: int = 0
    _waiting: list[tuple[int, Callable[[], object]]] = field(default_factory=list[tuple[int, Callable[[], object]]])

    def is_over(self, now: float) -> bool:
        """Whether it will hit nothing any more."""
        rule = self.rule
        is_used_up = rule.times is not None and self.hits >= rule.times
        return is_used_up or (rule.for_ms is not None and now >= self.began_s + rule.for_ms / 1000)

    def strikes(self) -> bool:
        """Something fits: whether it is hit."""
        rule = self.rule
        self.matched += 1
        number = self.matched - rule.skip
        if number < 1 or (number - 1) % rule.every or self.random.random() >= rule.probability:
            return False
        self.hits += 1
        if self._waiting:
            reached = [wake for wanted, wake in self._waiting if wanted <= self.hits]
            self._waiting = [one for one in self._waiting if one[0] > self.hits]
            for wake in reached:
                wake()
        return True

    def when_hit(self, count: int, wake: Callable[[], object]) -> Callable[[], None]:
        """Call `wake` once it has hit so many, which it has not yet; the call that is returned takes that back.

        It is called in the midst of what is hit: it has somebody go on later.
        """
        waits = (count, wake)
        self._waiting.append(waits)
        return lambda: self._waiting.remove(waits) if waits in self._waiting else None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as rules look at it."""

    api: str
    version: int
    client_id: str
    principal: str
    connection: str
    broker: int  # that it has come to
    names: Names


class FaultTable:
    """The rules in the order in which they were given: the first that hits a request decides."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._numbers = count(1)
        # By what they are about, so that neither is looked at for the other.
        self.of_requests: Sequence[Fault] = ()
        self.of_disk: Sequence[Fault] = ()
        self.brokers: Sequence[int] = ()  # of the cluster, once they are known
        # Has a broker of several die at once, and come back so many seconds later, if it is to.
        self.on_death: Callable[[int, float | None], None] = lambda broker, back_s: None
        self._gone_unhit: deque[FaultRule] = deque(maxlen=MOST_GONE)
        self.followers: list[Callable[[], None]] = []  # called when rules have come or gone

    def __len__(self) -> int:
        return len(self._faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults.values()))

    def expect(self, brokers: Sequence[int]) -> None:
        """The cluster has these brokers, and no rule may be about others. FaultError for one that is at work."""
        self.brokers = brokers
        for fault in self._faults.values():
            self._check(fault.rule)

    def _check(self, rule: FaultRule) -> None:
        if rule.action in DEATHS and len(self.brokers) == 1:
            raise FaultError(f"{rule.action} is for a cluster of several brokers, and this one has one")
        if rule.broker is not None and self.brokers and rule.broker not in self.brokers:
            there = ", ".join(map(str, self.brokers))
            raise FaultError(f"there is no broker {rule.broker} in this cluster; there are: {there}")

    def add(self, rule: FaultRule, now: float) -> Fault:
        """Have a rule at work from now on. FaultError for one about a broker that the cluster has not."""
        self._check(rule)
        fault = Fault(f"fault-{next(self._numbers)}", rule, now, random.Random(rule.seed))
        self._faults[fault.fault_id] = fault
        self._sort()
        return fault

    def remove(self, fault_id: str) -> Fault:
        """Have it hit nothing any more. KeyError."""
        removed = self._faults.pop(fault_id)
        self._note_gone([removed])
        self._sort()
        return removed

    def clear(self) -> None:
        """Have none any more."""
        self._note_gone(self._faults.values())
        self._faults.clear()
        self._sort()

    def never_hit(self, *, with_gone: bool = False) -> list[FaultRule]:
        """The rules at work that have hit nothing; also those that were taken away before they did."""
        at_work = [one.rule for one in self._faults.values() if not one.hits]
        return [*self._gone_unhit, *at_work] if with_gone else at_work

    def _note_gone(self, faults: Iterable[Fault]) -> None:
        self._gone_unhit.extend(one.rule for one in faults if not one.hits)

    def _sort(self) -> None:
        self.of_requests = [one for one in self._faults.values() if not one.rule.is_of_disk]
        self.of_disk = [one for one in self._faults.values() if one.rule.is_of_disk]
        for follow in self.followers:
            follow()

    def find(self, asked: Asked, now: float) -> Fault | None:
        """The fault that hits a request, which is counted."""
        for fault in self.of_requests:
            if not fault.is_over(now) and fits(fault.rule, asked) and fault.strikes():
                return fault
        return None

    def find_of_disk(self, action: str, broker: int | None, topic: str, partition: int, now: float) -> Fault | None:
        """The fault that does this to the log of a partition, which is counted; of a controller there is no `broker`.

        A rule that names no topic is about all of them, the metadata log aside: that one has to be named.
        """
        for fault in self.of_disk:
            rule = fault.rule
            if rule.action != action or rule.partition not in (None, partition) or fault.is_over(now):
                continue
            if rule.broker not in (None, broker):
                continue
            if (topic == rule.topic or (rule.topic is None and topic != METADATA_TOPIC)) and fault.strikes():
                return fault
        return None


def may_happen(rule: FaultRule, asked: Asked) -> bool:
    """Whether a request names what an event is about; any other action may be done to any request."""
    if rule.action == "raise_leader_epoch":
        return bool(asked.names.partitions)
    if rule.action == "move_coordinator":
        return bool(asked.names.groups or asked.names.transactional_ids)
    return rule.action != "stale_metadata" or asked.api in OF_METADATA


def fits(rule: FaultRule, asked: Asked) -> bool:
    """Whether a request is one that a rule is about."""
    names = asked.names
    if rule.api not in (None, asked.api) or rule.version not in (None, asked.version):
        return False
    if rule.client_id not in (None, asked.client_id) or rule.principal not in (None, asked.principal):
        return False
    if rule.connection not in (None, asked.connection) or rule.broker not in (None, asked.broker):
        return False
    if rule.partition is not None:
        if (rule.topic, rule.partition) not in names.partitions:
            return False
    elif rule.topic is not None and rule.topic not in names.topics:
        return False
    return may_happen(rule, asked) and (
        (rule.group is None or rule.group in names.groups)
        and (rule.transactional_id is None or rule.transactional_id in names.transactional_ids)
        and (rule.key is None or rule.key in names.keys)
    )
