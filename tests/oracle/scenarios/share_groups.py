"""Share groups (KIP-932): heartbeats, epochs, what becomes of their offsets, and how other requests see them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from odradek.protocol.messages.alter_share_group_offsets import (
    AlterShareGroupOffsetsRequest,
    AlterShareGroupOffsetsRequestPartition,
    AlterShareGroupOffsetsRequestTopic,
    AlterShareGroupOffsetsResponse,
)
from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from odradek.protocol.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from odradek.protocol.messages.delete_share_group_offsets import (
    DeleteShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequestTopic,
    DeleteShareGroupOffsetsResponse,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse
from odradek.protocol.messages.describe_share_group_offsets import (
    DescribeShareGroupOffsetsRequest,
    DescribeShareGroupOffsetsRequestGroup,
    DescribeShareGroupOffsetsRequestTopic,
    DescribeShareGroupOffsetsResponse,
)
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
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
)
from odradek.protocol.messages.share_group_describe import (
    DescribedGroup,
    ShareGroupDescribeRequest,
    ShareGroupDescribeResponse,
)
from odradek.protocol.messages.share_group_heartbeat import (
    ShareGroupHeartbeatRequest,
    ShareGroupHeartbeatResponse,
)
from odradek.protocol.messages.update_features import UpdateFeaturesRequest, UpdateFeaturesResponse
from odradek.protocol.share_group_records import ShareGroupMetadataValue, ShareGroupTargetAssignmentMetadataValue
from odradek.protocol.state_records import decode_group_record

from ..group_harness import await_coordinator, set_group_configs
from ..observe import records_in
from ..transaction_harness import Transactor
from ..wire_session import Dialogue, scenario
from . import streams_groups
from .consumer_groups import beat as consumer_beat
from .features import update
from .groups import beat as classic_beat
from .groups import commit, join, leave
from .share_state import Keeper

OFFSETS_TOPIC = "__consumer_offsets"


def beat(d: Dialogue, label: str, group: str, member: str, epoch: int = 0, **how: Any) -> ShareGroupHeartbeatResponse:
    request = ShareGroupHeartbeatRequest(group_id=group, member_id=member, member_epoch=epoch, **how)
    return d.ask(label, request, 1, ShareGroupHeartbeatResponse)


def beat_until(d: Dialogue, label: str, group: str, member: str, epoch: int) -> ShareGroupHeartbeatResponse:
    """Beats until the member has another epoch: states are begun behind the answer, in Kafka on another thread."""
    answers: list[ShareGroupHeartbeatResponse] = []
    request = ShareGroupHeartbeatRequest(group_id=group, member_id=member, member_epoch=epoch)

    def has_moved() -> bool:
        answers.append(d.wire.ask(request, 1, ShareGroupHeartbeatResponse))
        return answers[-1].member_epoch != epoch

    d.wait_for(has_moved, label)
    d.note(label, answers[-1])
    return answers[-1]


def describe(d: Dialogue, label: str, *groups: str) -> Sequence[DescribedGroup]:
    request = ShareGroupDescribeRequest(group_ids=groups, include_authorized_operations=True)
    return d.ask(label, request, 1, ShareGroupDescribeResponse).groups


def new_group(d: Dialogue, base: str, **settings: str) -> str:
    """A group whose targets are made with every change; its coordinators are there."""
    group = d.name(base)
    await_coordinator(d, group)
    Keeper(d, group)
    set_group_configs(d, group, {"share_assignment_interval_ms": "0", **settings})

    def is_loaded() -> bool:
        request = ShareGroupHeartbeatRequest(group_id=group, member_id="nobody", member_epoch=1)
        return d.wire.ask(request, 1, ShareGroupHeartbeatResponse).error_code not in (14, 15, 16)

    d.wait_for(is_loaded, "the coordinator has read its log")
    return group


def offsets_of(
    d: Dialogue, label: str, group: str, topics: Mapping[str, Sequence[int]] | None = None
) -> DescribeShareGroupOffsetsResponse:
    wanted = (
        None
        if topics is None
        else [
            DescribeShareGroupOffsetsRequestTopic(topic_name=name, partitions=indexes)
            for name, indexes in topics.items()
        ]
    )
    request = DescribeShareGroupOffsetsRequest(
        groups=[DescribeShareGroupOffsetsRequestGroup(group_id=group, topics=wanted)]
    )
    d.ask(f"{label} v0", request, 0, DescribeShareGroupOffsetsResponse)
    return d.ask(f"{label} v1", request, 1, DescribeShareGroupOffsetsResponse)


def alter_offsets(d: Dialogue, label: str, group: str, topics: Mapping[str, Mapping[int, int]]) -> None:
    request = AlterShareGroupOffsetsRequest(
        group_id=group,
        topics=[
            AlterShareGroupOffsetsRequestTopic(
                topic_name=name,
                partitions=[
                    AlterShareGroupOffsetsRequestPartition(partition_index=index, start_offset=offset)
                    for index, offset in offsets.items()
                ],
            )
            for name, offsets in topics.items()
        ],
    )
    d.ask(label, request, 0, AlterShareGroupOffsetsResponse)


def delete_offsets(d: Dialogue, label: str, group: str, *topics: str) -> None:
    named = [DeleteShareGroupOffsetsRequestTopic(topic_name=name) for name in topics]
    request = DeleteShareGroupOffsetsRequest(group_id=group, topics=named)
    d.ask(label, request, 0, DeleteShareGroupOffsetsResponse)


def records_of(d: Dialogue, group: str) -> Sequence[Any]:
    """What the group has in the topic of all groups; hashes and times are of each broker's own."""
    found: list[Any] = []
    for one in records_in(d, OFFSETS_TOPIC):
        key, value = decode_group_record(one.key or b"", one.value) or (None, None)
        if getattr(key, "group_id", None) == group:
            if isinstance(value, ShareGroupMetadataValue):
                value = replace(value, metadata_hash=0)
            elif isinstance(value, ShareGroupTargetAssignmentMetadataValue):
                value = replace(value, assignment_timestamp=0)
            found.append((type(key).__name__, key, _sorted(value)))
    return found


