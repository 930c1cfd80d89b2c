"""What access rules do beside one request and its resources: patterns, hosts, lists, sessions, what is hidden."""

from collections.abc import Sequence
from dataclasses import replace

from odradek.broker.security.authorization.acl import Acl, Operation, PatternType, Permission, ResourceType
from odradek.broker.wire import Wire
from odradek.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.create_topics import CreatableTopic, CreateTopicsRequest, CreateTopicsResponse
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
)
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchResponse,
)
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    TopicProduceData,
)

from ..batches import batch
from ..wire_session import Dialogue
from .guest import ADMIN_HOST, CLUSTER, Rules, rule
from .story import story

TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
READ, WRITE, DESCRIBE, ALL = Operation.READ, Operation.WRITE, Operation.DESCRIBE, Operation.ALL
ALLOW, DENY = Permission.ALLOW, Permission.DENY
PREFIXED = PatternType.PREFIXED


def _ends(guest: Wire, topics: Sequence[str]) -> list[int]:
    """What the guest is told when it asks where topics end."""
    request = ListOffsetsRequest(
        replica_id=-1,
        topics=[
            ListOffsetsTopic(name=topic, partitions=[ListOffsetsPartition(partition_index=0, timestamp=-1)])
            for topic in topics
        ],
    )
    answer = guest.ask(request, 4, ListOffsetsResponse)
    told = {topic.name: topic.partitions[0].error_code for topic in answer.topics}
    return [told[topic] for topic in topics]


@story
def patterns_principals_and_hosts(d: Dialogue, rules: Rules, guest: Wire) -> None:
    names = [d.name(base) for base in ("ab", "abc", "b")]
    for name in names:
        d.wire.ask(
            CreateTopicsRequest(topics=[CreatableTopic(name=name, num_partitions=1, replication_factor=1)]),
            7,
            CreateTopicsResponse,
        )
        d.settle(name)
    about = rule(TOPIC, "ab", DESCRIBE, pattern=PREFIXED)
    cases: dict[str, list[Acl]] = {
        "a prefix": [about],
        "a longer prefix": [rule(TOPIC, "abc", DESCRIBE, pattern=PREFIXED)],
        "the same text as a literal": [rule(TOPIC, "ab", DESCRIBE)],
        "an asterisk": [rule(TOPIC, "*", DESCRIBE)],
        "an asterisk as a prefix": [rule(TOPIC, "*", DESCRIBE, pattern=PREFIXED)],
        "a denial within a prefix": [about, rule(TOPIC, names[1], DESCRIBE, DENY)],
        "a denial of a prefix within all": [rule(TOPIC, "*"), rule(TOPIC, "abc", ALL, DENY, pattern=PREFIXED)],
        "a denial of another operation": [about, rule(TOPIC, "ab", READ, DENY, pattern=PREFIXED)],
        "a denial of what would imply it": [rule(TOPIC, "ab", READ, pattern=PREFIXED), rule(TOPIC, "*", WRITE, DENY)],
        "everybody": [about._replace(principal="User:*")],
        "another principal": [about._replace(principal="User:somebody")],
        "another kind of principal": [about._replace(principal="Role:ANONYMOUS")],
        "every host": [about._replace(host="*")],
        "another host": [about._replace(host="127.0.0.3")],
        "a network": [about._replace(host="127.0.0.0/8")],
        "a denial of another host": [about, about._replace(host=ADMIN_HOST, permission=DENY)],
        "a denial of every host": [about, about._replace(host="*", permission=DENY)],
        "a group of that name": [about._replace(resource_type=GROUP)],
    }
    for label, given in cases.items():
        rules.add(given)
        d.note(label, _ends(guest, names))
        rules.remove(given)


