"""ReadShareGroupStateSummary 0-1: where share partitions stand, without their batches (KIP-932). Between brokers."""

from ...protocol.messages.read_share_group_state_summary import (
    PartitionResult,
    ReadShareGroupStateSummaryRequest,
    ReadShareGroupStateSummaryResponse,
    ReadStateSummaryResult,
)
from ..context import Context
from ..coordination.share_state.gathering import Gathering, Results, names_nothing
from ..coordination.share_state.requests import StateSummary
from ..deferred import Deferred
from ..session import Session
from ..slices import Steps


def handle_read_share_group_state_summary(
    request: ReadShareGroupStateSummaryRequest, version: int, session: Session, context: Context
) -> Steps[ReadShareGroupStateSummaryResponse | Deferred[ReadShareGroupStateSummaryResponse]]:
    """Summarise each share partition."""
    if names_nothing(request.group_id, request.topics):
        return ReadShareGroupStateSummaryResponse()
    state = context.share_state
    gathering = Gathering(state, "read share group state summary", StateSummary, _response)
    asking = gathering.ask_each(
        request.group_id, request.topics, lambda key, asked, then: state.summary(key, asked.leader_epoch, then)
    )
    return (yield from asking)


def _response(results: Results[StateSummary]) -> ReadShareGroupStateSummaryResponse:
    return ReadShareGroupStateSummaryResponse(
        results=[
            ReadStateSummaryResult(
                topic_id=topic_id,
                partitions=[
                    PartitionResult(
                        partition=partition,
                        error_code=result.error,
                        error_message=result.message,
                        state_epoch=result.state_epoch,
                        leader_epoch=result.leader_epoch,
                        start_offset=result.start_offset,
                        delivery_complete_count=result.delivery_complete_count,
                    )
                    for partition, result in sorted(results_of_topic.items())
                ],
            )
            for topic_id, results_of_topic in results.items()
        ]
    )
