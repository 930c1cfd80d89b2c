"""Groups with members of both protocols (KIP-848): a classic group becomes a consumer group and goes back."""

from collections.abc import Mapping, Sequence
from typing import Any

from odradek.broker.wire import Wire
from odradek.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.heartbeat import HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupResponse
from odradek.protocol.messages.offset_commit import OffsetCommitResponse
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from odradek.protocol.subscription import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    encode_assignment,
    encode_subscription,
)

from ..wire_session import Dialogue, scenario
from . import consumer_groups, groups
from .consumer_groups import describe, heartbeat, new_group, owned
from .groups import commit, leave


def subscribed(topic: str, *owned: int, version: int = 1, generation: int = -1) -> bytes:
    """What a consumer joins with."""
    has = [TopicPartition(topic=topic, partitions=owned)] if owned else []
    subscription = ConsumerProtocolSubscription(topics=[topic], owned_partitions=has)
    if version >= 2:
        subscription.generation_id = generation
    return encode_subscription(subscription, version)


def given(topic: str, *indexes: int, version: int = 1) -> bytes:
    """What a leader gives."""
    return encode_assignment(
        ConsumerProtocolAssignment(assigned_partitions=[TopicPartition(topic=topic, partitions=indexes)]), version
    )


def beat(d: Dialogue, label: str, group: str, generation: int, member: str, instance: str | None = None) -> None:
    d.ask(label, groups.beat(group, generation, member, instance), 4, HeartbeatResponse)


def described(d: Dialogue, label: str, group: str) -> None:
    """As both protocols' tools see the group."""
    describe(d, f"{label}: as a consumer group", group)
    d.ask(f"{label}: as a classic group", DescribeGroupsRequest(groups=[group]), 6, DescribeGroupsResponse)


class Classic:
    """A classic member with a connection of its own."""

    def __init__(self, d: Dialogue, name: str, group: str, topic: str, instance: str | None = None) -> None:
        self.d, self.name, self.group, self.topic, self.instance = d, name, group, topic, instance
        self.wire: Wire = d.connect(name)
        self.member_id = ""
        self.generation = -1

    def request(self, *owned: int, protocols: tuple[str, ...] = ("range",), kind: str = "consumer") -> JoinGroupRequest:
        return groups.join(
            self.group,
            self.member_id,
            instance=self.instance,
            metadata=subscribed(self.topic, *owned),
            protocols=protocols,
            kind=kind,
        )

    def join(self, label: str, *owned: int, version: int = 9) -> JoinGroupResponse:
        answer = self.d.ask(label, self.request(*owned), version, JoinGroupResponse, self.wire)
        return self._joined(answer)

    def send_join(self, *owned: int) -> None:
        self.wire.send(self.request(*owned), 9)

    def note_join(self, label: str) -> JoinGroupResponse:
        answer = self.wire.answer(JoinGroupRequest, 9, JoinGroupResponse)
        self.d.note(label, answer)
        return self._joined(answer)

    def sync(self, label: str, assigned: Mapping[str, bytes] | None = None) -> SyncGroupResponse:
        return self.d.ask(label, self._sync_request(assigned), 5, SyncGroupResponse, self.wire)

    def send_sync(self) -> None:
        self.wire.send(self._sync_request(None), 5)

    def note_sync(self, label: str) -> None:
        self.d.note(label, self.wire.answer(SyncGroupRequest, 5, SyncGroupResponse))

    def beat(self, label: str) -> None:
        request = groups.beat(self.group, self.generation, self.member_id, self.instance)
        self.d.ask(label, request, 4, HeartbeatResponse, self.wire)

    def _sync_request(self, assigned: Mapping[str, bytes] | None) -> SyncGroupRequest:
        return groups.sync(self.group, self.generation, self.member_id, dict(assigned or {}), instance=self.instance)

    def _joined(self, answer: JoinGroupResponse) -> JoinGroupResponse:
        self.member_id = answer.member_id or self.member_id
        if answer.generation_id >= 0:
            self.generation = answer.generation_id
        return answer


