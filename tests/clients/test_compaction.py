"""Compacted topics as every stock client sees them: the latest value of each key, tombstones, offsets with gaps."""

import time
from collections.abc import Iterator

import pytest

from ..brokers import OdradekBroker
from ..oracle.apache_kafka import ApacheKafka
from .conftest import CLIENTS
from .stock_client import CODECS, Isolation, Message, StockClient, create, send_all, until

SETTINGS = {"log.cleaner.backoff.ms": "50"}
BASE_MS = 1_700_000_000_000
# Every batch is so much younger than the one before that it begins a segment.
CONFIGS = {"cleanup_policy": "compact", "segment_ms": "1000", "min_cleanable_dirty_ratio": "0.01"}
STEP_MS = 10_000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, is_oracle: bool) -> Iterator[str]:
    """A broker that compacts without much delay."""
    directory = tmp_path_factory.mktemp("compacting")
    broker = ApacheKafka(directory, SETTINGS) if is_oracle else OdradekBroker(directory, SETTINGS)
    broker.start()
    yield broker.address
    broker.kill()


@pytest.fixture
def own_client(client_name: str, address: str) -> Iterator[StockClient]:
    client = CLIENTS[client_name](address)
    yield client
    client.close()


def contents(client: StockClient, topic: str, isolation: Isolation = "read_uncommitted") -> list[Message]:
    """Everything a reader meets on its way to the end, and it does get there."""
    end = client.offset_range(topic, 0, isolation)[1]
    found: list[Message] = []
    reader = client.reader(topic, [0], isolation)

    def is_at_the_end() -> bool:
        found.extend(reader.poll(0.1))
        return reader.position(0) == end

    try:
        until(is_at_the_end, f"the reader of {topic} is at {end}")
    finally:
        reader.close()
    return found


def seal(client: StockClient, topic: str, at: int, base_ms: int = BASE_MS) -> None:
    """The last segment is never compacted: begin another one."""
    send_all(client, topic, [Message(b"", key=b"last", timestamp_ms=base_ms + STEP_MS * at)])


def pairs(messages: list[Message]) -> list[tuple[bytes | None, bytes | None]]:
    return [(one.key, one.value) for one in messages if one.key != b"last"]


def test_of_each_key_the_latest_value_is_left_under_every_codec(own_client: StockClient, topic: str) -> None:
    create(own_client, topic, 1, **CONFIGS)
    offsets: list[int] = []
    for n, codec in enumerate(CODECS):
        sent = [
            Message(b"%d from %d" % (key, n), key=b"key %d" % key, timestamp_ms=BASE_MS + STEP_MS * n)
            for key in (*range(n, 8), 0)
        ]
        offsets += send_all(own_client, topic, sent, codec=codec)
    seal(own_client, topic, 9)
    expected = [(b"key %d" % key, b"%d from %d" % (key, key)) for key in (1, 2, 3)]
    expected += [(b"key %d" % key, b"%d from 4" % key) for key in (4, 5, 6, 7, 0)]

    def is_compacted() -> bool:
        return pairs(contents(own_client, topic)) == expected

    until(is_compacted, "the latest values are left")
    found = contents(own_client, topic)
    last = offsets[-1]
    assert own_client.offset_range(topic) == (0, last + 2)
    assert [one.offset for one in found][-6:] == [last - 4, last - 3, last - 2, last - 1, last, last + 1]
    assert found[0].timestamp_ms == BASE_MS + STEP_MS
    # Whoever asks in a gap gets what follows it.
    assert own_client.read(topic, 1, offset=1)[0].offset == found[0].offset
    assert own_client.offset_for_time(topic, BASE_MS) == found[0].offset


@pytest.mark.parametrize("retention_ms", ["86400000", "0"])
def test_a_tombstone_is_seen_until_its_time_is_over(retention_ms: str, own_client: StockClient, topic: str) -> None:
    create(own_client, topic, 1, **CONFIGS, delete_retention_ms=retention_ms)
    for n, value in enumerate((b"1", b"2", None)):
        sent = [Message(value, key=b"gone", timestamp_ms=BASE_MS + STEP_MS * n)]
        send_all(own_client, topic, [*sent, Message(b"%d" % n, key=b"kept", timestamp_ms=BASE_MS + STEP_MS * n)])
    expected: list[tuple[bytes, bytes | None]] = [(b"gone", None), (b"kept", b"2")]
    if retention_ms == "0":
        expected = expected[1:]
    at = 3

    def is_over() -> bool:
        nonlocal at
        seal(own_client, topic, at)  # each one is a reason for another pass
        at += 1
        return pairs(contents(own_client, topic)) == expected

    until(is_over, f"only {expected} is left", pause_s=0.1)
    if retention_ms != "0":
        assert pairs(contents(own_client, topic)) == expected


def test_transactions_are_compacted_to_what_was_committed(own_client: StockClient, topic: str) -> None:
    create(own_client, topic, 1, **CONFIGS)
    base_ms = time.time_ns() // 1_000_000 + 60_000  # ahead of the markers, which carry the broker's own time
    producer = own_client.transactional(f"{topic}-id")
    for n in range(6):
        producer.begin()
        for key in (b"a", b"b %d" % (n % 2)):
            producer.send(topic, Message(b"%d" % n, key=key, timestamp_ms=base_ms + STEP_MS * n))
        if n % 3 == 2:
            producer.abort()
        else:
            producer.commit()
    producer.close()
    seal(own_client, topic, 9, base_ms)
    expected = [(b"b 1", b"3"), (b"a", b"4"), (b"b 0", b"4")]

    def is_compacted() -> bool:
        return pairs(contents(own_client, topic)) == expected  # nothing aborted is left, whatever the isolation

    until(is_compacted, "the committed values are left")
    assert pairs(contents(own_client, topic, "read_committed")) == expected
