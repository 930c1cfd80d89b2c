"""Histories written by hand: each line of a test is one thing that a process did or saw."""

from collections.abc import Mapping, Sequence

from odradek.broker.tools.verify.facts import Facts
from odradek.broker.tools.verify.history import (
    Assign,
    Begin,
    Commit,
    Committed,
    Detail,
    End,
    History,
    Init,
    Isolation,
    Phase,
    Poll,
    Record,
    Send,
    SendOffsets,
    TopicPartition,
)
from odradek.broker.tools.verify.verdict import Verdict

A = TopicPartition("a", 0)
B = TopicPartition("b", 0)
COMMITTED = Isolation.READ_COMMITTED
UNCOMMITTED = Isolation.READ_UNCOMMITTED


def at(where: TopicPartition, offset: int | None, value: str) -> Record:
    return Record(where.topic, where.partition, value, offset)


class Story:
    """A history under the hands of a test; every step returns the story, so that steps can be chained."""

    def __init__(self) -> None:
        self.history = History(lambda: 0.0)

    def add(self, process: str, phase: Phase, detail: Detail) -> "Story":
        self.history.add(process, phase, detail)
        return self

    def done(self, process: str, detail: Detail, phase: Phase = Phase.OK) -> "Story":
        """Invoked and answered, with nothing in between."""
        return self.add(process, Phase.INVOKE, detail).add(process, phase, detail)

    def init(self, process: str, transactional_id: str = "id") -> "Story":
        return self.done(process, Init(transactional_id))

    def begin(self, process: str, transaction: str, transactional_id: str = "id") -> "Story":
        return self.done(process, Begin(transaction, transactional_id))

    def send(self, process: str, transaction: str | None, *records: Record) -> "Story":
        """Acknowledged at the offsets of the records; one without an offset was not."""
        unsent = tuple(record._replace(offset=None) for record in records)
        self.add(process, Phase.INVOKE, Send(transaction, unsent))
        is_complete = all(record.offset is not None for record in records)
        return self.add(process, Phase.OK if is_complete else Phase.INFO, Send(transaction, records))

    def commit(self, process: str, transaction: str, phase: Phase = Phase.OK) -> "Story":
        return self.done(process, End(transaction, is_commit=True), phase)

    def abort(self, process: str, transaction: str, phase: Phase = Phase.OK) -> "Story":
        return self.done(process, End(transaction, is_commit=False), phase)

    def send_offsets(
        self, process: str, transaction: str, group: str, offsets: Mapping[TopicPartition, int]
    ) -> "Story":
        return self.done(process, SendOffsets(transaction, group, offsets))

    def assign(self, reader: str, starts: Mapping[TopicPartition, int], isolation: Isolation = COMMITTED) -> "Story":
        return self.add(reader, Phase.OK, Assign(reader, isolation, starts))

    def poll(self, reader: str, *records: Record, isolation: Isolation = COMMITTED) -> "Story":
        return self.add(reader, Phase.OK, Poll(reader, isolation, records))

    def commit_offset(self, group: str, where: TopicPartition, offset: int, phase: Phase = Phase.OK) -> "Story":
        return self.done(group, Commit(group, where, offset), phase)

    def committed(self, group: str, where: TopicPartition, offset: int | None) -> "Story":
        return self.add(group, Phase.OK, Committed(group, where, offset))

    def transaction(self, transaction: str, *records: Record, phase: Phase = Phase.OK) -> "Story":
        """A transaction of process p that was asked to commit."""
        return self.begin("p", transaction).send("p", transaction, *records).commit("p", transaction, phase)

    def facts(self) -> Facts:
        return Facts.of(self.history.operations())


def sentences(verdict: Verdict) -> Sequence[str]:
    return [violation.sentence for violation in verdict.violations]


def assert_clean(verdict: Verdict, checked: int) -> None:
    """Nothing is wrong, and so many things were looked at."""
    assert sentences(verdict) == []
    assert verdict.checked == checked


def assert_violated(verdict: Verdict, *words: str) -> None:
    """One thing is wrong, said in these words, with operations that show it."""
    (sentence,) = sentences(verdict)
    for word in words:
        assert word in sentence, sentence
    assert verdict.violations[0].operations, "no history was shown"
