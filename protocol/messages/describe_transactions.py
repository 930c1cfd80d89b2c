"""DescribeTransactions (65): the state of transactional ids."""

from collections.abc import Sequence

from ..schema import i16, i32, i64, message, nested


@message(api_key=65, versions="0", flexible="0+")
class DescribeTransactionsRequest:
    """The transactional ids of interest."""

    transactional_ids: Sequence[str] = ()


@nested
class TopicData:
    topic: str
    partitions: Sequence[i32] = ()


@nested
class TransactionState:
    error_code: i16 = 0
    transactional_id: str
    transaction_state: str = ""
    transaction_timeout_ms: i32 = 0
    transaction_start_time_ms: i64 = 0
    producer_id: i64
    producer_epoch: i16
    topics: Sequence[TopicData] = ()


@message(api_key=65, versions="0", flexible="0+")
class DescribeTransactionsResponse:
    """State, producer and partitions of each transaction."""

    throttle_time_ms: i32 = 0
    transaction_states: Sequence[TransactionState] = ()
