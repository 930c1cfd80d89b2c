"""ListTransactions 0-2: transactional ids by state, producer, age (KIP-994) and name (KIP-1152)."""

import re

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
    TransactionState,
)
from ..context import Context
from ..coordination.transactions.states import TxnState
from ..coordination.transactions.transaction import Transaction
from ..session import Session

_STATES = {state.title: state for state in TxnState}


def handle_list_transactions(
    request: ListTransactionsRequest, version: int, session: Session, context: Context
) -> ListTransactionsResponse:
    """List what passes every filter; unknown state names are told and otherwise ignored."""
    try:
        pattern = re.compile(request.transactional_id_pattern or ".*", re.DOTALL)
    except re.error:
        return ListTransactionsResponse(error_code=ErrorCode.INVALID_REGULAR_EXPRESSION)
    states = {_STATES[name] for name in request.state_filters if name in _STATES}
    unknown = [name for name in request.state_filters if name not in _STATES]
    now_ms = context.clock.now_ms()

    def passes(transaction: Transaction) -> bool:
        if request.state_filters and transaction.state not in states:
            return False
        if request.producer_id_filters and transaction.producer_id not in request.producer_id_filters:
            return False
        # As in Kafka an id that never began has run since long ago, and one whose transaction is over runs on.
        if 0 <= request.duration_filter >= now_ms - transaction.start_ms:
            return False
        return pattern.fullmatch(transaction.transactional_id) is not None

    return ListTransactionsResponse(
        error_code=ErrorCode.NONE,
        unknown_state_filters=unknown,
        transaction_states=[
            TransactionState(
                transactional_id=transaction.transactional_id,
                producer_id=transaction.producer_id,
                transaction_state=transaction.state.title,
            )
            for transaction in context.transactions.transactions()
            if passes(transaction)
        ],
    )
