"""What follows from a history of share groups: each delivery, how long its member held it, and what became of it.

Its one rule: all is judged by what must be so. A record was acquired at some time between the invocation of the poll
before the one that returned it (a client may fetch ahead by one poll) and that return; it was held surely only until
its member began to acknowledge it, to leave or to die, or until a connection was lost.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .connection_watch import BROKER
from .history import (
    Acknowledged,
    Delivered,
    Disconnected,
    Kind,
    Operation,
    Phase,
    ShareAcknowledge,
    ShareLeave,
    SharePoll,
    TopicPartition,
)

Place = tuple[str, TopicPartition, int]  # group, partition and offset


@dataclass(slots=True, eq=False)
class Delivery:
    """One record given to one member; `floor` is the earliest operation after which it can have been acquired."""

    group: str
    delivered: Delivered
    floor: Operation
    seen: Operation
    is_disturbed: bool = False  # its member lost a connection, and perhaps the record with it
    until: Operation | None = None  # what ended its hold, unless its lock was over before
    kind: Kind | None = None
    answer: Operation | None = None

    @property
    def is_confirmed(self) -> bool:
        return self.answer is not None and self.answer.phase is Phase.OK

    @property
    def place(self) -> Place:
        record = self.delivered.record
        return self.group, record.where, record.offset or 0

    @property
    def story(self) -> Iterator[Operation]:
        yield self.seen
        if self.until is not None:
            yield self.until
        if self.answer is not None:
            yield self.answer

    def __str__(self) -> str:
        return f"{self.delivered} (to {self.seen.process})"


@dataclass(slots=True)
class _Life:
    """One process; the records that it holds, and its last polls."""

    held: dict[Place, Delivery] = field(default_factory=dict[Place, Delivery])
    last: list[Delivery] = field(default_factory=list[Delivery])
    floor: Operation | None = None
    poll: Operation | None = None
    is_disturbed: bool = False


@dataclass(slots=True)
class ShareFacts:
    deliveries: dict[Place, list[Delivery]] = field(default_factory=dict[Place, list[Delivery]])
    losses: list[int] = field(default_factory=list[int])  # indexes at which a broker was lost
    killed: int = 0
    _lives: dict[str, _Life] = field(default_factory=dict[str, _Life])

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> "ShareFacts":
        """Reads a history, or a prefix of one."""
        facts = cls()
        for operation in operations:
            facts._take(operation)
        return facts

    def __iter__(self) -> Iterator[Delivery]:
        for deliveries in self.deliveries.values():
            yield from deliveries

    def is_lost_between(self, first: Operation, last: Operation) -> bool:
        """Whether a broker was lost between the two."""
        at = bisect_left(self.losses, first.index)
        return at < len(self.losses) and self.losses[at] <= last.index

    def later_than(self, one: Delivery) -> Iterator[Delivery]:
        """The deliveries of the same record to the same group that were seen after this one."""
        return (other for other in self.deliveries[one.place] if other.seen.index > one.seen.index)

    def _take(self, operation: Operation) -> None:
        match operation.phase, operation.detail:
            case Phase.OK, Disconnected(of) if of == BROKER:
                self.losses.append(operation.index)
            case Phase.OK, Disconnected(of):
                self._disturb(self._life_of(of))
            case Phase.INVOKE, SharePoll():
                life = self._life_of(operation.process)
                life.floor, life.poll = life.poll or operation, operation
            case Phase.OK, SharePoll(group, deliveries):
                self._deliver(operation, group, deliveries)
            case phase, ShareAcknowledge(group, records):
                self._acknowledge(operation, phase, group, records)
            case Phase.INVOKE, ShareLeave(_, is_killed):
                self.killed += is_killed
                for delivery in self._lives.pop(operation.process, _Life()).held.values():
                    delivery.until = operation
            case _:
                pass

    def _life_of(self, process: str) -> _Life:
        return self._lives.setdefault(process, _Life())

    @staticmethod
    def _disturb(life: _Life) -> None:
        life.is_disturbed = True
        for delivery in life.last:
            delivery.is_disturbed = True

    def _deliver(self, operation: Operation, group: str, deliveries: Sequence[Delivered]) -> None:
        life = self._life_of(operation.process)
        floor = life.floor or operation
        life.last = [Delivery(group, one, floor, operation, life.is_disturbed) for one in deliveries]
        life.is_disturbed = False
        for delivery in life.last:
            self.deliveries.setdefault(delivery.place, []).append(delivery)
            life.held[delivery.place] = delivery

    def _acknowledge(self, operation: Operation, phase: Phase, group: str, records: Sequence[Acknowledged]) -> None:
        life = self._life_of(operation.process)
        for record, kind in records:
            place = group, record.where, record.offset or 0
            if phase is Phase.INVOKE and (delivery := life.held.get(place)) is not None:
                delivery.until, delivery.kind = operation, kind
            elif (delivery := life.held.pop(place, None)) is not None:
                delivery.answer = operation
