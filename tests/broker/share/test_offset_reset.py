"""Where a share partition begins of which nothing is stored."""

import pytest

from odradek.broker.share.offset_reset import begin_at, duration_ms
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import KafkaError

from ..handlers.broker_harness import AskedBroker, batch


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("PT1H", 3_600_000),
        ("P1D", 86_400_000),
        ("PT1H30M", 5_400_000),
        ("P2DT3H4M5.5S", 183_845_500),
        ("pt0.25s", 250),
        ("-PT1M", -60_000),
        ("PT-1M", -60_000),
    ],
)
def test_durations_are_read_as_java_reads_them(text: str, ms: int) -> None:
    assert duration_ms(text) == ms


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1H", "P1H", "PT1D", "P1Y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        duration_ms(text)


@pytest.mark.parametrize(("strategy", "offset"), [("earliest", 1), ("latest", 3), ("by_duration:PT1S", 2)])
def test_each_strategy_has_its_offset(strategy: str, offset: int) -> None:
    broker = AskedBroker()
    partition = broker.create().partitions[0]
    for timestamp in (10_000, 20_000, 30_000):
        broker.append(partition, batch(b"v", timestamp=timestamp))
    partition.log.delete_records_before(1)
    assert run_to_end(begin_at(partition.log, strategy, partition.name, 30_500)) == offset


def test_nothing_that_young_is_no_offset_yet() -> None:
    partition = AskedBroker().create().partitions[0]
    with pytest.raises(KafkaError, match=r"OFFSET_NOT_AVAILABLE: Offset for timestamp 500 not found .* t-0"):
        run_to_end(begin_at(partition.log, "by_duration:PT1S", partition.name, 1_500))
