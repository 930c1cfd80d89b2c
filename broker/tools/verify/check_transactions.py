"""Transactions are atomic, and only committed ones are seen: G1a, precommitted and torn reads, lost writes, zombies."""

from collections.abc import Iterator
from functools import partial

from .facts import Facts, Outcome, Transaction
from .history import Isolation, Operation, Poll, Record
from .verdict import Verdict


def check_aborted_reads(facts: Facts) -> Verdict:
    """G1a: nobody who reads committed records sees one of a transaction that cannot have been committed."""
    verdict = Verdict("aborted reads (G1a)", "records read")
    for operation, poll, record, transaction in _transactional_reads(facts):
        verdict.checked += 1
        if transaction.outcome is Outcome.ABORTED:
            verdict.add(
                f"{poll.reader} read {record} with read_committed, but its transaction {transaction.name} "
                "was never committed",
                partial(_story, facts, transaction, operation),
            )
    return verdict


def check_precommitted_reads(facts: Facts) -> Verdict:
    """Nobody sees a record of a transaction before its producer asked for the commit."""
    verdict = Verdict("precommitted reads", "records read")
    for operation, poll, record, transaction in _transactional_reads(facts):
        verdict.checked += 1
        invoked = transaction.commit_invoked_at
        if invoked is not None and operation.index < invoked:
            verdict.add(
                f"{poll.reader} read {record} with read_committed before the commit of {transaction.name} "
                "was asked for",
                partial(_story, facts, transaction, operation),
            )
    return verdict


def _transactional_reads(facts: Facts) -> Iterator[tuple[Operation, Poll, Record, Transaction]]:
    for operation, poll, record in facts.reads(Isolation.READ_COMMITTED):
        sent = facts.sent.get((record.topic, record.value))
        if sent is not None and sent.transaction is not None:
            yield operation, poll, record, facts.transactions[sent.transaction]


def _story(facts: Facts, transaction: Transaction, operation: Operation) -> list[Operation]:
    return [*facts.story_of(transaction.name), operation]


def check_zombies(facts: Facts) -> Verdict:
    """Once a newer process has taken a transactional id, the older one can neither write nor commit."""
    verdict = Verdict("fenced zombies", "processes fenced")
    fenced = {one.name: one for one in facts.transactions.values() if one.fenced_at is not None}
    verdict.checked = len(fenced)
    for transaction in fenced.values():
        if transaction.is_fenced_before_commit and transaction.is_commit_ok:
            verdict.add(
                f"{transaction.process} committed {transaction.name} after it had been fenced",
                partial(facts.story_of, transaction.name),
            )
    for operation, send in facts.acknowledged:
        if send.transaction not in fenced:
            continue
        transaction = fenced[send.transaction]
        first = facts.sent[send.records[0].topic, send.records[0].value].operation
        if transaction.fenced_at is not None and first.index > transaction.fenced_at:
            verdict.add(
                f"{transaction.process} wrote to {transaction.name} after it had been fenced",
                partial(_story, facts, transaction, operation),
            )
    return verdict


def check_torn_transactions(facts: Facts, committed: set[Record]) -> Verdict:
    """Of each transaction all acknowledged records are there at the end, or none: in every partition it wrote to."""
    verdict = Verdict("torn transactions", "transactions")
    places = {(record.topic, record.value) for record in committed}
    for transaction in facts.transactions.values():
        if not transaction.acknowledged or transaction.outcome is Outcome.ABORTED:
            continue
        verdict.checked += 1
        missing = [one for one in transaction.acknowledged if (one.topic, one.value) not in places]
        if missing and len(missing) < len(transaction.acknowledged):
            gone = {one.where for one in missing}
            here = {one.where for one in transaction.acknowledged} - gone
            across = f"; whole in {', '.join(map(str, sorted(here)))}" if here else ""
            verdict.add(
                f"{transaction.name} ({transaction.outcome.value}) is torn: {len(missing)} of "
                f"{len(transaction.acknowledged)} records are missing in {', '.join(map(str, sorted(gone)))}{across}; "
                f"the first is {missing[0]}",
                partial(facts.story_of, transaction.name),
            )
    return verdict


def check_lost_commits(facts: Facts, committed: set[Record]) -> Verdict:
    """Whatever was committed is there at the end."""
    verdict = Verdict("lost writes, committed", "records")
    places = {(record.topic, record.value) for record in committed}
    for transaction in facts.transactions.values():
        if transaction.outcome is not Outcome.COMMITTED:
            continue
        verdict.checked += len(transaction.acknowledged)
        missing = [one for one in transaction.acknowledged if (one.topic, one.value) not in places]
        if missing:
            verdict.add(
                f"{len(missing)} of {len(transaction.acknowledged)} records of the committed transaction "
                f"{transaction.name} are lost; the first is {missing[0]}",
                partial(facts.story_of, transaction.name),
            )
    return verdict
