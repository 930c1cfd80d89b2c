"""Share groups (KIP-932) with librdkafka's share consumer: records are shared, acknowledged one by one, and come again.

A member is told its partitions by its second heartbeat, so a group takes some five seconds to begin.
"""

import time
from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from confluent_kafka import AcknowledgeType, ShareConsumer

from ..conftest import FreshBroker
from .share_client import DEADLINE_S, SHARE_SETTINGS, configure, numbered, poll, share_consumer, take_all, values
from .stock_client import StockClient, create, send_all
from .with_confluent_kafka import ConfluentKafka

ShareConsumers = Callable[..., ShareConsumer]


@pytest.fixture
def share_consumers() -> Iterator[ShareConsumers]:
    """Makes members of share groups, which are closed in the end."""
    made: list[ShareConsumer] = []

    def make(address: str, group: str, topic: str, mode: str = "explicit") -> ShareConsumer:
        made.append(share_consumer(address, group, topic, mode))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_every_record_is_acknowledged_on_its_own(
    bootstrap: str, admin: StockClient, topic: str, group: str, share_consumers: ShareConsumers
) -> None:
    create(admin, topic)
    configure(bootstrap, group, share_auto_offset_reset="earliest")
    send_all(admin, topic, numbered(0, 12))
    member = share_consumers(bootstrap, group, topic)
    found = poll(member, 12)
    kinds = [AcknowledgeType.ACCEPT, AcknowledgeType.RELEASE, AcknowledgeType.REJECT]
    for number, message in enumerate(found):
        assert message.delivery_count() == 1
        member.acknowledge(message, kinds[number % 3])
    assert list(member.commit_sync(10).values()) == [None]
    again = poll(member, 4)
    assert values(again) == [b"1", b"4", b"7", b"10"]
    assert {message.delivery_count() for message in again} == {2}
    for message in again:
        member.acknowledge(message)
    assert list(member.commit_sync(10).values()) == [None]


def test_members_share_the_records_of_one_partition(
    bootstrap: str, admin: StockClient, topic: str, group: str, share_consumers: ShareConsumers
) -> None:
    create(admin, topic)
    configure(bootstrap, group, share_auto_offset_reset="earliest")
    members = [share_consumers(bootstrap, group, topic, "implicit") for _ in range(3)]
    seen: list[list[bytes]] = [[], [], []]
    sent = 0
    deadline = time.monotonic() + DEADLINE_S
    while not all(seen):
        assert time.monotonic() < deadline
        send_all(admin, topic, numbered(sent, 3))
        sent += 3
        for number, member in enumerate(members):
            seen[number] += values([message for message in member.poll(0.3) if message.error() is None])
    while sum(map(len, seen)) < sent:
        assert time.monotonic() < deadline
        for number, member in enumerate(members):
            seen[number] += values([message for message in member.poll(0.3) if message.error() is None])
    assert sorted(chain(*seen), key=int) == [message.value for message in numbered(0, sent)]


def test_a_member_that_closes_leaves_what_it_has_not_acknowledged(
    bootstrap: str, admin: StockClient, topic: str, group: str, share_consumers: ShareConsumers
) -> None:
    create(admin, topic)
    configure(bootstrap, group, share_auto_offset_reset="earliest")
    send_all(admin, topic, numbered(0, 10))
    first = share_consumers(bootstrap, group, topic)
    found = poll(first, 10)
    for message in found[:4]:
        first.acknowledge(message)
    first.commit_sync(10)
    first.close()
    assert take_all(share_consumers(bootstrap, group, topic), 6) == values(found[4:])


def test_nothing_is_lost_by_a_crash_and_nothing_acknowledged_comes_again(
    fresh_broker: FreshBroker, topic: str, group: str, share_consumers: ShareConsumers
) -> None:
    broker = fresh_broker(SHARE_SETTINGS)
    client = ConfluentKafka(broker.address)
    create(client, topic)
    configure(broker.address, group, share_auto_offset_reset="earliest", share_record_lock_duration_ms="1000")
    send_all(client, topic, numbered(0, 20))
    member = share_consumers(broker.address, group, topic)
    found = poll(member, 20)
    kinds = {
        number: AcknowledgeType.REJECT if number % 5 == 0 else AcknowledgeType.ACCEPT for number in range(0, 20, 2)
    }
    for number, kind in kinds.items():
        member.acknowledge(found[number], kind)
    assert list(member.commit_sync(10).values()) == [None]
    broker.kill()
    broker.start()
    left = [b"%d" % number for number in range(20) if number not in kinds]
    assert sorted(take_all(share_consumers(broker.address, group, topic), len(left)), key=int) == left
    client.close()
