"""ElectLeaders, preferred and unclean, in every state that partitions can be in (KIP-460, KIP-966)."""

from collections.abc import Sequence

from odradek.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse, TopicPartitions
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)

from ..node_dialogue import NodeDialogue, Topic, story
from ..node_requests import partitions, read, write

PREFERRED, UNCLEAN = 0, 1
TOPIC, SET = 2, 0


def elect(
    d: NodeDialogue, label: str, at: int, topics: Sequence[Topic], kind: int, indexes: Sequence[int] = (0,)
) -> None:
    """ElectLeaders of these partitions; once it is answered, what it changed is waited for."""
    asked = [TopicPartitions(topic=topic.name, partitions=indexes) for topic in topics]
    request = ElectLeadersRequest(election_type=kind, topic_partitions=asked, timeout_ms=10_000)
    d.ask(label, at, request, 2, ElectLeadersResponse)


def elect_all(d: NodeDialogue, label: str, at: int, topics: Sequence[Topic], kind: int) -> None:
    """ElectLeaders of everything; what is said of these topics."""
    request = ElectLeadersRequest(election_type=kind, topic_partitions=None, timeout_ms=10_000)
    answer = d.wire(at).ask(request, 2, ElectLeadersResponse)
    names = [topic.name for topic in topics]
    answer.replica_election_results = [one for one in answer.replica_election_results if one.topic in names]
    d.note(f"{label}, at {at}", answer)


def elect_both(d: NodeDialogue, label: str, at: int, topics: Sequence[Topic]) -> None:
    """First what is preferred, then what is unclean."""
    elect(d, f"{label}: preferred", at, topics, PREFERRED)
    elect(d, f"{label}: unclean", at, topics, UNCLEAN)


def settle(d: NodeDialogue, topics: Sequence[Topic]) -> None:
    """All know what was elected."""
    d.settle(*(topic.name for topic in topics))


@story
def preferred_leaders_come_back(d: NodeDialogue) -> None:
    three = d.create_topic("three", [[1, 2, 3], [2, 3, 1], [1, 3, 2]])
    other = d.create_topic("other", [[3, 1, 2], [1, 2, 3], [2, 1, 3]])
    topics, all_three = (three, other), (0, 1, 2)
    elect(d, "all up", 2, topics, PREFERRED, all_three)
    elect_all(d, "all up: everything", 2, topics, PREFERRED)
    d.kill(1)
    settle(d, topics)
    elect(d, "one is dead", 2, topics, PREFERRED, all_three)
    elect_all(d, "one is dead: everything", 3, topics, PREFERRED)
    d.start(1)
    for topic in topics:
        for index in all_three:
            d.wait_for_isr(topic.name, [1, 2, 3], index)
    partitions(d, "back", 2, *topics)
    elect(d, "back", 3, [three], PREFERRED, all_three)
    d.wait_for_leader(three.name, 1)
    settle(d, topics)
    partitions(d, "elected", 2, *topics)
    elect_all(d, "back: everything", 1, topics, PREFERRED)
    d.wait_for_leader(other.name, 1, 1)
    settle(d, topics)
    partitions(d, "everything elected", 2, *topics)
    elect(d, "again", 1, topics, PREFERRED, all_three)


@story
def what_cannot_be_elected(d: NodeDialogue) -> None:
    topic = d.create_topic("three", [[1, 2, 3]])
    nobody = Topic(d.name("nobody"), bytes(16))
    for kind in (PREFERRED, UNCLEAN):
        elect(d, f"kind {kind}: unknown", 2, [nobody], kind)
        elect(d, f"kind {kind}: an unknown partition", 2, [topic], kind, (0, 7, -1))
        elect(d, f"kind {kind}: no partitions", 2, [topic], kind, ())
    elect(d, "kind 2", 2, [topic], 2)
    for version in (0, 1, 2):
        request = ElectLeadersRequest(
            topic_partitions=[TopicPartitions(topic=topic.name, partitions=[0])], timeout_ms=10_000
        )
        d.ask(f"v{version}", 3, request, version, ElectLeadersResponse)


