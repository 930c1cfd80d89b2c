"""Classic groups: joining, syncing, leaving and committing, in right and wrong order."""

import time

from odradek.broker.wire import Wire
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse

from ..wire_session import Dialogue, scenario

NO_PRODUCER = bytes([7]) * 16
# A subscription of version 0 to no topic: the Java broker reads what "consumer" groups send.
SUBSCRIPTION = bytes.fromhex("000000000000ffffffff")


def join(
    group: str,
    member: str = "",
    *,
    instance: str | None = None,
    kind: str = "consumer",
    protocols: tuple[str, ...] = ("range",),
    metadata: bytes = SUBSCRIPTION,
    session_ms: int = 30000,
    rebalance_ms: int = 5000,
) -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id=group,
        session_timeout_ms=session_ms,
        rebalance_timeout_ms=rebalance_ms,
        member_id=member,
        group_instance_id=instance,
        protocol_type=kind,
        protocols=[JoinGroupRequestProtocol(name=name, metadata=metadata) for name in protocols],
    )


def sync(
    group: str,
    generation: int,
    member: str,
    assigned: dict[str, bytes] | None = None,
    *,
    instance: str | None = None,
    kind: str | None = "consumer",
    protocol: str | None = "range",
) -> SyncGroupRequest:
    assignments = [SyncGroupRequestAssignment(member_id=one, assignment=what) for one, what in (assigned or {}).items()]
    return SyncGroupRequest(
        group_id=group,
        generation_id=generation,
        member_id=member,
        group_instance_id=instance,
        protocol_type=kind,
        protocol_name=protocol,
        assignments=assignments,
    )


def beat(group: str, generation: int, member: str, instance: str | None = None) -> HeartbeatRequest:
    return HeartbeatRequest(group_id=group, generation_id=generation, member_id=member, group_instance_id=instance)


def leave(group: str, *members: tuple[str, str | None]) -> LeaveGroupRequest:
    return LeaveGroupRequest(
        group_id=group, members=[MemberIdentity(member_id=one, group_instance_id=instance) for one, instance in members]
    )


def commit(
    group: str,
    topic: str,
    offset: int,
    *,
    generation: int = -1,
    member: str = "",
    metadata: str | None = "",
    partition: int = 0,
    epoch: int = -1,
    instance: str | None = None,
) -> OffsetCommitRequest:
    kept = OffsetCommitRequestPartition(
        partition_index=partition, committed_offset=offset, committed_leader_epoch=epoch, committed_metadata=metadata
    )
    return OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=generation,
        member_id=member,
        group_instance_id=instance,
        topics=[OffsetCommitRequestTopic(name=topic, partitions=[kept])],
    )


def member_of_one(d: Dialogue, group: str) -> str:
    """Joins as the only member and syncs: a stable group of generation 1."""
    first = d.ask("told its id", join(group), 5, JoinGroupResponse)
    d.ask("joined", join(group, first.member_id), 5, JoinGroupResponse)
    d.ask("synced", sync(group, 1, first.member_id, {first.member_id: b"mine"}), 3, SyncGroupResponse)
    return first.member_id


@scenario
def one_member_at_every_version(d: Dialogue) -> None:
    for version in range(10):
        group = d.name(f"g{version}")
        answer = d.ask(f"first v{version}", join(group), version, JoinGroupResponse)
        member = answer.member_id
        if version >= 4:
            d.ask(f"second v{version}", join(group, member), version, JoinGroupResponse)
        older = min(version, 5)
        d.ask(f"sync v{older} {version}", sync(group, 1, member, {member: b"x"}), older, SyncGroupResponse)
        d.ask(f"heartbeat {version}", beat(group, 1, member), min(version, 4), HeartbeatResponse)
        leaves = LeaveGroupRequest(group_id=group, member_id=member) if version < 3 else leave(group, (member, None))
        d.ask(f"leave {version}", leaves, min(version, 5), LeaveGroupResponse)
        d.ask(f"heartbeat after {version}", beat(group, 1, member), min(version, 4), HeartbeatResponse)


