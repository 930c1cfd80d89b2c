"""What the workers did and saw, in one order: the only thing that a checker is ever shown.

Its one rule is Jepsen's: an operation is invoked before the client is called, and completed after the client answered:
ok (it happened), fail (it surely did not) or info (nobody knows). So if one completes before another is invoked, it
truly came first.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class Phase(Enum):
    INVOKE = "invoke"
    OK = "ok"
    FAIL = "fail"
    INFO = "info"


class Isolation(Enum):
    READ_COMMITTED = "read_committed"
    READ_UNCOMMITTED = "read_uncommitted"


class TopicPartition(NamedTuple):
    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


class Record(NamedTuple):
    """One record, sent or read; `offset` is None while it is not acknowledged, -1 if the answer did not tell."""

    topic: str
    partition: int
    value: str
    offset: int | None = None

    @property
    def where(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}@{'?' if self.offset is None else self.offset}={self.value}"


Offsets = Mapping[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Init:
    """InitTransactions: from its ok on, older processes of that transactional id are fenced."""

    transactional_id: str


@dataclass(frozen=True, slots=True)
class Begin:
    transaction: str
    transactional_id: str


@dataclass(frozen=True, slots=True)
class Send:
    """Records handed to a producer in this order; those with an offset were acknowledged."""

    transaction: str | None
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class SendOffsets:
    transaction: str
    group: str
    offsets: Offsets


@dataclass(frozen=True, slots=True)
class End:
    transaction: str
    is_commit: bool


@dataclass(frozen=True, slots=True)
class Assign:
    """A reader begins to read partitions at offsets; a name of a reader stands for one such beginning."""

    reader: str
    isolation: Isolation
    starts: Offsets


@dataclass(frozen=True, slots=True)
class Poll:
    reader: str
    isolation: Isolation
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """An offset commit outside of any transaction, by the only committer of that group."""

    group: str
    where: TopicPartition
    offset: int


@dataclass(frozen=True, slots=True)
class Committed:
    """A group's committed offset as it was read; None if there is none."""

    group: str
    where: TopicPartition
    offset: int | None = None


class Kind(Enum):
    """How a member of a share group acknowledges a record."""

    ACCEPT = "accept"
    RELEASE = "release"
    REJECT = "reject"


class Delivered(NamedTuple):
    """A record that a member of a share group was given; `number` is which delivery of it this is, from 1."""

    record: Record
    number: int

    def __str__(self) -> str:
        return f"{self.record}#{self.number}"


class Acknowledged(NamedTuple):
    record: Record
    kind: Kind

    def __str__(self) -> str:
        return f"{self.record}:{self.kind.value}"


@dataclass(frozen=True, slots=True)
class SharePoll:
    """A process, which is one life of one member, asks its share group for records; it holds what it is given."""

    group: str
    deliveries: tuple[Delivered, ...] = ()


@dataclass(frozen=True, slots=True)
class ShareAcknowledge:
    group: str
    records: tuple[Acknowledged, ...]


@dataclass(frozen=True, slots=True)
class ShareLeave:
    """A member goes: from the invocation on, what it holds may be given to others."""

    group: str
    is_killed: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """A connection was lost: brokers forget who held what, of all (`of` is "broker") or of that member."""

    of: str


Detail = (
    Init
    | Begin
    | Send
    | SendOffsets
    | End
    | Assign
    | Poll
    | Commit
    | Committed
    | SharePoll
    | ShareAcknowledge
    | ShareLeave
    | Disconnected
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the history; `time_s` is seconds since the run began."""

    index: int
    time_s: float
    process: str
    phase: Phase
    detail: Detail
    note: str = ""

    def __str__(self) -> str:
        head = f"{self.index:>7} {self.time_s:9.3f} s  {self.process:<28} {self.phase.value:<6} {describe(self.detail)}"
        return f"{head}  ({self.note})" if self.note else head


def describe(detail: Detail) -> str:
    """One line on an operation, of bounded length."""
    match detail:
        case Init(transactional_id):
            return f"init {transactional_id}"
        case Begin(transaction, transactional_id):
            return f"begin {transaction} of {transactional_id}"
        case Send(transaction, records):
            return f"send {transaction or ''} {_some(records)}"
        case SendOffsets(transaction, group, offsets):
            return f"send-offsets {transaction} {group} {_some_offsets(offsets)}"
        case End(transaction, is_commit):
            return f"{'commit' if is_commit else 'abort'} {transaction}"
        case Assign(reader, isolation, starts):
            return f"assign {reader} {isolation.value} {_some_offsets(starts)}"
        case Poll(reader, isolation, records):
            return f"poll {reader} {isolation.value} {_some(records)}"
        case Commit(group, where, offset):
            return f"commit-offset {group} {where} {offset}"
        case Committed(group, where, offset):
            return f"committed {group} {where} {offset}"
        case SharePoll() | ShareAcknowledge() | ShareLeave() | Disconnected():
            return _describe_sharing(detail)


def _describe_sharing(detail: SharePoll | ShareAcknowledge | ShareLeave | Disconnected) -> str:
    match detail:
        case SharePoll(group, deliveries):
            return f"share-poll {group} {_some(deliveries)}"
        case ShareAcknowledge(group, records):
            return f"acknowledge {group} {_some(records)}"
        case ShareLeave(group, is_killed):
            return f"{'killed in' if is_killed else 'leave'} {group}"
        case Disconnected(of):
            return f"lost a connection of {of}"


def _some(records: Sequence[Record | Delivered | Acknowledged]) -> str:
    shown = " ".join(str(record) for record in records[:12])
    return shown if len(records) <= 12 else f"{shown} … ({len(records)} records)"


def _some_offsets(offsets: Offsets) -> str:
    return " ".join(f"{where}:{offset}" for where, offset in list(offsets.items())[:12])


class History:
    """An append-only list of operations that many threads write."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._start = now()
        self._lock = threading.Lock()
        self._operations: list[Operation] = []
        # Each record is read by many: they share one object, or a run of minutes would fill the memory.
        self._records: dict[Record, Record] = {}

    def add(self, process: str, phase: Phase, detail: Detail, note: str = "") -> None:
        with self._lock:
            if isinstance(detail, Poll):
                records = tuple(self._records.setdefault(one, one) for one in detail.records)
                detail = Poll(detail.reader, detail.isolation, records)
            time_s = self._now() - self._start
            self._operations.append(Operation(len(self._operations), time_s, process, phase, detail, note))

    def operations(self) -> list[Operation]:
        """Everything so far, in order."""
        with self._lock:
            return list(self._operations)

    def __len__(self) -> int:
        return len(self._operations)
