"""ListPartitionReassignments: none, ever."""

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    ReassignablePartition,
    ReassignableTopic,
)
from odradek.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
    ListPartitionReassignmentsTopics,
)

from ..nodes.three_brokers import ThreeBrokers
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


def test_what_is_on_its_way_is_listed_by_any_broker_with_who_comes_and_goes() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2], [1, 2])
    brokers.create("u", [1])
    brokers.freeze(3)
    moves: list[ReassignableTopic] = [
        ReassignableTopic(name=name, partitions=[ReassignablePartition(partition_index=0, replicas=replicas)])
        for name, replicas in (("t", [3, 1]), ("u", [3]))
    ]
    brokers[1].ask(AlterPartitionReassignmentsRequest(topics=moves), 1, AlterPartitionReassignmentsResponse)

    def listed(topics: list[ListPartitionReassignmentsTopics] | None) -> list[tuple[str, int, list[int], list[int]]]:
        request = ListPartitionReassignmentsRequest(topics=topics)
        answer = brokers[2].ask(request, 0, ListPartitionReassignmentsResponse).answer
        return [
            (topic.name, one.partition_index, list(one.adding_replicas), list(one.removing_replicas))
            for topic in answer.topics
            for one in topic.partitions
        ]

    assert listed(None) == [("t", 0, [3], [2]), ("u", 0, [3], [1])]
    asked = [ListPartitionReassignmentsTopics(name=name, partition_indexes=[0, 1]) for name in ("nope", "u")]
    assert listed(asked) == [("u", 0, [3], [1])]
    brokers.resume(3)
    assert listed(None) == []
