"""Consumer groups of the new protocol (KIP-848): heartbeats, epochs, static members, patterns, commits by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
    DescribedGroup,
)
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    TopicPartitions,
)
from odradek.protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.heartbeat import HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.offset_commit import OffsetCommitResponse
from odradek.protocol.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
    OffsetDeleteResponse,
)
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)

from ..group_harness import await_coordinator, set_group_configs
from ..transaction_harness import Transactor
from ..wire_session import Dialogue, scenario
from .groups import beat as classic_beat
from .groups import commit, join, leave, member_of_one

VERSIONS = (0, 1)


def heartbeat(group: str, member: str, epoch: int = 0, **how: Any) -> ConsumerGroupHeartbeatRequest:
    """With epoch 0 a whole one, in which no topics are named."""
    if epoch == 0:
        how = {"rebalance_timeout_ms": 5000, "subscribed_topic_names": [], "topic_partitions": [], **how}
    return ConsumerGroupHeartbeatRequest(group_id=group, member_id=member, member_epoch=epoch, **how)


def beat(
    d: Dialogue, label: str, group: str, member: str, epoch: int = 0, *, version: int = 1, **how: Any
) -> ConsumerGroupHeartbeatResponse:
    return d.ask(label, heartbeat(group, member, epoch, **how), version, ConsumerGroupHeartbeatResponse)


def beat_until(d: Dialogue, label: str, group: str, member: str, epoch: int) -> None:
    """Beats until the member has another epoch: Kafka's coordinator hears of topics a little later."""
    answers: list[ConsumerGroupHeartbeatResponse] = []

    def has_moved() -> bool:
        answers.append(d.wire.ask(heartbeat(group, member, epoch), 1, ConsumerGroupHeartbeatResponse))
        return answers[-1].member_epoch != epoch

    d.wait_for(has_moved, label)
    d.note(label, answers[-1])


def owned(topics: Mapping[bytes, Sequence[int]]) -> list[TopicPartitions]:
    return [TopicPartitions(topic_id=topic, partitions=indexes) for topic, indexes in topics.items()]


def describe(d: Dialogue, label: str, *groups: str, version: int = 1) -> Sequence[DescribedGroup]:
    request = ConsumerGroupDescribeRequest(group_ids=groups, include_authorized_operations=True)
    return d.ask(label, request, version, ConsumerGroupDescribeResponse).groups


def new_group(d: Dialogue, base: str, **settings: str) -> str:
    """A group whose targets are made with every change; its coordinator is there."""
    group = d.name(base)
    await_coordinator(d, group)
    set_group_configs(d, group, {"consumer_assignment_interval_ms": "0", **settings})

    def is_loaded() -> bool:
        refused = d.wire.ask(heartbeat(group, "nobody", 1), 1, ConsumerGroupHeartbeatResponse)
        return refused.error_code not in (14, 15, 16)

    d.wait_for(is_loaded, "the coordinator has read its log")
    return group


@scenario
def one_member_at_every_version(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 3)
    for version in VERSIONS:
        group = new_group(d, f"g{version}")
        names: dict[str, Any] = {"subscribed_topic_names": [topic]}
        beat(d, f"joins v{version}", group, "m", version=version, **names)
        beat(d, f"stays v{version}", group, "m", 2, version=version)
        beat(d, f"joins again v{version}", group, "m", version=version, **names)
        describe(d, f"described v{version}", group, version=version)
        beat(d, f"leaves v{version}", group, "m", -1, version=version)
        beat(d, f"has left v{version}", group, "m", 2, version=version)
        describe(d, f"described empty v{version}", group, version=version)
        describe(d, f"described though it is not there v{version}", d.name("none"), version=version)
    group = new_group(d, "unnamed")
    made_up = d.wire.ask(heartbeat(group, ""), 0, ConsumerGroupHeartbeatResponse).member_id or ""
    d.note("a member id of the broker's", len(made_up))