def _sorted(value: Any) -> Any:
    """Topics in the order of their names, or of their numbers: Kafka walks a hash map."""
    for name in ("initializing_topics", "initialized_topics", "deleting_topics", "assigned_partitions"):
        topics = getattr(value, name, ())
        if len(topics) > 1:
            value = replace(
                value, **{name: sorted(topics, key=lambda topic: getattr(topic, "topic_name", len(topic.partitions)))}
            )
    for name in ("topic_partitions",):
        topics = getattr(value, name, ())
        if len(topics) > 1:
            value = replace(value, **{name: sorted(topics, key=lambda topic: len(topic.partitions))})
    return value


def shares(answer: ShareGroupHeartbeatResponse) -> int:
    """How many partitions a member was given: which ones is chance in Kafka."""
    assert answer.assignment is not None
    return sum(len(topic.partitions) for topic in answer.assignment.topic_partitions)


@scenario
def a_member_from_its_beginning_to_its_end(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    other, _ = d.create_topic("u", 1)
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    describe(d, "nothing yet", group)
    beat(d, "a joins", group, "a", rack_id="r", **names)
    describe(d, "a is in")
    beat_until(d, "a has partitions", group, "a", 2)
    describe(d, "a has both", group)
    beat(d, "a beats", group, "a", 3)
    beat(d, "a beats with its last epoch", group, "a", 2)
    beat(d, "a beats with an older epoch", group, "a", 1)
    beat(d, "a beats with a later epoch", group, "a", 4)
    beat(d, "a tells its topics again", group, "a", 3, **names)
    beat(d, "a tells another rack", group, "a", 3, rack_id="s")
    beat(d, "a joins again", group, "a", **names)
    beat(d, "a reads another topic as well", group, "a", 3, subscribed_topic_names=[topic, other, other])
    beat_until(d, "a has that as well", group, "a", 4)
    beat(d, "a reads the other only", group, "a", 5, subscribed_topic_names=[other])
    beat(d, "a reads what does not exist", group, "a", 6, subscribed_topic_names=[d.name("nope")])
    beat(d, "a reads nothing", group, "a", 7, subscribed_topic_names=[])
    beat(d, "a reads something again", group, "a", 8, subscribed_topic_names=[other])
    describe(d, "in the end", group)
    beat(d, "a leaves", group, "a", -1)
    beat(d, "a leaves again", group, "a", -1)
    beat(d, "a beats afterwards", group, "a", 9)
    describe(d, "empty", group)
    d.note("what is left behind", records_of(d, group))


@scenario
def members_share_partitions(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 1)
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "a joins", group, "a", **names)
    beat_until(d, "a has it", group, "a", 2)
    beat(d, "b joins", group, "b", **names)
    beat(d, "a follows", group, "a", 3)
    beat(d, "c joins", group, "c", **names)
    describe(d, "all have it", group)
    beat(d, "b leaves", group, "b", -1)
    beat(d, "c follows", group, "c", 5)
    d.note("what is left behind", records_of(d, group))


