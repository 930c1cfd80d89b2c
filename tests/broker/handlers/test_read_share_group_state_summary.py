import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.read_share_group_state_summary import (
    PartitionData,
    PartitionResult,
    ReadShareGroupStateSummaryRequest,
    ReadShareGroupStateSummaryResponse,
    ReadStateSummaryData,
)

from ..coordination.share_state.share_state_broker import ShareStateBroker


def asked(broker: ShareStateBroker, version: int, *partitions: int, group_id: str = "g") -> list[PartitionResult]:
    topic = ReadStateSummaryData(
        topic_id=broker.topic_id, partitions=[PartitionData(partition=index) for index in partitions]
    )
    request = ReadShareGroupStateSummaryRequest(group_id=group_id, topics=[topic])
    answer = broker.ask(request, version, ReadShareGroupStateSummaryResponse).answer
    return [one for topic in answer.results for one in topic.partitions]


@pytest.mark.parametrize(("version", "count"), [(0, -1), (1, 0)])
def test_a_summary_tells_where_a_partition_stands_and_what_never_began_stands_nowhere(version: int, count: int) -> None:
    broker = ShareStateBroker()
    broker.initialize(state_epoch=2, start=9)
    broker.read(leader_epoch=4)
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert asked(broker, version, 0, 1, 2) == [
        PartitionResult(partition=0, state_epoch=2, leader_epoch=4, start_offset=9, delivery_complete_count=count),
        PartitionResult(partition=1, start_offset=-1),
        PartitionResult(partition=2, error_code=unknown, error_message=unknown.message),
    ]


def test_a_request_without_a_group_or_partitions_is_answered_with_nothing() -> None:
    broker = ShareStateBroker()
    assert asked(broker, 1, 0, group_id="") == asked(broker, 1) == []
