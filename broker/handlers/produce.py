"""Produce 3-13: appends each partition's batch as the bytes it came in (KIP-98, KIP-467, KIP-516).

An answer waits for an fsync, where the topic's settings ask for one, and with acks -1 for the followers, if any. Who
asks a broker that does not lead is told who does (KIP-951).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ...protocol.batch import HEADER_BYTES, RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.produce import (
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from ...storage.effort import HeavyBatch
from ...storage.validation import split_batch
from ..context import Context
from ..coordination.transactions.producer_identity import ProducerIdAndEpoch
from ..coordination.transactions.verification import (
    ClientTxnVersion,
    TransactionalWrite,
    WriteCheck,
    check_transactional_write,
    in_words_of_produce,
)
from ..countdown import Countdown
from ..deferred import Deferred
from ..log_output import get_logger
from ..nodes.leader_hints import LeaderHints
from ..session import Session
from ..slices import Steps
from ..topic_names import INTERNAL_TOPICS
from ..topics.delayed_produce import DelayedProduce
from ..topics.explained_refusal import ExplainedRefusal
from ..topics.heavy_check import HeavyCheck
from ..topics.partition import Leadership, Partition
from ..topics.partition_roles import leader_of
from ..topics.produce_answers import check_unanswered, refuse_all, refused, refused_by_log

logger = get_logger("produce")

ADMIN_CLIENT_ID = "__admin_client"
IDS_FROM_VERSION = 13
V2_FROM_VERSION = 12
LEADER_HINTS_FROM_VERSION = 10
ABORTABLE_FROM_VERSION = 11
MAGIC = 2
NO_ACKS, ALL_ACKS = 0, -1
KNOWN_ACKS = (ALL_ACKS, NO_ACKS, 1)


@dataclass(slots=True)
class _Produce:
    """One request on its way, and the partitions whose fsync its answer must wait for."""

    request: ProduceRequest
    version: int
    session: Session
    context: Context
    undurable: list[tuple[Partition, PartitionProduceResponse]] = field(
        default_factory=list[tuple[Partition, PartitionProduceResponse]]
    )
    unreplicated: list[tuple[Leadership, int, PartitionProduceResponse]] = field(
        default_factory=list[tuple[Leadership, int, PartitionProduceResponse]]
    )
    later: list["_Append"] = field(default_factory=list["_Append"])


@dataclass(slots=True)
class _Append:
    """A batch on its way, where its answer belongs, and what has been found out about it beside this handler.

    A `heavy` one is checked on a thread. Of one whose transaction another broker may coordinate, that is asked of its
    `write`, and is `verified` then.
    """

    topic: TopicProduceData
    data: PartitionProduceData
    answers: list[PartitionProduceResponse]
    at: int
    partition: Partition | None = None
    write: TransactionalWrite | None = None
    verified: WriteCheck | None = None
    heavy: HeavyCheck | None = None


class _Unverified(Exception):
    """The coordinator of a batch's transaction is to be asked first."""

    def __init__(self, write: TransactionalWrite) -> None:
        self.write = write


def handle_produce(
    request: ProduceRequest, version: int, session: Session, context: Context
) -> Steps[ProduceResponse | Deferred[ProduceResponse | None] | None]:
    """Append every partition's batch; errors are per partition, and acks=0 gets no answer at all."""
    produce = _Produce(request, version, session, context)
    refusal = yield from _refusal_of_all(request)
    if refusal is not None:
        response = refuse_all(request, refusal)
    else:
        responses: list[TopicProduceResponse] = []
        for topic in request.topic_data:
            responses.append((yield from _append_topic(topic, produce)))
        response = ProduceResponse(responses=responses)
    return _go_on(response, produce)


def _go_on(response: ProduceResponse, produce: _Produce) -> ProduceResponse | Deferred[ProduceResponse | None] | None:
    """Everything is appended, refused, or put off until more is known of it: the answer, once it is due."""
    if produce.later:
        return _deferred_until_known(response, produce)
    if produce.request.acks == NO_ACKS:
        _flush_undurable(produce)
        check_unanswered(response)
        return None
    if produce.undurable or produce.unreplicated:
        return _deferred_until_safe(response, produce)
    return _with_hints(response, produce)


def _refusal_of_all(request: ProduceRequest) -> Steps[KafkaError | None]:
    """What refuses every partition: a transactional batch without an id, or batches of two producers."""
    producers: set[int] = set()
    for topic in request.topic_data:
        for partition in topic.partition_data:
            if partition.records is not None and len(partition.records) >= HEADER_BYTES:
                batch = RecordBatch(partition.records)
                if batch.magic == MAGIC and batch.is_transactional:
                    producers.add(batch.producer_id)
            yield
    if producers and request.transactional_id is None:
        return KafkaError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    if len(producers) > 1:
        why = "Transactional records contained more than one producer ID"
        return ExplainedRefusal(ErrorCode.INVALID_PRODUCER_ID_MAPPING, why)
    return None


