"""A batch whose header names a wrong largest timestamp is kept, rolled and remembered by its records' own."""

import pytest

from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch

from .test_scheduled_tasks import DAY_S, Kept

LIES = [-1, 0]


def append(kept: Kept, partition: Partition, said: int, *, sequence: int = -1, producer_id: int = -1) -> bool:
    """Three records of now, behind a header that says otherwise; whether the broker had them already."""
    now_ms = kept.clock.now_ms()
    stamp = ProducerStamp(producer_id, 0 if producer_id >= 0 else -1, sequence)
    told = RecordBatch(build_batch([NewRecord(None, b"v", now_ms + n) for n in range(3)], producer=stamp))
    lying = told.refilled(bytes(told.records), 3, attributes=told.attributes, base_timestamp=now_ms, max_timestamp=said)
    assert lying.max_timestamp == said
    return partition.append([lying], now_ms).is_duplicate


@pytest.mark.parametrize("said", LIES)
def test_records_of_now_are_not_deleted_for_their_age(said: int) -> None:
    kept = Kept({"log.retention.check.interval.ms": "1000"})
    partition = kept.create({"retention.ms": "86400000"})
    append(kept, partition, said)
    kept.clock.advance(3600)
    assert (partition.log.log_start_offset, partition.log.log_end_offset) == (0, 3)
    kept.clock.advance(DAY_S)
    assert partition.log.log_start_offset == 3


@pytest.mark.parametrize("said", LIES)
def test_a_segment_is_as_old_as_its_records(said: int) -> None:
    kept = Kept()
    partition = kept.create({"segment.ms": "60000"})
    append(kept, partition, said)
    kept.clock.advance(30)
    append(kept, partition, said)
    assert len(partition.open_log()._state.segments) == 1
    kept.clock.advance(31)
    append(kept, partition, said)
    assert len(partition.open_log()._state.segments) == 2


@pytest.mark.parametrize("said", LIES)
def test_a_producer_that_has_just_written_is_not_forgotten(said: int) -> None:
    kept = Kept({"producer.id.expiration.check.interval.ms": "1000"})
    partition = kept.create({})
    assert not append(kept, partition, said, producer_id=7, sequence=0)
    kept.clock.advance(5)
    assert append(kept, partition, said, producer_id=7, sequence=0)
    assert partition.log.log_end_offset == 3
    kept.clock.advance(DAY_S + 2)
    assert partition.log.find_producer(7) is None
