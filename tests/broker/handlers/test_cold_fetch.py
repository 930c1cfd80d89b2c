"""A read of committed records over a segment that nobody has read since the start: searched in steps, then answered.

The log may change while it is searched: what is answered is what it has afterwards.
"""

from typing import cast

import pytest

from odradek.broker.handlers.fetch import handle_fetch
from odradek.broker.slices import Steps
from odradek.broker.testing.topics import delete_topics
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.fetch import FetchResponse, PartitionData

from .broker_harness import AskedBroker, batch, fetch_request, offsets_in, wanted

BATCHES = 1500


@pytest.fixture
def broker() -> AskedBroker:
    """One partition with an aborted transaction in a sealed segment of many batches, after a clean restart."""
    broker = AskedBroker()
    (partition,) = broker.create(retention_bytes="0", file_delete_delay_ms="0").partitions
    broker.append(partition, batch(pid=7, is_transactional=True))
    broker.end_transaction(partition, 7, is_commit=False)
    small = batch()
    broker.append(partition, *[small] * BATCHES)
    partition.open_log().roll(broker.clock.now_ms())
    broker.append(partition, small)
    broker.restart()
    return broker


def _begin(broker: AskedBroker) -> Steps[FetchResponse]:
    request = fetch_request("t", wanted(max_bytes=1000), is_read_committed=True)
    steps = cast("Steps[FetchResponse]", handle_fetch(request, 12, broker.session, broker.context))
    next(steps)
    next(steps)
    return steps


def _end(steps: Steps[FetchResponse]) -> PartitionData:
    try:
        while True:
            next(steps)
    except StopIteration as end:
        (topic,) = end.value.responses
        (found,) = topic.partitions
        return cast(PartitionData, found)


def _aborted(found: PartitionData) -> list[tuple[int, int]]:
    return [(one.producer_id, one.first_offset) for one in found.aborted_transactions or ()]


def test_the_search_pauses_and_others_may_write_meanwhile(broker: AskedBroker) -> None:
    steps = _begin(broker)
    pauses = 0
    for _ in range(20):
        next(steps)
        broker.append(broker.topics.partition("t", 0), batch())
        pauses += 1
    found = _end(steps)
    assert offsets_in(found.records)[:3] == [0, 1, 2]
    assert _aborted(found) == [(7, 0)]
    assert found.high_watermark == BATCHES + 3 + pauses


def test_what_retention_takes_during_the_search_is_not_read(broker: AskedBroker) -> None:
    steps = _begin(broker)
    assert broker.topics.partition("t", 0).open_log().delete_old_segments(broker.clock.now_ms())
    assert _end(steps).error_code == ErrorCode.OFFSET_OUT_OF_RANGE


def test_a_topic_that_is_deleted_during_the_search_is_unknown(broker: AskedBroker) -> None:
    steps = _begin(broker)
    delete_topics(broker.topics, list(broker.topics))
    assert _end(steps).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_a_log_that_is_closed_for_rest_during_the_search_is_opened_again(broker: AskedBroker) -> None:
    steps = _begin(broker)
    partition = broker.topics.partition("t", 0)
    broker.parts.store.close_log("t", 0, lambda is_closed, error: partition.drop_log())
    found = _end(steps)
    assert (found.error_code, _aborted(found)) == (ErrorCode.NONE, [(7, 0)])
