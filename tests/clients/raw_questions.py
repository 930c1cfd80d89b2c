"""What no stock client tells: asked in raw requests, at one version each."""

from odradek.broker.wire import Wire
from odradek.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    TopicRequest,
)
from odradek.protocol.messages.describe_transactions import DescribeTransactionsRequest, DescribeTransactionsResponse
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestTopic, OffsetFetchResponse


def transaction_of(bootstrap: str, transactional_id: str) -> tuple[str, int, int]:
    """(state, producer id, epoch) as the coordinator knows them."""
    with Wire(bootstrap) as wire:
        request = DescribeTransactionsRequest(transactional_ids=[transactional_id])
        (found,) = wire.ask(request, 0, DescribeTransactionsResponse).transaction_states
    assert found.error_code == 0
    return found.transaction_state, found.producer_id, found.producer_epoch


def producers_of(bootstrap: str, topic: str) -> list[tuple[int, int]]:
    """(producer id, epoch) of everyone that partition 0 remembers, by id."""
    with Wire(bootstrap) as wire:
        request = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=[0])])
        answer = wire.ask(request, 0, DescribeProducersResponse)
    (partition,) = answer.topics[0].partitions
    return sorted((one.producer_id, one.producer_epoch) for one in partition.active_producers)


def committed_by(
    bootstrap: str, group: str, topic: str, partition: int = 0, *, require_stable: bool
) -> tuple[int, int]:
    """(error code, offset) of a group's commit."""
    request = OffsetFetchRequest(
        group_id=group,
        topics=[OffsetFetchRequestTopic(name=topic, partition_indexes=[partition])],
        require_stable=require_stable,
    )
    with Wire(bootstrap) as wire:
        answer = wire.ask(request, 7, OffsetFetchResponse)
    (found,) = answer.topics[0].partitions
    return found.error_code, found.committed_offset
