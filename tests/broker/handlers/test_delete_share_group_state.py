from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.delete_share_group_state import (
    DeleteShareGroupStateRequest,
    DeleteShareGroupStateResponse,
    DeleteStateData,
    PartitionData,
)

from ..coordination.share_state.share_state_broker import ShareStateBroker


def asked(broker: ShareStateBroker, group_id: str, *partitions: int) -> list[tuple[int, int, str | None]]:
    topic = DeleteStateData(
        topic_id=broker.topic_id, partitions=[PartitionData(partition=index) for index in partitions]
    )
    request = DeleteShareGroupStateRequest(group_id=group_id, topics=[topic])
    answer = broker.ask(request, 0, DeleteShareGroupStateResponse).answer
    return [(one.partition, one.error_code, one.error_message) for topic in answer.results for one in topic.partitions]


def test_a_state_is_removed_and_none_is_as_good() -> None:
    broker = ShareStateBroker()
    broker.initialize()
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert asked(broker, "g", 0, 1, 2) == [(0, 0, None), (1, 0, None), (2, unknown, unknown.message)]
    assert [has_value for _, _, has_value in broker.stored()] == [True, False]
    assert broker.read()[0].error is ErrorCode.INVALID_REQUEST


def test_a_request_without_a_group_or_partitions_is_answered_with_nothing() -> None:
    broker = ShareStateBroker()
    assert asked(broker, "", 0) == asked(broker, "g") == []
