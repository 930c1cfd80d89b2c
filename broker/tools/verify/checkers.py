"""All checkers, in the order of the report: those that can check a run while it runs, and those that need its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .check_copies import Pipeline, check_copies
from .check_logs import (
    check_duplicates,
    check_invented,
    check_lost_writes,
    check_offsets_are_consistent,
    check_order_of_polls,
    check_order_of_sends,
    check_skipped_polls,
)
from .check_offsets import check_committed_offsets, check_final_offsets, check_transactional_offsets
from .check_transactions import (
    check_aborted_reads,
    check_lost_commits,
    check_precommitted_reads,
    check_torn_transactions,
    check_zombies,
)
from .facts import Facts
from .history import Offsets, Operation, Record
from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class FinalState:
    """What a broker holds when all is quiet: logs in both isolations, groups' offsets, and what never ended."""

    committed: Sequence[Record] = ()
    uncommitted: Sequence[Record] = ()
    groups: Mapping[str, Offsets] = field(default_factory=dict[str, Offsets])
    pipelines: Sequence[Pipeline] = ()
    is_drained: bool = True
    stalled: Sequence[str] = ()


def check_prefix(operations: Sequence[Operation]) -> list[Verdict]:
    """What must hold of every prefix of a history."""
    return _check_prefix(Facts.of(operations))


def check_all(operations: Sequence[Operation], final: FinalState) -> list[Verdict]:
    """What must hold of a whole history and of the state it left."""
    facts = Facts.of(operations)
    committed = set(final.committed)
    stalled = Verdict("stalled transactions and groups", "waits", checked=1)
    for sentence in final.stalled:
        stalled.add(sentence)
    return [
        check_lost_writes(facts, final.uncommitted),
        check_lost_commits(facts, committed),
        check_duplicates(facts, final.uncommitted),
        check_torn_transactions(facts, committed),
        *_check_prefix(facts),
        check_order_of_sends(facts, final.uncommitted),
        check_skipped_polls(facts, final.committed, final.uncommitted),
        check_final_offsets(facts, final.groups),
        check_copies(facts, final.committed, final.pipelines, is_drained=final.is_drained),
        stalled,
    ]


def _check_prefix(facts: Facts) -> list[Verdict]:
    return [
        check_aborted_reads(facts),
        check_precommitted_reads(facts),
        check_zombies(facts),
        check_invented(facts),
        check_offsets_are_consistent(facts),
        check_order_of_polls(facts),
        check_committed_offsets(facts),
        check_transactional_offsets(facts),
    ]
