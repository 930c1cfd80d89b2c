"""Exactly once: what consume-transform-produce wrote is one copy of each input record, in the order of the input."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from .facts import Facts, Key
from .history import Operation, Record, TopicPartition
from .verdict import Verdict

ATTEMPT = "@"  # a copy is named INPUT@TRANSACTION, so that each attempt has a value of its own


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Copiers of one group; partition n of the input becomes partition n of the output."""

    group: str
    source: str
    target: str


def copy_of(value: str, transaction: str) -> str:
    """The value of a copy made in a transaction."""
    return f"{value}{ATTEMPT}{transaction}"


def original_of(value: str) -> str:
    """The input that a copy was made from."""
    return value.partition(ATTEMPT)[0]


def check_copies(
    facts: Facts, committed: Iterable[Record], pipelines: Sequence[Pipeline], *, is_drained: bool
) -> Verdict:
    """Compares input and output of each pipeline; without `is_drained` the output may end early."""
    verdict = Verdict("exactly-once copies", "copies")
    logs: dict[TopicPartition, list[Record]] = {}
    for record in sorted(committed, key=lambda one: one.offset or 0):
        logs.setdefault(record.where, []).append(record)
    for pipeline in pipelines:
        partitions = {where.partition for where in logs if where.topic in (pipeline.source, pipeline.target)}
        for partition in sorted(partitions):
            source = [one.value for one in logs.get(TopicPartition(pipeline.source, partition), [])]
            target = logs.get(TopicPartition(pipeline.target, partition), [])
            verdict.checked += len(target)
            _compare(facts, verdict, pipeline, source, target, is_drained=is_drained)
    return verdict


def _compare(
    facts: Facts, verdict: Verdict, pipeline: Pipeline, source: list[str], target: list[Record], *, is_drained: bool
) -> None:
    before = len(verdict.violations)
    inputs, originals = set(source), [original_of(one.value) for one in target]
    counts = Counter(originals)
    for original, count in counts.items():
        copies = [(one.topic, one.value) for one in target if original_of(one.value) == original] if count > 1 else []
        if copies:
            where = TopicPartition(pipeline.target, target[0].partition)
            verdict.add(f"{original} was copied {count} times to {where}", partial(_mentions, facts, copies))
    for record, original in zip(target, originals, strict=True):
        if original not in inputs:
            verdict.add(
                f"{record} is a copy of nothing in {pipeline.source}",
                partial(facts.mentions, (record.topic, record.value)),
            )
    missing = [value for value in (source if is_drained else source[: len(counts)]) if value not in counts]
    if missing:
        verdict.add(
            f"{len(missing)} of {len(source)} records of {pipeline.source} were never copied to {pipeline.target}; "
            f"the first is {missing[0]}",
            partial(facts.mentions, (pipeline.source, missing[0])),
        )
    if len(verdict.violations) == before and originals != source[: len(originals)]:
        at = next(n for n, (one, other) in enumerate(zip(originals, source, strict=False)) if one != other)
        verdict.add(
            f"the copies in {target[at].where} are out of order: {originals[at]} stands where {source[at]} belongs",
            partial(facts.mentions, (pipeline.target, target[at].value)),
        )


def _mentions(facts: Facts, keys: Sequence[Key]) -> list[Operation]:
    return [operation for key in keys for operation in facts.mentions(key)]
