"""Where partitions go: replicas that are asked for, and those that Kafka chooses."""

from collections.abc import Mapping, Sequence

from odradek.protocol.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.schema import ZERO_UUID

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import partitions

Replicas = Mapping[int, Sequence[int]]
TOPIC = 2

BAD_PLACES: Mapping[str, Replicas] = {
    "a stranger": {0: [1, 9]},
    "a stranger first": {0: [9]},
    "a negative broker": {0: [1, -1]},
    "a broker twice": {0: [1, 1]},
    "nobody": {0: []},
    "more and fewer": {0: [1, 2], 1: [1]},
    "fewer and more": {0: [1], 1: [1, 2]},
    "a gap": {0: [1], 2: [2]},
    "not from 0 on": {1: [1], 2: [2]},
    "a negative partition": {-1: [1], 0: [2]},
    "a stranger twice": {0: [9, 9]},
}


def create(
    d: NodeDialogue,
    label: str,
    base: str,
    places: Replicas | None = None,
    *,
    count: int = -1,
    factor: int = -1,
    at: int = 2,
    validate_only: bool = False,
) -> Topic:
    """CreateTopics, whatever comes of it; the configs are left out, other stories have them."""
    assignments = [
        CreatableReplicaAssignment(partition_index=one, broker_ids=ids) for one, ids in (places or {}).items()
    ]
    name = d.name(base)
    topic = CreatableTopic(name=name, num_partitions=count, replication_factor=factor, assignments=assignments)
    request = CreateTopicsRequest(topics=[topic], timeout_ms=10_000, validate_only=validate_only)
    answer = d.wire(at).ask(request, 7, CreateTopicsResponse)
    created = answer.topics[0]
    created.configs = []
    d.note(f"{label}, at {at}", answer)
    if created.error_code == 0 and not validate_only:
        d.keep(name)
        d.settle(name)
    return Topic(name, created.topic_id)


def grow(
    d: NodeDialogue, label: str, topic: Topic, count: int, places: Sequence[Sequence[int]] | None, *, at: int = 2
) -> None:
    """CreatePartitions, whatever comes of it."""
    assignments = None if places is None else [CreatePartitionsAssignment(broker_ids=ids) for ids in places]
    grown = CreatePartitionsTopic(name=topic.name, count=count, assignments=assignments)
    request = CreatePartitionsRequest(topics=[grown], timeout_ms=10_000)
    d.ask(label, at, request, 3, CreatePartitionsResponse)


@story
def replicas_that_are_asked_for(d: NodeDialogue) -> None:
    good = create(d, "good", "good", {0: [1, 2, 3], 1: [3, 1, 2], 2: [2, 3, 1]})
    shuffled = create(d, "in another order", "shuffled", {2: [3, 2], 0: [1, 3], 1: [2, 1]})
    partitions(d, "good: seen", 1, good, shuffled)
    for label, places in BAD_PLACES.items():
        create(d, label, label.replace(" ", "-"), places)
    create(d, "a count as well", "count", {0: [1]}, count=1)
    create(d, "a factor as well", "factor", {0: [1]}, factor=1)
    create(d, "only validated", "validated", {0: [1, 2]}, validate_only=True)
    create(d, "only validated, a stranger", "validated", {0: [1, 9]}, validate_only=True)


@story
def replicas_that_kafka_chooses(d: NodeDialogue) -> None:
    for factor in (1, 2, 3, -1):
        topic = create(d, f"factor {factor}", f"factor{factor}", count=6, factor=factor)
        places = [one.replica_nodes for one in d.partitions_at(1, topic.name)]
        d.note(f"factor {factor}: different replicas of each", [len(set(ids)) for ids in places])
        d.note(f"factor {factor}: nobody leads all", len({ids[0] for ids in places}) > 1)
    for factor in (4, 5, 0, -2, 32767):
        create(d, f"factor {factor}", f"factor{factor}", count=1, factor=factor)
        create(d, f"factor {factor}, only validated", f"factor{factor}", count=1, factor=factor, validate_only=True)
    create(d, "no partitions", "none", count=0, factor=3)
    for node_id in (1, 3):
        create(d, "factor 3", f"from{node_id}", count=1, factor=3, at=node_id)
        create(d, "factor 4", f"four{node_id}", count=1, factor=4, at=node_id)