@scenario
def requests_that_are_refused(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t")
    group = new_group(d, "g")
    wrong: dict[str, dict[str, Any]] = {
        "no rebalance timeout": {"rebalance_timeout_ms": -1},
        "no partitions": {"topic_partitions": None},
        "partitions at once": {"topic_partitions": owned({topic_id: [0]})},
        "no subscription": {"subscribed_topic_names": None},
        "an empty instance": {"instance_id": ""},
        "an empty rack": {"rack_id": ""},
        "an unknown assignor": {"server_assignor": "sticky"},
    }
    for version in VERSIONS:
        for label, how in wrong.items():
            beat(d, f"{label} v{version}", group, "m", version=version, **how)
        for epoch in (1, -1, -2, -3):
            beat(d, f"no member {epoch} v{version}", group, "", epoch, version=version)
            beat(d, f"an unknown group {epoch} v{version}", group, "m", epoch, version=version, instance_id="i")
        beat(d, f"no instance v{version}", group, "m", -2, version=version)
        beat(d, f"no group v{version}", "", "m", version=version)
        beat(d, f"a blank group v{version}", " ", "m", version=version)
    beat(d, "no member joins", group, "")
    beat(d, "a blank member joins", group, " ")
    beat(d, "joins", group, "m", subscribed_topic_names=[topic])
    for epoch in (1, 3):
        beat(d, f"another epoch {epoch}", group, "m", epoch)
    beat(d, "an unknown member", group, "n", 2)
    beat(d, "an unknown instance", group, "m", 2, instance_id="i")


@scenario
def patterns_that_are_refused(d: Dialogue) -> None:
    group = new_group(d, "g")
    for pattern in ("[", "(", "*", "a**", "\\", "a{2000}", "[z-a]", ")", "(?P<n", "(?i", "\\8"):
        beat(d, f"pattern {pattern}", group, "m", subscribed_topic_regex=pattern)


@scenario
def partitions_go_from_one_member_to_another(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t", 4)
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "a joins", group, "a", **names)
    beat(d, "b joins", group, "b", **names)
    describe(d, "b waits", group)
    beat(d, "b still waits", group, "b", 3)
    beat(d, "a is to give up two", group, "a", 2)
    beat(d, "a still has all", group, "a", 2, topic_partitions=owned({topic_id: [0, 1, 2, 3]}))
    describe(d, "a revokes", group)
    beat(d, "a has given up two", group, "a", 2, topic_partitions=owned({topic_id: [0, 1]}))
    beat(d, "a has not heard", group, "a", 2, topic_partitions=owned({topic_id: [0]}))
    beat(d, "a claims too much", group, "a", 2, topic_partitions=owned({topic_id: [0, 2]}))
    beat(d, "a claims nothing", group, "a", 2)
    beat(d, "b has them", group, "b", 3)
    describe(d, "both", group)
    beat(d, "a tells all", group, "a", 3, rebalance_timeout_ms=5000, topic_partitions=owned({topic_id: [0]}), **names)
    beat(d, "a tells less", group, "a", 3, topic_partitions=owned({topic_id: [0]}))
    beat(d, "b leaves", group, "b", -1)
    describe(d, "b is gone", group)
    beat(d, "a has all again", group, "a", 3)
    beat(d, "a reads nothing", group, "a", 5 - 1, subscribed_topic_names=[])
    describe(d, "nothing is read", group)


@scenario
def static_members_come_back(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    static: dict[str, Any] = {"instance_id": "i"}
    joins: dict[str, Any] = {"subscribed_topic_names": [topic], **static}
    beat(d, "joins", group, "a", **joins)
    beat(d, "another joins", group, "b", **joins)
    beat(d, "the same joins", group, "a", **joins)
    beat(d, "another beats", group, "b", 2, **static)
    beat(d, "without its instance", group, "a", 2)
    beat(d, "goes for a while", group, "a", -2, **static)
    describe(d, "away", group)
    beat(d, "beats though it is away", group, "a", 2, **static)
    beat(d, "the heir joins", group, "b", **joins)
    describe(d, "the heir", group)
    beat(d, "the old one beats", group, "a", 2, **static)
    beat(d, "the heir goes for a while", group, "b", -2, **static)
    beat(d, "it comes back itself", group, "b", **joins)
    beat(d, "leaves", group, "b", -1, **static)
    describe(d, "empty", group)


@scenario
def topics_by_pattern(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    beat(d, "joins", group, "a", subscribed_topic_regex=f"{topic[:-1]}.")

    def is_resolved() -> bool:
        request = ConsumerGroupDescribeRequest(group_ids=[group])
        return d.wire.ask(request, 1, ConsumerGroupDescribeResponse).groups[0].group_epoch == 2

    d.wait_for(is_resolved, "the pattern is resolved")
    beat(d, "has what matches", group, "a", 1)
    beat(d, "joins later", group, "b", subscribed_topic_regex=f"{topic[:-1]}.")
    beat(d, "a third one has its own", group, "c", subscribed_topic_names=[topic], subscribed_topic_regex="")
    beat(d, "without the pattern", group, "b", 3, subscribed_topic_regex="")


@scenario
def topics_that_come_and_grow(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    later = d.name("later")
    group = new_group(d, "g")
    beat(d, "joins", group, "a", subscribed_topic_names=[topic, later])
    d.create_topic("later")
    beat_until(d, "both", group, "a", 2)
    grown = CreatePartitionsRequest(
        topics=[CreatePartitionsTopic(name=later, count=3, assignments=None)], timeout_ms=9000
    )
    d.wire.ask(grown, 3, CreatePartitionsResponse)
    d.settle(later, 3)
    beat_until(d, "three", group, "a", 3)


@scenario
def assignors_by_wish(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 4)
    group = new_group(d, "g")
    for number, assignor in enumerate(("range", None, "uniform", "uniform")):
        wish: dict[str, Any] = {"subscribed_topic_names": [topic], "server_assignor": assignor}
        beat(d, f"{number} wants {assignor}", group, f"m{number}", **wish)
        d.note(f"assignor of {number}", describe(d, f"described {number}", group)[0].assignor_name)


@scenario
def offsets_by_epoch(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t", 2)
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "a joins", group, "a", **names)
    for version in range(2, 10):
        d.ask(f"commit v{version}", commit(group, topic, 3, generation=2, member="a"), version, OffsetCommitResponse)
    for label, epoch, member in (
        ("of a later epoch", 3, "a"),
        ("of an earlier epoch", 1, "a"),
        ("of nobody", -1, ""),
        ("of a stranger", 2, "x"),
        ("without an epoch", -1, "a"),
    ):
        d.ask(f"commit {label}", commit(group, topic, 4, generation=epoch, member=member), 9, OffsetCommitResponse)
    beat(d, "b joins", group, "b", **names)
    beat(d, "a is to give up one", group, "a", 2)
    beat(d, "a has given up one", group, "a", 2, topic_partitions=owned({topic_id: [0]}))
    beat(d, "b has one", group, "b", 3)
    for partition in (0, 1):
        late = commit(group, topic, 5, generation=2, member="a", partition=partition)
        d.ask(f"a late commit of {partition}", late, 9, OffsetCommitResponse)
        later = commit(group, topic, 6, generation=2, member="b", partition=partition)
        d.ask(f"a commit before it was given {partition}", later, 9, OffsetCommitResponse)
    asked = [OffsetFetchRequestTopics(name=topic, partition_indexes=[0, 1])]
    for label, member_id, epoch in (
        ("nobody", None, -1),
        ("a", "a", 3),
        ("a of an earlier epoch", "a", 2),
        ("a of a later epoch", "a", 4),
        ("a without an epoch", "a", -1),
        ("a stranger", "x", 3),
        ("an empty name", "", -1),
    ):
        one = OffsetFetchRequestGroup(group_id=group, member_id=member_id, member_epoch=epoch, topics=asked)
        d.ask(f"fetch of {label}", OffsetFetchRequest(groups=[one]), 9, OffsetFetchResponse)
    first = OffsetDeleteRequestPartition(partition_index=0)
    unread = OffsetDeleteRequest(group_id=group, topics=[OffsetDeleteRequestTopic(name=topic, partitions=[first])])
    d.ask("offsets that are used", unread, 0, OffsetDeleteResponse)
    for member in ("a", "b"):
        beat(d, f"{member} leaves", group, member, -1)
    d.ask("commit to an empty group", commit(group, topic, 7), 9, OffsetCommitResponse)
    d.ask("commit of a member that left", commit(group, topic, 7, generation=3, member="a"), 9, OffsetCommitResponse)
    d.ask("offsets that are not used", unread, 0, OffsetDeleteResponse)


@scenario
def offsets_in_a_transaction(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t", 2)
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "a joins", group, "a", **names)
    one = Transactor(d)
    one.init("init")
    one.add_offsets("add the group", group)
    for version in range(3, 6):
        for label, epoch, member in (
            ("by a", 2, "a"),
            ("by nobody", -1, ""),
            ("of a later epoch", 3, "a"),
            ("of an earlier epoch", 1, "a"),
            ("of a stranger", 2, "x"),
            ("of a without an epoch", -1, "a"),
        ):
            label = f"{label} v{version}"
            one.commit_offsets(label, group, topic, 3, version=version, generation=epoch, member_id=member)
    beat(d, "b joins", group, "b", **names)
    beat(d, "a is to give up one", group, "a", 2)
    beat(d, "a has given up one", group, "a", 2, topic_partitions=owned({topic_id: [0]}))
    beat(d, "b has one", group, "b", 3)
    for index in (0, 1):
        one.commit_offsets(f"late {index}", group, topic, 4, generation=2, member_id="a", index=index)
    one.end("commit", commit=True)


@scenario
def groups_as_tools_see_them(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group, classic = new_group(d, "g"), new_group(d, "classic")
    member = member_of_one(d, classic)
    beat(d, "joins", group, "a", subscribed_topic_names=[topic])
    for version in (5, 6):
        d.ask(
            f"a classic description v{version}", DescribeGroupsRequest(groups=[group]), version, DescribeGroupsResponse
        )
    describe(d, "of the other kind", classic)
    beat(d, "a beat in a classic group", classic, "a", 2)
    beat(d, "a leave of a classic group", classic, "a", -1)
    d.ask("a classic heartbeat", classic_beat(group, 2, "x"), 4, HeartbeatResponse)
    d.ask("a classic leave", leave(group, ("x", None)), 5, LeaveGroupResponse)
    for types in (["consumer"], ["Classic"]):
        listed = d.wire.ask(ListGroupsRequest(types_filter=types), 5, ListGroupsResponse).groups
        d.note(f"listed {types}", sorted((one for one in listed if one.group_id in (group, classic)), key=str))
    d.ask("deleted in use", DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse)
    beat(d, "leaves", group, "a", -1)
    d.ask("a classic member leaves", leave(classic, (member, None)), 5, LeaveGroupResponse)
    beat(d, "the classic group is taken over", classic, "a", subscribed_topic_names=[topic])
    describe(d, "taken over", classic)
    joined = d.ask("the other is taken over", join(group), 3, JoinGroupResponse)
    d.ask("a member of it", classic_beat(group, 1, joined.member_id), 4, HeartbeatResponse)
    describe(d, "no longer", group)
    beat(d, "leaves the other", classic, "a", -1)
    d.ask("deleted", DeleteGroupsRequest(groups_names=[classic]), 2, DeleteGroupsResponse)
    describe(d, "deleted ones", classic)
