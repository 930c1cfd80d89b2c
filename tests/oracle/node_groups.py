"""Groups and their coordinators, asked in few words: at which broker, for which group."""

from functools import partial

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchResponse
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse

from .node_dialogue import NodeDialogue, Topic

GROUP, TRANSACTION = 0, 1
LOADS = (ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NOT_COORDINATOR)


def coordinator_of(d: NodeDialogue, key: str, kind: int, at: int) -> int:
    """The broker that coordinates the key, as that one says; -1 while there is none."""
    request = FindCoordinatorRequest(key_type=kind, coordinator_keys=[key])
    return d.wire(at).ask(request, 4, FindCoordinatorResponse).coordinators[0].node_id


def key_of(d: NodeDialogue, base: str, kind: int, node_id: int) -> str:
    """A group or a transactional id that this broker coordinates and is ready for."""
    for key in d.names(base):
        d.wait_for(partial(_has_coordinator, d, key, kind, node_id), "there is a coordinator")
        if coordinator_of(d, key, kind, node_id) == node_id:
            wait_until_ready(d, key, kind, node_id)
            return key
    raise AssertionError("names never end")


def _has_coordinator(d: NodeDialogue, key: str, kind: int, at: int) -> bool:
    return coordinator_of(d, key, kind, at) > 0


def wait_until_ready(d: NodeDialogue, key: str, kind: int, node_id: int) -> None:
    """Until that broker coordinates the key, and has loaded what there is of it."""
    state = _group_error if kind == GROUP else _transaction_error
    d.wait_for(lambda: state(d, key, node_id) not in LOADS, f"{node_id} coordinates {key}")


def _group_error(d: NodeDialogue, group: str, at: int) -> int:
    request = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=None)])
    return d.wire(at).ask(request, 8, OffsetFetchResponse).groups[0].error_code


def _transaction_error(d: NodeDialogue, key: str, at: int) -> int:
    request = DescribeTransactionsRequest(transactional_ids=[key])
    return d.wire(at).ask(request, 0, DescribeTransactionsResponse).transaction_states[0].error_code


def find(d: NodeDialogue, label: str, at: int, key: str, kind: int, version: int = 6) -> None:
    """FindCoordinator."""
    request = FindCoordinatorRequest(key=key, key_type=kind, coordinator_keys=[key])
    if version < 4:
        request.coordinator_keys = ()
    else:
        request.key = ""
    d.ask(label, at, request, version, FindCoordinatorResponse)


def commit(d: NodeDialogue, label: str, at: int, group: str, topic: Topic, offset: int) -> None:
    """OffsetCommit of somebody who is no member."""
    partition = OffsetCommitRequestPartition(partition_index=0, committed_offset=offset, committed_metadata="m")
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=[OffsetCommitRequestTopic(name=topic.name, partitions=[partition])],
    )
    d.ask(label, at, request, 8, OffsetCommitResponse)


def offsets(d: NodeDialogue, label: str, at: int, group: str) -> None:
    """OffsetFetch of all."""
    request = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=None)])
    d.ask(label, at, request, 8, OffsetFetchResponse)


def join(d: NodeDialogue, label: str, at: int, group: str, member_id: str = "") -> str:
    """JoinGroup of a classic consumer; the member id that it is given."""
    request = JoinGroupRequest(
        group_id=group,
        session_timeout_ms=45_000,
        rebalance_timeout_ms=45_000,
        member_id=member_id,
        group_instance_id=None,
        protocol_type="consumer",
        protocols=[JoinGroupRequestProtocol(name="range", metadata=b"")],
    )
    return d.ask(label, at, request, 7, JoinGroupResponse).member_id


def sync(d: NodeDialogue, label: str, at: int, group: str, member_id: str, generation: int) -> None:
    """SyncGroup of the leader."""
    request = SyncGroupRequest(
        group_id=group,
        generation_id=generation,
        member_id=member_id,
        group_instance_id=None,
        protocol_type="consumer",
        protocol_name="range",
        assignments=[SyncGroupRequestAssignment(member_id=member_id, assignment=b"all")],
    )
    d.ask(label, at, request, 5, SyncGroupResponse)


def beat(d: NodeDialogue, label: str, at: int, group: str, member_id: str, generation: int) -> None:
    """Heartbeat."""
    request = HeartbeatRequest(group_id=group, generation_id=generation, member_id=member_id)
    d.ask(label, at, request, 4, HeartbeatResponse)


def beat_848(d: NodeDialogue, label: str, at: int, group: str, topic: Topic, epoch: int) -> int:
    """ConsumerGroupHeartbeat of a member that made up its id; its epoch from then on."""
    request = ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id="member",
        member_epoch=epoch,
        rebalance_timeout_ms=45_000 if epoch == 0 else -1,
        subscribed_topic_names=[topic.name] if epoch == 0 else None,
        topic_partitions=[] if epoch == 0 else None,
    )
    return d.ask(label, at, request, 1, ConsumerGroupHeartbeatResponse).member_epoch


def describe(d: NodeDialogue, label: str, at: int, group: str) -> None:
    """DescribeGroups and ListGroups."""
    d.ask(f"{label}: described", at, DescribeGroupsRequest(groups=[group]), 5, DescribeGroupsResponse)
    d.note(f"{label}: listed, at {at}", _listed(d, at, group))


def wait_until_listed(d: NodeDialogue, group: str, at: int) -> None:
    """Until ListGroups has it, which is a little later than its coordinator has loaded it."""
    d.wait_for(lambda: bool(_listed(d, at, group).groups), f"{at} lists {group}")


def _listed(d: NodeDialogue, at: int, group: str) -> ListGroupsResponse:
    listed = d.wire(at).ask(ListGroupsRequest(), 5, ListGroupsResponse)
    listed.groups = [one for one in listed.groups if one.group_id == group]
    return listed