@scenario
def members_without_patience(d: Dialogue) -> None:
    for rebalance_ms in (0, -1, -(1 << 31)):
        group = d.name(f"late{rebalance_ms}")
        late = d.ask(f"joined {rebalance_ms}", join(group, rebalance_ms=rebalance_ms), 3, JoinGroupResponse)
        time.sleep(0.3)
        d.ask(f"too late {rebalance_ms}", sync(group, 1, late.member_id, {}), 3, SyncGroupResponse)
        group, static = d.name(f"static{rebalance_ms}"), d.connect("static")
        patient = d.ask(f"patient {rebalance_ms}", join(group), 3, JoinGroupResponse).member_id
        static.send(join(group, instance="i", rebalance_ms=rebalance_ms), 5)
        while d.wire.ask(beat(group, 1, patient), 3, HeartbeatResponse).error_code == 0:
            time.sleep(0.01)
        d.ask(f"patient again {rebalance_ms}", join(group, patient), 3, JoinGroupResponse)
        member = static.answer(JoinGroupRequest, 5, JoinGroupResponse).member_id
        d.ask(f"assigned {rebalance_ms}", sync(group, 2, patient, {member: b"all"}), 3, SyncGroupResponse)
        d.ask(f"static {rebalance_ms}", sync(group, 2, member, instance="i"), 3, SyncGroupResponse, static)
        d.ask(f"patient leaves {rebalance_ms}", leave(group, (patient, None)), 3, LeaveGroupResponse)
        time.sleep(0.1)
        d.ask(f"called back {rebalance_ms}", beat(group, 2, member, "i"), 3, HeartbeatResponse, static)
        again = join(group, member, instance="i", rebalance_ms=5000)
        d.ask(f"static alone {rebalance_ms}", again, 5, JoinGroupResponse, static)


@scenario
def joins_that_are_refused(d: Dialogue) -> None:
    for version in (1, 5, 7, 9):
        for label, request in {
            "no group": join(""),
            "a session too short": join(d.name("a"), session_ms=5999),
            "a session too long": join(d.name("a"), session_ms=1800001),
            "a made-up member": join(d.name("a"), "made-up"),
            "no protocol type": join(d.name("b"), kind=""),
            "no protocols": join(d.name("c"), protocols=()),
        }.items():
            d.ask(f"{label} v{version}", request, version, JoinGroupResponse)


@scenario
def a_member_that_does_not_fit_the_group(d: Dialogue) -> None:
    group = d.name("g")
    member = member_of_one(d, group)
    for version in (3, 5, 9):
        d.ask(f"another type v{version}", join(group, kind="connect"), version, JoinGroupResponse)
        d.ask(f"another protocol v{version}", join(group, protocols=("sticky",)), version, JoinGroupResponse)
        d.ask(f"a made-up member v{version}", join(group, "made-up"), version, JoinGroupResponse)
        d.ask(f"an unknown instance v{version}", join(group, member, instance="i"), max(version, 5), JoinGroupResponse)
    d.ask("the member itself is well", beat(group, 1, member), 4, HeartbeatResponse)