@story
def partitions_are_added(d: NodeDialogue) -> None:
    topic = d.create_topic("three", [[1, 2, 3]])
    pair = d.create_topic("pair", [[1, 2]])
    cases: Mapping[str, tuple[int, Sequence[Sequence[int]] | None]] = {
        "too few places": (3, [[1, 2, 3]]),
        "too many places": (2, [[1, 2, 3], [2, 3, 1]]),
        "no places": (2, []),
        "another number of replicas": (2, [[1, 2]]),
        "others have another number": (3, [[1, 2, 3], [1, 2]]),
        "a stranger": (2, [[1, 2, 9]]),
        "a broker twice": (2, [[2, 2, 3]]),
        "nobody": (2, [[]]),
        "a negative broker": (2, [[1, 2, -1]]),
        "as many as there are": (1, []),
        "fewer": (0, []),
    }
    for label, (count, places) in cases.items():
        grow(d, label, topic, count, places)
    grow(d, "good", topic, 3, [[2, 3, 1], [3, 2, 1]])
    d.wait_for(lambda: len(d.partitions_at(d.any_up(), topic.name)) == 3, "it has grown")
    d.settle(topic.name)
    partitions(d, "good: seen", 1, topic)
    grow(d, "anywhere", pair, 4, None)
    d.wait_for(lambda: len(d.partitions_at(d.any_up(), pair.name)) == 4, "it has grown")
    d.settle(pair.name)
    d.note("anywhere: replicas of each", [len(one.replica_nodes) for one in d.partitions_at(1, pair.name)])


@story
def topics_are_created_while_a_broker_is_dead(d: NodeDialogue) -> None:
    """Fenced replicas are taken, but never as the only ones, and they are not in sync."""
    old = d.create_topic("old", [[1, 2, 3]])
    d.kill(1)
    d.settle(old.name)
    asked = create(d, "asked for", "asked", {0: [1, 2, 3], 1: [2, 1, 3], 2: [3, 2, 1]})
    partitions(d, "asked for: seen", 2, asked)
    create(d, "the dead one alone", "alone", {0: [1]})
    create(d, "the dead one alone in another partition", "alone", {0: [2], 1: [1]})
    create(d, "a stranger and the dead one", "stranger", {0: [1, 9]})
    pair = create(d, "a pair", "pair", {0: [1, 3]})
    partitions(d, "a pair: seen", 3, pair)
    for factor in (1, 2, 3, 4):
        chosen = create(d, f"factor {factor}", f"factor{factor}", count=4, factor=factor)
        if factor < 4:
            found = d.partitions_at(2, chosen.name)
            d.note(f"factor {factor}: nobody leads from the grave", all(one.leader_id in (2, 3) for one in found))
            d.note(f"factor {factor}: in sync", [1 not in one.isr_nodes for one in found])
    grow(d, "partitions: the dead one first", old, 2, [[1, 2, 3]])
    grow(d, "partitions: the dead one alone", pair, 2, [[1]])
    single = create(d, "a single one", "single", {0: [2]})
    grow(d, "partitions: the dead one alone, of a topic of singles", single, 2, [[1]])
    d.wait_for(lambda: len(d.partitions_at(2, old.name)) == 2, "it has grown")
    d.settle(old.name)
    partitions(d, "partitions", 2, old)
    d.start(1)
    d.wait_for_isr(asked.name, [1, 2, 3])
    d.wait_for_isr(asked.name, [1, 2, 3], 1)
    partitions(d, "it is back", 1, asked)


@story
def topics_of_the_brokers_own(d: NodeDialogue) -> None:
    """`__consumer_offsets` and its kin have three replicas wherever there are three brokers."""
    for kind, name in enumerate(("__consumer_offsets", "__transaction_state")):
        asked = FindCoordinatorRequest(key_type=kind, coordinator_keys=[d.name("key")])

        def is_found(asked: FindCoordinatorRequest = asked) -> bool:
            return d.wire(2).ask(asked, 6, FindCoordinatorResponse).coordinators[0].error_code == 0

        d.wait_for(is_found, f"{name} is there")
        d.settle(name)
        found = d.partitions_at(1, name)
        d.note(f"{name}: replicas", [sorted(one.replica_nodes) for one in found])
        d.note(f"{name}: in sync", [sorted(one.isr_nodes) for one in found])
        resource = DescribeConfigsResource(
            resource_type=TOPIC, resource_name=name, configuration_keys=["min.insync.replicas", "cleanup.policy"]
        )
        request = DescribeConfigsRequest(resources=[resource])
        values = {one.name: one.value for one in d.wire(3).ask(request, 4, DescribeConfigsResponse).results[0].configs}
        d.note(f"{name}: configs", sorted(values.items()))
    topic = Topic("__transaction_state", ZERO_UUID)
    grow(d, "a partition more", topic, 3, None)