def two_classic(
    d: Dialogue, group: str, topic: str, *, names: str = "ab", instances: Sequence[str | None] = (None, None)
) -> list[Classic]:
    """Two members of a stable classic group of generation 2, with three partitions of the topic each."""
    members = [Classic(d, name, group, topic, instance) for name, instance in zip(names, instances, strict=True)]
    a, b = members
    if a.instance is None:
        a.join(f"{a.name} is told its id")
    a.join(f"{a.name} is alone")
    a.sync(f"{a.name} has all", {a.member_id: given(topic, *range(6))})
    if b.instance is None:
        b.join(f"{b.name} is told its id")
    b.send_join()
    d.note(f"{b.name} waits", not b.wire.is_closed_by_peer(0.1))
    a.join(f"{a.name} joins with {b.name}", *range(6))
    b.note_join(f"{b.name} has joined")
    a.sync(f"{a.name} has three", {a.member_id: given(topic, 0, 1, 2), b.member_id: given(topic, 3, 4, 5)})
    b.sync(f"{b.name} has three")
    return members


@scenario
def a_classic_group_is_upgraded_member_by_member_and_goes_back(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t", 6)
    group = new_group(d, "g")
    a, b = two_classic(d, group, topic)
    consumer_groups.beat(d, "m joins", group, "m", subscribed_topic_names=[topic])
    described(d, "upgraded", group)
    a.beat("a is to join")
    b.sync("b is not to sync")
    b.beat("b is to join")
    a.join("a joins, and owns what it had", 0, 1, 2)
    a.sync("a syncs")
    a.beat("a beats")
    b.join("b joins, and owns what it had", 3, 4, 5)
    b.sync("b syncs")
    b.beat("b beats")
    described(d, "joined", group)
    a.join("a joins, with what it kept", 0, 1)
    a.sync("a syncs once more")
    b.join("b joins, with what it kept", 3, 4)
    b.sync("b syncs once more")
    consumer_groups.beat(d, "m stays", group, "m", 3, topic_partitions=[])
    described(d, "all have joined", group)
    a.beat("a stays")
    b.beat("b stays")
    consumer_groups.beat(d, "b's other life", group, b.member_id, subscribed_topic_names=[topic])
    described(d, "b speaks the new protocol", group)
    b.beat("b's old life")
    consumer_groups.beat(d, "m leaves", group, "m", -1)
    described(d, "m has left", group)
    consumer_groups.beat(d, "b leaves", group, b.member_id, -1)
    described(d, "a classic group again", group)
    a.beat("a is to join once more")
    a.join("a joins alone")
    a.sync("a syncs alone", {a.member_id: given(topic, *range(6))})
    described(d, "the end", group)
    consumer_groups.beat(d, "a new protocol's epoch", group, "m", 5, topic_partitions=owned({topic_id: [0]}))


@scenario
def a_classic_member_joins_a_consumer_group(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t", 4)
    group = new_group(d, "g")
    consumer_groups.beat(d, "m joins", group, "m", subscribed_topic_names=[topic])
    a = Classic(d, "a", group, topic)
    a.join("a is told its id")
    for label, request in {
        "another type": a.request(kind="connect"),
        "no protocol": a.request(protocols=()),
        "a subscription that is none": groups.join(group, a.member_id, metadata=b"\x00"),
    }.items():
        d.ask(label, request, 9, JoinGroupResponse)
    a.join("a joins")
    described(d, "a has joined", group)
    a.sync("a has nothing")
    a.beat("a stays")
    consumer_groups.beat(d, "m is to give up two", group, "m", 2)
    a.beat("a waits")
    consumer_groups.beat(d, "m has given up two", group, "m", 2, topic_partitions=owned({topic_id: [0, 1]}))
    a.beat("a is to join")
    a.sync("a may sync")
    a.join("a joins again")
    a.sync("a has two")
    described(d, "settled", group)
    unknown = groups.join(group, metadata=subscribed(topic), protocols=("sticky",))
    d.ask("no protocol in common", unknown, 9, JoinGroupResponse)
    for label, version, generation, member in (
        ("right", 2, a.generation, a.member_id),
        ("right", 8, a.generation, a.member_id),
        ("right", 9, a.generation, a.member_id),
        ("late", 8, a.generation - 1, a.member_id),
        ("early", 9, a.generation + 1, a.member_id),
        ("an administrator", 8, -1, ""),
        ("nobody", 8, 1, "nobody"),
        ("of the new protocol", 8, 2, "m"),
    ):
        asked = commit(group, topic, 7, generation=generation, member=member)
        d.ask(f"commit: {label} v{version}", asked, version, OffsetCommitResponse)
    topics = [OffsetFetchRequestTopics(name=topic, partition_indexes=[0])]
    for label, member, epoch in (("right", a.member_id, a.generation), ("late", a.member_id, 1), ("none", "x", 1)):
        one = OffsetFetchRequestGroup(group_id=group, member_id=member, member_epoch=epoch, topics=topics)
        d.ask(f"fetch: {label}", OffsetFetchRequest(groups=[one]), 9, OffsetFetchResponse)
    beat(d, "a wrong generation", group, a.generation + 1, a.member_id)
    beat(d, "an instance that is not there", group, a.generation, a.member_id, "i")
    beat(d, "of the new protocol", group, 3, "m")
    for label, asked_sync in {
        "another generation": groups.sync(group, a.generation + 1, a.member_id),
        "another type": groups.sync(group, a.generation, a.member_id, kind="connect"),
        "another name": groups.sync(group, a.generation, a.member_id, protocol="sticky"),
        "of the new protocol": groups.sync(group, 3, "m"),
        "nobody": groups.sync(group, 3, "nobody"),
    }.items():
        d.ask(f"sync: {label}", asked_sync, 5, SyncGroupResponse)
    gone = leave(group, (a.member_id, None), ("m", None), ("nobody", None), ("", "i"))
    d.ask("some leave", gone, 5, LeaveGroupResponse)
    described(d, "a has left", group)


@scenario
def an_old_client_joins_a_consumer_group(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    for version in (0, 3):
        group = new_group(d, f"g{version}")
        consumer_groups.beat(d, f"m joins v{version}", group, "m", subscribed_topic_names=[topic])
        joins = groups.join(group, metadata=subscribed(topic, version=0))
        joined = d.ask(f"joins v{version}", joins, version, JoinGroupResponse)
        syncs = groups.sync(group, joined.generation_id, joined.member_id)
        d.ask(f"syncs v{version}", syncs, 0, SyncGroupResponse)
        described(d, f"v{version}", group)
        d.ask(f"leaves v{version}", leave(group, (joined.member_id, None)), 5, LeaveGroupResponse)


@scenario
def static_members_change_their_protocol(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t", 6)
    group = new_group(d, "g")
    a, b = two_classic(d, group, topic, instances=("i", "j"))
    joins: dict[str, Any] = {"subscribed_topic_names": [topic]}
    consumer_groups.beat(d, "i has the new protocol", group, "a2", instance_id="i", **joins)
    described(d, "upgraded", group)
    a.beat("the old a")
    b.beat("b")
    consumer_groups.beat(d, "j has the new protocol", group, "b2", instance_id="j", **joins)
    consumer_groups.beat(d, "i stays", group, "a2", 2, topic_partitions=owned({topic_id: [0, 1, 2]}))
    described(d, "both", group)
    c = Classic(d, "c", group, topic, "j")
    c.join("j goes back")
    described(d, "one of each", group)
    c.sync("j syncs")
    again = Classic(d, "again", group, topic, "j")
    again.join("j once more, classic")
    c.beat("j before")
    last = Classic(d, "last", group, topic, "i")
    last.join("i goes back, too")
    described(d, "a classic group again", group)
    again.beat("j stays")
    last.sync("i syncs")
    consumer_groups.beat(d, "i's other life", group, "a2", 3, topic_partitions=[])
    d.ask("removed by an administrator", leave(group, ("", "j")), 5, LeaveGroupResponse)
    last.beat("i is to join")


@scenario
def groups_that_cannot_be_upgraded(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    joins: dict[str, Any] = {"subscribed_topic_names": [topic]}
    for label, kind, metadata, assigned in (
        ("connect", "connect", b"\x00\x01", b""),
        ("garbage", "consumer", b"\x00", b""),
        ("assigned garbage", "consumer", subscribed(topic), b"\x00"),
    ):
        group = new_group(d, label.replace(" ", "-"))
        first = d.wire.ask(groups.join(group, kind=kind, metadata=metadata), 3, JoinGroupResponse)
        member = first.member_id
        d.ask(f"{label}: synced", groups.sync(group, 1, member, {member: assigned}, kind=kind), 5, SyncGroupResponse)
        consumer_groups.beat(d, f"{label}: m joins", group, "m", **joins)
        described(d, label, group)


@scenario
def members_that_wait_in_a_classic_rebalance_begin_anew(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 6)
    joining, syncing = new_group(d, "joining"), new_group(d, "syncing")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    a, b = two_classic(d, joining, topic)
    a.send_join(0, 1, 2)
    d.note("a waits", not a.wire.is_closed_by_peer(0.1))
    consumer_groups.beat(d, "m joins", joining, "m", **names)
    a.note_join("a is to join again")
    a.join("a joins for the new protocol", 0, 1, 2)
    b.beat("b is to join")
    described(d, "joining", joining)
    c, e = two_classic(d, syncing, topic, names="ce")
    c.send_join(0, 1, 2)
    d.note("c waits", not c.wire.is_closed_by_peer(0.1))
    e.join("e joins", 3, 4, 5)
    c.note_join("c has joined")
    e.send_sync()
    d.note("e waits for c, who leads", not e.wire.is_closed_by_peer(0.1))
    asked = heartbeat(syncing, "m", **names)
    d.ask("m joins those that sync", asked, 1, ConsumerGroupHeartbeatResponse)
    e.note_sync("e is to join again")
    described(d, "syncing", syncing)
    c.sync("who led is late", {c.member_id: given(topic, 0)})


@scenario
def classic_members_wait_for_a_target_that_is_not_made_yet(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 4)
    group = new_group(d, "g", consumer_assignment_interval_ms="15000")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    consumer_groups.beat(d, "m joins", group, "m", **names)
    a = Classic(d, "a", group, topic)
    a.join("a is told its id")
    a.join("a joins before there is a target for it")
    described(d, "a has joined", group)
    a.sync("a syncs")
    a.beat("a stays")
    consumer_groups.beat(d, "n joins", group, "n", **names)
    a.beat("a stays still")
    a.join("a joins again in vain")
    a.sync("a syncs again")
    consumer_groups.beat(d, "m stays", group, "m", 2)
    described(d, "waiting", group)


@scenario
def joins_of_a_consumer_group_that_are_refused(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    consumer_groups.beat(d, "m joins", group, "m", subscribed_topic_names=[topic])
    for session_ms in (-1, 1, 2_147_483_647):
        for version, instance in ((3, None), (9, None), (9, "i")):
            asked = groups.join(group, instance=instance, metadata=subscribed(topic), session_ms=session_ms)
            d.ask(f"a session of {session_ms} ms, v{version}, {instance}", asked, version, JoinGroupResponse)
    d.ask("no group", groups.join("", metadata=subscribed(topic)), 3, JoinGroupResponse)
    whole = subscribed(topic, 0, 1, version=2, generation=3)
    for cut in (2, len(whole) // 2, len(whole) - 6, len(whole) - 1):
        asked = groups.join(group, metadata=whole[:cut])
        d.ask(f"a subscription of {cut - len(whole)} bytes", asked, 3, JoinGroupResponse)
    newer = b"\x7f\xff" + subscribed(topic, version=3, generation=3)[2:]
    d.ask("a subscription of a version to come", groups.join(group, "new", metadata=newer), 9, JoinGroupResponse)
    lying = b"\x7f\xff" + subscribed(topic, version=0)[2:]
    d.ask("one that lacks what its version has", groups.join(group, "lie", metadata=lying), 9, JoinGroupResponse)
    described(d, "the end", group)


@scenario
def a_classic_member_takes_over_with_another_subscription(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    other, _ = d.create_topic("u", 2)
    for label, names in (("the same", [topic, other]), ("another", [topic])):
        group = new_group(d, label.replace(" ", "-"))
        joins: dict[str, Any] = {"subscribed_topic_names": [topic, other], "instance_id": "i"}
        consumer_groups.beat(d, f"{label}: m joins", group, "m", **joins)
        k = Classic(d, f"k {label}", group, topic)
        k.join(f"{label}: k is told its id")
        k.join(f"{label}: k joins")
        k.sync(f"{label}: k syncs")
        subscription = encode_subscription(ConsumerProtocolSubscription(topics=names), 1)
        heir = groups.join(group, instance="i", metadata=subscription)
        d.ask(f"{label}: i goes back", heir, 9, JoinGroupResponse)
        d.ask(f"{label}: a classic group", DescribeGroupsRequest(groups=[group]), 6, DescribeGroupsResponse)
        k.beat(f"{label}: k")