@scenario
def calls_of_strangers(d: Dialogue) -> None:
    group, nobody = d.name("g"), d.name("nobody")
    member = member_of_one(d, group)
    for version in (0, 3, 4):
        d.ask(f"beat: no group v{version}", beat("", 1, member), version, HeartbeatResponse)
        d.ask(f"beat: an unknown group v{version}", beat(nobody, 1, member), version, HeartbeatResponse)
        d.ask(f"beat: an unknown member v{version}", beat(group, 1, "made-up"), version, HeartbeatResponse)
        d.ask(f"beat: an old generation v{version}", beat(group, 0, member), version, HeartbeatResponse)
        d.ask(f"beat: a coming generation v{version}", beat(group, 2, member), version, HeartbeatResponse)
    d.ask("beat: an unknown instance", beat(group, 1, member, "i"), 4, HeartbeatResponse)
    for version in (0, 3, 5):
        d.ask(f"sync: no group v{version}", sync("", 1, member), version, SyncGroupResponse)
        d.ask(f"sync: an unknown group v{version}", sync(nobody, 1, member), version, SyncGroupResponse)
        d.ask(f"sync: an unknown member v{version}", sync(group, 1, "made-up"), version, SyncGroupResponse)
        d.ask(f"sync: an old generation v{version}", sync(group, 0, member), version, SyncGroupResponse)
        d.ask(f"sync: again v{version}", sync(group, 1, member), version, SyncGroupResponse)
    other_type = sync(group, 1, member, kind="connect")
    d.ask("sync: another type", other_type, 5, SyncGroupResponse)
    other_name = sync(group, 1, member, protocol="sticky")
    d.ask("sync: another protocol", other_name, 5, SyncGroupResponse)
    for label, kind, protocol in (("type", None, "range"), ("protocol", "consumer", None)):
        for one in (group, "", nobody):
            request = sync(one, 1, member, kind=kind, protocol=protocol)
            d.ask(f"sync: no {label}, group {d.plain_name(one)!r}", request, 5, SyncGroupResponse)
    for version in (0, 2):
        d.ask(f"leave: no group v{version}", LeaveGroupRequest(group_id="", member_id="x"), version, LeaveGroupResponse)
        stranger = LeaveGroupRequest(group_id=group, member_id="made-up")
        d.ask(f"leave: an unknown member v{version}", stranger, version, LeaveGroupResponse)
    for version in (3, 5):
        d.ask(f"leave: no group v{version}", leave("", ("x", None)), version, LeaveGroupResponse)
        d.ask(f"leave: an unknown group v{version}", leave(nobody, ("x", None)), version, LeaveGroupResponse)
        several = leave(group, ("made-up", None), ("", "an-instance"), ("", None))
        d.ask(f"leave: unknown members v{version}", several, version, LeaveGroupResponse)
        d.ask(f"leave: nobody v{version}", leave(group), version, LeaveGroupResponse)


@scenario
def a_second_member_comes_and_goes(d: Dialogue) -> None:
    group = d.name("g")
    leader = member_of_one(d, group)
    other: Wire = d.connect("other")
    follower = d.ask("the other is told its id", join(group), 9, JoinGroupResponse, other).member_id
    other.send(join(group, follower), 9)
    d.wait_for(lambda: d.wire.ask(beat(group, 1, leader), 4, HeartbeatResponse).error_code != 0, "the group rebalances")
    d.ask("the leader's heartbeat", beat(group, 1, leader), 4, HeartbeatResponse)
    d.ask("the leader's sync", sync(group, 1, leader), 5, SyncGroupResponse)
    topic, _ = d.create_topic("orders")
    d.ask("a commit meanwhile", commit(group, topic, 5, generation=1, member=leader), 8, OffsetCommitResponse)
    d.ask("the leader joins", join(group, leader), 9, JoinGroupResponse)
    d.note("the follower joined", other.answer(JoinGroupRequest, 9, JoinGroupResponse))
    d.ask("beat before the sync", beat(group, 2, leader), 4, HeartbeatResponse)
    d.ask("a commit before the sync", commit(group, topic, 6, generation=2, member=leader), 8, OffsetCommitResponse)
    other.send(sync(group, 2, follower), 5)
    d.note("the follower waits", not other.is_closed_by_peer(0.1))
    d.ask("the leader syncs", sync(group, 2, leader, {leader: b"L", follower: b"F"}), 5, SyncGroupResponse)
    d.note("the follower synced", other.answer(SyncGroupRequest, 5, SyncGroupResponse))
    d.ask("the follower again, as it was", join(group, follower), 9, JoinGroupResponse, other)
    d.ask("the old generation", beat(group, 1, follower), 4, HeartbeatResponse, other)
    d.ask("an admin's commit", commit(group, topic, 1), 8, OffsetCommitResponse)
    d.ask("the follower leaves", leave(group, (follower, None)), 5, LeaveGroupResponse, other)
    d.ask("the leader is told", beat(group, 2, leader), 4, HeartbeatResponse)
    d.ask("the leader is alone", join(group, leader), 9, JoinGroupResponse)
    d.ask("and syncs", sync(group, 3, leader, {leader: b"all"}), 5, SyncGroupResponse)


