"""A partition whose log a crash left with much to recover: an error that clients retry, and then it is there."""

import pytest

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)

from .broker_harness import AskedBroker, batch, fetch_request

BATCHES = 2000


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    (partition,) = broker.create().partitions
    broker.append(partition, *[batch()] * BATCHES)
    broker.restart(is_clean=False)
    return broker


def _list_offsets(broker: AskedBroker) -> tuple[int, int]:
    asked = ListOffsetsTopic(name="t", partitions=[ListOffsetsPartition(partition_index=0, timestamp=-1)])
    (topic,) = broker.ask(ListOffsetsRequest(replica_id=-1, topics=[asked]), 7, ListOffsetsResponse).answer.topics
    (found,) = topic.partitions
    return found.error_code, found.offset


def test_it_is_not_led_yet_for_who_reads_and_for_who_writes(broker: AskedBroker) -> None:
    assert _list_offsets(broker) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)
    assert broker.fetch_one(fetch_request("t", max_wait_ms=60_000)).error_code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    refused = broker.produce("t", batch())
    assert (refused.error_code, refused.log_start_offset) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)
    broker.clock.advance(0)
    assert _list_offsets(broker) == (ErrorCode.NONE, BATCHES)
    assert broker.produce("t", batch()).base_offset == BATCHES
    assert broker.fetch_one(fetch_request("t")).high_watermark == BATCHES + 1
