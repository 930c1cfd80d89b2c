"""Consumers with `group.protocol=consumer` (KIP-848), as librdkafka sends it: the broker assigns.

Heartbeats are five seconds apart, so a group may take ten to settle.
"""

import time
from collections.abc import Callable, Iterator, Sequence

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from ..conftest import FreshBroker
from .stock_client import Message, StockClient, create, send_all
from .with_confluent_kafka import ConfluentKafka

DEADLINE_S = 40.0
PARTITIONS = 4

Consumers = Callable[..., Consumer]


@pytest.fixture
def consumers() -> Iterator[Consumers]:
    """Makes consumers, which are closed in the end."""
    made: list[Consumer] = []

    def consumer(address: str, group: str, *topics: str, **settings: str) -> Consumer:
        given = {name.replace("_", "."): value for name, value in settings.items()}
        one = Consumer(
            {
                "bootstrap.servers": address,
                "group.id": group,
                "group.protocol": "consumer",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "topic.metadata.refresh.interval.ms": 500,
                **given,
            }
        )
        made.append(one)
        one.subscribe(list(topics))
        return one

    yield consumer
    for one in made:
        one.close()


def poll(members: Sequence[Consumer], seen: list[bytes]) -> None:
    for member in members:
        message = member.poll(0.05)
        if message is not None and message.error() is None:
            seen.append(message.value() or b"")


def poll_until(members: Sequence[Consumer], seen: list[bytes], is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_done():
        poll(members, seen)
        assert time.monotonic() < deadline, [len(member.assignment()) for member in members]


def shares(members: Sequence[Consumer]) -> list[int]:
    return [len(member.assignment()) for member in members]


def numbered(first: int, count: int) -> list[Message]:
    return [Message(b"%d" % number, partition=number % PARTITIONS) for number in range(first, first + count)]


def test_two_consumers_share_and_one_takes_over(
    bootstrap: str, admin: StockClient, topic: str, group: str, consumers: Consumers
) -> None:
    create(admin, topic, PARTITIONS)
    send_all(admin, topic, numbered(0, 40))
    seen: list[bytes] = []
    first = consumers(bootstrap, group, topic)
    poll_until([first], seen, lambda: len(seen) == 40)
    first.commit(asynchronous=False)
    second = consumers(bootstrap, group, topic)
    both = [first, second]
    poll_until(both, seen, lambda: shares(both) == [2, 2])
    send_all(admin, topic, numbered(40, 40))
    poll_until(both, seen, lambda: len(seen) >= 80)
    assert sorted(seen) == sorted(b"%d" % number for number in range(80))
    second.commit(asynchronous=False)
    second.close()
    poll_until([first], seen, lambda: shares([first]) == [4])
    first.commit(asynchronous=False)
    committed = first.committed([TopicPartition(topic, index) for index in range(PARTITIONS)], timeout=10)
    assert [one.offset for one in committed] == [20] * PARTITIONS


def test_a_pattern_finds_the_topics_that_are_there(
    bootstrap: str, admin: StockClient, topic: str, group: str, consumers: Consumers
) -> None:
    for number in range(2):
        create(admin, f"{topic}-{number}", 1)
        send_all(admin, f"{topic}-{number}", [Message(b"%d" % number)])
    seen: list[bytes] = []
    member = consumers(bootstrap, group, f"^{topic}-.*")
    poll_until([member], seen, lambda: len(seen) == 2)
    assert sorted(seen) == [b"0", b"1"]


def test_a_static_consumer_that_comes_back_goes_on_with_what_it_had(
    bootstrap: str, admin: StockClient, topic: str, group: str, consumers: Consumers
) -> None:
    create(admin, topic, PARTITIONS)
    seen: list[bytes] = []
    first = consumers(bootstrap, group, topic, group_instance_id="one")
    poll_until([first], seen, lambda: shares([first]) == [4])
    first.close()
    admin_client = AdminClient({"bootstrap.servers": bootstrap})
    described = admin_client.describe_consumer_groups([group])[group].result()
    assert len(described.members) == 1
    again = consumers(bootstrap, group, topic, group_instance_id="one")
    poll_until([again], seen, lambda: shares([again]) == [4])
    assert len(admin_client.describe_consumer_groups([group])[group].result().members) == 1


def test_tools_see_the_group_and_reset_it_when_it_is_empty(
    bootstrap: str, admin: StockClient, topic: str, group: str, consumers: Consumers
) -> None:
    create(admin, topic, PARTITIONS)
    member = consumers(bootstrap, group, topic)
    poll_until([member], [], lambda: shares([member]) == [4])
    admin_client = AdminClient({"bootstrap.servers": bootstrap})
    described = admin_client.describe_consumer_groups([group])[group].result()
    assert (described.state.name, described.type.name) == ("STABLE", "CONSUMER")
    assert [len(one.assignment.topic_partitions) for one in described.members] == [PARTITIONS]
    member.close()
    reset = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 0)])
    admin_client.alter_consumer_group_offsets([reset])[group].result()
    admin_client.delete_consumer_groups([group])[group].result()
    listed = admin_client.list_consumer_groups().result().valid
    assert group not in {one.group_id for one in listed}


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_consumer_goes_on_after_a_restart_of_the_broker(
    fresh_broker: FreshBroker, topic: str, group: str, consumers: Consumers, is_killed: bool
) -> None:
    broker = fresh_broker({})
    client = ConfluentKafka(broker.address)
    create(client, topic, PARTITIONS)
    send_all(client, topic, numbered(0, 20))
    seen: list[bytes] = []
    member = consumers(broker.address, group, topic)
    poll_until([member], seen, lambda: len(seen) == 20)
    member.commit(asynchronous=False)
    if is_killed:
        broker.kill()
    else:
        broker.stop()
    broker.start()
    send_all(client, topic, numbered(20, 20))
    poll_until([member], seen, lambda: len(seen) >= 40)
    member.commit(asynchronous=False)
    assert sorted(seen) == sorted(b"%d" % number for number in range(40))
    client.close()
