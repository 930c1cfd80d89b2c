"""The states of a transactional id, and every legal move between them. The table is the truth; a test walks it."""

from collections.abc import Mapping
from enum import IntEnum


class TxnState(IntEnum):
    """Numbered as stored in `__transaction_state`. Dead and PrepareEpochFence are never stored."""

    EMPTY = 0
    ONGOING = 1
    PREPARE_COMMIT = 2
    PREPARE_ABORT = 3
    COMPLETE_COMMIT = 4
    COMPLETE_ABORT = 5
    DEAD = 6
    PREPARE_EPOCH_FENCE = 7

    @property
    def title(self) -> str:
        """The name that tools know: PrepareCommit, …"""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def is_prepared(self) -> bool:
        """Whether the end is decided and the markers are on their way."""
        return self in (TxnState.PREPARE_COMMIT, TxnState.PREPARE_ABORT)


_S = TxnState

TRANSITIONS: Mapping[TxnState, frozenset[TxnState]] = {
    # From an idle state a transaction begins, the id is initialised anew, or, under transactions V2, an abort of
    # nothing bumps the epoch, so that late writes become stale (KIP-890).
    _S.EMPTY: frozenset({_S.EMPTY, _S.ONGOING, _S.PREPARE_ABORT, _S.DEAD}),
    _S.COMPLETE_COMMIT: frozenset({_S.EMPTY, _S.ONGOING, _S.PREPARE_ABORT, _S.DEAD}),
    _S.COMPLETE_ABORT: frozenset({_S.EMPTY, _S.ONGOING, _S.PREPARE_ABORT, _S.DEAD}),
    _S.ONGOING: frozenset({_S.ONGOING, _S.PREPARE_COMMIT, _S.PREPARE_ABORT}),
    _S.PREPARE_COMMIT: frozenset({_S.COMPLETE_COMMIT}),
    _S.PREPARE_ABORT: frozenset({_S.COMPLETE_ABORT}),
}

# The moves Kafka has besides: through a transient fence, which here is one step with the abort that follows it.
NEVER_STORED = frozenset({_S.DEAD, _S.PREPARE_EPOCH_FENCE})


def check_transition(before: TxnState, after: TxnState) -> None:
    """AssertionError for a move that the table does not know: a fault of ours, not of a client."""
    if after not in TRANSITIONS[before]:
        raise AssertionError(f"{before.title} -> {after.title}")
