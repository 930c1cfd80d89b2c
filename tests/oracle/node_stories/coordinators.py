"""Who coordinates groups and transactions: the same broker whoever is asked, and another when that one dies."""

from collections.abc import Callable

from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity
from odradek.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
)

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_groups import (
    GROUP,
    TRANSACTION,
    beat,
    beat_848,
    commit,
    describe,
    find,
    join,
    key_of,
    offsets,
    sync,
    wait_until_listed,
    wait_until_ready,
)
from ..node_transactions import Producer, add, add_offsets, commit_offsets, end, init, transaction
from ..three_nodes import NODE_IDS


@story
def all_brokers_name_the_same_coordinator(d: NodeDialogue) -> None:
    for kind, base in ((GROUP, "group"), (TRANSACTION, "txn")):
        for coordinator in NODE_IDS:
            key = key_of(d, f"{base}-of-{coordinator}", kind, coordinator)
            for node_id in NODE_IDS:
                for version in (0, 1, 3, 4, 6) if kind == GROUP else (1, 3, 4, 6):
                    find(d, f"{base} of {coordinator}, v{version}", node_id, key, kind, version)


def _group_requests(topic: Topic, group: str) -> dict[str, tuple[object, int, type]]:
    """Whatever only the coordinator of a group answers."""
    place = OffsetDeleteRequestTopic(name=topic.name, partitions=[OffsetDeleteRequestPartition(partition_index=0)])
    return {
        "leave": (LeaveGroupRequest(group_id=group, members=[MemberIdentity(member_id="m")]), 5, LeaveGroupResponse),
        "describe": (DescribeGroupsRequest(groups=[group]), 5, DescribeGroupsResponse),
        "describe, 848": (ConsumerGroupDescribeRequest(group_ids=[group]), 1, ConsumerGroupDescribeResponse),
        "delete offsets": (OffsetDeleteRequest(group_id=group, topics=[place]), 0, OffsetDeleteResponse),
        "delete": (DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse),
    }


@story
def groups_at_a_broker_that_does_not_coordinate_them(d: NodeDialogue) -> None:
    topic = d.create_topic("topic", [[1, 2, 3]])
    group, modern = (key_of(d, base, GROUP, 1) for base in ("group", "modern"))
    for node_id in (2, 3, 1):
        commit(d, "commit", node_id, group, topic, 5)
        offsets(d, "offsets", node_id, group)
        join(d, "join", node_id, group)
        sync(d, "sync", node_id, group, "stranger", 1)
        beat(d, "beat", node_id, group, "stranger", 1)
        beat_848(d, "beat, 848", node_id, modern if node_id == 1 else group, topic, 1)
        describe(d, "group", node_id, group)
        for label, (request, version, response) in _group_requests(topic, group).items():
            d.ask(label, node_id, request, version, response)


@story
def transactions_at_a_broker_that_does_not_coordinate_them(d: NodeDialogue) -> None:
    topic = d.create_topic("topic", [[1, 2, 3]])
    producer = Producer(key_of(d, "txn", TRANSACTION, 3))
    group = key_of(d, "group", GROUP, 2)
    for node_id in NODE_IDS:
        init(d, "init", node_id, producer)
    for node_id in NODE_IDS:
        add(d, "add", node_id, producer, topic, 0)
        add_offsets(d, "add offsets", node_id, producer, group)
        commit_offsets(d, "commit offsets", node_id, producer, group, topic, 3)
        transaction(d, "transaction", node_id, producer)
    for node_id in NODE_IDS:
        end(d, "end", node_id, producer, commits=True)
    offsets(d, "offsets", 2, group)


Failure = Callable[[NodeDialogue], None]


def _groups_move(d: NodeDialogue, fail: Failure) -> None:
    """Groups of broker 1, which goes; broker 2, which leads their partition next, has their offsets and members."""
    topic = d.create_topic("topic", [[2, 3, 1], [3, 2, 1]])
    simple, classic, modern = groups = [key_of(d, base, GROUP, 1) for base in ("simple", "classic", "modern")]
    commit(d, "commit", 1, simple, topic, 5)
    member_id = join(d, "join", 1, classic)
    join(d, "join again", 1, classic, member_id)
    sync(d, "sync", 1, classic, member_id, 1)
    epoch = beat_848(d, "join, 848", 1, modern, topic, 0)
    fail(d)
    for group in groups:
        wait_until_ready(d, group, GROUP, 2)
        wait_until_listed(d, group, 2)
        for node_id in (2, 3):
            find(d, f"moved: find {d.plain_name(group)}", node_id, group, GROUP)
            describe(d, f"moved: {d.plain_name(group)}", node_id, group)
    offsets(d, "moved: offsets", 2, simple)
    commit(d, "moved: commit", 2, simple, topic, 6)
    beat(d, "moved: beat", 2, classic, member_id, 1)
    beat(d, "moved: beat of another generation", 2, classic, member_id, 0)
    sync(d, "moved: sync", 2, classic, member_id, 1)
    d.ask("moved: 848", 2, ConsumerGroupDescribeRequest(group_ids=[modern]), 1, ConsumerGroupDescribeResponse)
    beat_848(d, "moved: beat, 848", 2, modern, topic, epoch)
    d.start(1)
    for group in groups:
        for node_id in NODE_IDS:
            find(d, f"1 is back: find {d.plain_name(group)}", node_id, group, GROUP)
    offsets(d, "1 is back: offsets", 2, simple)
    offsets(d, "1 is back: offsets", 1, simple)


@story
def groups_outlive_their_coordinator(d: NodeDialogue) -> None:
    _groups_move(d, lambda d: d.kill(1))


@story
def groups_move_away_from_a_coordinator_that_is_stopped(d: NodeDialogue) -> None:
    _groups_move(d, lambda d: d.stop(1))


@story
def groups_come_back_to_their_preferred_coordinator(d: NodeDialogue) -> None:
    """Leadership of a partition of `__consumer_offsets` goes from one living broker to another."""
    topic = d.create_topic("topic", [[2, 3, 1]])
    group = key_of(d, "group", GROUP, 1)
    commit(d, "at 1", 1, group, topic, 5)
    d.kill(1)
    wait_until_ready(d, group, GROUP, 2)
    commit(d, "at 2", 2, group, topic, 6)
    d.start(1)
    d.elect_preferred()
    wait_until_ready(d, group, GROUP, 1)
    for node_id in NODE_IDS:
        find(d, "1 again: find", node_id, group, GROUP)
        offsets(d, "1 again: offsets", node_id, group)
    commit(d, "1 again: commit", 2, group, topic, 7)
    commit(d, "1 again: commit", 1, group, topic, 8)
