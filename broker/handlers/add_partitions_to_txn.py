"""AddPartitionsToTxn 0-5: partitions join a transaction. Clients send 0-3; 4 and 5 are for brokers (KIP-890)."""

from collections.abc import Callable, Sequence
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnPartitionResult,
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnResult,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTopicResult,
    AddPartitionsToTxnTransaction,
)
from ..context import Context
from ..coordination.result import ResponseFuture
from ..coordination.transactions.coordinator import V1, V2, TransactionResponse, refused
from ..coordination.transactions.fencing import fencing_code
from ..coordination.transactions.producer_identity import ProducerIdAndEpoch
from ..coordination.transactions.transaction import TopicPartition
from ..countdown import Countdown
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topic_names import INTERNAL_TOPICS

BATCHED_FROM = 4
PARTITIONS_AT_ONCE = 100

Results = dict[TopicPartition, ErrorCode]


def handle_add_partitions_to_txn(
    request: AddPartitionsToTxnRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[AddPartitionsToTxnResponse]]:
    """Add, or only verify, the partitions of each transaction; answered when all of them are on record."""
    transactions = request.transactions if version >= BATCHED_FROM else [_single(request)]
    deferred: Deferred[AddPartitionsToTxnResponse] = Deferred()
    found: list[Results] = [{} for _ in transactions]
    others = [ErrorCode.NONE] * len(transactions)  # the error of the partitions that have none of their own

    def respond() -> None:
        context.slices.start(_response(transactions, found, others, version), deferred.answer, deferred.fail)

    countdown = Countdown(len(transactions), respond)

    def answer(at: int, code: ErrorCode) -> None:
        others[at] = fencing_code(code, version)
        countdown.count_down()

    def added(at: int, response: TransactionResponse) -> None:
        answer(at, response.error)

    for at, transaction in enumerate(transactions):
        producer = ProducerIdAndEpoch(transaction.producer_id, transaction.producer_epoch)
        found[at] = yield from _refused_partitions(transaction, context)
        if found[at]:
            # One partition that cannot be added keeps the others from being tried.
            answer(at, ErrorCode.OPERATION_NOT_ATTEMPTED)
            continue
        if transaction.verify_only and context.transaction_checks is not None:
            _verify_each(transaction, producer, context, found[at], partial(answer, at, ErrorCode.NONE))
            continue
        if transaction.verify_only:
            found[at] = yield from _unverified_partitions(transaction, producer, context)
            answer(at, ErrorCode.NONE)
            continue
        context.transactions.add_partitions(
            transaction.transactional_id,
            producer,
            _partitions(transaction.topics),
            V2 if version >= BATCHED_FROM else V1,
            ResponseFuture(partial(added, at), refused),
        )
    return deferred


def _single(request: AddPartitionsToTxnRequest) -> AddPartitionsToTxnTransaction:
    return AddPartitionsToTxnTransaction(
        transactional_id=request.v3_and_below_transactional_id,
        producer_id=request.v3_and_below_producer_id,
        producer_epoch=request.v3_and_below_producer_epoch,
        topics=request.v3_and_below_topics,
    )


def _partitions(topics: Sequence[AddPartitionsToTxnTopic]) -> list[TopicPartition]:
    return [(topic.name, index) for topic in topics for index in topic.partitions]


def _refused_partitions(transaction: AddPartitionsToTxnTransaction, context: Context) -> Steps[Results]:
    """The partitions with an error of their own."""
    refused: Results = {}
    for number, at in enumerate(_partitions(transaction.topics)):
        if number % PARTITIONS_AT_ONCE == 0:
            yield
        try:
            if at[0] in INTERNAL_TOPICS:
                # `__consumer_offsets` gets into a transaction through AddOffsetsToTxn only.
                raise KafkaError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
            context.topics.partition(*at)
        except KafkaError as error:
            refused[at] = error.code
    return refused


def _unverified_partitions(
    transaction: AddPartitionsToTxnTransaction, producer: ProducerIdAndEpoch, context: Context
) -> Steps[Results]:
    """The partitions that are not in the transaction."""
    refused: Results = {}
    for number, at in enumerate(_partitions(transaction.topics)):
        if number % PARTITIONS_AT_ONCE == 0:
            yield
        try:
            context.transactions.check_partition(transaction.transactional_id, producer, at)
        except KafkaError as error:
            refused[at] = error.code
    return refused


def _verify_each(
    transaction: AddPartitionsToTxnTransaction,
    producer: ProducerIdAndEpoch,
    context: Context,
    refused_ones: Results,
    then: Callable[[], None],
) -> None:
    """The same of several brokers: what is answered must be replicated, for another broker goes by it."""
    partitions = _partitions(transaction.topics)
    countdown = Countdown(len(partitions), then)

    def verified(at: TopicPartition, response: TransactionResponse) -> None:
        if response.error != ErrorCode.NONE:
            refused_ones[at] = response.error
        countdown.count_down()

    for at in partitions:
        future = ResponseFuture(partial(verified, at), refused)
        context.transactions.verify_partition(transaction.transactional_id, producer, at, future)


def _response(
    transactions: Sequence[AddPartitionsToTxnTransaction],
    found: Sequence[Results],
    others: Sequence[ErrorCode],
    version: int,
) -> Steps[AddPartitionsToTxnResponse]:
    results: list[AddPartitionsToTxnResult] = []
    for transaction, codes, other in zip(transactions, found, others, strict=True):
        topics: list[AddPartitionsToTxnTopicResult] = []
        for topic in transaction.topics:
            partitions: list[AddPartitionsToTxnPartitionResult] = []
            for at in range(0, len(topic.partitions), PARTITIONS_AT_ONCE):
                yield
                partitions += [
                    AddPartitionsToTxnPartitionResult(
                        partition_index=index, partition_error_code=codes.get((topic.name, index), other)
                    )
                    for index in topic.partitions[at : at + PARTITIONS_AT_ONCE]
                ]
            topics.append(AddPartitionsToTxnTopicResult(name=topic.name, results_by_partition=partitions))
        results.append(AddPartitionsToTxnResult(transactional_id=transaction.transactional_id, topic_results=topics))
    if version >= BATCHED_FROM:
        return AddPartitionsToTxnResponse(results_by_transaction=results)
    return AddPartitionsToTxnResponse(results_by_topic_v3_and_below=results[0].topic_results)
