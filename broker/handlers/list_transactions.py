"""ListTransactions 0-2: transactional ids by state, producer, age (KIP-994) and name (KIP-1152)."""

from collections.abc import Callable

from ...protocol.errors import KafkaError
from ...protocol.messages.list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
    TransactionState,
)
from ..client_pattern import compile_client_pattern
from ..context import Context
from ..coordination.transactions.states import TxnState
from ..coordination.transactions.transaction import Transaction
from ..session import Session
from ..slices import Steps

_STATES = {state.title: state for state in TxnState}


def handle_list_transactions(
    request: ListTransactionsRequest, version: int, session: Session, context: Context
) -> Steps[ListTransactionsResponse]:
    """List what passes every filter; unknown state names are answered and otherwise ignored."""
    try:
        context.transactions.check_none_loads()
        passes = _filter(request, context.clock.now_ms())
    except KafkaError as error:
        return ListTransactionsResponse(error_code=error.code)
    listed: list[TransactionState] = []
    for transaction in context.transactions.transactions():
        yield
        if passes(transaction):
            listed.append(
                TransactionState(
                    transactional_id=transaction.transactional_id,
                    producer_id=transaction.producer_id,
                    transaction_state=transaction.state.title,
                )
            )
    unknown = [name for name in request.state_filters if name not in _STATES]
    return ListTransactionsResponse(unknown_state_filters=unknown, transaction_states=listed)


def _filter(request: ListTransactionsRequest, now_ms: int) -> Callable[[Transaction], bool]:
    """Whether a transaction passes. INVALID_REGULAR_EXPRESSION."""
    pattern = request.transactional_id_pattern
    matches = compile_client_pattern(pattern) if pattern else None
    states = {_STATES[name] for name in request.state_filters if name in _STATES}
    producer_ids = frozenset(request.producer_id_filters)

    def passes(transaction: Transaction) -> bool:
        if request.state_filters and transaction.state not in states:
            return False
        if producer_ids and transaction.producer_id not in producer_ids:
            return False
        # As in Kafka an id that never began has run since long ago, and one whose transaction is over runs on.
        if 0 <= request.duration_filter >= now_ms - transaction.start_ms:
            return False
        return matches is None or matches(transaction.transactional_id)

    return passes
