"""Streams groups (KIP-1071): topologies and their topics, tasks, endpoints, shutdowns, commits by epoch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.heartbeat import HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
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
from odradek.protocol.messages.streams_group_describe import (
    DescribedGroup,
    StreamsGroupDescribeRequest,
    StreamsGroupDescribeResponse,
)
from odradek.protocol.messages.streams_group_heartbeat import (
    CopartitionGroup,
    Endpoint,
    KeyValue,
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    TaskIds,
    TaskOffset,
    TopicInfo,
    Topology,
)

from ..group_harness import await_coordinator, set_group_configs
from ..transaction_harness import Transactor
from ..wire_session import Dialogue, scenario
from .groups import beat as classic_beat
from .groups import commit, join, leave, member_of_one

TOPIC = 2
MISSING_INTERNAL_TOPICS = 3
Tasks = Mapping[str, Sequence[int]]


def tasks(given: Tasks) -> list[TaskIds]:
    return [TaskIds(subtopology_id=name, partitions=list(indexes)) for name, indexes in given.items()]


def reads(topic: str, **how: Any) -> Subtopology:
    return Subtopology(subtopology_id="0", source_topics=[topic], **how)


def counts(topic: str, changelog: str, **how: Any) -> Subtopology:
    """A subtopology with a state of its own."""
    return reads(topic, state_changelog_topics=[TopicInfo(name=changelog, **how)])


def topology(*subtopologies: Subtopology, epoch: int = 0) -> Topology:
    return Topology(epoch=epoch, subtopologies=subtopologies)


def heartbeat(
    group: str, member: str, epoch: int = 0, *, owned: Tasks | None = None, **how: Any
) -> StreamsGroupHeartbeatRequest:
    """With epoch 0 a whole one, of a process of its own."""
    if epoch == 0:
        none: dict[str, Any] = dict.fromkeys(("active_tasks", "standby_tasks", "warmup_tasks"), ())
        how = {"rebalance_timeout_ms": 5000, "process_id": f"p-{member}", "client_tags": [], **none, **how}
    if owned is not None:
        how = {"active_tasks": tasks(owned), "standby_tasks": (), "warmup_tasks": (), **how}
    return StreamsGroupHeartbeatRequest(group_id=group, member_id=member, member_epoch=epoch, **how)


def beat(d: Dialogue, label: str, group: str, member: str, epoch: int = 0, **how: Any) -> StreamsGroupHeartbeatResponse:
    return d.ask(label, heartbeat(group, member, epoch, **how), 0, StreamsGroupHeartbeatResponse)


def beat_until(
    d: Dialogue, label: str, is_so: Callable[[StreamsGroupHeartbeatResponse], bool], *whose: Any, **how: Any
) -> StreamsGroupHeartbeatResponse:
    """Beats until the answer is one: Kafka's coordinator hears of topics a little later."""
    answers: list[StreamsGroupHeartbeatResponse] = []

    def has_come() -> bool:
        answers.append(d.wire.ask(heartbeat(*whose, **how), 0, StreamsGroupHeartbeatResponse))
        return is_so(answers[-1])

    d.wait_for(has_come, label)
    d.note(label, answers[-1])
    return answers[-1]


def is_ready(answer: StreamsGroupHeartbeatResponse) -> bool:
    return not answer.status


def describe(d: Dialogue, label: str, *groups: str) -> Sequence[DescribedGroup]:
    request = StreamsGroupDescribeRequest(group_ids=groups, include_authorized_operations=True)
    return d.ask(label, request, 0, StreamsGroupDescribeResponse).groups


def new_group(d: Dialogue, base: str, **settings: str) -> str:
    """A group whose tasks are given out with every change; its coordinator is there."""
    group = d.name(base)
    await_coordinator(d, group)
    set_group_configs(
        d, group, {"streams_assignment_interval_ms": "0", "streams_initial_rebalance_delay_ms": "0", **settings}
    )

    def is_loaded() -> bool:
        refused = d.wire.ask(heartbeat(group, "nobody", 1), 0, StreamsGroupHeartbeatResponse)
        return refused.error_code not in (14, 15, 16)

    d.wait_for(is_loaded, "the coordinator has read its log")
    return group


