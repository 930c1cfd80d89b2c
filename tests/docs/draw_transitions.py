"""Draws the transition tables of the coordinators as diagrams: `python -m tests.docs.draw_transitions`."""

from collections.abc import Collection, Mapping
from pathlib import Path

from odradek.broker.coordination.groups.classic.states import TRANSITIONS as GROUP_TRANSITIONS
from odradek.broker.coordination.transactions.states import TRANSITIONS as TXN_TRANSITIONS

FILE = Path(__file__).parents[2] / "docs" / "state-machines.md"

INTRODUCTION = """\
# State machines

Drawn from the tables in the code by `python -m tests.docs.draw_transitions`; a test keeps this page true. A move that
is not here is a fault of the broker, and fails the operation that makes it.
"""

GROUPS = """\
## Classic groups

`broker/coordination/groups/classic/states.py`. Only Empty and Stable are in the log: a restart brings back the last of
them. A rebalance (PreparingRebalance, CompletingRebalance) lives in memory until the record that ends it. Dead is the
tombstone.
"""

TRANSACTIONS = """\
## Transactional ids

`broker/coordination/transactions/states.py`. Every move is a record. Between a prepared state and the one after it the
markers are written; a restart finds the prepared state and writes them again. Dead is the tombstone of an id that
nobody has used for long.
"""


def diagram(transitions: Mapping[str, Collection[str]], first: str) -> str:
    """One mermaid diagram; the moves in the order of the table."""
    moves = [f"    [*] --> {first}"]
    moves += [f"    {before} --> {after}" for before, following in transitions.items() for after in sorted(following)]
    return "\n".join(["```mermaid", "stateDiagram-v2", *moves, "```", ""])


def page() -> str:
    """The whole page."""
    groups = {state.value: [after.value for after in following] for state, following in GROUP_TRANSITIONS.items()}
    transactions = {state.title: [after.title for after in following] for state, following in TXN_TRANSITIONS.items()}
    return "\n".join([INTRODUCTION, GROUPS, diagram(groups, "Empty"), TRANSACTIONS, diagram(transactions, "Empty")])


if __name__ == "__main__":
    FILE.write_text(page())
