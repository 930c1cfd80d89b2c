from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    InitializeStateData,
    PartitionData,
)

from ..coordination.share_state.share_state_broker import ShareStateBroker


def asked(broker: ShareStateBroker, group_id: str, *partitions: int) -> list[tuple[int, int, str | None]]:
    topic = InitializeStateData(
        topic_id=broker.topic_id,
        partitions=[PartitionData(partition=index, state_epoch=1, start_offset=5) for index in partitions],
    )
    request = InitializeShareGroupStateRequest(group_id=group_id, topics=[topic])
    answer = broker.ask(request, 0, InitializeShareGroupStateResponse).answer
    return [(one.partition, one.error_code, one.error_message) for topic in answer.results for one in topic.partitions]


def test_each_partition_begins_or_says_why_not() -> None:
    broker = ShareStateBroker()
    assert asked(broker, "g", 0)[0][:2] == (0, ErrorCode.NOT_COORDINATOR)
    broker.initialize(1, state_epoch=2)
    unknown, fenced = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.FENCED_STATE_EPOCH
    assert asked(broker, "g", 2, 1, 0) == [(0, 0, None), (1, fenced, fenced.message), (2, unknown, unknown.message)]
    (begun,) = broker.read()
    assert (begun.state_epoch, begun.start_offset) == (1, 5)


def test_a_request_without_a_group_or_partitions_is_answered_with_nothing() -> None:
    broker = ShareStateBroker()
    assert asked(broker, "", 0) == asked(broker, "g") == []