@scenario
def one_member(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 3)
    group = new_group(d, "g")
    whole = topology(reads(topic))
    tags = [KeyValue(key="zone", value="z"), KeyValue(key="cluster", value="c")]
    beat(d, "joins", group, "m", topology=whole, client_tags=tags, rack_id="r")
    beat(d, "stays", group, "m", 2)
    describe(d, "described", group)
    beat(d, "joins again", group, "m", topology=whole)
    beat(d, "with what it had", group, "m", 3, rack_id="r", owned={"0": [0, 1, 2]})
    beat(d, "from another process", group, "m", 3, process_id="q")
    describe(d, "described again", group)
    beat(d, "leaves", group, "m", -1)
    beat(d, "has left", group, "m", 2)
    describe(d, "described empty", group)
    beat(d, "another one", group, "n", topology=whole)
    describe(d, "not there", d.name("none"), "")


@scenario
def requests_that_are_refused(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group = new_group(d, "g")
    whole: dict[str, Any] = {"topology": topology(reads(topic))}
    offsets = [TaskOffset(subtopology_id="0", partition=0, offset=1)]
    wrong: dict[str, dict[str, Any]] = {
        "no rebalance timeout": {"rebalance_timeout_ms": -1},
        "no active tasks": {"active_tasks": None},
        "no standby tasks": {"standby_tasks": None},
        "no warm-up tasks": {"warmup_tasks": None},
        "active tasks at once": {"active_tasks": tasks({"0": [0]})},
        "standby tasks at once": {"standby_tasks": tasks({"0": [0]})},
        "warm-up tasks": {"warmup_tasks": tasks({"0": [0]})},
        "no topology": {"topology": None},
        "a static member": {"instance_id": "i"},
        "an empty instance": {"instance_id": ""},
        "an empty rack": {"rack_id": ""},
        "task offsets": {"task_offsets": offsets},
        "task end offsets": {"task_end_offsets": offsets},
        "no task offsets": {"task_offsets": []},
        "a tag twice": {"client_tags": [KeyValue(key="a", value="b"), KeyValue(key="a", value="c")]},
    }
    for label, how in wrong.items():
        beat(d, label, group, "m", **{**whole, **how})
    for epoch in (0, 1, -1, -2, -3):
        beat(d, f"no member {epoch}", group, "", epoch, **(whole if epoch == 0 else {}))
        beat(d, f"a blank member {epoch}", group, " ", epoch, **(whole if epoch == 0 else {}))
        beat(d, f"an unknown group {epoch}", group, "m", epoch)
        beat(d, f"an instance {epoch}", group, "m", epoch, instance_id="i")
    beat(d, "no group", "", "m", **whole)
    beat(d, "a blank group", " ", "m", **whole)
    beat(d, "joins", group, "m", **whole)
    for epoch in (1, 3):
        beat(d, f"another epoch {epoch}", group, "m", epoch)
    beat(d, "a topology later", group, "m", 2, **whole)
    beat(d, "a part of the tasks", group, "m", 2, active_tasks=())
    beat(d, "an unknown subtopology", group, "m", 2, owned={"1": [0]})
    beat(d, "an unknown task", group, "m", 2, owned={"0": [1]})
    beat(d, "a negative task", group, "m", 2, owned={"0": [-1]})
    beat(d, "an unknown member", group, "n", 2)
    beat(d, "an unknown member leaves", group, "n", -1)


@scenario
def topologies_that_are_refused(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    one, other = d.name("one"), d.name("other")
    wrong: dict[str, Sequence[Subtopology]] = {
        "an internal topic": [reads("__consumer_offsets")],
        "two internal topics": [reads("__transaction_state", repartition_sink_topics=["__share_group_state"])],
        "an illegal name": [reads("a b")],
        "an empty name": [reads("")],
        "illegal names": [reads(topic, repartition_sink_topics=["."], state_changelog_topics=[TopicInfo(name="a/b")])],
        "a changelog with partitions": [counts(topic, one, partitions=1)],
        "a pattern": [reads(topic, source_topic_regex=["t.*"])],
        "no sources": [Subtopology(subtopology_id="0", repartition_sink_topics=[one])],
        "nothing read": [Subtopology(subtopology_id="0")],
        "a loop": [
            Subtopology(
                subtopology_id="0", repartition_source_topics=[TopicInfo(name=one)], repartition_sink_topics=[one]
            )
        ],
        "nobody writes it": [reads(topic, repartition_source_topics=[TopicInfo(name=one)])],
        "an id twice": [reads(topic), reads(topic)],
        "a place that is not there": [reads(topic, copartition_groups=[CopartitionGroup(source_topics=[1])])],
        "a negative place": [reads(topic, copartition_groups=[CopartitionGroup(source_topics=[-1])])],
        "a negative number": [
            reads(
                topic,
                repartition_source_topics=[TopicInfo(name=other, partitions=-2)],
                repartition_sink_topics=[other],
            )
        ],
    }
    for label, subtopologies in wrong.items():
        beat(d, label, group, "m", topology=topology(*subtopologies))
    beat(d, "a negative epoch", group, "m", topology=topology(reads(topic), epoch=-1))
    beat(d, "of nothing", group, "m", topology=topology())
    group = new_group(d, "other")
    beat(d, "joins", group, "m", topology=topology(reads(topic), epoch=3))
    beat(d, "another topology", group, "n", topology=topology(reads(topic, repartition_sink_topics=[one]), epoch=3))
    beat(d, "a later topology", group, "n", topology=topology(reads(topic), epoch=4))
    beat(d, "an earlier topology", group, "n", topology=topology(counts(topic, one), epoch=2))
    describe(d, "both", group)
    beat(d, "the earlier one stays", group, "n", 3)
    beat(d, "it joins again", group, "n", topology=topology(reads(topic), epoch=3))


@scenario
def internal_topics_are_created(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 3)
    group = new_group(d, "g")
    repartition, changelog, fixed = d.name("repartition"), d.name("changelog"), d.name("fixed")
    cleanup = [KeyValue(key="cleanup.policy", value="compact"), KeyValue(key="retention.ms", value="-1")]
    whole = topology(
        reads(topic, repartition_sink_topics=[repartition, fixed]),
        Subtopology(
            subtopology_id="1",
            repartition_source_topics=[TopicInfo(name=repartition, topic_configs=cleanup[1:])],
            state_changelog_topics=[TopicInfo(name=changelog, topic_configs=cleanup)],
        ),
        Subtopology(
            subtopology_id="2", repartition_source_topics=[TopicInfo(name=fixed, partitions=2, replication_factor=1)]
        ),
    )
    joined = d.wire.ask(heartbeat(group, "m", topology=whole), 0, StreamsGroupHeartbeatResponse)
    d.note("has to wait", (joined.member_epoch, [one.status_code for one in joined.status or ()], joined.active_tasks))
    beat_until(d, "all are there", is_ready, group, "m", 2)
    described = describe(d, "described", group)
    d.note("ready", described[0].group_state)
    for name in (repartition, changelog, fixed):
        asked = MetadataRequest(topics=[MetadataRequestTopic(name=name)])
        (found,) = d.wire.ask(asked, 9, MetadataResponse).topics
        d.note(f"partitions of {d.plain_name(name)}", len(found.partitions))
        resource = DescribeConfigsResource(
            resource_type=TOPIC, resource_name=name, configuration_keys=["cleanup.policy", "retention.ms"]
        )
        d.ask(
            f"settings of {d.plain_name(name)}",
            DescribeConfigsRequest(resources=[resource]),
            4,
            DescribeConfigsResponse,
        )


@scenario
def topics_that_cannot_be_created(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 3)
    for label, how in (
        ("too many replicas", {"replication_factor": 3}),
        ("no such setting", {"topic_configs": [KeyValue(key="no.such", value="1")]}),
        ("no such value", {"topic_configs": [KeyValue(key="cleanup.policy", value="maybe")]}),
    ):
        group = new_group(d, label.replace(" ", "-"))
        whole = topology(counts(topic, d.name(f"c-{label.replace(' ', '-')}"), **how))
        beat(d, label, group, "m", topology=whole)

        def has_failed(answer: StreamsGroupHeartbeatResponse) -> bool:
            return any("Creation failed" in one.status_detail for one in answer.status or ())

        beat_until(d, f"{label}, told", has_failed, group, "m", 2)
        describe(d, f"{label}, described", group)


@scenario
def source_topics_that_are_missing(d: Dialogue) -> None:
    names = [d.name(f"t{number}") for number in range(5)]
    group = new_group(d, "g")
    whole = topology(Subtopology(subtopology_id="0", source_topics=names))
    beat(d, "five are missing", group, "m", topology=whole)
    describe(d, "described", group)
    for number in range(1, 5):
        d.create_topic(f"t{number}", number)
    beat_until(d, "one is missing", lambda answer: str(answer.status).count("-") == 1, group, "m", 2)
    d.create_topic("t0")
    answer = beat_until(d, "all are there", is_ready, group, "m", 2)
    d.note("epoch", answer.member_epoch)
    describe(d, "described then", group)


@scenario
def topics_with_the_wrong_number_of_partitions(d: Dialogue) -> None:
    two, _ = d.create_topic("two", 2)
    three, _ = d.create_topic("three", 3)
    changelog, _ = d.create_topic("changelog", 5)
    repartition = d.name("repartition")
    both = CopartitionGroup(source_topics=[0, 1])
    mixed = CopartitionGroup(source_topics=[0], repartition_source_topics=[0])
    fixed = TopicInfo(name=repartition, partitions=4)
    for label, subtopology in {
        "a changelog": counts(two, changelog),
        "sources": Subtopology(subtopology_id="0", source_topics=[two, three], copartition_groups=[both]),
        "a fixed repartition topic": reads(
            two, repartition_sink_topics=[repartition], repartition_source_topics=[fixed], copartition_groups=[mixed]
        ),
    }.items():
        group = new_group(d, label.replace(" ", "-"))
        beat(d, label, group, "m", topology=topology(subtopology))
        describe(d, f"{label}, described", group)


@scenario
def tasks_go_from_one_member_to_another(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 4)
    group = new_group(d, "g")
    whole = topology(reads(topic))
    beat(d, "a joins", group, "a", topology=whole)
    beat(d, "b joins", group, "b", topology=whole)
    describe(d, "b waits", group)
    beat(d, "b still waits", group, "b", 3)
    beat(d, "a is to give up two", group, "a", 2)
    beat(d, "a still has all", group, "a", 2, owned={"0": [0, 1, 2, 3]})
    describe(d, "a revokes", group)
    beat(d, "a tells nothing", group, "a", 2)
    beat(d, "a has given up two", group, "a", 2, owned={"0": [0, 1]})
    beat(d, "a has not heard", group, "a", 2, owned={"0": [0]})
    beat(d, "a claims too much", group, "a", 2, owned={"0": [0, 2]})
    beat(d, "a claims nothing", group, "a", 2)
    beat(d, "b has them", group, "b", 3)
    describe(d, "both", group)
    beat(d, "c is another thread of a", group, "c", topology=whole, process_id="p-a")
    describe(d, "three", group)
    beat(d, "b leaves", group, "b", -1)
    describe(d, "b is gone", group)
    beat(d, "a goes on", group, "a", 3)
    beat(d, "c goes on", group, "c", 4)
    describe(d, "two", group)


@scenario
def standby_tasks(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    changelog, _ = d.create_topic("changelog", 2)
    group = new_group(d, "g", streams_num_standby_replicas="1")
    whole = topology(counts(topic, changelog))
    beat(d, "a joins", group, "a", topology=whole)
    describe(d, "alone", group)
    beat(d, "b joins", group, "b", topology=whole)
    describe(d, "b waits", group)
    beat(d, "a gives up one", group, "a", 2)
    beat(d, "a has given it up", group, "a", 2, owned={"0": [0]})
    beat(d, "a is told more", group, "a", 3)
    beat(d, "b is given it", group, "b", 3)
    describe(d, "both", group)
    kept: dict[str, Any] = {"standby_tasks": tasks({"0": [1]})}
    beat(d, "a keeps its standby", group, "a", 3, owned={"0": [0]}, **kept)
    beat(d, "b leaves", group, "b", -1)
    beat(d, "a takes over", group, "a", 3, owned={"0": [0]}, **kept)
    beat(d, "a has given up the standby", group, "a", 3, owned={"0": [0]})
    describe(d, "alone again", group)


@scenario
def endpoints(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    whole = topology(reads(topic))
    a, b = Endpoint(host="a", port=1), Endpoint(host="b", port=65535)
    beat(d, "a joins", group, "a", topology=whole, user_endpoint=a)
    beat(d, "a knows of nothing", group, "a", 2)
    beat(d, "a knows", group, "a", 2, endpoint_information_epoch=1)
    beat(d, "a joins again", group, "a", topology=whole, user_endpoint=a)
    beat(d, "a knows now", group, "a", 2, endpoint_information_epoch=1)
    beat(d, "b joins", group, "b", topology=whole, user_endpoint=b)
    beat(d, "c has none", group, "c", topology=whole)
    beat(d, "a gives up one", group, "a", 2, endpoint_information_epoch=1)
    beat(d, "a has given it up", group, "a", 2, owned={"0": [0]}, endpoint_information_epoch=2)
    beat(d, "b is given it", group, "b", 4, endpoint_information_epoch=3)
    beat(d, "a hears of it", group, "a", 4, endpoint_information_epoch=2)
    describe(d, "all", group)
    group = new_group(d, "missing")
    beat(d, "no topic, no endpoints", group, "a", topology=topology(reads(d.name("none"))), user_endpoint=a)
    beat(d, "no topic", group, "a", topology=topology(reads(d.name("none"))))


@scenario
def an_application_is_shut_down(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    whole = topology(reads(topic))
    beat(d, "joins and asks for the end", group, "a", topology=whole, shutdown_application=True)
    beat(d, "of which nothing is kept", group, "a", 2)
    beat(d, "b joins", group, "b", topology=whole)
    beat(d, "b asks for the end", group, "b", 3, shutdown_application=True)
    beat(d, "a hears of it", group, "a", 2)
    beat(d, "a asks as well", group, "a", 2, shutdown_application=True)
    beat(d, "b leaves", group, "b", -1)
    beat(d, "a is still told", group, "a", 2)
    beat(d, "a leaves", group, "a", -1)
    beat(d, "a joins again", group, "a", topology=whole)
    beat(d, "a stranger leaves and asks for the end", group, "x", -1, shutdown_application=True)
    beat(d, "a is told", group, "a", 6)


@scenario
def tasks_that_have_to_wait(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    whole = topology(reads(topic))
    group = new_group(d, "first", streams_initial_rebalance_delay_ms="60000")
    beat(d, "joins", group, "a", topology=whole)
    beat(d, "stays", group, "a", 1)
    describe(d, "described", group)
    beat(d, "leaves", group, "a", -1)
    beat(d, "joins again", group, "a", topology=whole)
    group = new_group(d, "next", streams_assignment_interval_ms="15000")
    beat(d, "a joins", group, "a", topology=whole)
    beat(d, "b joins", group, "b", topology=whole)
    beat(d, "b stays", group, "b", 2)
    describe(d, "b waits", group)


@scenario
def offsets_by_epoch(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    other, _ = d.create_topic("other", 2)
    group = new_group(d, "g")
    whole = topology(reads(topic))
    beat(d, "a joins", group, "a", topology=whole)
    for version in (2, 8, 9):
        d.ask(f"commit v{version}", commit(group, topic, 3, generation=2, member="a"), version, OffsetCommitResponse)
    for label, epoch, member, name in (
        ("of a later epoch", 3, "a", topic),
        ("of an earlier epoch", 1, "a", topic),
        ("of nobody", -1, "", topic),
        ("of a stranger", 2, "x", topic),
        ("without an epoch", -1, "a", topic),
        ("of another topic", 2, "a", other),
        ("of another topic too early", 1, "a", other),
    ):
        d.ask(f"commit {label}", commit(group, name, 4, generation=epoch, member=member), 9, OffsetCommitResponse)
    beat(d, "b joins", group, "b", topology=whole)
    beat(d, "a is to give up one", group, "a", 2)
    beat(d, "a has given up one", group, "a", 2, owned={"0": [0]})
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
        ("a without an epoch", "a", -1),
        ("a stranger", "x", 3),
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
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    whole = topology(reads(topic))
    beat(d, "a joins", group, "a", topology=whole)
    one = Transactor(d)
    one.init("init")
    one.add_offsets("add the group", group)
    for label, epoch, member in (
        ("by a", 2, "a"),
        ("by nobody", -1, ""),
        ("of a later epoch", 3, "a"),
        ("of an earlier epoch", 1, "a"),
        ("of a stranger", 2, "x"),
        ("of a without an epoch", -1, "a"),
    ):
        one.commit_offsets(label, group, topic, 3, version=5, generation=epoch, member_id=member)
    beat(d, "b joins", group, "b", topology=whole)
    beat(d, "a is to give up one", group, "a", 2)
    beat(d, "a has given up one", group, "a", 2, owned={"0": [0]})
    for index in (0, 1):
        one.commit_offsets(f"late {index}", group, topic, 4, generation=2, member_id="a", index=index)
    one.end("commit", commit=True)


@scenario
def groups_as_tools_see_them(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group, classic, consumer = new_group(d, "g"), new_group(d, "classic"), new_group(d, "consumer")
    whole = topology(reads(topic))
    member = member_of_one(d, classic)
    consumers: dict[str, Any] = {"rebalance_timeout_ms": 5000, "subscribed_topic_names": [], "topic_partitions": []}

    def consumer_beat(label: str, group: str, epoch: int = 0) -> None:
        how = consumers if epoch == 0 else {}
        request = ConsumerGroupHeartbeatRequest(group_id=group, member_id="c", member_epoch=epoch, **how)
        d.ask(label, request, 1, ConsumerGroupHeartbeatResponse)

    consumer_beat("a consumer group", consumer)
    beat(d, "joins", group, "a", topology=whole)
    d.ask("a classic description", DescribeGroupsRequest(groups=[group]), 6, DescribeGroupsResponse)
    describe(d, "of the other kinds", classic, consumer)
    for label, one in (("classic", classic), ("consumer", consumer)):
        beat(d, f"a join of a {label} group", one, "a", topology=whole)
        beat(d, f"a beat in a {label} group", one, "a", 2)
        beat(d, f"a leave of a {label} group", one, "a", -1)
    consumer_beat("a consumer joins", group)
    consumer_beat("a consumer stays", group, 2)
    consumer_beat("a consumer leaves", group, -1)
    d.ask("a classic join", join(group), 3, JoinGroupResponse)
    d.ask("a classic heartbeat", classic_beat(group, 2, "x"), 4, HeartbeatResponse)
    d.ask("a classic leave", leave(group, ("x", None)), 5, LeaveGroupResponse)
    for how in ({"types_filter": ["streams"]}, {"types_filter": ["Streams"], "states_filter": ["stable"]}):
        listed = d.wire.ask(ListGroupsRequest(**how), 5, ListGroupsResponse).groups
        d.note(f"listed {how}", [one for one in listed if one.group_id == group])
    listed = d.wire.ask(ListGroupsRequest(types_filter=["consumer"]), 5, ListGroupsResponse).groups
    d.note("not listed", [one for one in listed if one.group_id == group])
    d.ask("deleted in use", DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse)
    beat(d, "leaves", group, "a", -1)
    consumer_beat("a consumer joins the empty one", group)
    beat_one = ConsumerGroupHeartbeatRequest(group_id=consumer, member_id="c", member_epoch=-1)
    d.ask("the consumer leaves", beat_one, 1, ConsumerGroupHeartbeatResponse)
    beat(d, "a join of an empty consumer group", consumer, "a", topology=whole)
    d.ask("a classic member leaves", leave(classic, (member, None)), 5, LeaveGroupResponse)
    beat(d, "the classic group is taken over", classic, "a", topology=whole)
    describe(d, "taken over", classic)
    joined = d.ask("the other is taken over", join(group), 3, JoinGroupResponse)
    d.ask("a member of it", classic_beat(group, 1, joined.member_id), 4, HeartbeatResponse)
    describe(d, "no longer", group)
    beat(d, "leaves the other", classic, "a", -1)
    d.ask("deleted", DeleteGroupsRequest(groups_names=[classic]), 2, DeleteGroupsResponse)
    describe(d, "deleted ones", classic)
