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
    BatchIndexAndErrorMessage,
    LeaderIdAndEpoch,
    NodeEndpoint,
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
    TopicProduceResponse,
)
from ...storage.effort import Effort, HeavyBatch
from ...storage.validation import BatchCheck, InvalidRecords, split_batch
from ..context import Context
from ..coordination.transactions.producer_identity import ProducerIdAndEpoch
from ..coordination.transactions.verification import ClientTxnVersion, ExplainedRefusal, check_transactional_write
from ..countdown import Countdown
from ..deferred import Deferred, Disconnect
from ..log_output import get_logger
from ..nodes.leader_hints import LeaderHints
from ..runtime import let_others_run
from ..session import Session
from ..slices import Steps
from ..topic_names import INTERNAL_TOPICS
from ..topics.delayed_produce import DelayedProduce
from ..topics.partition import Leadership, Partition
from ..topics.partition_roles import leader_of

logger = get_logger("produce")

ADMIN_CLIENT_ID = "__admin_client"
IDS_FROM_VERSION = 13
V2_FROM_VERSION = 12
LEADER_HINTS_FROM_VERSION = 10
ABORTABLE_FROM_VERSION = 11
MAGIC = 2
NO_ACKS, ALL_ACKS = 0, -1
KNOWN_ACKS = (ALL_ACKS, NO_ACKS, 1)

# Refused by the log, and yet without its start offset in the answer.
_HIDES_LOG_START = frozenset(
    {
        ErrorCode.CORRUPT_MESSAGE,
        ErrorCode.MESSAGE_TOO_LARGE,
        ErrorCode.RECORD_LIST_TOO_LARGE,
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,  # it is still being recovered: nobody knows yet
    }
)


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
    heavy: list["_HeavyAppend"] = field(default_factory=list["_HeavyAppend"])


class _Unwanted(Exception):
    """The client has gone in the middle of a check."""


@dataclass(slots=True)
class _HeavyAppend:
    """A batch that must be checked on a thread before it can be appended, and where its answer belongs."""

    topic: TopicProduceData
    data: PartitionProduceData
    batch: RecordBatch
    partition: Partition
    check: BatchCheck
    answers: list[PartitionProduceResponse]
    at: int
    outcome: RecordBatch | Exception | None = None

    def run(self, is_wanted: Callable[[], bool]) -> None:
        """On a thread: the batch is checked, and whoever waits for this thread to pause is let in."""

        def pause() -> None:
            let_others_run()
            if not is_wanted():
                raise _Unwanted

        try:
            self.outcome = self.check.check(self.batch, Effort(pause))
        except Exception as error:
            self.outcome = error


def handle_produce(
    request: ProduceRequest, version: int, session: Session, context: Context
) -> Steps[ProduceResponse | Deferred[ProduceResponse | None] | None]:
    """Append every partition's batch; errors are per partition, and acks=0 gets no answer at all."""
    produce = _Produce(request, version, session, context)
    refusal = yield from _refusal_of_all(request)
    if refusal is not None:
        response = _refuse_all(request, refusal)
    else:
        responses: list[TopicProduceResponse] = []
        for topic in request.topic_data:
            responses.append((yield from _append_topic(topic, produce)))
        response = ProduceResponse(responses=responses)
    if produce.heavy:
        return _deferred_until_checked(response, produce)
    return _finish(response, produce)


def _finish(response: ProduceResponse, produce: _Produce) -> ProduceResponse | Deferred[ProduceResponse | None] | None:
    """Everything is appended or refused: the answer, once it is due."""
    if produce.request.acks == NO_ACKS:
        _flush_undurable(produce)
        _check_unanswered(response)
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


def _refuse_all(request: ProduceRequest, error: KafkaError) -> ProduceResponse:
    return ProduceResponse(
        responses=[
            TopicProduceResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[_refused(p.index, error, -1) for p in topic.partition_data],
            )
            for topic in request.topic_data
        ]
    )


def _append_topic(data: TopicProduceData, produce: _Produce) -> Steps[TopicProduceResponse]:
    by_index = {partition.index: partition for partition in data.partition_data}  # one entry each, as in Kafka
    answers: list[PartitionProduceResponse] = []
    for partition in by_index.values():
        answers.append(_append_partition(data, partition, produce, answers))
        yield
    return TopicProduceResponse(name=data.name, topic_id=data.topic_id, partition_responses=answers)


def _append_partition(
    topic: TopicProduceData,
    data: PartitionProduceData,
    produce: _Produce,
    answers: list[PartitionProduceResponse],
    checked: RecordBatch | None = None,
) -> PartitionProduceResponse:
    """Append the batch, or what its check on a thread has made of it."""
    try:
        partition = _find(topic, data.index, produce)
        batch = _check_request(partition, data, produce)
    except KafkaError as error:
        return _refused(data.index, error, log_start_offset=-1)
    leadership = partition.leadership if produce.request.acks == ALL_ACKS else None
    now_ms = produce.context.clock.now_ms()
    try:
        if leadership is not None:
            leadership.check_in_sync()
        appended = partition.append([checked or batch], now_ms, is_checked=checked is not None)
    except HeavyBatch:
        check = partition.log.batch_check(now_ms)
        produce.heavy.append(_HeavyAppend(topic, data, batch, partition, check, answers, len(answers)))
        return _refused(data.index, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR), -1)  # until it is checked
    except KafkaError as error:
        return _refused_by_log(data.index, error, partition)
    except OSError as error:
        logger.error("append failed", partition=partition.name, error=str(error))
        return _refused(data.index, KafkaError(ErrorCode.KAFKA_STORAGE_ERROR), -1)
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
    if batch.is_transactional:
        # Else a power loss could keep the batch and lose the word that its transaction reaches here.
        state = produce.context.transactions.undurable_state(produce.request.transactional_id or "")
        if state is not None:
            produce.undurable.append((state, response))
    return response


