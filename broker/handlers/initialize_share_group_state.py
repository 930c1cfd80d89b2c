"""InitializeShareGroupState 0: begin the stored state of share partitions (KIP-932). Between brokers."""

from ...protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    InitializeStateResult,
    PartitionResult,
)
from ..context import Context
from ..coordination.share_state.gathering import Gathering, Results
from ..coordination.share_state.requests import StateError
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_initialize_share_group_state(
    request: InitializeShareGroupStateRequest, version: int, session: Session, context: Context
) -> Steps[InitializeShareGroupStateResponse | Deferred[InitializeShareGroupStateResponse]]:
    """Begin each share partition, or begin it anew."""
    if not request.group_id or not request.topics:
        return InitializeShareGroupStateResponse()
    state = context.share_state
    gathering = Gathering(state, "initialize share group state", StateError, _response)
    asking = gathering.ask_each(
        request.group_id,
        request.topics,
        lambda key, asked, then: state.initialize(key, asked.state_epoch, asked.start_offset, then),
    )
    return (yield from asking)


def _response(results: Results[StateError]) -> InitializeShareGroupStateResponse:
    return InitializeShareGroupStateResponse(
        results=[
            InitializeStateResult(
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
