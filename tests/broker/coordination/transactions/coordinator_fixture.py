"""A coordinator with one id in a state of the test's choice, and the names its tables are written in."""

from collections.abc import Callable

from odradek.broker.coordination.transactions.coordinator import V1, Result, TransactionCoordinator, TransactionResponse
from odradek.broker.coordination.transactions.given_epochs import GivenEpochs
from odradek.broker.coordination.transactions.producer_identity import ProducerIdAndEpoch
from odradek.broker.coordination.transactions.states import TxnState
from odradek.broker.coordination.transactions.transaction import Transaction, encode_transaction
from odradek.broker.coordination.transactions.transaction_config import TransactionConfig
from odradek.protocol.errors import ErrorCode, KafkaError

S, E = TxnState, ErrorCode
PID, EPOCH, NEW_PID = 7, 5, 1000
NOW = 1_000_000
P = ProducerIdAndEpoch
HELD = Transaction("id", PID, EPOCH, 60_000, start_ms=NOW - 10, last_update_ms=NOW - 10, previous_producer_id=PID)


class Step:
    """What a request does, and what it is answered."""

    def __init__(self, result: Result) -> None:
        self.result = result
        assert result.response is not None
        self._response: TransactionResponse = result.response

    @property
    def transaction(self) -> Transaction | None:
        """The state that is logged."""
        assert (self._response.transaction is not None) == bool(self.result.records)
        return self._response.transaction

    @property
    def producer(self) -> ProducerIdAndEpoch:
        return self._response.producer

    @property
    def error(self) -> ErrorCode:
        return self._response.error


class CoordinatorFixture:
    """A coordinator that knows one id; `level` is transaction.version."""

    def __init__(self, held: Transaction | None = HELD, *, level: int = 2) -> None:
        self.level = level
        self.next_pid = NEW_PID
        self.given = GivenEpochs()
        self.it = TransactionCoordinator(TransactionConfig(), self._new_id, lambda: self.level, self.given)
        if held is not None:
            load(self.it, held)

    def _new_id(self) -> int:
        self.next_pid += 1
        return self.next_pid - 1

    def take(self, step: Step) -> Transaction:
        """Log and replay a step; a decided transaction is finished."""
        assert step.transaction is not None
        logged(self.it, step.result)
        assert self.it.find(step.transaction.transactional_id) == step.transaction
        if step.transaction.state.is_prepared:
            return self.take(Step(self.it.complete(step.transaction.transactional_id, NOW)))
        return step.transaction

    def init(self, expected: tuple[int, int] | None = None, timeout_ms: int = 60_000) -> Step:
        return Step(self.it.init_producer_id("id", timeout_ms, None if expected is None else P(*expected), NOW))

    def end(self, commit: bool, epoch: int = EPOCH, pid: int = PID, version: int = V1) -> Step:
        return Step(self.it.end("id", P(pid, epoch), is_commit=commit, client_version=version, now_ms=NOW))

    def add(self, *partitions: tuple[str, int], epoch: int = EPOCH, pid: int = PID, version: int = V1) -> Step:
        return Step(self.it.add_partitions("id", P(pid, epoch), partitions, version, NOW))

    def time_out(self) -> Step:
        return Step(self.it.time_out("id", NOW))


def logged(coordinator: TransactionCoordinator, result: Result) -> None:
    """Replay what a result logs, and let follow what follows."""
    while True:
        for key, value in result.records if result.replay is None else ():
            coordinator.replay(key, value, 0)
        if result.replay is not None:
            result.replay(0)
        further = None if result.on_logged is None else result.on_logged()
        if further is None:
            return
        result = further


def load(coordinator: TransactionCoordinator, transaction: Transaction) -> None:
    """Replay a state as a start does."""
    coordinator.replay(*encode_transaction(transaction, is_flexible=True), 0)


def held(state: TxnState, **fields: int) -> Transaction:
    partitions = frozenset({("t", 0)}) if state in (S.ONGOING, S.PREPARE_COMMIT, S.PREPARE_ABORT) else frozenset()
    return HELD._replace(state=state, partitions=partitions, **fields)  # type: ignore[arg-type]


def outcome(ask: Callable[[], Step]) -> ErrorCode | TxnState | None:
    """The refusal, or the state the id moves to; None for a success that changes nothing."""
    try:
        step = ask()
    except KafkaError as error:
        return error.code
    if step.error != E.NONE:
        return step.error
    return None if step.transaction is None else step.transaction.state
