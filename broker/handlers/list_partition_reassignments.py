"""ListPartitionReassignments 0: with one broker no partition is ever on its way to another (KIP-455)."""

from ...protocol.errors import ErrorCode
from ...protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
)
from ..context import Context
from ..session import Session


def handle_list_partition_reassignments(
    request: ListPartitionReassignmentsRequest, version: int, session: Session, context: Context
) -> ListPartitionReassignmentsResponse:
    """None, whatever is asked for: Kafka reports no error for partitions that do not exist."""
    return ListPartitionReassignmentsResponse(error_code=ErrorCode.NONE)
