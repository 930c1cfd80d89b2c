"""DeleteShareGroupState 0: remove the stored state of share partitions (KIP-932). Between brokers."""

from ...protocol.messages.delete_share_group_state import (
    DeleteShareGroupStateRequest,
    DeleteShareGroupStateResponse,
    DeleteStateResult,
    PartitionResult,
)
from ..context import Context
from ..coordination.share_state.gathering import Gathering, Results, names_nothing
from ..coordination.share_state.requests import StateError
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_delete_share_group_state(
    request: DeleteShareGroupStateRequest, version: int, session: Session, context: Context
) -> Steps[DeleteShareGroupStateResponse | Deferred[DeleteShareGroupStateResponse]]:
    """Remove each share partition."""
    if names_nothing(request.group_id, request.topics):
        return DeleteShareGroupStateResponse()
    state = context.share_state
    gathering = Gathering(state, "delete share group state", StateError, _response)
    asking = gathering.ask_each(request.group_id, request.topics, lambda key, asked, then: state.delete(key, then))
    return (yield from asking)


def _response(results: Results[StateError]) -> DeleteShareGroupStateResponse:
    return DeleteShareGroupStateResponse(
        results=[
            DeleteStateResult(
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