@scenario
def many_partitions_are_dealt_out(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 5)
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    request = ShareGroupHeartbeatRequest(group_id=group, member_id="a", member_epoch=0, **names)
    d.wire.ask(request, 1, ShareGroupHeartbeatResponse)
    answer = beat_until(d, "a has all", group, "a", 2)
    epoch = answer.member_epoch
    counts: list[int] = []
    for member in ("b", "c", "d", "e", "f"):
        joined = ShareGroupHeartbeatRequest(group_id=group, member_id=member, member_epoch=0, **names)
        answer = d.wire.ask(joined, 1, ShareGroupHeartbeatResponse)
        epoch = answer.member_epoch
        counts.append(shares(answer))
    for member in "abcdef":
        again = ShareGroupHeartbeatRequest(group_id=group, member_id=member, member_epoch=0, **names)
        counts.append(shares(d.wire.ask(again, 1, ShareGroupHeartbeatResponse)))
    d.note("how many each", sorted(counts[5:]))
    d.note("the epoch", epoch)


@scenario
def a_group_that_is_full(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    for number in range(200):
        request = ShareGroupHeartbeatRequest(group_id=group, member_id=f"m{number}", **names)
        assert d.wire.ask(request, 1, ShareGroupHeartbeatResponse).error_code == 0
    beat(d, "one too many", group, "x", **names)
    beat(d, "a beat of one too many", group, "x", 5)
    beat(d, "one leaves", group, "m7", -1)
    answer = d.wire.ask(
        ShareGroupHeartbeatRequest(group_id=group, member_id="x", **names), 1, ShareGroupHeartbeatResponse
    )
    d.note("there is room", answer.error_code)


@scenario
def what_is_refused(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group = new_group(d, "g")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "no group", "", "a", **names)
    beat(d, "a blank group", "  ", "a", **names)
    beat(d, "no member", group, "", **names)
    beat(d, "a blank member", group, "  ", **names)
    beat(d, "a long member", group, "x" * 37, **names)
    beat(d, "a blank rack", group, "a", rack_id=" ", **names)
    beat(d, "no topics", group, "a")
    beat(d, "empty topics", group, "a", subscribed_topic_names=[])
    beat(d, "an epoch too low", group, "a", -2, **names)
    beat(d, "a beat without a group", group, "a", 1)
    beat(d, "a leave without a group", group, "a", -1)
    beat(d, "a member of 36 characters", group, "x" * 36, **names)
    beat(d, "a beat of a stranger", group, "y", 2)
    beat(d, "a leave of a stranger", group, "y", -1)
    describe(d, "described without a name", "")
    describe(d, "described though unknown", d.name("none"))
    for name in ("", d.name("none")):
        label = d.plain_name(name) or "no group"
        offsets_of(d, f"offsets of {label}", name)
        offsets_of(d, f"named offsets of {label}", name, {topic: [0]})
        alter_offsets(d, f"alter {label}", name, {})
        delete_offsets(d, f"delete {label}", name, topic)


@scenario
def offsets_are_described_altered_and_deleted(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    other, _ = d.create_topic("u", 1)
    group, nope = new_group(d, "g"), d.name("nope")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "joins", group, "a", **names)
    beat_until(d, "has partitions", group, "a", 2)
    offsets_of(d, "all of them", group)
    offsets_of(d, "some of them", group, {nope: [0, 1], topic: [1, 0], other: [0]})
    offsets_of(d, "a negative one", group, {topic: [-1]})
    offsets_of(d, "none of them", group, {})
    alter_offsets(d, "altered in use", group, {topic: {0: 1}})
    delete_offsets(d, "deleted in use", group, topic)
    beat(d, "leaves", group, "a", -1)
    alter_offsets(d, "altered", group, {topic: {0: 3, 1: 4, 2: 5}, nope: {0: 1}})
    offsets_of(d, "altered ones", group)
    alter_offsets(d, "altered beyond what is subscribed", group, {other: {0: 7}})
    alter_offsets(d, "altered to nothing", group, {other: {}})
    alter_offsets(d, "altered nothing", group, {})
    alter_offsets(d, "altered to a negative offset", group, {other: {0: -5}})
    offsets_of(d, "altered to a negative offset, seen", group, {other: [0]})
    alter_offsets(d, "altered to no offset", group, {other: {0: -1}})
    offsets_of(d, "altered to no offset, seen", group, {other: [0]})
    alter_offsets(d, "altered back", group, {other: {0: 7}})
    offsets_of(d, "altered others", group, {other: [0], topic: [0, 1]})
    delete_offsets(d, "deleted", group, topic, nope)
    delete_offsets(d, "deleted again", group, topic)
    delete_offsets(d, "deleted nothing", group)
    offsets_of(d, "deleted ones", group)
    offsets_of(d, "deleted ones by name", group, {topic: [0, 1], other: [0]})
    d.note("what is left behind", records_of(d, group))
    fresh = new_group(d, "fresh")
    delete_offsets(d, "deleted before its time", fresh, topic)
    alter_offsets(d, "altered before its time", fresh, {topic: {1: 9}})
    describe(d, "made by that", fresh)
    offsets_of(d, "of the new one", fresh)
    d.note("what is left behind of the new one", records_of(d, fresh))


@scenario
def a_partition_below_0_is_an_error_nobody_expected(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 2)
    group = new_group(d, "g")
    for offsets in ({-1: 1}, {-1: 1, 0: 7}):
        indexes = [
            AlterShareGroupOffsetsRequestPartition(partition_index=index, start_offset=offset)
            for index, offset in offsets.items()
        ]
        named = AlterShareGroupOffsetsRequestTopic(topic_name=topic, partitions=indexes)
        request = AlterShareGroupOffsetsRequest(group_id=group, topics=[named])
        answer = d.wire.ask(request, 0, AlterShareGroupOffsetsResponse)
        said = (answer.error_message or "").partition(" - ")[0]
        d.note(f"altered {offsets}", [answer.error_code, said, answer.responses])


@scenario
def topics_grow_and_go(d: Dialogue) -> None:
    topic, _ = d.create_topic("t", 1)
    group = new_group(d, "g")
    beat(d, "joins", group, "a", subscribed_topic_names=[topic])
    beat_until(d, "has it", group, "a", 2)
    grown = CreatePartitionsRequest(
        topics=[CreatePartitionsTopic(name=topic, count=3, assignments=None)], timeout_ms=10_000
    )
    assert d.wire.ask(grown, 3, CreatePartitionsResponse).results[0].error_code == 0
    d.settle(topic, 3)
    beat_until(d, "sees that it has grown", group, "a", 3)
    beat_until(d, "has all of it", group, "a", 4)
    offsets_of(d, "all of it", group)
    gone = DeleteTopicsRequest(topics=[DeleteTopicState(name=topic, topic_id=bytes(16))], timeout_ms=10_000)
    assert d.wire.ask(gone, 6, DeleteTopicsResponse).responses[0].error_code == 0
    beat_until(d, "sees that it has gone", group, "a", 5)
    d.wait_for(lambda: not _begun(d, group), "its states have gone")
    offsets_of(d, "nothing left", group)
    describe(d, "in the end", group)


def _begun(d: Dialogue, group: str) -> bool:
    states = [value for name, _, value in records_of(d, group) if name == "ShareGroupStatePartitionMetadataKey"]
    return bool(states[-1].initialized_topics)


@scenario
def groups_as_others_see_them(d: Dialogue) -> None:
    topic, topic_id = d.create_topic("t")
    group, consumer, offsets = new_group(d, "g"), d.name("consumer"), d.name("offsets")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    beat(d, "joins", group, "a", **names)
    for version in range(2, 11):
        d.ask(f"committed v{version}", commit(group, topic, 1), version, OffsetCommitResponse)
    for version in range(1, 8):
        asked = OffsetFetchRequest(group_id=group, topics=[OffsetFetchRequestTopic(name=topic, partition_indexes=[0])])
        d.ask(f"fetched v{version}", asked, version, OffsetFetchResponse)
    for version in range(8, 11):
        wanted = OffsetFetchRequestTopics(name=topic, topic_id=topic_id, partition_indexes=[0])
        asked = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=[wanted])])
        d.ask(f"fetched v{version}", asked, version, OffsetFetchResponse)
        asked = OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group_id=group, topics=None)])
        d.ask(f"fetched all v{version}", asked, version, OffsetFetchResponse)
    deleted = OffsetDeleteRequestTopic(name=topic, partitions=[OffsetDeleteRequestPartition(partition_index=0)])
    d.ask("offsets deleted", OffsetDeleteRequest(group_id=group, topics=[deleted]), 0, OffsetDeleteResponse)
    for version in (5, 6):
        request = DescribeGroupsRequest(groups=[group])
        d.ask(f"a classic description v{version}", request, version, DescribeGroupsResponse)
    d.ask("a consumer's description", ConsumerGroupDescribeRequest(group_ids=[group]), 1, ConsumerGroupDescribeResponse)
    d.ask("a classic join", join(group), 3, JoinGroupResponse)
    d.ask("a classic beat", classic_beat(group, 2, "a"), 4, HeartbeatResponse)
    d.ask("a classic leave", leave(group, ("a", None)), 5, LeaveGroupResponse)
    consumer_beat(d, "a consumer joins", group, "x", subscribed_topic_names=[topic])
    consumer_beat(d, "a consumer beats", group, "x", 1)
    consumer_beat(d, "a consumer leaves", group, "x", -1)
    one = Transactor(d)
    one.init("init")
    one.add_offsets("added to a transaction", group)
    for version in range(3, 6):
        one.commit_offsets(f"committed in a transaction v{version}", group, topic, 3, version=version)
    one.end("aborted", commit=False)
    for types in (["share"], ["Share", "consumer"], ["classic"]):
        listed = d.wire.ask(ListGroupsRequest(types_filter=types), 5, ListGroupsResponse).groups
        d.note(f"listed {types}", [one for one in listed if one.group_id == group])
    for states in (["stable"], ["empty"]):
        listed = d.wire.ask(ListGroupsRequest(states_filter=states), 5, ListGroupsResponse).groups
        d.note(f"listed {states}", [one for one in listed if one.group_id == group])
    d.ask("deleted in use", DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse)
    beat(d, "leaves", group, "a", -1)
    d.ask("a classic join of the empty group", join(group), 3, JoinGroupResponse)
    consumer_beat(d, "a consumer joins the empty group", group, "x", subscribed_topic_names=[topic])
    d.ask("committed to the empty group", commit(group, topic, 1), 9, OffsetCommitResponse)
    d.ask("deleted", DeleteGroupsRequest(groups_names=[group, group]), 2, DeleteGroupsResponse)
    d.ask("deleted again", DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse)
    describe(d, "gone", group)
    d.note("its states", [value for _, value in Keeper(d, group).records()][-1:])
    consumer_beat(d, "another kind", consumer, "x", subscribed_topic_names=[topic])
    beat(d, "a share consumer in it", consumer, "a", **names)
    beat(d, "a share consumer beats in it", consumer, "a", 1)
    beat(d, "a share consumer leaves it", consumer, "a", -1)
    describe(d, "of another kind", consumer)
    alter_offsets(d, "altered of another kind", consumer, {topic: {0: 1}})
    delete_offsets(d, "deleted of another kind", consumer, topic)
    offsets_of(d, "offsets of another kind", consumer)
    d.ask("committed", commit(offsets, topic, 1), 9, OffsetCommitResponse)
    beat(d, "a share consumer where offsets are", offsets, "a", **names)
    beat(d, "joins what was deleted", group, "a", **names)