@story
def an_asterisk_in_front_of_a_name(d: Dialogue, rules: Rules, guest: Wire) -> None:
    for label, given in {
        "all": [rule(GROUP, "*", READ)],
        "that prefix": [rule(GROUP, "*", READ, pattern=PREFIXED)],
        "a longer one": [rule(GROUP, "*a", READ, pattern=PREFIXED)],
    }.items():
        rules.add(given)
        for key in ("*", "*a", "*ab", "b"):
            answer = guest.ask(FindCoordinatorRequest(key_type=0, coordinator_keys=[key]), 4, FindCoordinatorResponse)
            d.note(f"{label}: {key}", answer.coordinators[0].error_code)
        rules.remove(given)


@story
def all_topics_are_those_that_may_be_described(d: Dialogue, rules: Rules, guest: Wire) -> None:
    seen, _ = d.create_topic("seen")
    hidden, _ = d.create_topic("hidden")
    for label, given in {
        "nothing": [],
        "one": [rule(TOPIC, seen, READ)],
        "its settings": [rule(TOPIC, seen, Operation.DESCRIBE_CONFIGS)],
    }.items():
        rules.add(given)
        for version in (0, 1, 12):
            asked = MetadataRequest(topics=None if version else [], include_topic_authorized_operations=version >= 8)
            answer = guest.ask(asked, version, MetadataResponse)
            told = [(topic.name, topic.topic_authorized_operations) for topic in answer.topics]
            d.note(f"{label}, version {version}", sorted(one for one in told if one[0] in (seen, hidden)))
            d.note(f"{label}, version {version}: the cluster", [len(answer.brokers), answer.controller_id >= 0])
        pages = guest.ask(DescribeTopicPartitionsRequest(topics=[]), 0, DescribeTopicPartitionsResponse)
        told = [(topic.name or "", topic.topic_authorized_operations) for topic in pages.topics]
        d.note(f"{label}, in pages", sorted(one for one in told if one[0] in (seen, hidden)))
        rules.remove(given)


@story
def topics_are_created_by_those_who_may(d: Dialogue, rules: Rules, guest: Wire) -> None:
    for label, kind, operations in (
        ("describe", TOPIC, [DESCRIBE]),
        ("create", TOPIC, [Operation.CREATE]),
        ("create on the cluster", ResourceType.CLUSTER, [Operation.CREATE]),
    ):
        name = d.name(label.replace(" ", "-"))
        on = name if kind == TOPIC else CLUSTER
        given = [*(rule(kind, on, one) for one in operations), rule(TOPIC, name, DESCRIBE)]
        given = list(dict.fromkeys(given))
        rules.add(given)
        asked = MetadataRequest(topics=[MetadataRequestTopic(name=name)], allow_auto_topic_creation=True)
        codes = [topic.error_code for topic in guest.ask(asked, 12, MetadataResponse).topics]
        # Kafka says that there is none while it creates it.
        d.note(f"{label}: by asking", ["created" if code in (0, 3, 5) else code for code in codes])
        new = CreatableTopic(name=d.name(f"{label.replace(' ', '-')}-2"), num_partitions=1, replication_factor=1)
        more = [rule(TOPIC, new.name, one) for one in operations if kind == TOPIC]
        rules.add(more)
        answer = guest.ask(CreateTopicsRequest(topics=[new]), 7, CreateTopicsResponse)
        d.note(f"{label}: by name", answer)
        rules.remove([*given, *more])


@story
def what_may_be_deleted(d: Dialogue, rules: Rules, guest: Wire) -> None:
    for label, operations in {
        "nothing": [],
        "described": [DESCRIBE],
        "deleted": [Operation.DELETE],
    }.items():
        by_name, _ = d.create_topic(f"{label}-name")
        by_id, topic_id = d.create_topic(f"{label}-id")
        given = [rule(TOPIC, topic, one) for topic in (by_name, by_id) for one in operations]
        rules.add(given)
        request = DeleteTopicsRequest(
            topics=[
                DeleteTopicState(name=by_name, topic_id=bytes(16)),
                DeleteTopicState(name=None, topic_id=topic_id),
                DeleteTopicState(name=d.name("no-such"), topic_id=bytes(16)),
            ],
            timeout_ms=10_000,
        )
        answer = guest.ask(request, 6, DeleteTopicsResponse)
        told = sorted(
            (one.name or "", bool(any(one.topic_id)), one.error_code, one.error_message or "")
            for one in answer.responses
        )
        d.note(label, told)
        rules.remove(given)


