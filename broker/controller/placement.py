"""Where the replicas of new partitions go in a cluster of several brokers: as Kafka's StripedReplicaPlacer has it.

Racks take turns, and within each its brokers, so that neither partitions nor their leaders pile up anywhere; where the
turns begin is chance. A broker that is fenced gets replicas only where no other is left, and never the first of them.
"""

from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from typing import Any, Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ..metadata.registrations import UNASSIGNED_DIRECTORY, BrokerRegistration
from ..metadata.topic_records import PartitionAssignment
from ..slices import Steps
from ..topics.replica_assignment import check_replicas, too_few_brokers


class Chance(Protocol):
    """What of a random.Random is used."""

    def randrange(self, start: int) -> int: ...
    def shuffle(self, x: MutableSequence[Any]) -> None: ...


class ClusterPlacement:
    """Chooses brokers as they are registered when it is asked."""

    def __init__(self, brokers: Callable[[], Mapping[int, BrokerRegistration]], chance: Chance) -> None:
        self._brokers = brokers
        self._chance = chance

    def place(self, partitions: int, factor: int) -> Steps[Sequence[PartitionAssignment]]:
        """Choose who holds each of so many new partitions; INVALID_REPLICATION_FACTOR."""
        racks = _Racks(_usable(self._brokers().values()), self._chance)
        if factor <= 0:
            why = f"Invalid replication factor {factor}: the replication factor must be positive."
            raise KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, why)
        if not racks.unfenced:
            why = "All brokers are currently fenced, or have all their log directories cordoned."
            raise KafkaError(ErrorCode.INVALID_REPLICATION_FACTOR, why)
        if factor > racks.brokers:
            raise too_few_brokers(factor, racks.brokers)
        assignments: list[PartitionAssignment] = []
        for _ in range(partitions):
            assignments.append(self._assignment(racks.choose(factor)))
            yield
        return assignments

    def assign(self, broker_ids: Sequence[int], index: int, factor: int | None) -> PartitionAssignment:
        """The partition of this index is to be held by these, who need not all be there; INVALID_REPLICA_ASSIGNMENT."""
        check_replicas(broker_ids, self._brokers(), factor)
        assignment = self._assignment(broker_ids)
        if not assignment.isr:
            why = (
                f"All brokers specified in the manual partition assignment for partition {index} are fenced or in "
                "controlled shutdown."
            )
            raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, why)
        return assignment

    def _assignment(self, broker_ids: Sequence[int]) -> PartitionAssignment:
        brokers = self._brokers()
        found = [brokers.get(broker_id) for broker_id in broker_ids]
        directories = [UNASSIGNED_DIRECTORY if broker is None else broker.default_directory for broker in found]
        isr = [broker.broker_id for broker in found if broker is not None and broker.is_active]
        return PartitionAssignment(tuple(broker_ids), tuple(directories), tuple(isr))


def _usable(brokers: Iterable[BrokerRegistration]) -> Iterable[BrokerRegistration]:
    """Those that new replicas may come to: one that is shutting down is left out until it is fenced."""
    for broker in brokers:
        if broker.has_uncordoned_directories and (broker.is_fenced or not broker.is_in_controlled_shutdown):
            yield broker


class _Turns:
    """Brokers of a rack that take turns: each round begins with the next of them, and asks none of them twice."""

    def __init__(self) -> None:
        self.broker_ids: list[int] = []
        self._first = self._asked = self._round = 0

    def begin(self, chance: Chance) -> None:
        self.broker_ids.sort()
        if self.broker_ids:
            self._first = chance.randrange(len(self.broker_ids))

    def next(self, round_: int) -> int | None:
        """The next broker of this round; None where it has had them all."""
        count = len(self.broker_ids)
        if count and self._round != round_:
            self._round, self._asked, self._first = round_, 0, (self._first + 1) % count
        if self._asked >= count:
            return None
        self._asked += 1
        return self.broker_ids[(self._asked - 1 + self._first) % count]


class _Rack:
    def __init__(self) -> None:
        self.unfenced, self.fenced = _Turns(), _Turns()

    def next(self, round_: int) -> int | None:
        """The next broker, of those that are fenced only when there is no other left."""
        broker_id = self.unfenced.next(round_)
        return self.fenced.next(round_) if broker_id is None else broker_id


class _Racks:
    """The racks and their brokers; every partition is a round."""

    def __init__(self, brokers: Iterable[BrokerRegistration], chance: Chance) -> None:
        self._chance = chance
        by_name: dict[str | None, _Rack] = {}
        self.brokers = self.unfenced = 0
        for broker in brokers:
            rack = by_name.setdefault(broker.rack, _Rack())
            (rack.fenced if broker.is_fenced else rack.unfenced).broker_ids.append(broker.broker_id)
            self.brokers += 1
            self.unfenced += not broker.is_fenced
        for rack in by_name.values():
            rack.fenced.begin(chance)
            rack.unfenced.begin(chance)
        names = sorted(by_name, key=lambda name: (name is not None, name or ""))
        self._racks = [by_name[name] for name in names]
        self._first = chance.randrange(len(names)) if names else 0
        self._round = 0

    def choose(self, factor: int) -> list[int]:
        """The brokers of the next partition, all different, the first one not fenced."""
        # After as many rounds as there are brokers the same choices would come again. A single broker goes on alone.
        if self._round == self.unfenced and self.unfenced > 1:
            self._shuffle()
            self._round = 0
        self._first %= len(self._racks)
        leader, leader_rack = self._choose_leader()
        chosen = [leader]
        at, passed_over = self._first, False
        while len(chosen) < factor:
            if at == leader_rack and not passed_over:
                passed_over = True  # it has had its turn
            else:
                broker_id = self._racks[at].next(self._round)
                if broker_id is not None:
                    chosen.append(broker_id)
            at = (at + 1) % len(self._racks)
        self._round += 1
        self._first += 1
        return chosen

    def _choose_leader(self) -> tuple[int, int]:
        """A broker that is not fenced, of the rack whose turn it is, or of the next that has one; and its rack."""
        for step in range(len(self._racks)):
            at = (self._first + step) % len(self._racks)
            broker_id = self._racks[at].unfenced.next(self._round)
            if broker_id is not None:
                return broker_id, at
        raise AssertionError("a broker that is not fenced was counted")

    def _shuffle(self) -> None:
        self._chance.shuffle(self._racks)
        for rack in self._racks:
            self._chance.shuffle(rack.unfenced.broker_ids)
            self._chance.shuffle(rack.fenced.broker_ids)
