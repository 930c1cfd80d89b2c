"""What follows from a history, gathered once for all checkers: transactions and their outcomes, sends, reads.

Its one rule: a transaction is called aborted only if no commit of it can ever have been asked of the broker in good
standing. A commit whose answer was lost or an error is indeterminate: all of it may be there or nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .history import (
    Assign,
    Begin,
    Commit,
    Committed,
    End,
    Init,
    Isolation,
    Offsets,
    Operation,
    Phase,
    Poll,
    Record,
    Send,
    SendOffsets,
)

Key = tuple[str, str]  # topic and value: unique among all sends of a run


class Outcome(Enum):
    COMMITTED = "committed"
    ABORTED = "aborted"
    INDETERMINATE = "indeterminate"


@dataclass(slots=True)
class Transaction:
    """One transaction as its process saw it; indexes are places in the history."""

    name: str
    transactional_id: str
    process: str
    begun_at: int
    acknowledged: list[Record] = field(default_factory=list[Record])
    offsets: list[tuple[str, Offsets]] = field(default_factory=list[tuple[str, Offsets]])
    commit_invoked_at: int | None = None
    is_commit_ok: bool = False
    fenced_at: int | None = None

    @property
    def is_fenced_before_commit(self) -> bool:
        """Whether a newer process had taken the transactional id before this one asked for a commit."""
        return self.fenced_at is not None and (
            self.commit_invoked_at is None or self.fenced_at < self.commit_invoked_at
        )

    @property
    def outcome(self) -> Outcome:
        if self.commit_invoked_at is None or self.is_fenced_before_commit:
            return Outcome.ABORTED
        return Outcome.COMMITTED if self.is_commit_ok else Outcome.INDETERMINATE


@dataclass(frozen=True, slots=True)
class Sent:
    """A record that was handed to a producer; its offset is that of the answer, if one came."""

    transaction: str | None
    process: str
    operation: Operation


@dataclass(slots=True)
class Facts:
    operations: Sequence[Operation]
    transactions: dict[str, Transaction] = field(default_factory=dict[str, Transaction])
    sent: dict[Key, Sent] = field(default_factory=dict[Key, Sent])
    # Sends that were acknowledged, wholly or in part, in the order of their answers.
    acknowledged: list[tuple[Operation, Send]] = field(default_factory=list[tuple[Operation, Send]])
    polls: list[tuple[Operation, Poll]] = field(default_factory=list[tuple[Operation, Poll]])
    assigns: list[tuple[Operation, Assign]] = field(default_factory=list[tuple[Operation, Assign]])

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> "Facts":
        """Reads a history, or a prefix of one."""
        facts = cls(operations)
        for operation in operations:
            facts._take(operation)
        _mark_fenced(facts.transactions.values(), operations)
        return facts

    def _take(self, operation: Operation) -> None:
        match operation.phase, operation.detail:
            case Phase.INVOKE, Begin(name, transactional_id):
                self.transactions[name] = Transaction(name, transactional_id, operation.process, operation.index)
            case Phase.INVOKE, Send(transaction, records):
                for record in records:
                    self.sent[record.topic, record.value] = Sent(transaction, operation.process, operation)
            case ((Phase.OK | Phase.INFO), (Send() as send)):
                self._take_answer(operation, send)
            case Phase.INVOKE, SendOffsets(transaction, group, offsets):
                self.transactions[transaction].offsets.append((group, offsets))
            case phase, End(transaction, True):
                ended = self.transactions[transaction]
                if phase is Phase.INVOKE and ended.commit_invoked_at is None:
                    ended.commit_invoked_at = operation.index
                ended.is_commit_ok |= phase is Phase.OK
            case Phase.OK, (Poll() as poll):
                self.polls.append((operation, poll))
            case Phase.OK, (Assign() as assign):
                self.assigns.append((operation, assign))
            case _:
                pass

    def _take_answer(self, operation: Operation, send: Send) -> None:
        acknowledged = tuple(record for record in send.records if record.offset is not None)
        if acknowledged:
            self.acknowledged.append((operation, Send(send.transaction, acknowledged)))
            if send.transaction is not None:
                self.transactions[send.transaction].acknowledged += acknowledged

    def reads(self, isolation: Isolation) -> Iterator[tuple[Operation, Poll, Record]]:
        """Every record that was read with that isolation, in the order of the polls."""
        for operation, poll in self.polls:
            if poll.isolation is isolation:
                for record in poll.records:
                    yield operation, poll, record

    def story_of(self, transaction: str) -> list[Operation]:
        """All that the history says of one transaction and of its transactional id's later owners."""
        found = self.transactions[transaction]
        return [one for one in self.operations if _speaks_of(one, found)]

    def mentions(self, key: Key) -> list[Operation]:
        """Every send and read of one record, and the transaction it belonged to."""
        sent = self.sent.get(key)
        story = set[int]()
        if sent is not None and sent.transaction is not None:
            story = {one.index for one in self.story_of(sent.transaction)}
        return [one for one in self.operations if one.index in story or _holds(one, key)]

    def commits(self) -> Iterator[tuple[Operation, Commit | Committed]]:
        """Offset commits outside transactions, and reads of committed offsets, in order."""
        for operation in self.operations:
            if isinstance(operation.detail, Commit | Committed):
                yield operation, operation.detail


def _holds(operation: Operation, key: Key) -> bool:
    detail = operation.detail
    return isinstance(detail, Send | Poll) and any((one.topic, one.value) == key for one in detail.records)


def _speaks_of(operation: Operation, transaction: Transaction) -> bool:
    match operation.detail:
        case Begin(name, _) | Send(name, _) | SendOffsets(name, _, _) | End(name, _):
            return name == transaction.name
        case Init(transactional_id):
            return transactional_id == transaction.transactional_id and operation.index >= transaction.begun_at
        case _:
            return False


def _mark_fenced(transactions: Iterable[Transaction], operations: Sequence[Operation]) -> None:
    """A transaction is fenced by the first InitTransactions of another process that began after it and succeeded."""
    invoked: dict[tuple[str, str], int] = {}
    inits: dict[str, list[tuple[int, int, str]]] = {}
    for operation in operations:
        if isinstance(operation.detail, Init):
            transactional_id = operation.detail.transactional_id
            if operation.phase is Phase.INVOKE:
                invoked[operation.process, transactional_id] = operation.index
            elif operation.phase is Phase.OK:
                begun = invoked[operation.process, transactional_id]
                inits.setdefault(transactional_id, []).append((begun, operation.index, operation.process))
    for transaction in transactions:
        for begun, done, process in inits.get(transaction.transactional_id, []):
            if process != transaction.process and begun > transaction.begun_at:
                transaction.fenced_at = done
                break
