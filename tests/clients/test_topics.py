"""Topics come and go as admins and producers ask, and only then."""

import contextlib

import pytest

from .stock_client import DEADLINE_S, Message, StockClient, create, gather, send_all, until


def test_a_created_topic_is_listed_with_its_partitions(client: StockClient, topic: str) -> None:
    client.create_topic(topic, 7)
    until(lambda: client.topics().get(topic) == 7, "the topic is listed")


def test_a_topic_cannot_be_created_twice(client: StockClient, admin: StockClient, topic: str) -> None:
    create(admin, topic)
    with pytest.raises(Exception, match=r"(?i)exists|TOPIC_ALREADY_EXISTS|36"):
        client.create_topic(topic)


@pytest.mark.parametrize("name", ["a b", "ä", "a/b", "x" * 250])
def test_an_illegal_name_is_refused(admin: StockClient, name: str) -> None:
    with pytest.raises(Exception, match=r"(?i)invalid|illegal"):
        admin.create_topic(name)


def test_settings_given_at_creation_are_described(client: StockClient, topic: str) -> None:
    create(client, topic, retention_ms="123456", cleanup_policy="compact")
    configs = client.topic_configs(topic)
    assert configs["retention.ms"] == "123456"
    assert configs["cleanup.policy"] == "compact"
    assert configs["max.message.bytes"] == "1048588"
    assert configs["segment.bytes"] == "1073741824"


def test_the_cluster_is_one_broker_at_the_address_asked(client: StockClient, bootstrap: str) -> None:
    cluster = client.cluster()
    assert list(cluster.brokers.values()) == [bootstrap]
    assert cluster.controller_id in cluster.brokers
    assert len(cluster.cluster_id) == 22


def test_a_producer_creates_the_topic_it_writes_to(client: StockClient, topic: str) -> None:
    assert send_all(client, topic, [Message(b"first")]) == [0]
    assert [one.value for one in client.read(topic, 1)] == [b"first"]


def test_listing_topics_and_asking_for_their_settings_creates_none(
    client: StockClient, admin: StockClient, topic: str
) -> None:
    assert topic not in client.topics()
    with contextlib.suppress(Exception):  # not every client raises for an unknown topic
        client.topic_configs(topic)
    assert topic not in client.topics()
    assert topic not in admin.topics()


def test_a_deleted_topic_is_gone_and_comes_back_empty(client: StockClient, admin: StockClient, topic: str) -> None:
    create(client, topic, 2)
    send_all(client, topic, [Message(b"old")] * 3)
    client.delete_topic(topic)
    until(lambda: topic not in client.topics(), "the topic is gone")
    create(client, topic, 3)
    until(lambda: admin.offset_range(topic) == (0, 0), "the new topic is empty")
    assert send_all(client, topic, [Message(b"new")]) == [0]
    assert [one.value for one in client.read(topic, 1)] == [b"new"]


def test_a_group_finds_the_partitions_that_a_topic_gets_later(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(client, topic)
    send_all(client, topic, [Message(b"first")])
    member = client.member(group, topic)
    try:
        assert [one.value for one in gather(member.poll, 1)] == [b"first"]
        member.commit()
        client.grow_topic(topic, 3)
        until(lambda: admin.topics().get(topic) == 3, "the topic has grown")
        send_all(admin, topic, [Message(b"later", partition=2)])
        assert [one.value for one in gather(member.poll, 1)] == [b"later"]
        assert member.assigned() == {0, 1, 2}
    finally:
        member.close()


def test_a_topic_cannot_shrink(client: StockClient, topic: str) -> None:
    create(client, topic, 2)
    with pytest.raises(Exception, match=r"(?i)partitions"):
        client.grow_topic(topic, 1)
    assert client.topics()[topic] == 2


def test_a_setting_that_is_changed_counts_at_once_and_can_be_taken_back(client: StockClient, topic: str) -> None:
    create(client, topic)
    client.set_topic_config(topic, "max.message.bytes", "500")
    until(lambda: client.topic_configs(topic)["max.message.bytes"] == "500", "the setting is described")
    with pytest.raises(Exception, match=r"(?i)too ?large|too_large|larger than the max"):
        send_all(client, topic, [Message(bytes(1000))])
    client.set_topic_config(topic, "max.message.bytes", None)
    until(lambda: client.topic_configs(topic)["max.message.bytes"] == "1048588", "the setting is taken back")
    assert send_all(client, topic, [Message(bytes(1000))]) == [0]


def test_a_setting_without_sense_is_refused(client: StockClient, topic: str) -> None:
    create(client, topic)
    with pytest.raises(Exception, match=r"(?i)invalid|40"):
        client.set_topic_config(topic, "retention.ms", "soon")


def test_a_topic_of_a_thousand_partitions_is_written_and_read(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, 1000)
    chosen = [0, 1, 499, 500, 998, 999]
    assert send_all(client, topic, [Message(b"%d" % number, partition=number) for number in chosen]) == [0] * 6
    member = client.member(group, topic)
    try:
        read = gather(member.poll, 6, 2 * DEADLINE_S)
        assert sorted(int(one.value or b"") for one in read) == chosen
        assert member.assigned() == set(range(1000))
    finally:
        member.close()


def test_deleted_records_are_gone_and_the_others_keep_their_offsets(client: StockClient, topic: str) -> None:
    create(client, topic)
    send_all(client, topic, [Message(b"%d" % n) for n in range(10)])
    assert client.delete_records(topic, 4) == 4
    assert client.offset_range(topic) == (4, 10)
    left = client.read(topic, 6, offset=4)
    assert [(one.offset, one.value) for one in left] == [(n, b"%d" % n) for n in range(4, 10)]
    assert client.delete_records(topic, -1) == 10
    assert client.offset_range(topic) == (10, 10)
    assert send_all(client, topic, [Message(b"new")]) == [10]