def _append_topic(data: TopicProduceData, produce: _Produce) -> Steps[TopicProduceResponse]:
    by_index = {partition.index: partition for partition in data.partition_data}  # one entry each, as in Kafka
    answers: list[PartitionProduceResponse] = []
    for partition in by_index.values():
        answers.append(_append_partition(_Append(data, partition, answers, len(answers)), produce))
        yield
    return TopicProduceResponse(name=data.name, topic_id=data.topic_id, partition_responses=answers)


def _append_partition(append: _Append, produce: _Produce) -> PartitionProduceResponse:
    """Append the batch, or what its check on a thread has made of it; or put it off."""
    data = append.data
    try:
        partition = append.partition = _find(append.topic, data.index, produce)
        batch = _check_request(partition, append, produce)
    except KafkaError as error:
        return refused(data.index, error, log_start_offset=-1)
    except _Unverified as unverified:
        append.write = unverified.write
        return _put_off(append, produce)
    leadership = partition.leadership if produce.request.acks == ALL_ACKS else None
    checked = None if append.heavy is None else append.heavy.checked
    now_ms = produce.context.clock.now_ms()
    try:
        if leadership is not None:
            leadership.check_in_sync()
        appended = partition.append([checked or batch], now_ms, is_checked=checked is not None)
    except HeavyBatch:
        append.heavy = HeavyCheck(batch, partition.log.batch_check(now_ms))
        return _put_off(append, produce)
    except KafkaError as error:
        return refused_by_log(data.index, error, partition)
    except OSError as error:
        logger.error("append failed", partition=partition.name, error=str(error))
        return refused(data.index, KafkaError(ErrorCode.KAFKA_STORAGE_ERROR), -1)
    response = PartitionProduceResponse(
        index=data.index,
        error_code=ErrorCode.NONE,
        base_offset=appended.base_offset,
        log_append_time_ms=appended.log_append_time_ms,
        log_start_offset=appended.log_start_offset,
    )
    if leadership is not None:
        produce.unreplicated.append((leadership, appended.last_offset + 1, response))
    if produce.context.flusher.schedule(partition):
        produce.undurable.append((partition, response))
    if batch.is_transactional and produce.context.transaction_checks is None:
        # Else a power loss could keep the batch and lose the word that its transaction reaches here.
        state = produce.context.transactions.undurable_state(produce.request.transactional_id or "")
        if state is not None:
            produce.undurable.append((state, response))
    return response


def _put_off(append: _Append, produce: _Produce) -> PartitionProduceResponse:
    """What is answered is not known yet."""
    produce.later.append(append)
    return refused(append.data.index, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR), -1)


def _find(topic: TopicProduceData, index: int, produce: _Produce) -> Partition:
    if produce.version < IDS_FROM_VERSION:
        return produce.context.topics.partition(topic.name, index)
    name = produce.context.topics.name_of(topic.topic_id)
    if name is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    return produce.context.topics.partition(name, index)


def _check_request(partition: Partition, append: _Append, produce: _Produce) -> RecordBatch:
    """What can be said before the log is asked, in Kafka's order."""
    batch: RecordBatch = split_batch(append.data.records, produce.version)
    if produce.request.acks not in KNOWN_ACKS:
        raise KafkaError(ErrorCode.INVALID_REQUIRED_ACKS)
    if partition.topic in INTERNAL_TOPICS and produce.session.client_id != ADMIN_CLIENT_ID:
        raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION)
    if batch.is_transactional:
        write = TransactionalWrite(
            produce.request.transactional_id or "",
            ProducerIdAndEpoch(batch.producer_id, batch.producer_epoch),
            partition,
            batch.base_sequence,
            ClientTxnVersion(produce.version >= V2_FROM_VERSION, produce.version >= ABORTABLE_FROM_VERSION),
            is_verified=produce.context.config.transaction_partition_verification_enable,
        )
        if produce.context.transaction_checks is None:
            check_transactional_write(produce.context.transactions, write)
        elif write.is_to_be_checked:
            _check_verified(write, append.verified)
    return batch


def _check_verified(write: TransactionalWrite, verified: WriteCheck | None) -> None:
    """Whether the coordinator, be it another broker, lets the write pass: _Unverified where it has not been asked."""
    if verified is None:
        raise _Unverified(write)
    try:
        verified.check_passed()
    except KafkaError as error:
        raise in_words_of_produce(error, write.client) from error


