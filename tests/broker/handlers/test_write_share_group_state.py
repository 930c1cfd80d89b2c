import pytest

from odradek.broker.coordination.share_state.requests import StateBatch as Written
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.write_share_group_state import (
    PartitionData,
    StateBatch,
    WriteShareGroupStateRequest,
    WriteShareGroupStateResponse,
    WriteStateData,
)

from ..coordination.share_state.share_state_broker import ShareStateBroker


def asked(
    broker: ShareStateBroker, version: int, *partitions: PartitionData, group_id: str = "g"
) -> list[tuple[int, int, str | None]]:
    topic = WriteStateData(topic_id=broker.topic_id, partitions=partitions)
    request = WriteShareGroupStateRequest(group_id=group_id, topics=[topic])
    answer = broker.ask(request, version, WriteShareGroupStateResponse).answer
    return [(one.partition, one.error_code, one.error_message) for topic in answer.results for one in topic.partitions]


def change(partition: int = 0, *, done: int = -1, state_epoch: int = 0) -> PartitionData:
    batch = StateBatch(first_offset=4, last_offset=6, delivery_state=2, delivery_count=1)
    return PartitionData(
        partition=partition,
        state_epoch=state_epoch,
        start_offset=4,
        delivery_complete_count=done,
        state_batches=[batch],
    )


@pytest.mark.parametrize(("version", "done"), [(0, -1), (1, 3)])
def test_a_change_is_kept_with_the_count_that_its_version_has(version: int, done: int) -> None:
    broker = ShareStateBroker()
    broker.initialize()
    assert asked(broker, version, change(done=done)) == [(0, 0, None)]
    (found,) = broker.read()
    assert (found.start_offset, found.batches) == (4, (Written(4, 6, 2, 1),))
    assert broker.summary()[0].delivery_complete_count == done


def test_each_partition_is_written_or_says_why_not() -> None:
    broker = ShareStateBroker()
    broker.initialize(state_epoch=1)
    fenced = ErrorCode.FENCED_STATE_EPOCH
    why = "Write operation on uninitialized share partition not allowed."
    assert asked(broker, 1, change(1), change(0)) == [
        (0, fenced, fenced.message),
        (1, ErrorCode.INVALID_REQUEST, why),
    ]


def test_a_request_without_a_group_or_partitions_is_answered_with_nothing() -> None:
    broker = ShareStateBroker()
    assert asked(broker, 1, change(), group_id="") == asked(broker, 1) == []