@story
def a_fetch_session_asks_again_each_time(d: Dialogue, rules: Rules, guest: Wire) -> None:
    topic, topic_id = d.create_topic("t")
    other, other_id = d.create_topic("other")
    of = {topic_id: topic, other_id: other}
    rules.add([rule(TOPIC, topic, READ)])
    partition = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1000)
    topics = [FetchTopic(topic_id=one, partitions=[partition]) for one in of]
    first = guest.ask(FetchRequest(topics=topics, session_epoch=0), 16, FetchResponse)
    assert first.session_id

    def told(answer: FetchResponse) -> list[tuple[str, int]]:
        return sorted((of[bytes(one.topic_id)], one.partitions[0].error_code) for one in answer.responses)

    d.note("begun", told(first))
    going_on = FetchRequest(session_id=first.session_id, session_epoch=1)
    d.note("a denied partition is told again", told(guest.ask(going_on, 16, FetchResponse)))
    rules.add([rule(TOPIC, other, READ)])
    d.note("allowed meanwhile", told(guest.ask(replace(going_on, session_epoch=2), 16, FetchResponse)))
    rules.remove([rule(TOPIC, topic, READ)])
    d.note("denied meanwhile", told(guest.ask(replace(going_on, session_epoch=3), 16, FetchResponse)))


@story
def an_id_for_a_producer(d: Dialogue, rules: Rules, guest: Wire) -> None:
    prefix = d.name("p")
    cases: dict[str, list[Acl]] = {
        "nothing": [],
        "idempotent writes": [rule(ResourceType.CLUSTER, CLUSTER, Operation.IDEMPOTENT_WRITE)],
        "any topic": [rule(TOPIC, prefix, WRITE)],
        "any topic to read": [rule(TOPIC, prefix, READ)],
        "a prefix": [rule(TOPIC, prefix, WRITE, pattern=PREFIXED)],
        "a prefix with a denial below": [
            rule(TOPIC, prefix, WRITE, pattern=PREFIXED),
            rule(TOPIC, prefix + "x", WRITE, DENY, pattern=PREFIXED),
        ],
        "a topic with a denial above": [
            rule(TOPIC, prefix + "x", WRITE),
            rule(TOPIC, prefix, WRITE, DENY, pattern=PREFIXED),
        ],
        "a topic that is denied, too": [rule(TOPIC, prefix, WRITE), rule(TOPIC, prefix, WRITE, DENY)],
        "all topics with one denied": [rule(TOPIC, "*", WRITE), rule(TOPIC, prefix, WRITE, DENY)],
        "one topic with all denied": [rule(TOPIC, prefix, WRITE), rule(TOPIC, "*", WRITE, DENY)],
    }
    for label, given in cases.items():
        rules.add(given)
        answer = guest.ask(InitProducerIdRequest(transactional_id=None), 4, InitProducerIdResponse)
        d.note(label, [answer.error_code, answer.producer_id >= 0, answer.producer_epoch])
        rules.remove(given)


@story
def lists_have_what_may_be_described(d: Dialogue, rules: Rules, guest: Wire) -> None:
    topic, _ = d.create_topic("t")
    groups = [d.name("seen"), d.name("hidden")]
    for group in groups:
        partition = OffsetCommitRequestPartition(partition_index=0, committed_offset=1, committed_metadata="")
        commit = OffsetCommitRequest(
            group_id=group, member_id="", topics=[OffsetCommitRequestTopic(name=topic, partitions=[partition])]
        )

        def is_taken(commit: OffsetCommitRequest = commit) -> bool:
            return d.wire.ask(commit, 8, OffsetCommitResponse).topics[0].partitions[0].error_code == 0

        d.wait_for(is_taken, "the offset is committed")
    for label, given in {
        "nothing": [],
        "one group": [rule(GROUP, groups[0], READ)],
        "the cluster": [rule(ResourceType.CLUSTER, CLUSTER, DESCRIBE)],
    }.items():
        rules.add(given)
        answer = guest.ask(ListGroupsRequest(), 4, ListGroupsResponse)
        listed_groups = sorted(one.group_id for one in answer.groups if one.group_id in groups)
        d.note(f"{label}: groups", [answer.error_code, listed_groups])
        listed = guest.ask(ListTransactionsRequest(), 0, ListTransactionsResponse)
        d.note(f"{label}: transactions", listed)
        rules.remove(given)
    wanted = [OffsetFetchRequestGroup(group_id=group, topics=None) for group in groups]
    rules.add([rule(GROUP, groups[0], DESCRIBE)])
    d.note("offsets of a topic that is hidden", guest.ask(OffsetFetchRequest(groups=wanted), 8, OffsetFetchResponse))
    rules.add([rule(TOPIC, topic, DESCRIBE)])
    d.note("offsets", guest.ask(OffsetFetchRequest(groups=wanted), 8, OffsetFetchResponse))