@scenario
def static_members(d: Dialogue) -> None:
    group = d.name("g")
    first = d.ask("first", join(group, instance="i"), 9, JoinGroupResponse)
    d.ask("synced", sync(group, 1, first.member_id, {first.member_id: b"x"}, instance="i"), 5, SyncGroupResponse)
    second = d.ask("comes back", join(group, instance="i"), 9, JoinGroupResponse)
    d.ask("the old one is fenced", beat(group, 1, first.member_id, "i"), 4, HeartbeatResponse)
    d.ask("the old one without its instance", beat(group, 1, first.member_id), 4, HeartbeatResponse)
    d.ask("the new one", beat(group, 1, second.member_id, "i"), 4, HeartbeatResponse)
    d.ask("the new one syncs", sync(group, 1, second.member_id, instance="i"), 5, SyncGroupResponse)
    d.ask("the old one syncs", sync(group, 1, first.member_id, instance="i"), 5, SyncGroupResponse)
    d.ask("the old one joins", join(group, first.member_id, instance="i"), 9, JoinGroupResponse)
    third = d.ask("comes back the old way", join(group, instance="i"), 8, JoinGroupResponse)
    d.ask("leaves with a wrong id", leave(group, (second.member_id, "i")), 5, LeaveGroupResponse)
    d.ask("is removed", leave(group, ("", "i")), 5, LeaveGroupResponse)
    d.ask("is gone", beat(group, 1, third.member_id, "i"), 4, HeartbeatResponse)


@scenario
def a_static_member_is_back_while_its_old_connection_is_half_open(d: Dialogue) -> None:
    """Its machine has gone without a word: what it asked for still waits, and its session has long to go."""
    for version in (5, 9):
        group = d.name(f"g{version}")
        leader = d.ask(f"v{version} the leader", join(group, instance="l", rebalance_ms=1500), 9, JoinGroupResponse)
        request = sync(group, 1, leader.member_id, {leader.member_id: b"x"}, instance="l")
        d.ask(f"v{version} synced", request, 5, SyncGroupResponse)
        old, new = d.connect(f"old {version}"), d.connect(f"new {version}")
        instance = f"i{version}"
        old.send(join(group, instance=instance, rebalance_ms=1500), version)
        d.note(f"v{version} the join waits for the leader", not old.is_closed_by_peer(0.1))
        new.send(join(group, instance=instance, rebalance_ms=1500), version)
        d.note(f"v{version} the old join", old.answer(JoinGroupRequest, version, JoinGroupResponse))
        rejoined = join(group, leader.member_id, instance="l", rebalance_ms=1500)
        generation = d.ask(f"v{version} the leader joins", rejoined, 9, JoinGroupResponse).generation_id
        joined = new.answer(JoinGroupRequest, version, JoinGroupResponse)
        d.note(f"v{version} the new join", joined)
        new.send(sync(group, generation, joined.member_id, instance=instance), 5)
        d.note(f"v{version} the sync waits for the leader", not new.is_closed_by_peer(0.1))
        newest = d.connect(f"newest {version}")
        again = d.ask(
            f"v{version} it is back again",
            join(group, instance=instance, rebalance_ms=1500),
            version,
            JoinGroupResponse,
            newest,
        )
        d.note(f"v{version} the old sync", new.answer(SyncGroupRequest, 5, SyncGroupResponse))
        d.ask(f"v{version} the leader beats", beat(group, generation, leader.member_id, "l"), 4, HeartbeatResponse)
        given = {leader.member_id: b"x", again.member_id: b"y"}
        request = sync(group, generation, leader.member_id, given, instance="l")
        d.ask(f"v{version} the leader syncs", request, 5, SyncGroupResponse)
        request = sync(group, generation, again.member_id, instance=instance)
        d.ask(f"v{version} it syncs", request, 5, SyncGroupResponse, newest)
        last = join(group, joined.member_id, instance=instance, rebalance_ms=1500)
        d.ask(f"v{version} the one before", last, version, JoinGroupResponse, new)


