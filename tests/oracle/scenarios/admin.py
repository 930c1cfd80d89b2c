"""CreateTopics, DeleteTopics and DescribeConfigs: what is done, what is refused, and in which words."""

from functools import partial

from odradek.protocol.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse

from ..wire_session import Dialogue, scenario

NO_PRODUCER = bytes([7]) * 16
TOPIC, BROKER = 2, 4


def topic(
    name: str,
    partitions: int = 1,
    replicas: int = 1,
    configs: dict[str, str | None] | None = None,
    assignments: dict[int, list[int]] | None = None,
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        configs=[CreatableTopicConfig(name=one, value=value) for one, value in (configs or {}).items()],
        assignments=[
            CreatableReplicaAssignment(partition_index=index, broker_ids=ids)
            for index, ids in (assignments or {}).items()
        ],
    )


def create(*topics: CreatableTopic, validate_only: bool = False, timeout_ms: int = 5000) -> CreateTopicsRequest:
    return CreateTopicsRequest(topics=topics, timeout_ms=timeout_ms, validate_only=validate_only)


def exists(d: Dialogue, name: str) -> bool:
    request = MetadataRequest(topics=[MetadataRequestTopic(name=name)], allow_auto_topic_creation=False)
    return d.wire.ask(request, 9, MetadataResponse).topics[0].error_code == 0


def is_gone(d: Dialogue, name: str) -> bool:
    return not exists(d, name)


@scenario
def topics_are_created_at_every_version(d: Dialogue) -> None:
    for version in range(2, 8):
        d.ask(f"v{version}", create(topic(d.name(f"v{version}"), 2)), version, CreateTopicsResponse)
        d.ask(f"defaults v{version}", create(topic(d.name(f"d{version}"), -1, -1)), version, CreateTopicsResponse)
    d.ask("none", create(), 7, CreateTopicsResponse)


@scenario
def creation_is_refused_with_a_reason(d: Dialogue) -> None:
    name, _ = d.create_topic("there")
    d.create_topic("a.b")
    fine = d.name("fine")
    for label, one in {
        "exists": topic(name),
        "no partitions": topic(fine, 0),
        "-2 partitions": topic(fine, -2),
        "no replicas": topic(fine, 1, 0),
        "-2 replicas": topic(fine, 1, -2),
        "2 replicas": topic(fine, 1, 2),
        "an empty name": topic(""),
        "a dot": topic("."),
        "two dots": topic(".."),
        "a space": topic("a b"),
        "a long name": topic("x" * 250),
        "a name that collides": topic(d.name("a_b")),
        "the cluster's log": topic("__cluster_metadata"),
        "an unknown setting": topic(fine, configs={"no.such.setting": "1"}),
        "a setting below its range": topic(fine, configs={"retention.ms": "-5"}),
        "a setting that is no number": topic(fine, configs={"retention.ms": "soon"}),
        "a setting that is no boolean": topic(fine, configs={"preallocate": "maybe"}),
        "a setting of unknown choice": topic(fine, configs={"cleanup.policy": "burn"}),
        "an unknown codec": topic(fine, configs={"compression.type": "rar"}),
        "a null setting": topic(fine, configs={"retention.ms": None}),
        "a remote log": topic(fine, configs={"remote.storage.enable": "true"}),
        "partitions and an assignment": topic(fine, 1, 1, assignments={0: [d.node_id]}),
        "an assignment with a hole": topic(fine, -1, -1, assignments={0: [d.node_id], 2: [d.node_id]}),
        "an assignment to nobody": topic(fine, -1, -1, assignments={0: []}),
        "an assignment to a stranger": topic(fine, -1, -1, assignments={0: [99]}),
        "an assignment twice to one": topic(fine, -1, -1, assignments={0: [d.node_id, d.node_id]}),
    }.items():
        d.ask(label, create(one), 7, CreateTopicsResponse)
    d.ask("old version, an error", create(topic("")), 2, CreateTopicsResponse)
    d.ask("the same name twice", create(topic(fine), topic(fine)), 7, CreateTopicsResponse)
    d.ask("one good, one bad", create(topic(d.name("good")), topic(d.name("bad"), 0)), 7, CreateTopicsResponse)
    d.ask("no time", create(topic(fine), timeout_ms=0), 7, CreateTopicsResponse)
    d.note("nothing was made", exists(d, fine))


@scenario
def validation_creates_nothing(d: Dialogue) -> None:
    name, _ = d.create_topic("there")
    fine = d.name("fine")
    d.ask("good", create(topic(fine, 3), validate_only=True), 7, CreateTopicsResponse)
    d.ask("exists", create(topic(name), validate_only=True), 7, CreateTopicsResponse)
    d.ask("bad", create(topic(fine, 0), validate_only=True), 7, CreateTopicsResponse)
    d.note("nothing was made", exists(d, fine))


@scenario
def settings_and_assignments_are_taken(d: Dialogue) -> None:
    configs: dict[str, str | None] = {"retention.ms": "60000", "cleanup.policy": "compact,delete"}
    d.ask("settings", create(topic(d.name("s"), configs=configs)), 7, CreateTopicsResponse)
    assigned = topic(d.name("a"), -1, -1, assignments={0: [d.node_id], 1: [d.node_id]})
    d.ask("an assignment", create(assigned), 7, CreateTopicsResponse)
    for policy in ("", "delete,delete", "compact"):
        one = topic(d.name(f"p{len(policy)}"), configs={"cleanup.policy": policy})
        d.ask(f"policy {policy!r}", create(one), 7, CreateTopicsResponse)


