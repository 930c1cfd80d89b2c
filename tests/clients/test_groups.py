"""Groups: members come and go, each record is read by one of them, and what was committed is not read again."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from .stock_client import DEADLINE_S, Member, Message, StockClient, create, gather, send_all, until

PARTITIONS = 6
POLL_S = 0.5  # kafka-python breaks off a rebalance that a poll does not live to see


def numbered(first: int, count: int) -> list[Message]:
    return [Message(b"%d" % number, partition=number % PARTITIONS) for number in range(first, first + count)]


def settle(members: Sequence[Member], seen: Counter[bytes]) -> None:
    """Polls all members, counting what they read and committing it, until each partition has one owner."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        take(members, seen)
        owned = [member.assigned() for member in members]
        if all(owned) and sorted(p for one in owned for p in one) == list(range(PARTITIONS)):
            return
        assert time.monotonic() < deadline, f"the group does not settle: {owned}"


def take(members: Sequence[Member], seen: Counter[bytes]) -> None:
    """One poll of each member, at the same time, as they would in processes of their own."""
    with ThreadPoolExecutor(len(members)) as threads:
        for values in threads.map(poll_and_commit, members):
            seen.update(values)


def poll_and_commit(member: Member) -> list[bytes]:
    polled = member.poll(POLL_S)
    if polled:
        member.commit()
    return [message.value or b"" for message in polled]


def take_until(members: Sequence[Member], seen: Counter[bytes], count: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while len(seen) < count:
        take(members, seen)
        assert time.monotonic() < deadline, f"{len(seen)} of {count} records were read"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_members_share_the_partitions_and_read_every_record_once(
    client: StockClient, admin: StockClient, topic: str, group: str, count: int
) -> None:
    create(admin, topic, PARTITIONS)
    members: list[Member] = []
    seen: Counter[bytes] = Counter()
    try:
        members += [client.member(group, topic) for _ in range(count)]
        settle(members, seen)
        assert [len(member.assigned()) for member in members] == [PARTITIONS // count] * count
        send_all(admin, topic, numbered(0, 300))
        take_until(members, seen, 300)
        assert set(seen.values()) == {1}
    finally:
        for member in members:
            member.close()


def test_members_join_and_leave_and_no_record_is_lost_or_read_twice(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, PARTITIONS)
    seen: Counter[bytes] = Counter()
    first = client.member(group, topic)
    members = [first]
    try:
        settle(members, seen)
        send_all(admin, topic, numbered(0, 60))
        take_until(members, seen, 60)
        members.append(client.member(group, topic))
        settle(members, seen)
        send_all(admin, topic, numbered(60, 60))
        take_until(members, seen, 120)
        members.append(client.member(group, topic))
        settle(members, seen)
        send_all(admin, topic, numbered(120, 60))
        take_until(members, seen, 180)
        members.remove(first)
        first.close()
        settle(members, seen)
        send_all(admin, topic, numbered(180, 60))
        take_until(members, seen, 240)
        members.pop().close()
        settle(members, seen)
        send_all(admin, topic, numbered(240, 60))
        take_until(members, seen, 300)
        assert set(seen) == {b"%d" % number for number in range(300)}
        assert set(seen.values()) == {1}
    finally:
        for member in members:
            member.close()


def test_a_new_member_resumes_where_the_last_one_committed(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"%d" % number) for number in range(10)])
    member = client.member(group, topic)
    try:
        assert len(gather(member.poll, 10)) == 10
        member.commit_at(topic, 0, 4)
    finally:
        member.close()
    member = client.member(group, topic)
    try:
        read = gather(member.poll, 6)
        assert [one.value for one in read] == [b"%d" % number for number in range(4, 10)]
        committed = member.committed(topic, 0)
        assert committed is not None
        assert committed[0] == 4
    finally:
        member.close()


def test_nothing_is_committed_before_a_commit(client: StockClient, admin: StockClient, topic: str, group: str) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"x")])
    member = client.member(group, topic)
    try:
        assert len(gather(member.poll, 1)) == 1
        assert member.committed(topic, 0) is None
    finally:
        member.close()


@pytest.mark.parametrize("client_name", ["kafka-python", "confluent-kafka"])
def test_metadata_committed_with_an_offset_comes_back(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"x")])
    member = client.member(group, topic)
    try:
        assert len(gather(member.poll, 1)) == 1
        member.commit_at(topic, 0, 1, "what I was doing")
        assert member.committed(topic, 0) == (1, "what I was doing")
    finally:
        member.close()


@pytest.mark.parametrize("client_name", ["kafka-python", "confluent-kafka"])
def test_metadata_is_measured_in_utf16_units(client: StockClient, admin: StockClient, topic: str, group: str) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"x")])
    member = client.member(group, topic)
    try:
        assert len(gather(member.poll, 1)) == 1
        for longest in ("é" * 4095, "😀" * 2047):  # librdkafka sends one byte more than it was given
            member.commit_at(topic, 0, 1, longest)
            assert member.committed(topic, 0) == (1, longest)
        with pytest.raises(Exception, match=r"(?i)metadata"):
            member.commit_at(topic, 0, 0, "😀" * 2049)
        assert member.committed(topic, 0) == (1, longest)
    finally:
        member.close()


def test_a_static_member_that_comes_back_keeps_its_partitions(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic, PARTITIONS)
    seen: Counter[bytes] = Counter()
    stays = client.member(group, topic, instance_id="stays")
    comes_back = client.member(group, topic, instance_id="comes-back")
    try:
        settle([stays, comes_back], seen)
        owned_before = stays.assigned()
        comes_back.close()  # a static member says nothing when it closes
        comes_back = client.member(group, topic, instance_id="comes-back")
        settle([stays, comes_back], seen)
        assert stays.assigned() == owned_before
        send_all(admin, topic, numbered(0, 60))
        take_until([stays, comes_back], seen, 60)
        assert set(seen.values()) == {1}
    finally:
        stays.close()
        comes_back.close()


def test_each_group_reads_the_whole_topic_for_itself(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic)
    send_all(admin, topic, [Message(b"x")] * 20)
    for own in (f"{group}-a", f"{group}-b"):
        member = client.member(own, topic)
        try:
            assert [one.offset for one in gather(member.poll, 20)] == list(range(20))
        finally:
            member.close()


def test_a_waiting_member_gets_a_record_as_soon_as_it_is_there(
    client: StockClient, admin: StockClient, topic: str, group: str
) -> None:
    create(admin, topic)
    member = client.member(group, topic)
    try:
        until(lambda: not member.poll(0.5) and member.assigned() == {0}, "the member owns the partition")
        send_all(admin, topic, [Message(b"late")])
        assert [one.value for one in gather(member.poll, 1)] == [b"late"]
    finally:
        member.close()