@scenario
def groups_of_any_kind(d: Dialogue) -> None:
    group = d.name("g")
    first = d.wire.ask(join(group, kind="connect", protocols=("a", "b"), metadata=b"\xff\x00"), 5, JoinGroupResponse)
    again = join(group, first.member_id, kind="connect", protocols=("a", "b"), metadata=b"\xff\x00")
    d.ask("joined", again, 7, JoinGroupResponse)
    request = sync(group, 1, first.member_id, {first.member_id: b"\x00\xff"}, kind="connect", protocol="a")
    d.ask("synced", request, 5, SyncGroupResponse)


def fetched(group: str, topic: str, *partitions: int) -> OffsetFetchRequest:
    return OffsetFetchRequest(
        group_id=group, topics=[OffsetFetchRequestTopic(name=topic, partition_indexes=partitions)]
    )


def fetched_groups(group: str, topic: str, *partitions: int) -> OffsetFetchRequest:
    topics = [OffsetFetchRequestTopics(name=topic, partition_indexes=partitions)]
    return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=topics)])


@scenario
def offsets_are_kept_at_every_version(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("orders", 2)
    group = d.name("g")
    for version in range(2, 10):
        request = commit(group, topic, version, metadata=f"m{version}", epoch=0)
        d.ask(f"commit v{version}", request, version, OffsetCommitResponse)
        d.ask(f"fetch after {version}", fetched(group, topic, 0, 1), 7, OffsetFetchResponse)
    for version in range(1, 8):
        d.ask(f"fetch v{version}", fetched(group, topic, 0, 1, 9), version, OffsetFetchResponse)
    for version in (8, 9):
        d.ask(f"fetch v{version}", fetched_groups(group, topic, 0, 1, 9), version, OffsetFetchResponse)
    for version in (2, 5, 7):
        everything = OffsetFetchRequest(group_id=group, topics=None)
        d.ask(f"everything v{version}", everything, version, OffsetFetchResponse)
    both = [OffsetFetchRequestGroup(group_id=one, topics=None) for one in (group, d.name("nobody"))]
    d.ask("everything of two", OffsetFetchRequest(groups=both), 8, OffsetFetchResponse)
    by_id = OffsetCommitRequestTopic(
        topic_id=topic_id,
        partitions=[OffsetCommitRequestPartition(partition_index=1, committed_offset=10, committed_metadata=None)],
    )
    stranger = OffsetCommitRequestTopic(topic_id=NO_PRODUCER, partitions=by_id.partitions)
    request = OffsetCommitRequest(group_id=group, member_id="", topics=[by_id])
    d.ask("commit v10", request, 10, OffsetCommitResponse)
    d.ask(
        "an unknown id", OffsetCommitRequest(group_id=group, member_id="", topics=[stranger]), 10, OffsetCommitResponse
    )
    ids = [OffsetFetchRequestTopics(topic_id=one, partition_indexes=[0, 1]) for one in (topic_id, NO_PRODUCER)]
    for one in ids:
        asked = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=[one])])
        d.ask("fetch v10" if one.topic_id == topic_id else "fetch an unknown id", asked, 10, OffsetFetchResponse)


