"""Acknowledgements: of whole batches and of parts, all of a partition or none, and only by who has the records."""

from dataclasses import replace

import pytest

from odradek.broker.coordination.share_state.requests import ACKNOWLEDGED, ARCHIVED, AVAILABLE
from odradek.broker.share.acknowledgement import (
    ACCEPT,
    GAP,
    REJECT,
    RELEASE,
    RENEW,
    check_batches,
)
from odradek.broker.share.share_partition import SharePartition
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import ErrorCode, KafkaError

from .share_harness import (
    LOCK_S,
    SETTINGS,
    AcknowledgementBatch,
    ack,
    acknowledge,
    acquire,
    batches_of,
    begin_acknowledging,
    partition_at,
)


def acquired(count: int = 3, member: str = "m") -> SharePartition:
    """Batches of ten records, each acquired as a batch."""
    partition = partition_at()
    acquire(partition, batches_of(10, count), member, batch_size=10)
    return partition


def refusal(partition: SharePartition, *batches: AcknowledgementBatch, member: str = "m") -> tuple[ErrorCode, str]:
    with pytest.raises(KafkaError) as refused:
        begin_acknowledging(partition, *batches, member=member)
    return refused.value.code, refused.value.message


def test_a_whole_batch_is_acknowledged_as_one() -> None:
    partition = acquired()
    assert acknowledge(partition, ack(0, 9)) == [(0, 9, ACKNOWLEDGED, 1)]
    assert partition.in_flight.start_offset == 10


def test_several_batches_are_acknowledged_by_one_range() -> None:
    assert acknowledge(acquired(), ack(0, 29)) == [(first, first + 9, ACKNOWLEDGED, 1) for first in (0, 10, 20)]


@pytest.mark.parametrize(
    ("kind", "state"), [(GAP, ARCHIVED), (ACCEPT, ACKNOWLEDGED), (RELEASE, AVAILABLE), (REJECT, ARCHIVED)]
)
def test_each_type_has_its_state(kind: int, state: int) -> None:
    assert acknowledge(acquired(), ack(3, 5, kind)) == [(3, 5, state, 1)]


def test_each_record_may_have_its_own_type() -> None:
    changes = acknowledge(acquired(1), ack(0, 9, *[ACCEPT] * 3, *[RELEASE] * 4, *[REJECT] * 3))
    assert changes == [(0, 2, ACKNOWLEDGED, 1), (3, 6, AVAILABLE, 1), (7, 9, ARCHIVED, 1)]


def test_types_of_each_record_go_over_several_batches() -> None:
    changes = acknowledge(acquired(2), ack(8, 11, ACCEPT, ACCEPT, ACCEPT, REJECT))
    assert changes == [(8, 9, ACKNOWLEDGED, 1), (10, 10, ACKNOWLEDGED, 1), (11, 11, ARCHIVED, 1)]


def test_released_too_often_is_archived() -> None:
    settings = replace(SETTINGS, delivery_count_limit=2)
    partition = partition_at()
    changes: list[tuple[int, int, int, int]] = []
    for _ in range(2):
        acquire(partition, batches_of(10, 1), settings=settings)
        changes += acknowledge(partition, ack(0, 9, RELEASE), settings=settings)
    assert changes == [(0, 9, AVAILABLE, 1), (0, 9, ARCHIVED, 2)]
    assert partition.in_flight.start_offset == 10


def test_what_lies_before_the_start_is_acknowledged_without_effect() -> None:
    partition = acquired()
    acknowledge(partition, ack(0, 9))
    assert acknowledge(partition, ack(0, 9, REJECT)) == []


def test_what_begins_before_the_start_counts_from_there() -> None:
    partition = acquired()
    acknowledge(partition, ack(0, 4))
    assert acknowledge(partition, ack(0, 12)) == [(5, 9, ACKNOWLEDGED, 1), (10, 12, ACKNOWLEDGED, 1)]


def test_offsets_never_in_flight_are_refused() -> None:
    partition = partition_at(20)
    assert refusal(partition, ack(22, 25)) == (
        ErrorCode.INVALID_RECORD_STATE,
        "Batch record not found. The request batch offsets are not found in the cache.",
    )
    acquire(partition, batches_of(10, 1, first=20))
    assert refusal(partition, ack(40, 45)) == (
        ErrorCode.INVALID_REQUEST,
        "Batch record not found. The first offset in request is past acquired records.",
    )
    assert refusal(partition, ack(25, 45)) == (
        ErrorCode.INVALID_REQUEST,
        "Batch record not found. The last offset in request is past acquired records.",
    )


