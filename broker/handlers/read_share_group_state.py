"""ReadShareGroupState 0: what is stored of share partitions, for the leader that begins with it (KIP-932)."""

from ...protocol.messages.read_share_group_state import (
    PartitionResult,
    ReadShareGroupStateRequest,
    ReadShareGroupStateResponse,
    ReadStateResult,
    StateBatch,
)
from ..context import Context
from ..coordination.share_state.gathering import Gathering, Results, names_nothing
from ..coordination.share_state.requests import ReadState
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_read_share_group_state(
    request: ReadShareGroupStateRequest, version: int, session: Session, context: Context
) -> Steps[ReadShareGroupStateResponse | Deferred[ReadShareGroupStateResponse]]:
    """Read each share partition, and note its leader's epoch."""
    if names_nothing(request.group_id, request.topics):
        return ReadShareGroupStateResponse()
    state = context.share_state
    gathering = Gathering(state, "read share group state", ReadState, _response)
    asking = gathering.ask_each(
        request.group_id, request.topics, lambda key, asked, then: state.read(key, asked.leader_epoch, then)
    )
    return (yield from asking)


def _response(results: Results[ReadState]) -> ReadShareGroupStateResponse:
    return ReadShareGroupStateResponse(
        results=[
            ReadStateResult(
                topic_id=topic_id,
                partitions=[
                    PartitionResult(
                        partition=partition,
                        error_code=result.error,
                        error_message=result.message,
                        state_epoch=result.state_epoch,
                        start_offset=result.start_offset,
                        state_batches=[_batch(*batch) for batch in result.batches],
                    )
                    for partition, result in sorted(results_of_topic.items())
                ],
            )
            for topic_id, results_of_topic in results.items()
        ]
    )


def _batch(first_offset: int, last_offset: int, delivery_state: int, delivery_count: int) -> StateBatch:
    return StateBatch(
        first_offset=first_offset,
        last_offset=last_offset,
        delivery_state=delivery_state,
        delivery_count=delivery_count,
    )
