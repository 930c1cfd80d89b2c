"""What a person sees of a run: one table, and of each violation the sentence and the operations behind it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from .facts import Facts
from .history import Operation, Poll
from .run import Report
from .share_facts import ShareFacts
from .verdict import Verdict, Violation

SHOWN_VIOLATIONS = 5
SHOWN_OPERATIONS = 40


def lines_of(report: Report) -> Iterator[str]:
    """The whole report, line by line."""
    operations = report.history.operations()
    shares = ShareFacts.of(operations)
    yield from _sharing(operations, shares) if shares.deliveries else _summary(Facts.of(operations))
    if report.failures:
        yield f"{len(report.failures):,} client errors, then new clients; the last: {report.failures[-1][:160]}"
    if report.stuck:
        yield f"workers that did not stop in time: {', '.join(report.stuck)}"
    yield ""
    yield from _table(report.verdicts)
    for verdict in report.verdicts:
        yield from _violations(verdict)


def _summary(facts: Facts) -> Iterator[str]:
    outcomes = Counter(transaction.outcome.value for transaction in facts.transactions.values())
    fenced = sum(transaction.fenced_at is not None for transaction in facts.transactions.values())
    written = sum(len(send.records) for _, send in facts.acknowledged)
    read = sum(len(poll.records) for _, poll in facts.polls)
    counted = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
    yield f"{len(facts.operations):,} operations: {written:,} records written, {read:,} read"
    yield f"{len(facts.transactions):,} transactions: {counted}; {fenced:,} fenced by a newer producer"


def _sharing(operations: Sequence[Operation], shares: ShareFacts) -> Iterator[str]:
    written = sum(len(send.records) for _, send in Facts.of(operations).acknowledged)
    kinds = Counter(one.kind.value for one in shares if one.kind is not None and one.is_confirmed)
    again = sum(one.delivered.number > 1 for one in shares)
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    yield f"{len(operations):,} operations: {written:,} records written"
    yield f"{sum(1 for _ in shares):,} deliveries, {again:,} not the first; confirmed: {counted}"
    yield f"{shares.killed:,} members died, {len(shares.losses):,} times a broker was lost"


def _table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    width = max(len(verdict.name) for verdict in verdicts)
    yield f"{'property':<{width}}  {'checked':>12}  {'of':<20}  {'violations':>10}"
    for one in verdicts:
        yield f"{one.name:<{width}}  {one.checked:>12,}  {one.unit:<20}  {len(one.violations):>10,}"


def _violations(verdict: Verdict) -> Iterator[str]:
    for violation in verdict.violations[:SHOWN_VIOLATIONS]:
        yield ""
        yield f"VIOLATION  {verdict.name}: {violation.sentence}"
        yield from _operations(violation)
    more = len(verdict.violations) - SHOWN_VIOLATIONS
    if more > 0:
        yield f"… and {more:,} more of {verdict.name}"


def _operations(violation: Violation) -> Iterator[str]:
    unique: dict[int, Operation] = {one.index: one for one in violation.operations}
    ordered = [unique[index] for index in sorted(unique)]
    # Polls by many readers say the same thing again: what was done comes first.
    deeds = [one for one in ordered if not isinstance(one.detail, Poll)]
    polls = [one for one in ordered if isinstance(one.detail, Poll)]
    chosen = sorted([*deeds[:SHOWN_OPERATIONS], *polls[: SHOWN_OPERATIONS // 4]], key=lambda one: one.index)
    for one in chosen:
        yield f"  {one}"
    if len(ordered) > len(chosen):
        yield f"  … {len(ordered) - len(chosen)} more operations"
