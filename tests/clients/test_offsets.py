"""Seeking by offset and by time, and where a log begins and ends."""

import pytest

from .stock_client import Message, StockClient, create, send_all

BASE_MS = 1_700_000_000_000


def test_an_empty_topic_begins_and_ends_at_zero(client: StockClient, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    assert client.offset_range(topic) == (0, 0)


@pytest.mark.parametrize("offset", [0, 1, 49, 50, 98, 99])
def test_seeking_to_an_offset_reads_from_there(
    client: StockClient, admin: StockClient, topic: str, offset: int
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"%d" % number) for number in range(50)])
    send_all(admin, topic, [Message(b"%d" % number) for number in range(50, 100)], codec="lz4")
    read = client.read(topic, 100 - offset, offset=offset)
    assert [one.value for one in read] == [b"%d" % number for number in range(offset, 100)]
    assert read[0].offset == offset


def test_an_offset_is_found_by_time(client: StockClient, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    times = [BASE_MS + 10 * number for number in range(20)]
    half = len(times) // 2
    send_all(admin, topic, [Message(b"x", timestamp_ms=time) for time in times[:half]])
    send_all(admin, topic, [Message(b"x", timestamp_ms=time) for time in times[half:]], codec="gzip")
    for offset in (0, 1, half - 1, half, half + 3, len(times) - 1):
        assert client.offset_for_time(topic, times[offset] - 1) == offset
        assert client.offset_for_time(topic, times[offset]) == offset
        assert client.offset_for_time(topic, times[offset] + 1) == (offset + 1 if offset + 1 < len(times) else None)
    assert client.offset_for_time(topic, 0) == 0


def test_the_first_record_at_or_after_a_time_counts_not_the_nearest(
    client: StockClient, admin: StockClient, topic: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"x", timestamp_ms=BASE_MS + delta) for delta in (0, 50, 10, 20)])
    assert client.offset_for_time(topic, BASE_MS + 10) == 1
    assert client.offset_for_time(topic, BASE_MS + 51) is None


def test_the_end_moves_with_every_record(client: StockClient, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    for count in (1, 2, 3):
        send_all(admin, topic, [Message(b"x")])
        assert client.offset_range(topic) == (0, count)
