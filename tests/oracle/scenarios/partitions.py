"""CreatePartitions: what grows, what is refused, and in which words."""

from collections.abc import Sequence

from odradek.protocol.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse

from ..wire_session import Dialogue, scenario


def grown(name: str, count: int, assignments: Sequence[Sequence[int]] | None = None) -> CreatePartitionsTopic:
    placed = None
    if assignments is not None:
        placed = [CreatePartitionsAssignment(broker_ids=ids) for ids in assignments]
    return CreatePartitionsTopic(name=name, count=count, assignments=placed)


def grow(
    *topics: CreatePartitionsTopic, validate_only: bool = False, timeout_ms: int = 5000
) -> CreatePartitionsRequest:
    return CreatePartitionsRequest(topics=topics, timeout_ms=timeout_ms, validate_only=validate_only)


def count(d: Dialogue, name: str) -> int:
    request = MetadataRequest(topics=[MetadataRequestTopic(name=name)], allow_auto_topic_creation=False)
    return len(d.wire.ask(request, 9, MetadataResponse).topics[0].partitions)


def wait_for_count(d: Dialogue, name: str, wanted: int) -> None:
    d.wait_for(lambda: count(d, name) == wanted, f"{wanted} partitions")


@scenario
def topics_grow_at_every_version(d: Dialogue) -> None:
    for version in range(4):
        name, _ = d.create_topic(f"v{version}", 2)
        d.ask(f"v{version}", grow(grown(name, 3 + version)), version, CreatePartitionsResponse)
        wait_for_count(d, name, 3 + version)
        d.ask(f"v{version}, refused", grow(grown(name, 1)), version, CreatePartitionsResponse)
    d.ask("none", grow(), 3, CreatePartitionsResponse)


@scenario
def growth_is_refused_with_a_reason(d: Dialogue) -> None:
    name, _ = d.create_topic("t", 3)
    this = d.node_id
    for label, one in {
        "as many as there are": grown(name, 3),
        "fewer": grown(name, 2),
        "none": grown(name, 0),
        "minus one": grown(name, -1),
        "an unknown topic": grown(d.name("nobody"), 3),
        "an empty name": grown("", 3),
        "an illegal name": grown("a b", 3),
        "too few assignments": grown(name, 5, [[this]]),
        "too many assignments": grown(name, 4, [[this], [this]]),
        "no assignments": grown(name, 4, []),
        "an assignment to a stranger": grown(name, 4, [[99]]),
        "an assignment to nobody": grown(name, 4, [[]]),
        "an assignment twice to one": grown(name, 4, [[this, this]]),
        "an assignment to more": grown(name, 5, [[this], [this, 99]]),
        "fewer, with an assignment": grown(name, 2, [[this]]),
    }.items():
        d.ask(label, grow(one), 3, CreatePartitionsResponse)
    d.ask("twice", grow(grown(name, 4), grown(name, 5)), 3, CreatePartitionsResponse)
    d.ask("no time", grow(grown(name, 4), timeout_ms=0), 3, CreatePartitionsResponse)
    d.ask("less than no time", grow(grown(name, 4), timeout_ms=-1), 3, CreatePartitionsResponse)
    d.note("nothing has changed", count(d, name))


@scenario
def one_that_is_refused_does_not_keep_the_others(d: Dialogue) -> None:
    one, _ = d.create_topic("one")
    other, _ = d.create_topic("other", 2)
    request = grow(grown(d.name("nobody"), 3), grown(one, 2), grown(other, 2), grown(one, 3), grown(other, 3))
    answer = d.wire.ask(request, 3, CreatePartitionsResponse)
    results = sorted((result.name, result.error_code, result.error_message) for result in answer.results)
    d.note("two of them twice", results)
    answer = d.wire.ask(grow(grown(one, 2), grown(other, 2)), 3, CreatePartitionsResponse)
    results = sorted((result.name, result.error_code, result.error_message) for result in answer.results)
    d.note("one of two", results)
    wait_for_count(d, one, 2)
    d.note("the other", count(d, other))


@scenario
def validation_adds_nothing(d: Dialogue) -> None:
    name, _ = d.create_topic("t", 2)
    d.ask("good", grow(grown(name, 4), validate_only=True), 3, CreatePartitionsResponse)
    d.ask("bad", grow(grown(name, 1), validate_only=True), 3, CreatePartitionsResponse)
    d.note("as many as before", count(d, name))


@scenario
def assignments_are_taken(d: Dialogue) -> None:
    name, _ = d.create_topic("t")
    d.ask("placed", grow(grown(name, 3, [[d.node_id], [d.node_id]])), 3, CreatePartitionsResponse)
    wait_for_count(d, name, 3)


@scenario
def far_too_many_are_refused_together(d: Dialogue) -> None:
    # Apache Kafka takes ten thousand of them all the same: the topic is not looked at afterwards.
    name, _ = d.create_topic("t")
    other, _ = d.create_topic("other")
    d.ask("two of them", grow(grown(other, 2), grown(name, 10_002)), 3, CreatePartitionsResponse)
