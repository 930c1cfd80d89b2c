"""A broker of a few lines that keeps every promise, in memory, with a client library to it; and ways to break it.

The verifier's own workers run against it: a fault that is switched on here must be found there. Faults strike now and
then, counted, so that most of what the workers see is right.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from odradek.broker.tools.verify.history import Isolation, Offsets, Record, TopicPartition
from odradek.broker.tools.verify.library import CLASSIC, GROUP_PROTOCOLS, ClientError, Consumer, Delivery

SPEED = 20  # transactions time out so many times faster than they say


class Fault(Enum):
    ABORTED_RECORDS_ARE_READ = "aborted reads (G1a)"
    OPEN_TRANSACTIONS_ARE_READ = "precommitted reads"
    A_WRITE_IS_FORGOTTEN = "lost writes, acknowledged"
    A_BATCH_IS_DOUBLED = "duplicates"
    A_COMMIT_IS_TORN = "torn transactions"
    A_COMMIT_IS_FORGOTTEN = "lost writes, committed"
    ZOMBIES_ARE_WELCOME = "fenced zombies"
    A_RECORD_IS_INVENTED = "invented records"
    AN_ANSWER_TELLS_ANOTHER_OFFSET = "inconsistent offsets"
    A_BATCH_IS_REVERSED = "non-monotonic sends"
    A_POLL_GOES_BACK = "non-monotonic polls"
    A_POLL_SKIPS = "skipped or vanished records"
    AN_OFFSET_COMMIT_IS_FORGOTTEN = "lost offset commits"
    OFFSETS_OF_ABORTED_TRANSACTIONS_COUNT = "transactional offsets"
    TRANSACTIONAL_OFFSETS_ARE_FORGOTTEN = "lost transactional offsets"
    COPIES_ARE_MADE_WITHOUT_OFFSETS = "exactly-once copies"
    A_TRANSACTION_NEVER_ENDS = "stalled transactions and groups"


@dataclass(slots=True)
class OpenTransaction:
    deadline: float
    entries: list["Entry"] = field(default_factory=list["Entry"])
    offsets: list[tuple[str, Offsets]] = field(default_factory=list[tuple[str, Offsets]])


@dataclass(slots=True)
class Entry:
    """One offset of a log; control entries have no value."""

    where: TopicPartition
    value: str | None
    transaction: OpenTransaction | None = None
    is_aborted: bool = False


@dataclass(slots=True)
class ModelBroker:
    fault: Fault | None = None
    logs: dict[TopicPartition, list[Entry]] = field(default_factory=dict[TopicPartition, list[Entry]])
    groups: dict[tuple[str, TopicPartition], int] = field(default_factory=dict[tuple[str, TopicPartition], int])
    epochs: dict[str, int] = field(default_factory=dict[str, int])
    open: dict[str, OpenTransaction] = field(default_factory=dict[str, OpenTransaction])
    changed: threading.Condition = field(default_factory=threading.Condition)
    strikes: int = 0

    def strikes_now(self, fault: Fault, every: int) -> bool:
        """Whether the fault is switched on and its turn has come."""
        if self.fault is not fault:
            return False
        self.strikes += 1
        return self.strikes % every == 0

    def expire(self) -> None:
        for transactional_id, transaction in list(self.open.items()):
            if time.monotonic() >= transaction.deadline:
                self.epochs[transactional_id] += 1
                self.end(transactional_id, is_commit=False)

    def append(self, record: Record, transaction: OpenTransaction | None) -> int:
        log = self.logs[record.where]
        log.append(Entry(record.where, record.value, transaction))
        if transaction is not None:
            transaction.entries.append(log[-1])
        return len(log) - 1

    def end(self, transactional_id: str, *, is_commit: bool) -> None:
        transaction = self.open.pop(transactional_id, None)
        if transaction is None:
            return
        if not is_commit and self.strikes_now(Fault.A_TRANSACTION_NEVER_ENDS, 3):
            return
        is_kept = is_commit and not self.strikes_now(Fault.A_COMMIT_IS_FORGOTTEN, 7)
        torn = self.strikes_now(Fault.A_COMMIT_IS_TORN, 3) and bool(transaction.entries)
        for entry in transaction.entries:
            entry.transaction = None
            entry.is_aborted = not is_kept or (torn and entry.where == transaction.entries[0].where)
        for where in {entry.where for entry in transaction.entries}:
            self.logs[where].append(Entry(where, None))
        if is_commit or self.fault is Fault.OFFSETS_OF_ABORTED_TRANSACTIONS_COUNT:
            for group, offsets in transaction.offsets:
                self._keep(group, offsets)

    def _keep(self, group: str, offsets: Offsets) -> None:
        if self.strikes_now(Fault.COPIES_ARE_MADE_WITHOUT_OFFSETS, 4):
            return
        for where, offset in offsets.items():
            is_forgotten = self.fault is Fault.TRANSACTIONAL_OFFSETS_ARE_FORGOTTEN and where.partition == 0
            self.groups[group, where] = 0 if is_forgotten else offset

    def stable(self, where: TopicPartition) -> int:
        log = self.logs[where]
        if self.fault is Fault.OPEN_TRANSACTIONS_ARE_READ:
            return len(log)
        return next((offset for offset, entry in enumerate(log) if entry.transaction is not None), len(log))

    def visible(self, where: TopicPartition, offset: int, isolation: Isolation) -> bool:
        entry = self.logs[where][offset]
        if entry.value is None:
            return False
        is_hidden = entry.is_aborted and isolation is Isolation.READ_COMMITTED
        return not is_hidden or self.fault is Fault.ABORTED_RECORDS_ARE_READ


class ModelProducer:
    def __init__(self, broker: ModelBroker, transactional_id: str | None, timeout_s: float) -> None:
        self._broker, self._id, self._timeout_s = broker, transactional_id, timeout_s / SPEED
        self._epoch = -1
        self._mine: OpenTransaction | None = None

    def init_transactions(self, timeout_s: float) -> None:
        assert self._id is not None
        with self._broker.changed:
            is_lenient = self._broker.fault is Fault.ZOMBIES_ARE_WELCOME
            if not is_lenient:
                self._broker.end(self._id, is_commit=False)
            self._epoch = self._broker.epochs[self._id] = self._broker.epochs.get(self._id, -1) + 1

    def begin(self) -> None:
        self._mine = OpenTransaction(time.monotonic() + self._timeout_s)

    def _check(self) -> OpenTransaction:
        broker = self._broker
        broker.expire()
        assert self._id is not None
        assert self._mine is not None
        if broker.fault is not Fault.ZOMBIES_ARE_WELCOME and broker.epochs[self._id] != self._epoch:
            raise ClientError("fenced")
        return broker.open.setdefault(self._id, self._mine)

    def send(self, records: Sequence[Record], timeout_s: float) -> Delivery:
        with self._broker.changed:
            try:
                transaction = None if self._id is None else self._check()
            except ClientError as error:
                return Delivery([None] * len(records), str(error))
            offsets = self._append(records, transaction)
            self._broker.changed.notify_all()
        return Delivery(offsets)

    def _append(self, records: Sequence[Record], transaction: OpenTransaction | None) -> list[int | None]:
        broker = self._broker
        told: dict[str, int] = {}
        is_reversed = broker.strikes_now(Fault.A_BATCH_IS_REVERSED, 5)
        for record in reversed(records) if is_reversed else records:
            if broker.strikes_now(Fault.A_WRITE_IS_FORGOTTEN, 50):
                told[record.value] = -1
                continue
            told[record.value] = broker.append(record, transaction)
            if broker.strikes_now(Fault.AN_ANSWER_TELLS_ANOTHER_OFFSET, 50):
                told[record.value] += 1
        if broker.strikes_now(Fault.A_BATCH_IS_DOUBLED, 20):
            for record in records:
                broker.append(record, transaction)
        if broker.strikes_now(Fault.A_RECORD_IS_INVENTED, 20):
            broker.append(records[0]._replace(value="of nobody"), transaction)
        return [told[record.value] for record in records]

    def send_offsets(self, offsets: Offsets, group: str, consumer: Consumer, timeout_s: float) -> None:
        with self._broker.changed:
            self._check().offsets.append((group, offsets))

    def commit(self, timeout_s: float) -> None:
        self._end(is_commit=True)

    def abort(self, timeout_s: float) -> None:
        self._end(is_commit=False)

    def _end(self, *, is_commit: bool) -> None:
        with self._broker.changed:
            transaction = self._check()
            assert self._id is not None
            if transaction.offsets and self._broker.strikes_now(Fault.OFFSETS_OF_ABORTED_TRANSACTIONS_COUNT, 3):
                self._broker.end(self._id, is_commit=False)
                raise ClientError("aborted by the broker")
            self._broker.end(self._id, is_commit=is_commit)
            self._broker.changed.notify_all()

    def close(self) -> None:
        """It holds nothing."""

    def abandon(self) -> None:
        """What is open stays open, until its time is over."""


class ModelConsumer:
    def __init__(self, broker: ModelBroker, group: str | None, isolation: Isolation) -> None:
        self.assignments = 0
        self._broker, self._group, self._isolation = broker, group or "", isolation
        self._positions: dict[TopicPartition, int] = {}

    def assign(self, starts: Offsets) -> None:
        self.assignments += 1
        self._positions = dict(starts)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        found = self.committed(partitions, 1.0)
        self.assign({where: offset or 0 for where, offset in found.items()})

    def subscribe(self, topic: str) -> None:
        raise ClientError("there are no members here")

    def poll(self, limit: int, timeout_s: float) -> list[Record]:
        with self._broker.changed:
            self._broker.expire()
            if not (found := self._read(limit)):
                self._broker.changed.wait(timeout_s / SPEED)
                found = self._read(limit)
        return found

    def poll_with_ends(self, limit: int, timeout_s: float) -> tuple[list[Record], dict[TopicPartition, int]]:
        found = self.poll(limit, timeout_s)
        with self._broker.changed:
            ends = {one: self._end(one) for one in self._positions}
            return found, {one: end for one, end in ends.items() if self._positions[one] >= end}

    def _end(self, where: TopicPartition) -> int:
        is_committed = self._isolation is Isolation.READ_COMMITTED
        return self._broker.stable(where) if is_committed else len(self._broker.logs[where])

    def _read(self, limit: int) -> list[Record]:
        found: list[Record] = []
        for where, position in self._positions.items():
            end = min(self._end(where), position + limit - len(found))
            for offset in range(position, end):
                if self._broker.visible(where, offset, self._isolation):
                    if not self._broker.strikes_now(Fault.A_POLL_SKIPS, 100):
                        value = self._broker.logs[where][offset].value
                        found.append(Record(where.topic, where.partition, value or "", offset))
                    if self._broker.strikes_now(Fault.A_POLL_GOES_BACK, 100):
                        found.append(found[-1])
            self._positions[where] = max(position, end)
        return found

    def seek(self, offsets: Offsets) -> None:
        self.assignments += 1
        self._positions |= offsets

    def commit(self, offsets: Offsets, timeout_s: float) -> None:
        with self._broker.changed:
            if not self._broker.strikes_now(Fault.AN_OFFSET_COMMIT_IS_FORGOTTEN, 4):
                for where, offset in offsets.items():
                    self._broker.groups[self._group, where] = offset

    def committed(self, partitions: Sequence[TopicPartition], timeout_s: float) -> Mapping[TopicPartition, int | None]:
        with self._broker.changed:
            return {where: self._broker.groups.get((self._group, where)) for where in partitions}

    def close(self) -> None:
        """It holds nothing."""

    def abandon(self) -> None:
        """It holds nothing."""


class ModelLibrary:
    name = "model"
    codecs: Sequence[str] = ("none",)
    fences_by_group = False
    group_protocols = GROUP_PROTOCOLS

    def __init__(self, broker: ModelBroker) -> None:
        self._broker = broker
        self.spoken: list[str] = []  # by each of its consumers

    def producer(self, transactional_id: str | None, transaction_timeout_s: float, codec: str) -> ModelProducer:
        return ModelProducer(self._broker, transactional_id, transaction_timeout_s)

    def consumer(self, group: str | None, isolation: Isolation, protocol: str = CLASSIC) -> ModelConsumer:
        self.spoken.append(protocol)
        return ModelConsumer(self._broker, group, isolation)

    def close(self) -> None:
        """It holds nothing."""

    def create_topics(self, topics: Mapping[str, int], timeout_s: float, replicas: int = 1) -> None:
        for topic, count in topics.items():
            self._broker.logs |= {TopicPartition(topic, index): list[Entry]() for index in range(count)}

    def end_offsets(
        self, partitions: Sequence[TopicPartition], isolation: Isolation, timeout_s: float
    ) -> Mapping[TopicPartition, int]:
        with self._broker.changed:
            self._broker.expire()
            is_committed = isolation is Isolation.READ_COMMITTED
            logs = self._broker.logs
            return {where: self._broker.stable(where) if is_committed else len(logs[where]) for where in partitions}
