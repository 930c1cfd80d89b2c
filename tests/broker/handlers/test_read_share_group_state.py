from odradek.broker.coordination.share_state.requests import StateBatch as Written
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.read_share_group_state import (
    PartitionData,
    PartitionResult,
    ReadShareGroupStateRequest,
    ReadShareGroupStateResponse,
    ReadStateData,
    StateBatch,
)

from ..coordination.share_state.share_state_broker import ShareStateBroker


def asked(broker: ShareStateBroker, *partitions: tuple[int, int], group_id: str = "g") -> list[PartitionResult]:
    topic = ReadStateData(
        topic_id=broker.topic_id,
        partitions=[PartitionData(partition=index, leader_epoch=epoch) for index, epoch in partitions],
    )
    request = ReadShareGroupStateRequest(group_id=group_id, topics=[topic])
    answer = broker.ask(request, 0, ReadShareGroupStateResponse).answer
    return [one for topic in answer.results for one in topic.partitions]


def test_what_was_written_is_read_and_an_older_leader_reads_nothing() -> None:
    broker = ShareStateBroker()
    broker.initialize(start=3)
    broker.write(Written(4, 6, 2, 1))
    batch = StateBatch(first_offset=4, last_offset=6, delivery_state=2, delivery_count=1)
    expected = PartitionResult(partition=0, start_offset=3, state_batches=[batch])
    assert asked(broker, (0, 7)) == [expected]
    fenced = ErrorCode.FENCED_LEADER_EPOCH
    assert asked(broker, (0, 6)) == [PartitionResult(partition=0, error_code=fenced, error_message=fenced.message)]


def test_what_never_began_cannot_be_read() -> None:
    broker = ShareStateBroker()
    broker.initialize()
    why = "Read operation on uninitialized share partition not allowed."
    refused = PartitionResult(partition=1, error_code=ErrorCode.INVALID_REQUEST, error_message=why)
    assert asked(broker, (1, 0)) == [refused]


def test_a_request_without_a_group_or_partitions_is_answered_with_nothing() -> None:
    broker = ShareStateBroker()
    assert asked(broker, (0, 0), group_id="") == asked(broker) == []