def test_nobody_acknowledges_what_another_has() -> None:
    partition = acquired()
    assert refusal(partition, ack(0, 9), member="other") == (
        ErrorCode.INVALID_RECORD_STATE,
        "Member is not the owner of batch record",
    )
    acknowledge(partition, ack(3, 3))
    assert refusal(partition, ack(5, 6), member="other") == (
        ErrorCode.INVALID_RECORD_STATE,
        "Member is not the owner of offset",
    )


def test_nothing_is_acknowledged_twice() -> None:
    partition = acquired()
    acknowledge(partition, ack(13, 14))
    acknowledge(partition, ack(20, 29))
    assert refusal(partition, ack(12, 13)) == (
        ErrorCode.INVALID_RECORD_STATE,
        "The offset cannot be acknowledged. The offset is not acquired.",
    )
    assert refusal(partition, ack(20, 29)) == (
        ErrorCode.INVALID_RECORD_STATE,
        "The batch cannot be acknowledged. The batch is not in the acquired state.",
    )


def test_one_batch_that_is_refused_takes_all_back() -> None:
    partition = acquired()
    acknowledge(partition, ack(15, 15))
    refusal(partition, ack(0, 9), ack(10, 16, REJECT), ack(20, 25))
    assert acknowledge(partition, ack(0, 14), ack(16, 29)) == [
        *[(0, 9, ACKNOWLEDGED, 1), (10, 14, ACKNOWLEDGED, 1)],
        *[(16, 19, ACKNOWLEDGED, 1), (20, 29, ACKNOWLEDGED, 1)],
    ]


def test_a_renewed_lock_runs_on() -> None:
    partition = acquired()
    assert acknowledge(partition, ack(0, 9, RENEW), ack(12, 13, RENEW), now=20.0) == []
    assert [change[:2] for _, change in partition.expire(SETTINGS, LOCK_S)] == [(10, 11), (14, 19), (20, 29)]
    assert [change[:2] for _, change in partition.expire(SETTINGS, 20.0 + LOCK_S)] == [(0, 9), (12, 13)]


def test_locks_are_not_renewed_where_the_group_does_not_allow_it() -> None:
    with pytest.raises(KafkaError, match="Renewing acquisition locks is not enabled for the group"):
        begin_acknowledging(acquired(), ack(0, 9, RENEW), settings=replace(SETTINGS, renew_acknowledge_enable=False))


@pytest.mark.parametrize(
    "batches",
    [
        [ack(5, 4)],
        [ack(0, 9), ack(5, 12)],
        [ack(10, 19), ack(0, 9)],
        [AcknowledgementBatch(0, 9, ())],
        [ack(0, 9, ACCEPT, ACCEPT)],
        [ack(0, 0, 5)],
        [ack(0, 0, -1)],
        [ack(0, 0, RENEW)],
    ],
)
def test_a_request_that_makes_no_sense_is_refused(batches: list[AcknowledgementBatch]) -> None:
    with pytest.raises(KafkaError, match="INVALID_REQUEST"):
        run_to_end(check_batches(batches, RENEW, may_renew=False))


def test_a_request_in_order_is_taken_even_where_batches_touch() -> None:
    run_to_end(check_batches([ack(0, 9), ack(9, 9), ack(10, 11, ACCEPT, RENEW)], RENEW, may_renew=True))


def test_renewing_is_no_type_of_the_first_version() -> None:
    with pytest.raises(KafkaError, match="INVALID_REQUEST"):
        run_to_end(check_batches([ack(0, 0, RENEW)], REJECT, may_renew=True))


def test_as_many_changes_as_a_record_can_tell_of_are_taken_and_no_more() -> None:
    partition = partition_at()
    acquire(partition, batches_of(10_002, 1))
    code, _ = refusal(partition, ack(0, 10_001, *[ACCEPT, RELEASE] * 5001))
    assert code == ErrorCode.INVALID_REQUEST
    assert len(acknowledge(partition, ack(0, 9_999, *[ACCEPT, RELEASE] * 5000))) == 10_000