@story
def a_group_with_a_topic_that_is_hidden(d: Dialogue, rules: Rules, guest: Wire) -> None:
    topic, _ = d.create_topic("t")
    group = d.name("g")
    rules.add([rule(GROUP, group), rule(TOPIC, topic, DESCRIBE)])
    beat = ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id="AAAAAAAAAAAAAAAAAAAABw",
        member_epoch=0,
        rebalance_timeout_ms=10_000,
        subscribed_topic_names=[topic],
        topic_partitions=[],
    )

    def is_in() -> bool:
        return guest.ask(beat, 1, ConsumerGroupHeartbeatResponse).error_code == 0

    d.wait_for(is_in, "the member is in the group")
    asked = ConsumerGroupDescribeRequest(group_ids=[group], include_authorized_operations=True)

    def is_assigned() -> bool:
        (one,) = guest.ask(asked, 1, ConsumerGroupDescribeResponse).groups
        return any(member.assignment.topic_partitions for member in one.members)

    d.wait_for(is_assigned, "the member has its partition")
    (seen,) = guest.ask(asked, 1, ConsumerGroupDescribeResponse).groups
    d.note("seen", [seen.error_code, len(seen.members), seen.authorized_operations])
    rules.remove([rule(TOPIC, topic, DESCRIBE)])
    d.note("hidden", guest.ask(asked, 1, ConsumerGroupDescribeResponse))


@story
def a_pattern_matches_what_may_be_described(d: Dialogue, rules: Rules, guest: Wire) -> None:
    seen, _ = d.create_topic("seen")
    d.create_topic("hidden")
    group = d.name("g")
    rules.add([rule(GROUP, group), rule(TOPIC, seen, DESCRIBE)])
    suffix = seen.removeprefix("seen")
    beat = ConsumerGroupHeartbeatRequest(
        group_id=group,
        member_id="AAAAAAAAAAAAAAAAAAAACA",
        member_epoch=0,
        rebalance_timeout_ms=10_000,
        subscribed_topic_regex=f".*{suffix}",
        topic_partitions=[],
    )

    def assigned() -> list[str]:
        (one,) = d.wire.ask(ConsumerGroupDescribeRequest(group_ids=[group]), 1, ConsumerGroupDescribeResponse).groups
        return [t.topic_name for member in one.members for t in member.target_assignment.topic_partitions]

    def is_assigned() -> bool:
        guest.ask(beat, 1, ConsumerGroupHeartbeatResponse)
        return bool(assigned())

    d.wait_for(is_assigned, "the member is to have a partition")
    d.note("assigned", assigned())


@story
def a_producer_that_takes_no_answer_is_disconnected(d: Dialogue, rules: Rules, guest: Wire) -> None:
    topic, _ = d.create_topic("t")
    data = PartitionProduceData(index=0, records=batch([b"v"]))
    request = ProduceRequest(
        transactional_id=None, acks=0, timeout_ms=1000, topic_data=[TopicProduceData(name=topic, partition_data=[data])]
    )
    guest.send(request, 9)
    d.note("denied", guest.is_closed_by_peer(5.0))