@story
def a_leader_out_of_sync_is_elected_only_if_asked(d: NodeDialogue) -> None:
    """Two replicas: 2 dies, 1 takes records alone and dies, 2 comes back without them."""
    clean = d.create_topic("clean", [[1, 2]])
    strict = d.create_topic("strict", [[1, 2]], {"min.insync.replicas": "2"})
    loose = d.create_topic("loose", [[1, 2]], {"unclean.leader.election.enable": "true"})
    topics = (clean, strict, loose)
    for topic in topics:
        write(d, f"both up: {d.plain_name(topic.name)}", 1, topic)
        d.wait_for_high_watermark(2, topic.name, 1)
    d.kill(2)
    settle(d, topics)
    for topic in topics:
        write(d, f"alone: {d.plain_name(topic.name)}", 1, topic, (b"b", b"c"), acks=1)
    elect_both(d, "2 is dead", 3, topics)
    d.kill(1)
    settle(d, topics)
    partitions(d, "both are dead", 3, *topics)
    elect_both(d, "both are dead", 3, topics)
    d.start(2)
    d.wait_for_leader(loose.name, 2)
    settle(d, topics)
    partitions(d, "2 is back", 3, *topics)
    for topic in topics:
        base = d.plain_name(topic.name)
        for node_id in (2, 3):
            write(d, f"2 is back: {base}", node_id, topic, (b"d",))
        read(d, f"2 is back: {base}, read", 3, topic)
    read(d, "2 is back: loose, read", 2, loose)
    elect(d, "2 is back: preferred", 3, topics, PREFERRED)
    elect_all(d, "2 is back: preferred, everything", 3, topics, PREFERRED)
    elect(d, "2 is back: unclean", 3, [clean, loose], UNCLEAN)
    elect_all(d, "2 is back: unclean, everything", 3, topics, UNCLEAN)
    d.wait_for_leader(strict.name, 2)
    settle(d, topics)
    partitions(d, "2 leads", 3, *topics)
    write(d, "2 leads: write", 2, clean, (b"e",))
    elect_both(d, "2 leads", 3, topics)
    d.start(1)
    for topic in topics:
        d.wait_for_isr(topic.name, [1, 2])
    partitions(d, "both are back", 3, *topics)
    elect_both(d, "both are back", 3, topics)
    settle(d, topics)
    partitions(d, "1 leads", 3, *topics)


@story
def an_eligible_replica_is_elected_before_the_last_leader_is_back(d: NodeDialogue) -> None:
    """KIP-966: who left the ISR while too few were in it is still eligible, unless it ended badly."""
    stopped = d.create_topic("stopped", [[1, 2]], {"min.insync.replicas": "2"})
    write(d, "both up", 1, stopped)
    d.wait_for_high_watermark(2, stopped.name, 1)
    d.stop(2)
    d.settle(stopped.name)
    partitions(d, "2 is stopped", 3, stopped)
    d.kill(1)
    d.settle(stopped.name)
    partitions(d, "1 is dead", 3, stopped)
    d.start(2)
    d.wait_for_leader(stopped.name, 2)
    partitions(d, "2 is back", 3, stopped)
    read(d, "2 is back: read", 2, stopped)
    write(d, "2 is back: write", 2, stopped)
    d.start(1)
    d.wait_for_isr(stopped.name, [1, 2])
    partitions(d, "1 is back", 3, stopped)


@story
def the_last_leader_comes_back_from_its_death(d: NodeDialogue) -> None:
    """Where nobody is eligible the last who led leads again; where 2 is, 1 waits to hear of it (KIP-966)."""
    clean = d.create_topic("clean", [[1, 2]])
    strict = d.create_topic("strict", [[1, 2]], {"min.insync.replicas": "2"})
    topics = (clean, strict)
    d.kill(2)
    settle(d, topics)
    for topic in topics:
        write(d, f"alone: {d.plain_name(topic.name)}", 1, topic, acks=1)
    d.kill(1)
    settle(d, topics)
    partitions(d, "both are dead", 3, *topics)
    d.start(1)
    d.wait_for_leader(clean.name, 1)
    settle(d, topics)
    partitions(d, "1 is back", 3, *topics)
    read(d, "1 is back: read", 1, clean)
    write(d, "1 is back: write", 1, strict)
    d.start(2)
    for topic in topics:
        d.wait_for_isr(topic.name, [1, 2])
        d.wait_for_high_watermark(2, topic.name, 1)
    partitions(d, "2 is back", 3, *topics)


@story
def unclean_elections_are_allowed_while_nobody_leads(d: NodeDialogue) -> None:
    """The setting alone elects nobody; the next who comes does."""
    topic = d.create_topic("pair", [[1, 2]])
    write(d, "both up", 1, topic)
    d.kill(2)
    d.settle(topic.name)
    d.kill(1)
    d.settle(topic.name)
    d.start(2)
    d.settle(topic.name)
    partitions(d, "2 is back", 3, topic)
    change = AlterableConfig(name="unclean.leader.election.enable", config_operation=SET, value="true")
    resource = AlterConfigsResource(resource_type=TOPIC, resource_name=topic.name, configs=[change])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    d.ask("allow it", 3, request, 1, IncrementalAlterConfigsResponse)
    elect(d, "allowed: preferred", 3, [topic], PREFERRED)
    partitions(d, "allowed", 3, topic)
    d.start(1)
    d.wait_for_isr(topic.name, [1, 2])
    partitions(d, "1 is back", 3, topic)
