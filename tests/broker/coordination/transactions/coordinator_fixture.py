"""A coordinator with one id in a state of the test's choice, and the names its tables are written in."""

from collections.abc import Callable
from dataclasses import replace

from odradek.broker.coordination.transactions.coordinator import (
    V1,
    ProducerIdAndEpoch,
    Step,
    TransactionConfig,
    TransactionCoordinator,
)
from odradek.broker.coordination.transactions.states import TxnState
from odradek.broker.coordination.transactions.transaction import Transaction
from odradek.protocol.errors import ErrorCode, KafkaError

S, E = TxnState, ErrorCode
PID, EPOCH, NEW_PID = 7, 5, 1000
NOW = 1_000_000
P = ProducerIdAndEpoch
HELD = Transaction("id", PID, EPOCH, 60_000, start_ms=NOW - 10, last_update_ms=NOW - 10, previous_producer_id=PID)


class Clockwork:
    """A coordinator that knows one id; `level` is transaction.version."""

    def __init__(self, held: Transaction | None = HELD, *, level: int = 2) -> None:
        self.level = level
        self.next_pid = NEW_PID
        self.it = TransactionCoordinator(TransactionConfig(), self._new_id, lambda: self.level)
        if held is not None:
            self.it.load(held)

    def _new_id(self) -> int:
        self.next_pid += 1
        return self.next_pid - 1

    def take(self, step: Step) -> Transaction:
        """Log and replay a step; a decided transaction is finished."""
        assert step.transaction is not None
        self.it.replay(step.transaction)
        if step.transaction.state.is_prepared:
            return self.take(self.it.complete(step.transaction.transactional_id, NOW))
        return step.transaction

    def init(self, expected: tuple[int, int] | None = None, timeout_ms: int = 60_000) -> Step:
        return self.it.init_producer_id("id", timeout_ms, None if expected is None else P(*expected), NOW)

    def end(self, commit: bool, epoch: int = EPOCH, pid: int = PID, version: int = V1) -> Step:
        return self.it.end("id", P(pid, epoch), is_commit=commit, client_version=version, now_ms=NOW)

    def add(self, *partitions: tuple[str, int], epoch: int = EPOCH, pid: int = PID, version: int = V1) -> Step:
        return self.it.add_partitions("id", P(pid, epoch), partitions, version, NOW)


def held(state: TxnState, **fields: int) -> Transaction:
    partitions = frozenset({("t", 0)}) if state in (S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT) else frozenset()
    return replace(HELD, state=state, partitions=partitions, **fields)  # type: ignore[arg-type]


def outcome(ask: Callable[[], Step]) -> ErrorCode | TxnState | None:
    """The refusal, or the state the id moves to; None for a success that changes nothing."""
    try:
        step = ask()
    except KafkaError as error:
        return error.code
    if step.error != E.NONE:
        return step.error
    return None if step.transaction is None else step.transaction.state
