"""WriteShareGroupState 0-1: what has become of the records of share partitions (KIP-932). Between brokers."""

from ...protocol.messages.write_share_group_state import (
    PartitionData,
    PartitionResult,
    WriteShareGroupStateRequest,
    WriteShareGroupStateResponse,
    WriteStateResult,
)
from ..context import Context
from ..coordination.share_state.gathering import Gathering, Results, names_nothing
from ..coordination.share_state.requests import StateBatch, StateError, WriteState
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_write_share_group_state(
    request: WriteShareGroupStateRequest, version: int, session: Session, context: Context
) -> Steps[WriteShareGroupStateResponse | Deferred[WriteShareGroupStateResponse]]:
    """Write each share partition."""
    if names_nothing(request.group_id, request.topics):
        return WriteShareGroupStateResponse()
    state = context.share_state
    gathering = Gathering(state, "write share group state", StateError, _response)
    asking = gathering.ask_each(
        request.group_id, request.topics, lambda key, asked, then: state.write(key, _change(asked), then)
    )
    return (yield from asking)


def _response(results: Results[StateError]) -> WriteShareGroupStateResponse:
    return WriteShareGroupStateResponse(
        results=[
            WriteStateResult(
                topic_id=topic_id,
                partitions=[
                    PartitionResult(
                        partition=partition,
                        error_code=result.error,
                        error_message=result.message,
                    )
                    for partition, result in sorted(results_of_topic.items())
                ],
            )
            for topic_id, results_of_topic in results.items()
        ]
    )


def _change(asked: PartitionData) -> WriteState:
    return WriteState(
        asked.state_epoch,
        asked.leader_epoch,
        asked.start_offset,
        asked.delivery_complete_count,
        [StateBatch(b.first_offset, b.last_offset, b.delivery_state, b.delivery_count) for b in asked.state_batches],
    )
