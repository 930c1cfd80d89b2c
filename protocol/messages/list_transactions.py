"""ListTransactions (66): the transactional ids that a broker coordinates."""

from collections.abc import Sequence

from ..schema import field, i16, i32, i64, message, nested


@message(api_key=66, versions="0-2", flexible="0+")
class ListTransactionsRequest:
    """Which transactions to list, by state, producer, age and name."""

    state_filters: Sequence[str] = ()
    producer_id_filters: Sequence[i64] = ()
    duration_filter: i64 = field(default=-1, versions="1+")
    transactional_id_pattern: str | None = field(default=None, versions="2+")


@nested
class TransactionState:
    transactional_id: str
    producer_id: i64
    transaction_state: str = ""


@message(api_key=66, versions="0-2", flexible="0+")
class ListTransactionsResponse:
    """One line per transactional id."""

    throttle_time_ms: i32 = 0
    error_code: i16 = 0
    unknown_state_filters: Sequence[str] = ()
    transaction_states: Sequence[TransactionState] = ()
