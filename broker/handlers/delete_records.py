"""DeleteRecords 0-2: move the start of partitions forward (KIP-107).

Whole segments below the new start go with the next look at retention. The start itself is on the disk before it is
answered: Apache Kafka writes it once a minute, and a kill brings the records back. Replicas that are there have to have
followed, too.
"""

from collections.abc import Sequence
from functools import partial

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)
from ..context import Context
from ..countdown import Countdown
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps
from ..topic_names import INTERNAL_TOPICS
from ..topics.delayed_delete_records import DelayedDeleteRecords
from ..topics.partition import Partition

TO_HIGH_WATERMARK = -1
NO_OFFSET = -1


def handle_delete_records(
    request: DeleteRecordsRequest, version: int, session: Session, context: Context
) -> Steps[Deferred[DeleteRecordsResponse]]:
    """Answer each partition with its new start, or with what is in the way."""
    deferred: Deferred[DeleteRecordsResponse] = Deferred()
    places = [(topic.name, asked) for topic in request.topics for asked in topic.partitions]
    outcomes = [(NO_OFFSET, ErrorCode.NONE)] * len(places)
    deadline = context.clock.now() + max(request.timeout_ms, 0) / 1000

    def answer() -> None:
        deferred.answer(_response(request, outcomes))

    delayed = DelayedDeleteRecords(deadline, context.nodes.is_alive, answer)

    def begun() -> None:
        """All of them begin later here, or cannot."""
        if delayed.keys and not delayed.is_ready():
            deferred.on_dropped = lambda: context.purgatory.drop(delayed)
            context.purgatory.watch(delayed)
        else:
            answer()

    answered = Countdown(len(places), begun)

    def note(at: int, start: int, error: KafkaError | None) -> None:
        outcomes[at] = (start, ErrorCode.NONE) if error is None else (NO_OFFSET, error.code)
        answered.count_down()

    def set_outcome(at: int, start: int, code: ErrorCode) -> None:
        outcomes[at] = (start, code)

    def deleted(at: int, partition: Partition, offset: int, start: int, error: KafkaError | None) -> None:
        if error is None and partition.leadership is not None:
            delayed.wait_for(partition, offset, partial(set_outcome, at))
        note(at, start, error)

    for at, (name, asked) in enumerate(places):
        try:
            partition, offset = _checked(name, asked, context)
            context.topics.delete_records(partition, offset, partial(deleted, at, partition, offset))
        except KafkaError as error:
            note(at, NO_OFFSET, error)
        yield
    return deferred


def _response(request: DeleteRecordsRequest, outcomes: Sequence[tuple[int, ErrorCode]]) -> DeleteRecordsResponse:
    left = iter(outcomes)
    return DeleteRecordsResponse(
        topics=[
            DeleteRecordsTopicResult(
                name=topic.name,
                partitions=[
                    DeleteRecordsPartitionResult(
                        partition_index=asked.partition_index, low_watermark=start, error_code=code
                    )
                    for asked, (start, code) in zip(topic.partitions, left, strict=False)  # the shorter one first
                ],
            )
            for topic in request.topics
        ]
    )


def _checked(name: str, asked: DeleteRecordsPartition, context: Context) -> tuple[Partition, int]:
    """The partition, and where it is to begin; KafkaError if it may not."""
    if name in INTERNAL_TOPICS:
        raise KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Cannot delete records of internal topic {name}")
    partition = context.topics.partition(name, asked.partition_index)
    if not partition.log.config.deletes_old_segments:
        raise KafkaError(ErrorCode.POLICY_VIOLATION, "Records are deleted only where cleanup.policy has delete")
    return partition, partition.log.high_watermark if asked.offset == TO_HIGH_WATERMARK else asked.offset
