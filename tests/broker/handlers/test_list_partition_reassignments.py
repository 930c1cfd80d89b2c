"""ListPartitionReassignments: none, ever."""

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    ListPartitionReassignmentsTopics,
)

from .broker_harness import AskedBroker


@pytest.mark.parametrize("asked", [None, [], [("t", [0])], [("nope", [0]), ("t", [9])]])
def test_no_partition_is_on_its_way(asked: list[tuple[str, list[int]]] | None) -> None:
    broker = AskedBroker()
    broker.create()
    topics = None
    if asked is not None:
        topics = [ListPartitionReassignmentsTopics(name=name, partition_indexes=ids) for name, ids in asked]
    request = ListPartitionReassignmentsRequest(topics=topics)
    answer = broker.ask(request, 0, ListPartitionReassignmentsResponse).answer
    assert (answer.error_code, answer.error_message, answer.topics) == (ErrorCode.NONE, None, [])
