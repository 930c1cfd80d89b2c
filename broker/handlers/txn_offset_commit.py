"""TxnOffsetCommit 0-5: offsets that become visible when their transaction commits (KIP-98, KIP-447, KIP-890)."""

from collections.abc import Callable, Sequence
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitResponse,
    TxnOffsetCommitResponsePartition,
    TxnOffsetCommitResponseTopic,
)
from ...protocol.utf16 import utf16_length
from ..context import Context
from ..coordination.coordinator_errors import coordinator_error
from ..coordination.groups.offset_commit import OffsetCommit, OffsetToCommit
from ..coordination.groups.offsets import EncodedOffsets
from ..coordination.result import ResponseFuture
from ..coordination.transactions.producer_identity import ProducerIdAndEpoch
from ..coordination.transactions.verification import (
    ClientTxnVersion,
    TransactionalWrite,
    WriteCheck,
    check_transactional_write,
    in_words_of_offset_commit,
)
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topic_names import OFFSETS_TOPIC

V2_FROM_VERSION = 5
ABORTABLE_FROM_VERSION = 4
PARTITIONS_AT_ONCE = 100

Codes = dict[tuple[str, int], ErrorCode]


def handle_txn_offset_commit(
    request: TxnOffsetCommitRequest, version: int, session: Session, context: Context
) -> Steps[TxnOffsetCommitResponse | Deferred[TxnOffsetCommitResponse]]:
    """Write the offsets into the transaction; each partition has an error of its own."""
    if not request.group_id:
        response = yield from _response(request, {}, ErrorCode.INVALID_GROUP_ID)
        return response
    refused: Codes = {}
    offsets: list[OffsetToCommit] = []
    for topic in request.topics:
        for number, asked in enumerate(topic.partitions):
            if number % PARTITIONS_AT_ONCE == 0:
                yield
            try:
                offsets.append(_offset(topic.name, asked, context))
            except KafkaError as error:
                refused[topic.name, asked.partition_index] = error.code
    if not offsets:
        response = yield from _response(request, refused, ErrorCode.NONE)
        return response
    to_commit = _commit(request, offsets)
    encoded = yield from context.groups.encode(to_commit)
    return _commit_to(request, version, context, to_commit, encoded, refused)


def _commit_to(
    request: TxnOffsetCommitRequest,
    version: int,
    context: Context,
    to_commit: OffsetCommit,
    encoded: EncodedOffsets,
    refused: Codes,
) -> Deferred[TxnOffsetCommitResponse]:
    offsets = to_commit.offsets
    deferred: Deferred[TxnOffsetCommitResponse] = Deferred()

    def respond(codes: Codes, other: ErrorCode) -> None:
        context.slices.start(_response(request, codes, other), deferred.answer, deferred.fail)

    def check(error: KafkaError | None) -> None:
        try:
            if error is not None:
                raise error
            _check_transaction(request, version, context, commit)
        except KafkaError as refusal:
            commit(refusal)

    def commit(refusal: KafkaError | None) -> None:
        if refusal is not None:
            respond(refused, coordinator_error(refusal.code))
        else:
            context.groups.commit(to_commit, encoded, future)

    def then(errors: Sequence[ErrorCode]) -> None:
        codes = {(o.topic, o.partition): code for o, code in zip(offsets, errors, strict=True)}
        if context.transaction_checks is not None:  # the transaction was safe before
            answer(codes, None)
            return
        state = context.transactions.undurable_state(request.transactional_id)
        context.flusher.when_durable([] if state is None else [state], partial(answer, codes))

    def answer(codes: Codes, error: Exception | None) -> None:
        if error is not None:  # they are there, but a power loss could take the transaction that they belong to
            codes = dict.fromkeys(codes, coordinator_error(ErrorCode.KAFKA_STORAGE_ERROR))
        respond(codes | refused, ErrorCode.NONE)

    future = ResponseFuture[Sequence[ErrorCode]](then, lambda code: [code] * len(offsets))
    context.groups.when_ready(check)
    return deferred


def _commit(request: TxnOffsetCommitRequest, offsets: Sequence[OffsetToCommit]) -> OffsetCommit:
    return OffsetCommit(
        group_id=request.group_id,
        generation=request.generation_id,
        member_id=request.member_id,
        group_instance_id=request.group_instance_id,
        offsets=offsets,
        producer_id=request.producer_id,
        producer_epoch=request.producer_epoch,
    )


def _offset(topic: str, asked: TxnOffsetCommitRequestPartition, context: Context) -> OffsetToCommit:
    context.topics.partition(topic, asked.partition_index)
    metadata = asked.committed_metadata or ""
    if utf16_length(metadata) > context.config.offset_metadata_max_bytes:
        raise KafkaError(ErrorCode.OFFSET_METADATA_TOO_LARGE)
    # No topic id: Kafka leaves it out of transactional commits.
    return OffsetToCommit(topic, asked.partition_index, asked.committed_offset, asked.committed_leader_epoch, metadata)


def _check_transaction(
    request: TxnOffsetCommitRequest, version: int, context: Context, then: Callable[[KafkaError | None], None]
) -> None:
    """Call `then` once the coordinator of the transaction lets the offsets in, or refuses them. KafkaError likewise."""
    write = TransactionalWrite(
        request.transactional_id,
        ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
        context.topics.partition(OFFSETS_TOPIC, context.groups.partition_of(request.group_id)),
        -1,  # records of this topic carry no sequence
        ClientTxnVersion(version >= V2_FROM_VERSION, version >= ABORTABLE_FROM_VERSION),
        is_verified=context.config.transaction_partition_verification_enable,
    )
    if context.transaction_checks is None:
        check_transactional_write(context.transactions, write)
        then(None)
        return
    context.groups.check_served(request.group_id)
    if not write.is_to_be_checked:
        then(None)
        return

    def checked(check: WriteCheck) -> None:
        try:
            check.check_passed()
        except KafkaError as error:
            then(in_words_of_offset_commit(error, write.client))
        else:
            then(None)

    context.transaction_checks.begin(write, checked, may_retry=False)


def _response(request: TxnOffsetCommitRequest, codes: Codes, other: ErrorCode) -> Steps[TxnOffsetCommitResponse]:
    topics: list[TxnOffsetCommitResponseTopic] = []
    for topic in request.topics:
        partitions: list[TxnOffsetCommitResponsePartition] = []
        for at in range(0, len(topic.partitions), PARTITIONS_AT_ONCE):
            yield
            partitions += [
                TxnOffsetCommitResponsePartition(
                    partition_index=asked.partition_index,
                    error_code=codes.get((topic.name, asked.partition_index), other),
                )
                for asked in topic.partitions[at : at + PARTITIONS_AT_ONCE]
            ]
        topics.append(TxnOffsetCommitResponseTopic(name=topic.name, partitions=partitions))
    return TxnOffsetCommitResponse(topics=topics)