@scenario
def topics_are_deleted_at_every_version(d: Dialogue) -> None:
    for version in range(1, 6):
        name, _ = d.create_topic(f"v{version}")
        request = DeleteTopicsRequest(topic_names=[name, d.name("nobody")], timeout_ms=5000)
        answer = d.wire.ask(request, version, DeleteTopicsResponse)
        d.note(f"v{version}", sorted([one.name, one.error_code, one.error_message] for one in answer.responses))
        d.wait_for(partial(is_gone, d, name), "the topic is gone")


def delete(*topics: DeleteTopicState, timeout_ms: int = 5000) -> DeleteTopicsRequest:
    return DeleteTopicsRequest(topics=topics, timeout_ms=timeout_ms)


@scenario
def topics_are_deleted_by_id_and_by_name(d: Dialogue) -> None:
    one, one_id = d.create_topic("one")
    other, other_id = d.create_topic("other")
    zero = bytes(16)
    for label, state in {
        "an unknown id": DeleteTopicState(name=None, topic_id=NO_PRODUCER),
        "an unknown name": DeleteTopicState(name=d.name("nobody"), topic_id=zero),
        "both": DeleteTopicState(name=one, topic_id=one_id),
        "neither": DeleteTopicState(name=None, topic_id=zero),
        "an empty name": DeleteTopicState(name="", topic_id=zero),
        "an illegal name": DeleteTopicState(name="a b", topic_id=zero),
        "by name": DeleteTopicState(name=one, topic_id=zero),
        "by id": DeleteTopicState(name=None, topic_id=other_id),
    }.items():
        d.ask(label, delete(state), 6, DeleteTopicsResponse)
    d.wait_for(lambda: not exists(d, one) and not exists(d, other), "both are gone")
    d.ask("once more", delete(DeleteTopicState(name=None, topic_id=other_id)), 6, DeleteTopicsResponse)
    third, _ = d.create_topic("third")
    by_name = DeleteTopicState(name=third, topic_id=zero)
    d.ask("twice", delete(by_name, by_name), 6, DeleteTopicsResponse)
    d.ask("no time", delete(by_name, timeout_ms=0), 6, DeleteTopicsResponse)
    d.ask("none", delete(), 6, DeleteTopicsResponse)


def describe(kind: int, name: str, keys: list[str] | None, **options: bool) -> DescribeConfigsRequest:
    resource = DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
    return DescribeConfigsRequest(resources=[resource], **options)


@scenario
def settings_of_a_topic(d: Dialogue) -> None:
    name, _ = d.create_topic("orders", configs={"retention.ms": "60000", "cleanup.policy": "compact"})
    for version in (1, 2, 3, 4):
        d.ask(f"all v{version}", describe(TOPIC, name, None), version, DescribeConfigsResponse)
    some = ["retention.ms", "cleanup.policy", "no.such", "segment.bytes", "min.insync.replicas", "max.message.bytes"]
    d.ask("some", describe(TOPIC, name, some), 4, DescribeConfigsResponse)
    d.ask("some, their origins", describe(TOPIC, name, some, include_synonyms=True), 4, DescribeConfigsResponse)
    d.ask("all, their origins", describe(TOPIC, name, None, include_synonyms=True), 4, DescribeConfigsResponse)
    plain, _ = d.create_topic("plain")
    d.ask("of a plain topic", describe(TOPIC, plain, None, include_synonyms=True), 4, DescribeConfigsResponse)
    d.ask("an empty list", describe(TOPIC, name, []), 4, DescribeConfigsResponse)
    d.ask("unknown keys", describe(TOPIC, name, ["no.such"]), 4, DescribeConfigsResponse)


@scenario
def settings_of_a_broker(d: Dialogue) -> None:
    keys = ["log.retention.ms", "num.partitions", "message.max.bytes", "auto.create.topics.enable", "no.such"]
    this = str(d.node_id)
    d.ask("some", describe(BROKER, this, keys), 4, DescribeConfigsResponse)
    d.ask("some v1", describe(BROKER, this, keys), 1, DescribeConfigsResponse)
    d.ask("their origins", describe(BROKER, this, keys, include_synonyms=True), 4, DescribeConfigsResponse)


@scenario
def settings_of_what_does_not_exist(d: Dialogue) -> None:
    for label, kind, name in (
        ("a topic", TOPIC, d.name("nobody")),
        ("an illegal topic", TOPIC, "a b"),
        ("an empty topic", TOPIC, ""),
        ("another broker", BROKER, "9"),
        ("a broker that is no number", BROKER, "x"),
        ("an unknown kind", 3, "x"),
        ("kind 0", 0, "x"),
    ):
        for version in (1, 4):
            d.ask(f"{label} v{version}", describe(kind, name, None), version, DescribeConfigsResponse)
    d.ask("nothing", DescribeConfigsRequest(), 4, DescribeConfigsResponse)
