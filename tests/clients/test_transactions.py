"""Transactions as applications use them: all of one or nothing, over partitions, topics and a group's offsets."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from odradek.protocol.errors import ErrorCode

from .raw_questions import committed_by
from .stock_client import (
    Message,
    StockClient,
    Transactional,
    create,
    gather,
    read_to_end,
    send_all,
    until,
)

PARTITIONS = 2
UNSTABLE = (int(ErrorCode.UNSTABLE_OFFSET_COMMIT), -1)
LONG_WAIT_MS = 20_000
MOMENTS_S = 5.0


@pytest.fixture
def transactional_id(topic: str) -> str:
    return f"x-{topic}"


def spread(first: int, count: int) -> list[Message]:
    return [Message(b"%d" % number, partition=number % PARTITIONS) for number in range(first, first + count)]


def send(producer: Transactional, topic: str, messages: Sequence[Message]) -> None:
    for message in messages:
        producer.send(topic, message)


def by_partition(messages: Sequence[Message]) -> list[list[bytes | None]]:
    return [[one.value for one in messages if one.partition == number] for number in range(PARTITIONS)]


def test_a_commit_shows_all_of_it_in_order_in_every_partition_and_topic(
    client: StockClient, admin: StockClient, topic: str, transactional_id: str
) -> None:
    topics = [topic, f"{topic}-too"]
    for one in topics:
        create(admin, one, PARTITIONS)
    first, second = spread(0, 30), spread(30, 30)
    with closing(client.transactional(transactional_id)) as producer:
        for messages in (first, second):
            producer.begin()
            for one in topics:
                send(producer, one, messages)
            producer.flush()
            shown = [] if messages is first else first
            assert read_to_end(client, topic, "read_committed", PARTITIONS) == by_partition(shown)
            producer.commit()
            for one in topics:
                assert read_to_end(client, one, "read_committed", PARTITIONS) == by_partition([*shown, *messages])
    # thirty records and two markers in each partition
    assert [admin.offset_range(topic, number) for number in range(PARTITIONS)] == [(0, 32)] * PARTITIONS


def test_an_abort_shows_nothing_to_read_committed_and_all_to_read_uncommitted(
    client: StockClient, admin: StockClient, topic: str, transactional_id: str
) -> None:
    create(admin, topic, PARTITIONS)
    with closing(client.transactional(transactional_id)) as producer:
        producer.begin()
        send(producer, topic, spread(0, 30))
        producer.flush()
        producer.abort()
        assert read_to_end(client, topic, "read_committed", PARTITIONS) == [[]] * PARTITIONS
        assert read_to_end(client, topic, "read_uncommitted", PARTITIONS) == by_partition(spread(0, 30))
        producer.begin()
        send(producer, topic, spread(30, 30))
        producer.commit()
    assert read_to_end(client, topic, "read_committed", PARTITIONS) == by_partition(spread(30, 30))
    assert read_to_end(client, topic, "read_uncommitted", PARTITIONS) == by_partition(spread(0, 60))


def test_interleaved_transactions_are_shown_in_the_order_of_the_log_and_up_to_the_first_open_one(
    client: StockClient, admin: StockClient, topic: str, transactional_id: str
) -> None:
    create(admin, topic)
    with (
        closing(client.transactional(f"{transactional_id}-kept")) as kept,
        closing(client.transactional(f"{transactional_id}-aborted")) as aborted,
        closing(client.transactional(f"{transactional_id}-slow")) as slow,
    ):
        everyone = {b"kept": kept, b"aborted": aborted, b"slow": slow}
        for producer in everyone.values():
            producer.begin()
        written: list[bytes] = []
        for turn in range(3):
            for name, producer in everyone.items():
                value = b"%s-%d" % (name, turn)
                producer.send(topic, Message(value))
                producer.flush()
                written.append(value)
        kept.commit()
        aborted.abort()
        # the slow one began at offset 2: before it lie one record to show and one to hide
        assert read_to_end(client, topic, "read_committed") == [[b"kept-0"]]
        assert client.offset_range(topic, isolation="read_committed") == (0, 2)
        slow.commit()
    assert read_to_end(client, topic, "read_committed") == [[one for one in written if b"aborted" not in one]]
    assert read_to_end(client, topic, "read_uncommitted") == [written]


def test_the_end_for_read_committed_is_where_the_first_open_transaction_began(
    client: StockClient, admin: StockClient, topic: str, transactional_id: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"plain")] * 3)
    with closing(client.transactional(transactional_id)) as producer:
        producer.begin()
        send(producer, topic, [Message(b"open")] * 5)
        producer.flush()
        assert client.offset_range(topic, isolation="read_committed") == (0, 3)
        assert client.offset_range(topic, isolation="read_uncommitted") == (0, 8)
        producer.commit()
    assert client.offset_range(topic, isolation="read_committed") == (0, 9)


def test_a_commit_wakes_the_reader_that_waits_for_it(
    client: StockClient, admin: StockClient, topic: str, transactional_id: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"plain")])
    with (
        closing(client.transactional(transactional_id)) as producer,
        closing(client.reader(topic, [0], "read_committed", max_wait_ms=LONG_WAIT_MS)) as reader,
    ):
        producer.begin()
        producer.send(topic, Message(b"awaited"))
        producer.flush()
        assert [one.value for one in gather(reader.poll, 1)] == [b"plain"]
        assert reader.poll(0.3) == []  # its next fetch is on the way, and waits
        committed_at = time.monotonic()
        producer.commit()
        assert [one.value for one in gather(reader.poll, 1, LONG_WAIT_MS / 1000)] == [b"awaited"]
        assert time.monotonic() - committed_at < MOMENTS_S


def test_offsets_of_a_transaction_are_shown_by_its_commit_and_forgotten_by_its_abort(
    client: StockClient, admin: StockClient, bootstrap: str, topic: str, group: str, transactional_id: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"%d" % number) for number in range(20)])
    member = client.member(group, topic, isolation="read_uncommitted")
    with closing(client.transactional(transactional_id)) as producer:
        assert len(gather(member.poll, 20)) == 20
        member.commit_at(topic, 0, 5)
        for is_kept, offset, shown_after in ((False, 10, 5), (True, 15, 15)):
            producer.begin()
            producer.send(topic, Message(b"copy"))
            producer.send_offsets(member, topic, {0: offset})
            assert committed_by(bootstrap, group, topic, require_stable=False) == (0, 5)
            assert committed_by(bootstrap, group, topic, require_stable=True) == UNSTABLE
            if is_kept:
                producer.commit()
            else:
                producer.abort()
            until(
                lambda: committed_by(bootstrap, group, topic, require_stable=True) != UNSTABLE,
                "the transaction's end has reached the group",
            )
            assert committed_by(bootstrap, group, topic, require_stable=True) == (0, shown_after)
            assert committed_by(bootstrap, group, topic, require_stable=False) == (0, shown_after)
    member.close()


def test_who_asks_for_offsets_with_read_committed_is_answered_after_the_commit(
    client: StockClient, admin: StockClient, topic: str, group: str, transactional_id: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"%d" % number) for number in range(5)])
    member = client.member(group, topic, isolation="read_committed")
    with closing(client.transactional(transactional_id)) as producer, ThreadPoolExecutor(1) as threads:
        assert len(gather(member.poll, 5)) == 5
        member.commit_at(topic, 0, 1)
        producer.begin()
        producer.send_offsets(member, topic, {0: 4})
        asked = threads.submit(member.committed, topic, 0)
        if client.waits_for_stable_offsets:
            with pytest.raises(TimeoutError):
                asked.result(0.3)
            producer.commit()
            assert (asked.result(30) or (None,))[0] == 4
        else:
            assert (asked.result(30) or (None,))[0] == 1
            producer.commit()
    member.close()
