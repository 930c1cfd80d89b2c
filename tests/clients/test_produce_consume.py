"""Records come back as they were sent: with each codec, to each client, whatever they hold."""

import time
from collections.abc import Mapping

import pytest

from .stock_client import CODECS, Message, StockClient, create, send_all, until

BASE_MS = 1_700_000_000_000

ODD_MESSAGES = [
    Message(b"plain", timestamp_ms=BASE_MS),
    Message(b"keyed", key=b"key", timestamp_ms=BASE_MS + 1),
    Message(b"", key=b"empty value", timestamp_ms=BASE_MS + 2),
    Message(b"empty key", key=b"", timestamp_ms=BASE_MS + 3),
    Message(None, key=b"tombstone", timestamp_ms=BASE_MS + 4),
    Message(b"headers", headers=(("a", b"1"), ("a", b"2"), ("", b""), ("b", None)), timestamp_ms=BASE_MS + 5),
    Message(bytes(range(256)) * 8, key=bytes(range(256)), timestamp_ms=BASE_MS + 6),
    Message("größer → ≥".encode(), headers=(("schlüssel", "wért".encode()),), timestamp_ms=BASE_MS + 7),
]


def contents(messages: list[Message]) -> list[object]:
    return [message.content() for message in messages]


@pytest.mark.parametrize("codec", CODECS)
def test_each_client_reads_what_each_client_wrote_with_this_codec(
    clients: Mapping[str, StockClient], admin: StockClient, topic: str, codec: str
) -> None:
    create(admin, topic)
    sent: list[Message] = []
    for writer in clients.values():
        messages = [one for one in ODD_MESSAGES if writer.sends_null_headers or ("b", None) not in one.headers]
        offsets = send_all(writer, topic, messages, codec=codec)
        assert offsets == list(range(len(sent), len(sent) + len(messages))), writer.name
        sent += messages
    for reader in clients.values():
        read = reader.read(topic, len(sent))
        assert contents(read) == contents(sent), reader.name
        assert [one.timestamp_ms for one in read] == [one.timestamp_ms for one in sent], reader.name
        assert [one.offset for one in read] == list(range(len(sent))), reader.name
        assert not any(one.has_log_append_time for one in read)


def test_a_log_append_time_topic_carries_the_brokers_time(
    clients: Mapping[str, StockClient], admin: StockClient, topic: str
) -> None:
    create(admin, topic, message_timestamp_type="LogAppendTime")
    before_ms = int(time.time() * 1000)
    for writer in clients.values():
        send_all(writer, topic, [Message(b"x", timestamp_ms=BASE_MS), Message(b"y", timestamp_ms=BASE_MS)], codec="lz4")
    after_ms = int(time.time() * 1000)
    for reader in clients.values():
        read = reader.read(topic, 6)
        assert len(read) == 6
        for message in read:
            assert message.has_log_append_time
            assert message.timestamp_ms is not None
            assert before_ms <= message.timestamp_ms <= after_ms


@pytest.mark.parametrize("acks", [0, 1, -1])
def test_everything_sent_with_these_acks_is_stored_once_and_in_order(
    client: StockClient, admin: StockClient, topic: str, acks: int
) -> None:
    create(admin, topic)
    sent = [Message(b"%d" % number) for number in range(500)]
    offsets = send_all(client, topic, sent, acks=acks)
    assert len(offsets) == 500
    if acks != 0:
        assert offsets == list(range(500))
    until(lambda: admin.offset_range(topic)[1] == 500, "500 records are stored")
    assert contents(client.read(topic, 500)) == contents(sent)


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_a_record_of_a_megabyte_comes_back_whole(
    client: StockClient, admin: StockClient, topic: str, codec: str
) -> None:
    create(admin, topic, max_message_bytes="2000000")
    sent = [Message(bytes([number]) * 1_000_000) for number in range(3)]
    assert send_all(client, topic, sent, codec=codec) == [0, 1, 2]
    assert contents(client.read(topic, 3)) == contents(sent)


def test_a_record_beyond_the_topics_limit_is_refused_and_smaller_ones_are_not(
    client: StockClient, admin: StockClient, topic: str
) -> None:
    create(admin, topic, max_message_bytes="10000")
    with pytest.raises(
        Exception, match=r"(?i)too.?large|MSG_SIZE|larger|MESSAGE_TOO_LARGE|max_request_size|max message size"
    ):
        send_all(client, topic, [Message(bytes(20_000))])
    assert send_all(client, topic, [Message(bytes(5_000))]) == [0]


def test_each_partition_keeps_an_order_and_offsets_of_its_own(
    client: StockClient, admin: StockClient, topic: str
) -> None:
    create(admin, topic, 12)
    sent = [Message(b"%d" % number, partition=number % 12) for number in range(240)]
    assert send_all(client, topic, sent) == [number // 12 for number in range(240)]
    for partition in (0, 5, 11):
        read = client.read(topic, 20, partition=partition)
        assert [one.value for one in read] == [b"%d" % number for number in range(240) if number % 12 == partition]
        assert client.offset_range(topic, partition) == (0, 20)


def test_reading_goes_on_while_writing_does(client: StockClient, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    producer = client.producer()
    try:
        for number in range(5):
            producer.send(topic, Message(b"%d" % number))
            assert producer.flush() == [number]
            assert [one.value for one in client.read(topic, 1, offset=number)] == [b"%d" % number]
    finally:
        producer.close()
