"""Attacks on the coordinator of groups."""

import contextlib
import struct
import threading

from odradek.broker.wire import ClosedByPeer, Wire
from odradek.protocol.codec import encode_bytes
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    Subtopology,
    TopicInfo,
    Topology,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse

from .attack import Attacker
from .requests import GROUP, TOPIC, commit, commits_of_groups, create, header

HASTY = "hasty"


def offsets_again_and_again(attacker: Attacker) -> None:
    group = OffsetFetchRequestGroup(group_id=GROUP, topics=None)
    attacker.send(OffsetFetchRequest(groups=[group] * attacker.size), 8)


def commit_many(attacker: Attacker) -> None:
    create(attacker, 5000)
    commit(attacker, 5000)


def many_groups(attacker: Attacker) -> None:
    """One offset of each of so many groups."""
    create(attacker, 1)
    commits_of_groups(attacker, 100 * attacker.size)


def commit_again_and_again(attacker: Attacker) -> None:
    """Ten commits of so many offsets, as many as one batch takes or more."""
    for _ in range(10):
        commit(attacker, attacker.size, different=1000)


def join_with_much(attacker: Attacker) -> None:
    """Eight members with so many bytes of metadata, which are then gone."""
    protocol = JoinGroupRequestProtocol(name="range", metadata=bytes(attacker.size))
    for number in range(8):
        request = JoinGroupRequest(
            group_id=f"large-{number}",
            session_timeout_ms=60_000,
            rebalance_timeout_ms=60_000,
            member_id="",
            protocol_type="consumer",
            protocols=[protocol],
        )
        attacker.send(request, 3)
    threading.Event().wait(1.0)  # they are gone, and what they held with them


def report_large_topologies(attacker: Attacker) -> None:
    """Threads that join with a topology of so many subtopologies, a long chain that begins at its end."""
    last = attacker.size - 1
    chain = [
        Subtopology(
            subtopology_id=str(n),
            source_topics=[TOPIC] if n == last else [],
            repartition_sink_topics=[f"r{n - 1}"] if n else [],
            repartition_source_topics=[] if n == last else [TopicInfo(name=f"r{n}")],
            state_changelog_topics=[TopicInfo(name=f"c{n}")],
        )
        for n in range(attacker.size)
    ]
    for number in range(10):
        request = StreamsGroupHeartbeatRequest(
            group_id="large-topology",
            member_id=str(number),
            rebalance_timeout_ms=60_000,
            process_id=str(number),
            topology=Topology(subtopologies=chain),
            active_tasks=(),
            standby_tasks=(),
            warmup_tasks=(),
        )
        attacker.send(request, 0)


def describe_all_groups(attacker: Attacker) -> None:
    names = [f"group-{n}" for n in range(100 * attacker.size)]
    attacker.send(DescribeGroupsRequest(groups=names), 5)


def list_in_one_segment(attacker: Attacker) -> None:
    """So many ListGroups with a filter, in one write."""
    frame = header(16, 4) + encode_bytes(ListGroupsRequest(states_filter=["Stable"]), 4)
    with attacker.connect() as wire, contextlib.suppress(ClosedByPeer, ConnectionError):
        wire.send_raw((struct.pack(">i", len(frame)) + frame) * attacker.size)
        for _ in range(attacker.size):
            wire.receive_frame()


def leave_a_member_without_time(attacker: Attacker) -> None:
    """A static member that leaves itself no time to rejoin, and the other one goes: seven requests, so many times."""
    for number in range(attacker.size):
        group = f"{HASTY}-{number}"
        with attacker.connect() as hasty, attacker.connect() as other:
            # Without time from the first on it would be gone at once, where its SyncGroup comes too late.
            first = hasty.ask(_join(group, "", "static"), 5, JoinGroupResponse)
            _sync(hasty, group, first.member_id, first.generation_id, "static")
            other.send(_join(group, ""), 3)
            _await_rebalance(hasty, group, first)
            again = hasty.ask(_join(group, first.member_id, "static", rebalance_ms=0), 5, JoinGroupResponse)
            joined = other.answer(JoinGroupRequest, 3, JoinGroupResponse)
            _sync(hasty, group, again.member_id, again.generation_id, "static")
            _sync(other, group, joined.member_id, joined.generation_id)
            other.ask(LeaveGroupRequest(group_id=group, member_id=joined.member_id), 2, LeaveGroupResponse)


def _join(group: str, member_id: str, instance_id: str | None = None, rebalance_ms: int = 60_000) -> JoinGroupRequest:
    return JoinGroupRequest(
        group_id=group,
        session_timeout_ms=60_000,
        rebalance_timeout_ms=rebalance_ms,
        member_id=member_id,
        group_instance_id=instance_id,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"m")],
    )


def _await_rebalance(wire: Wire, group: str, joined: JoinGroupResponse) -> None:
    beat = HeartbeatRequest(group_id=group, generation_id=joined.generation_id, member_id=joined.member_id)
    while wire.ask(beat, 2, HeartbeatResponse).error_code != ErrorCode.REBALANCE_IN_PROGRESS:
        pass


def _sync(wire: Wire, group: str, member_id: str, generation: int, instance_id: str | None = None) -> None:
    request = SyncGroupRequest(
        group_id=group,
        generation_id=generation,
        member_id=member_id,
        group_instance_id=instance_id,
        assignments=[SyncGroupRequestAssignment(member_id=member_id, assignment=b"a")],
    )
    wire.ask(request, 3, SyncGroupResponse)
