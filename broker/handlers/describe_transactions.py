"""DescribeTransactions 0: the state of transactional ids (KIP-664)."""

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TopicData,
    TransactionState,
)
from ..context import Context
from ..coordination.transactions.transaction import Transaction
from ..session import Session
from ..slices import Steps


def handle_describe_transactions(
    request: DescribeTransactionsRequest, version: int, session: Session, context: Context
) -> Steps[DescribeTransactionsResponse]:
    """Describe each id, or say that it is not known."""
    states: list[TransactionState] = []
    for transactional_id in request.transactional_ids:
        yield
        states.append(_state(transactional_id, context))
    return DescribeTransactionsResponse(transaction_states=states)


def _state(transactional_id: str, context: Context) -> TransactionState:
    if not transactional_id:
        return _refused(transactional_id, ErrorCode.INVALID_REQUEST)
    try:
        context.transactions.check_served(transactional_id)
    except KafkaError as error:
        return _refused(transactional_id, error.code)
    found = context.transactions.find(transactional_id)
    if found is None:
        return _refused(transactional_id, ErrorCode.TRANSACTIONAL_ID_NOT_FOUND)
    return TransactionState(
        error_code=ErrorCode.NONE,
        transactional_id=transactional_id,
        transaction_state=found.state.title,
        transaction_timeout_ms=found.timeout_ms,
        transaction_start_time_ms=found.start_ms,
        producer_id=found.producer_id,
        producer_epoch=found.producer_epoch,
        topics=_topics(found),
    )


def _refused(transactional_id: str, code: ErrorCode) -> TransactionState:
    return TransactionState(error_code=code, transactional_id=transactional_id, producer_id=0, producer_epoch=0)


def _topics(transaction: Transaction) -> list[TopicData]:
    by_topic: dict[str, list[int]] = {}
    for topic, index in sorted(transaction.partitions):
        by_topic.setdefault(topic, []).append(index)
    return [TopicData(topic=topic, partitions=indexes) for topic, indexes in by_topic.items()]