def _find(topic: TopicProduceData, index: int, produce: _Produce) -> Partition:
    if produce.version < IDS_FROM_VERSION:
        return produce.context.topics.partition(topic.name, index)
    name = produce.context.topics.name_of(topic.topic_id)
    if name is None:
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_ID)
    return produce.context.topics.partition(name, index)


def _check_request(partition: Partition, data: PartitionProduceData, produce: _Produce) -> RecordBatch:
    """What can be said before the log is asked, in Kafka's order."""
    batch: RecordBatch = split_batch(data.records, produce.version)
    if produce.request.acks not in KNOWN_ACKS:
        raise KafkaError(ErrorCode.INVALID_REQUIRED_ACKS)
    if partition.topic in INTERNAL_TOPICS and produce.session.client_id != ADMIN_CLIENT_ID:
        raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION)
    if batch.is_transactional:
        check_transactional_write(
            produce.context.transactions,
            produce.request.transactional_id or "",
            ProducerIdAndEpoch(batch.producer_id, batch.producer_epoch),
            partition,
            batch.base_sequence,
            ClientTxnVersion(produce.version >= V2_FROM_VERSION, produce.version >= ABORTABLE_FROM_VERSION),
            is_verified=produce.context.config.transaction_partition_verification_enable,
        )
    return batch


def _refused_by_log(index: int, error: KafkaError, partition: Partition) -> PartitionProduceResponse:
    hides = error.code in _HIDES_LOG_START
    return _refused(index, error, -1 if hides else partition.log.log_start_offset)


def _refused(index: int, error: KafkaError, log_start_offset: int) -> PartitionProduceResponse:
    records: list[BatchIndexAndErrorMessage] = []
    message = error.why if isinstance(error, InvalidRecords | ExplainedRefusal) else None
    if isinstance(error, InvalidRecords):
        records = [
            BatchIndexAndErrorMessage(batch_index=record.batch_index, batch_index_error_message=record.message)
            for record in error.record_errors
        ]
    return PartitionProduceResponse(
        index=index,
        error_code=error.code,
        base_offset=-1,
        log_append_time_ms=-1,
        log_start_offset=log_start_offset,
        record_errors=records,
        error_message=message,
    )


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


def _check_unanswered(response: ProduceResponse) -> None:
    """Nobody reads an answer: an error can only be told by closing, so that the client asks for metadata again."""
    for topic in response.responses:
        for partition in topic.partition_responses:
            if partition.error_code != ErrorCode.NONE:
                code = ErrorCode(partition.error_code).name
                raise Disconnect(f"Produce with acks=0 failed for {topic.name}-{partition.index}: {code}")


def _deferred_until_checked(response: ProduceResponse, produce: _Produce) -> Deferred[ProduceResponse | None]:
    """Check the heavy batches beside the loop, then go on with them here as if they had just come.

    Meanwhile another connection may append to the same partition; this one waits.
    """
    deferred: Deferred[ProduceResponse | None] = Deferred()
    heavy, produce.heavy = produce.heavy, []

    def is_wanted() -> bool:
        return produce.request.acks == NO_ACKS or not deferred.is_done

    def append() -> Steps[ProduceResponse | Deferred[ProduceResponse | None] | None]:
        for one in heavy:
            one.answers[one.at] = _append_checked(one, produce)
            yield
        return _finish(response, produce)

    def go_on() -> None:
        if is_wanted():
            produce.context.slices.start(append(), deferred.answer, deferred.fail)

    checked = Countdown(len(heavy), go_on)

    def run_ended(one: _HeavyAppend, error: Exception | None) -> None:
        one.outcome = error or one.outcome
        checked.count_down()

    deferred.on_dropped = partial(_flush_undurable, produce)
    for one in heavy:
        produce.context.heavy_work.run(
            id(produce.session), partial(one.run, is_wanted), partial(run_ended, one), is_wanted, one.batch.size_bytes
        )
    return deferred


def _flush_undurable(produce: _Produce) -> None:
    """What has been appended becomes durable, and so visible, with no answer waiting for it."""
    for partition, _ in produce.undurable:
        produce.context.flusher.flush(partition, lambda error: None)


def _append_checked(heavy: _HeavyAppend, produce: _Produce) -> PartitionProduceResponse:
    outcome = heavy.outcome
    if heavy.partition.is_deleted:  # one of this name may have come meanwhile, with rules that were not asked
        return _refused(heavy.data.index, KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), -1)
    if isinstance(outcome, RecordBatch):
        return _append_partition(heavy.topic, heavy.data, produce, heavy.answers, outcome)
    if isinstance(outcome, KafkaError):
        try:
            partition = _find(heavy.topic, heavy.data.index, produce)
            return _refused_by_log(heavy.data.index, outcome, partition)
        except KafkaError as gone:
            return _refused(heavy.data.index, gone, -1)
    logger.error("a batch could not be checked", topic=heavy.topic.name, error=repr(outcome))
    return _refused(heavy.data.index, KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR), -1)


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
