"""Metadata, FindCoordinator and DescribeCluster: who is there, and what is where."""

from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse

from ..wire_session import Dialogue, scenario

NO_PRODUCER = bytes([7]) * 16


def named(*names: str) -> list[MetadataRequestTopic]:
    return [MetadataRequestTopic(name=name) for name in names]


@scenario
def topics_by_name_at_every_version(d: Dialogue) -> None:
    name, _ = d.create_topic("orders", 3)
    for version in range(14):
        request = MetadataRequest(
            topics=named(name, d.name("nobody"), name),
            allow_auto_topic_creation=version < 4,
            include_topic_authorized_operations=version >= 8,
            include_cluster_authorized_operations=8 <= version <= 10,
        )
        if version >= 4:
            d.ask(f"v{version}", request, version, MetadataResponse)
        else:  # without the flag an unknown name would be created
            d.ask(f"v{version}", MetadataRequest(topics=named(name)), version, MetadataResponse)


@scenario
def none_and_all_topics_are_told_apart(d: Dialogue) -> None:
    name, _ = d.create_topic("orders")
    for version in (1, 4, 9, 13):
        d.ask(f"none v{version}", MetadataRequest(topics=[]), version, MetadataResponse)
        everything = d.wire.ask(MetadataRequest(topics=None), version, MetadataResponse)
        d.note(f"all v{version}", name in [one.name for one in everything.topics])
    everything = d.wire.ask(MetadataRequest(topics=[]), 0, MetadataResponse)
    d.note("empty is all in v0", name in [one.name for one in everything.topics])


@scenario
def topics_by_id(d: Dialogue) -> None:
    name, topic_id = d.create_topic("orders")
    by_id = [MetadataRequestTopic(topic_id=topic_id, name=None), MetadataRequestTopic(topic_id=NO_PRODUCER, name=None)]
    for version in (10, 11, 12, 13):
        request = MetadataRequest(topics=by_id, allow_auto_topic_creation=False)
        d.ask(f"ids v{version}", request, version, MetadataResponse)
    for version in (10, 12, 13):
        both = MetadataRequest(topics=[MetadataRequestTopic(topic_id=NO_PRODUCER, name=name)])
        d.ask(f"an unknown id and a name v{version}", both, version, MetadataResponse)
        neither = MetadataRequest(topics=[MetadataRequestTopic(name=None)])
        d.ask(f"neither v{version}", neither, version, MetadataResponse)


@scenario
def names_that_no_topic_may_have(d: Dialogue) -> None:
    for label, name in {
        "empty": "", "dot": ".", "two dots": "..", "space": "a b", "slash": "a/b", "not ASCII": "ä", "long": "x" * 250,
    }.items():  # fmt: skip
        d.ask(label, MetadataRequest(topics=named(name)), 9, MetadataResponse)


@scenario
def an_unknown_name_is_created_only_with_leave(d: Dialogue) -> None:
    name = d.name("made")
    request = MetadataRequest(topics=named(name), allow_auto_topic_creation=False)
    d.ask("without leave", request, 9, MetadataResponse)
    d.ask("still without", request, 9, MetadataResponse)
    d.ask("with leave", MetadataRequest(topics=named(name)), 9, MetadataResponse)
    d.settle(name)
    d.ask("afterwards", request, 9, MetadataResponse)


@scenario
def the_log_of_the_cluster_is_no_topic(d: Dialogue) -> None:
    d.ask("by name", MetadataRequest(topics=named("__cluster_metadata")), 9, MetadataResponse)


@scenario
def coordinators_of_groups(d: Dialogue) -> None:
    for version in range(4):
        request = FindCoordinatorRequest(key=d.name("g"))
        d.ask(f"v{version}", request, version, FindCoordinatorResponse)
    for version in (4, 5, 6):
        request = FindCoordinatorRequest(coordinator_keys=[d.name("g"), "", d.name("g")])
        d.ask(f"v{version}", request, version, FindCoordinatorResponse)
    d.ask("no key", FindCoordinatorRequest(coordinator_keys=[]), 4, FindCoordinatorResponse)
    d.ask("an empty group", FindCoordinatorRequest(key=""), 3, FindCoordinatorResponse)


@scenario
def coordinators_of_unknown_kinds(d: Dialogue) -> None:
    for version in (1, 3):
        d.ask(f"v{version}", FindCoordinatorRequest(key="k", key_type=9), version, FindCoordinatorResponse)
    for version in (4, 6):
        request = FindCoordinatorRequest(coordinator_keys=["k", "l"], key_type=9)
        d.ask(f"v{version}", request, version, FindCoordinatorResponse)
    d.ask("share in v5", FindCoordinatorRequest(coordinator_keys=["k"], key_type=2), 5, FindCoordinatorResponse)
    d.ask("share in v6", FindCoordinatorRequest(coordinator_keys=["k"], key_type=2), 6, FindCoordinatorResponse)


@scenario
def the_cluster_is_described(d: Dialogue) -> None:
    for version in range(3):
        for asked in (False, True):
            request = DescribeClusterRequest(include_cluster_authorized_operations=asked)
            d.ask(f"v{version} operations {asked}", request, version, DescribeClusterResponse)
    for kind in (2, 0, 3, -1):
        for version in (1, 2):
            request = DescribeClusterRequest(endpoint_type=kind)
            d.ask(f"endpoints {kind} v{version}", request, version, DescribeClusterResponse)
