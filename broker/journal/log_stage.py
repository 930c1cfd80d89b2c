"""The innermost stage of the pipeline: what the logs made of a request that reached its handler.

A batch was there already, or was refused; the names of topics that a request would have created or deleted.
"""

from collections.abc import Mapping
from typing import Any

from ...protocol.batch import HEADER_BYTES, RecordBatch
from ...protocol.errors import ErrorCode
from ...protocol.messages.create_topics import CreateTopicsRequest
from ...protocol.messages.delete_topics import DeleteTopicsRequest
from ...protocol.messages.find_coordinator import FindCoordinatorRequest
from ...protocol.messages.metadata import MetadataRequest
from ...protocol.messages.produce import ProduceRequest, ProduceResponse
from ..network.pipeline import Answer, Proceed, ReceivedRequest, observe
from ..topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from ..topics.partition import Partition
from ..topics.topics import Topics
from .entries import JournalRequest
from .journal import Journal
from .summary import error_name
from .topic_decisions import TopicDecisions

_COORDINATOR_TOPICS = {0: OFFSETS_TOPIC, 1: TRANSACTION_TOPIC, 2: SHARE_TOPIC}  # by type of key

Ends = Mapping[tuple[str, int], tuple[RecordBatch, int]]
"""Each batch of a Produce, and where its log ended before."""


class LogStage:
    """Stands behind the faults; `topics` is given when the cluster has them."""

    def __init__(self, journal: Journal, topic_decisions: TopicDecisions) -> None:
        self._journal = journal
        self._topic_decisions = topic_decisions
        self.topics: Topics | None = None

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        cause, before = self._journal.begun(received.session), self._journal.cause
        self._journal.cause = cause
        try:
            if cause is None or self.topics is None:
                return proceed(received)
            body = received.body
            if isinstance(body, ProduceRequest):
                ends = self._ends(body, self.topics)
                return observe(proceed(received), lambda answer: self._note_produced(answer, ends, body, cause))
            self._topic_decisions.expect(cause, _creates(body), _deletes(body))
            return proceed(received)
        finally:
            self._journal.cause = before

    def _ends(self, request: ProduceRequest, topics: Topics) -> Ends:
        ends: dict[tuple[str, int], tuple[RecordBatch, int]] = {}
        for topic in request.topic_data:
            name = topic.name or topics.name_of(topic.topic_id) or ""
            for data in topic.partition_data:
                if data.records is None or len(data.records) < HEADER_BYTES or topics.find(name) is None:
                    continue
                partition = _partition(topics, name, data.index)
                log = None if partition is None else partition.opened_log
                ends[name, data.index] = (RecordBatch(data.records), 0 if log is None else log.log_end_offset)
        return ends

    def _note_produced(self, answer: object, ends: Ends, request: ProduceRequest, cause: JournalRequest) -> None:
        if not isinstance(answer, ProduceResponse) or self.topics is None:
            return
        for topic in answer.responses:
            name = topic.name or self.topics.name_of(topic.topic_id) or ""
            for given in topic.partition_responses:
                batch, end = ends.get((name, given.index), (None, 0))
                if batch is None:
                    continue
                if given.error_code != ErrorCode.NONE:
                    partition = _partition(self.topics, name, given.index)
                    why = self._why_refused(given.error_code, given.error_message, batch, partition)
                    fenced = self._journal.find_fencing(request.transactional_id or "", batch.producer_epoch)
                    if fenced is not None and given.error_code == ErrorCode.INVALID_PRODUCER_EPOCH:
                        why += f"; fenced by #{fenced.number}: {fenced.what}"
                elif given.base_offset < end:
                    why = f"a duplicate of what lies at offset {given.base_offset}: answered, not appended again"
                else:
                    continue
                self._journal.decide(
                    "partition", f"{name}-{given.index}", f"{_of(batch)} of {cause.title}: {why}", cause
                )

    @staticmethod
    def _why_refused(code: int, message: str | None, batch: RecordBatch, partition: Partition | None) -> str:
        why = f"refused, {error_name(code)}"
        log = None if partition is None else partition.opened_log
        entry = None if log is None or not batch.has_producer else log.find_producer(batch.producer_id)
        if entry is not None and code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER:
            why += f": the next sequence of this producer here is {entry.last_sequence + 1}"
        elif entry is not None and code == ErrorCode.INVALID_PRODUCER_EPOCH:
            why += f": this producer has been seen here at epoch {entry.producer_epoch}"
        elif log is not None and code == ErrorCode.MESSAGE_TOO_LARGE:
            why += f": {batch.size_bytes} bytes, max.message.bytes is {log.config.max_message_bytes}"
        return f"{why} ({message})" if message else why


def _partition(topics: Topics, name: str, index: int) -> Partition | None:
    """None where there is no such topic, or it has no such partition."""
    found = topics.find(name)
    return found.partitions[index] if found is not None and 0 <= index < len(found.partitions) else None


def _of(batch: RecordBatch) -> str:
    if not batch.has_producer:
        return f"a batch of {batch.records_count} records"
    sequences = f"{batch.base_sequence} to {batch.last_sequence}"
    return f"the batch of producer {batch.producer_id} epoch {batch.producer_epoch} with sequences {sequences},"


def _creates(body: Any) -> list[str]:
    if isinstance(body, CreateTopicsRequest):
        return [] if body.validate_only else [topic.name for topic in body.topics]
    if isinstance(body, FindCoordinatorRequest) and body.key_type in _COORDINATOR_TOPICS:
        return [_COORDINATOR_TOPICS[body.key_type]]
    if isinstance(body, MetadataRequest) and body.allow_auto_topic_creation:
        return [topic.name for topic in body.topics or () if topic.name]
    return []


def _deletes(body: Any) -> list[str]:
    if not isinstance(body, DeleteTopicsRequest):
        return []
    return [topic.name for topic in body.topics if topic.name] + list(body.topic_names)