@scenario
def streams_groups_are_of_another_kind(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group, streams = new_group(d, "g"), streams_groups.new_group(d, "s")
    names: dict[str, Any] = {"subscribed_topic_names": [topic]}
    whole = streams_groups.topology(streams_groups.reads(topic))
    beat(d, "joins", group, "a", **names)
    streams_groups.beat(d, "a streams client joins", group, "x", topology=whole)
    streams_groups.beat(d, "a streams client beats", group, "x", 1)
    streams_groups.beat(d, "a streams client leaves", group, "x", -1)
    streams_groups.describe(d, "as a streams group", group)
    beat(d, "leaves", group, "a", -1)
    streams_groups.beat(d, "a streams client joins the empty group", group, "x", topology=whole)
    streams_groups.beat(d, "another kind", streams, "x", topology=whole)
    beat(d, "a share consumer in it", streams, "a", **names)
    beat(d, "a share consumer beats in it", streams, "a", 1)
    describe(d, "of another kind", streams)
    streams_groups.beat(d, "that leaves", streams, "x", -1)
    beat(d, "a share consumer in the empty one", streams, "a", **names)
    delete_offsets(d, "deleted of another kind", streams, topic)


@scenario
def without_the_feature_there_are_none(d: Dialogue) -> None:
    topic, _ = d.create_topic("t")
    group = new_group(d, "g")

    def set_level(level: int) -> None:
        changes = [update("share.version", level, 1 if level else 2)]
        answer = d.wire.ask(UpdateFeaturesRequest(feature_updates=changes), 2, UpdateFeaturesResponse)
        assert answer.error_code == 0, answer.error_message

    set_level(0)
    try:

        def is_off() -> bool:
            request = ShareGroupHeartbeatRequest(group_id=group, member_id="nobody", member_epoch=1)
            return d.wire.ask(request, 1, ShareGroupHeartbeatResponse).error_code == 35

        d.wait_for(is_off, "the feature is off")
        beat(d, "a beat", group, "a", subscribed_topic_names=[topic])
        describe(d, "a description", group)
        offsets_of(d, "all offsets", group)
        offsets_of(d, "named offsets", group, {topic: [0]})
        alter_offsets(d, "altered", group, {topic: {0: 1}})
        delete_offsets(d, "deleted", group, topic)
        d.ask("deleted group", DeleteGroupsRequest(groups_names=[group]), 2, DeleteGroupsResponse)
        keeper = Keeper(d, group)
        keeper.summary("a summary", bytes(15) + b"1")
    finally:
        set_level(1)
