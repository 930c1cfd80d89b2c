"""Rules of producers and transactions: their ids, what is in them, who sees them."""

from collections.abc import Sequence
from dataclasses import replace

from ...protocol.errors import ErrorCode
from ...protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnPartitionResult,
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
    AddPartitionsToTxnTopicResult,
)
from ...protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TransactionState,
)
from ...protocol.messages.init_producer_id import InitProducerIdRequest
from ...protocol.messages.list_transactions import ListTransactionsResponse
from ...protocol.messages.write_txn_markers import WriteTxnMarkersRequest, WriteTxnMarkersResponse
from ..answers.error_answers import Place
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..security.authorization.acl import Operation
from ..slices import Steps
from ..topic_names import INTERNAL_TOPICS
from .access import TOPIC, TRANSACTIONAL_ID, Access
from .common_rules import kept, refuse, with_body

TXN_DENIED = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
BATCHED_FROM = 4


def init_producer_id(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """WRITE on the transactional id; without one IDEMPOTENT_WRITE, or that anything at all may be written."""
    body = received.body
    assert isinstance(body, InitProducerIdRequest)
    name = body.transactional_id
    if name is None:
        may_write = access.may_on_cluster(Operation.IDEMPOTENT_WRITE) or access.may_somewhere(Operation.WRITE, TOPIC)
        return proceed(received) if may_write else refuse(received, ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
    needed = [Operation.WRITE, *([Operation.TWO_PHASE_COMMIT] if body.enable2_pc else [])]
    if any(access.lacks(operation, TRANSACTIONAL_ID, name) for operation in needed):
        return refuse(received, TXN_DENIED)
    return proceed(received)


def add_partitions_to_txn(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """WRITE on the transactional id and on each topic, all or none; brokers, which send many, need CLUSTER_ACTION."""
    body = received.body
    assert isinstance(body, AddPartitionsToTxnRequest)
    if received.header.api_version < BATCHED_FROM:
        name = body.v3_and_below_transactional_id
        topics = body.v3_and_below_topics
        if access.lacks(Operation.WRITE, TRANSACTIONAL_ID, name):
            return _of_one(_results(topics, {topic.name: TXN_DENIED for topic in topics}))
        refused = yield from _refused(topics, access)
        return _of_one(_results(topics, refused)) if refused else proceed(received)
    if access.may_on_cluster(Operation.CLUSTER_ACTION):
        return proceed(received)
    return refuse(received, ErrorCode.CLUSTER_AUTHORIZATION_FAILED, place=Place.TOP)


def _refused(topics: Sequence[AddPartitionsToTxnTopic], access: Access) -> Steps[dict[str, ErrorCode]]:
    """The topics that may not be written, and those that are not there; nobody writes internal ones like this."""
    names = [topic.name for topic in topics]
    denied = (yield from access.denied(Operation.WRITE, TOPIC, names)) | INTERNAL_TOPICS.intersection(names)
    if not denied:
        return {}
    missing = [name for name in names if access.context.topics.find(name) is None]
    unknown = dict.fromkeys(missing, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return {**unknown, **dict.fromkeys(denied, ErrorCode.TOPIC_AUTHORIZATION_FAILED)}


def _results(
    topics: Sequence[AddPartitionsToTxnTopic], refused: dict[str, ErrorCode]
) -> list[AddPartitionsToTxnTopicResult]:
    return [
        AddPartitionsToTxnTopicResult(
            name=topic.name,
            results_by_partition=[
                AddPartitionsToTxnPartitionResult(
                    partition_index=index,
                    partition_error_code=refused.get(topic.name, ErrorCode.OPERATION_NOT_ATTEMPTED),
                )
                for index in topic.partitions
            ],
        )
        for topic in topics
    ]


def _of_one(results: list[AddPartitionsToTxnTopicResult]) -> AddPartitionsToTxnResponse:
    return AddPartitionsToTxnResponse(results_by_topic_v3_and_below=results)


def write_txn_markers(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """ALTER or CLUSTER_ACTION: administrators and brokers."""
    body = received.body
    assert isinstance(body, WriteTxnMarkersRequest)
    if access.may_on_cluster(Operation.ALTER) or access.may_on_cluster(Operation.CLUSTER_ACTION):
        return proceed(received)
    answer = refuse(received, ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
    assert isinstance(answer, WriteTxnMarkersResponse)
    for marker, result in zip(body.markers, answer.markers, strict=True):
        result.producer_id = marker.producer_id
    return answer


def describe_transactions(received: ReceivedRequest, access: Access, proceed: Proceed) -> Steps[Answer]:
    """DESCRIBE on each transactional id; topics that may not be described are left out."""
    body = received.body
    assert isinstance(body, DescribeTransactionsRequest)
    denied = yield from access.denied(Operation.DESCRIBE, TRANSACTIONAL_ID, body.transactional_ids)

    def show(given: object) -> None:
        assert isinstance(given, DescribeTransactionsResponse)
        for state in given.transaction_states:
            state.topics = kept(state.topics, "topic", access, Operation.DESCRIBE, TOPIC)
        served = iter(given.transaction_states)
        given.transaction_states = [
            TransactionState(error_code=TXN_DENIED, transactional_id=name, producer_id=0, producer_epoch=0)
            if name in denied
            else next(served)
            for name in body.transactional_ids
        ]

    rest = replace(body, transactional_ids=[name for name in body.transactional_ids if name not in denied])
    return observe(proceed(with_body(received, rest)), show)


def list_transactions(received: ReceivedRequest, access: Access, proceed: Proceed) -> Answer:
    """Those are listed that may be described."""

    def show(given: object) -> None:
        assert isinstance(given, ListTransactionsResponse)
        given.transaction_states = kept(
            given.transaction_states, "transactional_id", access, Operation.DESCRIBE, TRANSACTIONAL_ID
        )

    return observe(proceed(received), show)