def _with_hints(response: ProduceResponse, produce: _Produce) -> ProduceResponse:
    """Name the leaders of partitions that this broker does not lead; a broker alone has no other to name."""
    context = produce.context
    if produce.version < LEADER_HINTS_FROM_VERSION or not context.nodes.has_several:
        return response
    hints = LeaderHints(context.nodes)
    for topic in response.responses:
        name = context.topics.name_of(topic.topic_id) if produce.version >= IDS_FROM_VERSION else topic.name
        found = context.topics.find(name or "")
        for answer in topic.partition_responses:
            is_elsewhere = answer.error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
            if is_elsewhere and found is not None and found.has_partition(answer.index):
                leader, epoch = leader_of(found.partitions[answer.index], context.topics, context.config.node_id)
                hints.name(leader)
                answer.current_leader = LeaderIdAndEpoch(leader_id=leader, leader_epoch=epoch)
    response.node_endpoints = [
        NodeEndpoint(node_id=node.node_id, host=node.host, port=node.port, rack=node.rack)
        for node in hints.endpoints(produce.session)
    ]
    return response


def _deferred_until_known(response: ProduceResponse, produce: _Produce) -> Deferred[ProduceResponse | None]:
    """Have what was put off looked at beside this handler, then go on with it here as if it had just come.

    Meanwhile another connection may append to the same partition; this one waits.
    """
    deferred: Deferred[ProduceResponse | None] = Deferred()
    later, produce.later = produce.later, []

    def is_wanted() -> bool:
        return produce.request.acks == NO_ACKS or not deferred.is_done

    def append() -> Steps[ProduceResponse | Deferred[ProduceResponse | None] | None]:
        for one in later:
            one.answers[one.at] = _append_known(one, produce)
            yield
        return _go_on(response, produce)

    def go_on() -> None:
        if is_wanted():
            produce.context.slices.start(append(), deferred.answer, deferred.fail)

    known = Countdown(len(later), go_on)
    deferred.on_dropped = partial(_flush_undurable, produce)
    for one in later:
        if one.write is not None and one.verified is None:
            _verify(one, one.write, produce, known.count_down)
        elif one.heavy is not None:
            _check_heavy(one.heavy, produce, is_wanted, known.count_down)
    return deferred


def _check_heavy(heavy: HeavyCheck, produce: _Produce, is_wanted: Callable[[], bool], then: Callable[[], None]) -> None:
    def run_ended(error: Exception | None) -> None:
        heavy.outcome = error or heavy.outcome
        then()

    produce.context.heavy_work.run(
        id(produce.session), partial(heavy.run, is_wanted), run_ended, is_wanted, heavy.batch.size_bytes
    )


def _verify(append: _Append, write: TransactionalWrite, produce: _Produce, then: Callable[[], None]) -> None:
    def note(check: WriteCheck) -> None:
        append.verified = check
        then()

    checks = produce.context.transaction_checks
    assert checks is not None
    checks.begin(write, note, may_retry=True)


def _flush_undurable(produce: _Produce) -> None:
    """What has been appended becomes durable, and so visible, with no answer waiting for it."""
    for partition, _ in produce.undurable:
        produce.context.flusher.flush(partition, lambda error: None)


def _append_known(append: _Append, produce: _Produce) -> PartitionProduceResponse:
    index = append.data.index
    # One of this name may have come meanwhile, with rules that were not asked.
    if append.partition is None or append.partition.is_deleted:
        return refused(index, KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), -1)
    outcome = None if append.heavy is None else append.heavy.outcome
    if outcome is None or isinstance(outcome, RecordBatch):
        return _append_partition(append, produce)
    if isinstance(outcome, KafkaError):
        try:
            partition = _find(append.topic, index, produce)
            return refused_by_log(index, outcome, partition)
        except KafkaError as gone:
            return refused(index, gone, -1)
    logger.error("a batch could not be checked", topic=append.topic.name, error=repr(outcome))
    return refused(index, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR), -1)


def _deferred_until_safe(response: ProduceResponse, produce: _Produce) -> Deferred[ProduceResponse | None]:
    """Answer when everything is on the disk and with the followers, as far as it has to be."""
    deferred: Deferred[ProduceResponse | None] = Deferred()
    waits = len(produce.undurable) + bool(produce.unreplicated)
    countdown = Countdown(waits, lambda: deferred.answer(_with_hints(response, produce)))

    def durable(answer: PartitionProduceResponse, error: Exception | None) -> None:
        if error is not None:
            answer.error_code = ErrorCode.KAFKA_STORAGE_ERROR
            answer.base_offset = answer.log_append_time_ms = answer.log_start_offset = -1
        countdown.count_down()

    def refuse(answer: PartitionProduceResponse, code: ErrorCode) -> None:
        answer.error_code = code

    for partition, answer in produce.undurable:
        produce.context.flusher.flush(partition, partial(durable, answer))
    if produce.unreplicated:
        deadline = produce.context.clock.now() + max(produce.request.timeout_ms, 0) / 1000
        delayed = DelayedProduce(deadline, countdown.count_down)
        appended = [(leadership, end, partial(refuse, answer)) for leadership, end, answer in produce.unreplicated]
        delayed.begin(appended, produce.context.purgatory)
    return deferred