@scenario
def lengths_are_numbers_of_utf16_units(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group = d.name("g")
    for label, metadata in {
        "4096 accents": "é" * 4096,
        "4097 accents": "é" * 4097,
        "2048 faces": "😀" * 2048,
        "2049 faces": "😀" * 2049,
    }.items():
        d.ask(f"metadata of {label}", commit(group, topic, 1, metadata=metadata), 8, OffsetCommitResponse)
    for label, name in {"249 accents": "é" * 249, "124 faces": "😀" * 124, "125 faces": "😀" * 125}.items():
        refused = CreateTopicsRequest(topics=[CreatableTopic(name=name, num_partitions=1, replication_factor=1)])
        d.ask(f"a topic name of {label}", refused, 7, CreateTopicsResponse)


@scenario
def commits_that_are_refused(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    group, fresh = d.name("g"), d.name("fresh")
    for version in (2, 8, 9):
        request = commit(fresh, topic, 1, generation=3, member="made-up")
        d.ask(f"no group, a generation v{version}", request, version, OffsetCommitResponse)
        d.ask(f"an unknown topic v{version}", commit(fresh, d.name("nobody"), 1), version, OffsetCommitResponse)
        d.ask(f"an unknown partition v{version}", commit(fresh, topic, 1, partition=9), version, OffsetCommitResponse)
    d.ask("metadata at its limit", commit(fresh, topic, 1, metadata="x" * 4096), 8, OffsetCommitResponse)
    d.ask("metadata too long", commit(fresh, topic, 2, metadata="x" * 4097), 8, OffsetCommitResponse)
    d.ask("null metadata", commit(fresh, topic, 3, metadata=None), 8, OffsetCommitResponse)
    d.ask("what was kept", fetched(fresh, topic, 0), 7, OffsetFetchResponse)
    d.ask("a negative offset", commit(fresh, topic, -7), 8, OffsetCommitResponse)
    d.ask("what is kept now", fetched(fresh, topic, 0), 7, OffsetFetchResponse)
    d.ask("an empty group", commit("", topic, 1), 8, OffsetCommitResponse)
    d.ask("a member of an empty group", commit(fresh, topic, 1, generation=1, member="m"), 8, OffsetCommitResponse)
    d.ask("any member, no generation", commit(fresh, topic, 1, member="m"), 8, OffsetCommitResponse)
    member = member_of_one(d, group)
    for version in (2, 5, 8, 9):
        for label, request in {
            "its member": commit(group, topic, 1, generation=1, member=member),
            "an old generation": commit(group, topic, 1, generation=0, member=member),
            "a stranger": commit(group, topic, 1, generation=1, member="made-up"),
            "nobody": commit(group, topic, 1),
        }.items():
            d.ask(f"{label} v{version}", request, version, OffsetCommitResponse)
    request = commit(group, topic, 1, generation=1, member=member, instance="i")
    d.ask("an unknown instance", request, 8, OffsetCommitResponse)


@scenario
def offsets_nobody_committed(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    for version in (1, 5, 7):
        d.ask(f"an unknown group v{version}", fetched(d.name("g"), topic, 0), version, OffsetFetchResponse)
        d.ask(f"an unknown topic v{version}", fetched(d.name("g"), d.name("nobody"), 0), version, OffsetFetchResponse)
        d.ask(f"no group v{version}", fetched("", topic, 0), version, OffsetFetchResponse)
    for version in (8, 9):
        d.ask(f"an unknown group v{version}", fetched_groups(d.name("g"), topic, 0), version, OffsetFetchResponse)
    d.ask("no groups", OffsetFetchRequest(groups=[]), 8, OffsetFetchResponse)


@scenario
def batches_that_are_too_large_for_the_topic_of_the_groups(d: Dialogue) -> None:
    topic, _ = d.create_topic("orders")
    for count in (245, 260):
        one = commit(d.name("plain"), topic, 1, metadata="m" * 4096)
        partitions = [*one.topics[0].partitions] * count
        topics = [OffsetCommitRequestTopic(name=topic, partitions=partitions)]
        many = OffsetCommitRequest(group_id=one.group_id, member_id="", topics=topics)
        answer = d.wire.ask(many, 8, OffsetCommitResponse)
        d.note(f"{count} offsets", sorted({partition.error_code for partition in answer.topics[0].partitions}))
    d.ask("what is kept", fetched(d.name("plain"), topic, 0), 7, OffsetFetchResponse)
    for size in (1_000_000, 1_100_000):
        group = d.name(f"members of {size}")
        joined = d.wire.ask(join(group, kind="other", metadata=bytes(size)), 3, JoinGroupResponse)
        d.note(f"a join with {size} bytes", [joined.error_code, joined.generation_id, len(joined.members[0].metadata)])
        request = sync(group, 1, joined.member_id, {joined.member_id: b"all"}, kind="other")
        d.ask(f"its sync with {size} bytes", request, 3, SyncGroupResponse)
        beaten = d.wire.ask(beat(group, 1, joined.member_id), 3, HeartbeatResponse)
        d.note(f"its heartbeat with {size} bytes", beaten.error_code)
