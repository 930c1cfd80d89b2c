"""Questions about one broker that another is asked, and what any of them hands on to the controller."""

from odradek.protocol.messages.alter_configs import AlterConfigsRequest, AlterConfigsResponse
from odradek.protocol.messages.alter_configs import AlterConfigsResource as OldResource
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)
from odradek.protocol.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)
from odradek.protocol.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    PartitionData,
    TopicData,
)
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse

from ..node_dialogue import NodeDialogue, story
from ..node_requests import brokers, metadata, write
from ..three_nodes import NODE_IDS

BROKER, LOGGER, TOPIC = 4, 8, 2
SET, DELETE = 0, 1


def described(d: NodeDialogue, label: str, at: int, kind: int, name: str, *keys: str) -> None:
    """DescribeConfigs of these settings."""
    resource = DescribeConfigsResource(resource_type=kind, resource_name=name, configuration_keys=keys)
    request = DescribeConfigsRequest(resources=[resource], include_synonyms=True)
    d.ask(label, at, request, 4, DescribeConfigsResponse)


def alter(
    d: NodeDialogue, label: str, at: int, kind: int, name: str, setting: str, value: str | None, operation: int = SET
) -> None:
    """IncrementalAlterConfigs of one setting."""
    change = AlterableConfig(name=setting, config_operation=operation, value=value)
    resource = AlterConfigsResource(resource_type=kind, resource_name=name, configs=[change])
    request = IncrementalAlterConfigsRequest(resources=[resource])
    d.ask(label, at, request, 1, IncrementalAlterConfigsResponse)


@story
def settings_of_another_broker(d: NodeDialogue) -> None:
    setting = "message.max.bytes"
    for name in ("1", "2", "3", "9", "-1", "x", ""):
        for node_id in (1, 2):
            described(d, f"broker {name!r}", node_id, BROKER, name, "node.id", "broker.rack", setting)
    for name in ("2", "9", "x", ""):
        described(d, f"loggers of {name!r}", 1, LOGGER, name, "root")
    for name in ("2", "9", "x"):
        alter(d, f"alter {name!r}", 1, BROKER, name, setting, "2000000")
        alter(d, f"alter loggers of {name!r}", 1, LOGGER, name, "root", "INFO")
        resource = OldResource(resource_type=BROKER, resource_name=name, configs=[])
        d.ask(f"alter {name!r}, old", 1, AlterConfigsRequest(resources=[resource]), 2, AlterConfigsResponse)


@story
def settings_of_one_broker_and_of_all(d: NodeDialogue) -> None:
    """A broker's own are changed at that broker, those of all at any; each shows what holds for it."""
    setting = "message.max.bytes"
    alter(d, "broker 2", 2, BROKER, "2", setting, "2000000")
    _wait_for_value(d, 2, "2", setting, "2000000")
    alter(d, "all", 3, BROKER, "", setting, "3000000")
    for node_id, value in ((1, "3000000"), (2, "2000000"), (3, "3000000")):
        _wait_for_value(d, node_id, f"{node_id}", setting, value)
        described(d, "its own", node_id, BROKER, f"{node_id}", setting)
        described(d, "of all", node_id, BROKER, "", setting)
    d.kill(2)
    alter(d, "all, while 2 is dead", 1, BROKER, "", setting, "4000000")
    d.start(2)
    described(d, "2 is back", 2, BROKER, "2", setting)
    alter(d, "delete of 2", 2, BROKER, "2", setting, None, DELETE)
    _wait_for_value(d, 2, "2", setting, "4000000")
    alter(d, "delete of all", 2, BROKER, "", setting, None, DELETE)
    for node_id in NODE_IDS:
        _wait_for_value(d, node_id, f"{node_id}", setting, "1048588")
        described(d, "as it was", node_id, BROKER, f"{node_id}", setting)


def _wait_for_value(d: NodeDialogue, at: int, name: str, setting: str, value: str) -> None:
    d.wait_for(lambda: _value(d, at, name, setting) == value, f"{setting} of {name!r} is {value}")


def _value(d: NodeDialogue, at: int, name: str, setting: str) -> str | None:
    resource = DescribeConfigsResource(resource_type=BROKER, resource_name=name, configuration_keys=[setting])
    (found,) = d.wire(at).ask(DescribeConfigsRequest(resources=[resource]), 4, DescribeConfigsResponse).results
    return next((one.value for one in found.configs), None)


@story
def the_least_in_sync_of_all_topics(d: NodeDialogue) -> None:
    """With eligible leader replicas min.insync.replicas is set for the cluster, and never for one broker (KIP-966)."""
    setting = "min.insync.replicas"
    alter(d, "of one broker", 2, BROKER, "2", setting, "2")
    alter(d, "delete of one broker", 2, BROKER, "2", setting, None, DELETE)
    alter(d, "delete of all", 2, BROKER, "", setting, None, DELETE)
    alter(d, "of all", 2, BROKER, "", setting, "2")
    _wait_for_value(d, 1, "1", setting, "2")
    pair = d.create_topic("pair", [[1, 2]])
    own = d.create_topic("own", [[1, 2]], {setting: "1"})
    d.kill(2)
    d.settle(pair.name, own.name)
    for topic in (pair, own):
        write(d, f"too few: {d.plain_name(topic.name)}", 1, topic)
    # Back first: Apache Kafka's controller does not survive it that a minimum is changed while replicas are eligible,
    # and the topic deleted, once their broker comes back from a crash.
    d.start(2)
    for topic in (pair, own):
        d.wait_for_isr(topic.name, [1, 2])
    alter(d, "of all again", 1, BROKER, "", setting, "1")
    _wait_for_value(d, 1, "1", setting, "1")


@story
def logs_of_each_broker(d: NodeDialogue) -> None:
    pair = d.create_topic("pair", [[1, 2]])
    three = d.create_topic("three", [[3, 2, 1], [3, 1, 2]])
    write(d, "write", 1, pair)
    write(d, "write", 3, three)
    for node_id in NODE_IDS:
        if node_id < 3:
            d.wait_for_high_watermark(node_id, pair.name, 1)
        d.wait_for_high_watermark(node_id, three.name, 1)
        for version in (1, 4, 5):
            asked = [
                DescribableLogDirTopic(topic=pair.name, partitions=[0, 7]),
                DescribableLogDirTopic(topic=three.name, partitions=[0, 1]),
                DescribableLogDirTopic(topic=d.name("nobody"), partitions=[0]),
            ]
            request = DescribeLogDirsRequest(topics=asked)
            d.ask(f"logs v{version}", node_id, request, version, DescribeLogDirsResponse)


@story
def the_quorum_as_each_broker_tells_it(d: NodeDialogue) -> None:
    """A broker asks the controller: who leads, and who follows the metadata log."""
    for node_id in NODE_IDS:
        for version in (0, 1, 2):
            _note_quorum(d, f"all up, v{version}", node_id, version)
        for label, topic, partition in (("a stranger", "nobody", 0), ("a partition", "__cluster_metadata", 1)):
            request = DescribeQuorumRequest(
                topics=[TopicData(topic_name=topic, partitions=[PartitionData(partition_index=partition)])]
            )
            d.ask(label, node_id, request, 2, DescribeQuorumResponse)


def _note_quorum(d: NodeDialogue, label: str, at: int, version: int) -> None:
    """What does not depend on who is the controller, and on how much it has written."""
    partition = PartitionData(partition_index=0)
    request = DescribeQuorumRequest(topics=[TopicData(topic_name="__cluster_metadata", partitions=[partition])])
    answer = d.wire(at).ask(request, version, DescribeQuorumResponse)
    (found,) = answer.topics[0].partitions
    facts = {
        "error": answer.error_code,
        "message": answer.error_message,
        "partition error": found.error_code,
        "partition message": found.error_message,
        "the voters": "the leader alone"
        if [one.replica_id for one in found.current_voters] == [found.leader_id]
        else 0,
        "observers": sorted(one.replica_id for one in found.observers),
        "listeners": [len(one.listeners) for one in answer.nodes],
        "nodes": "the leader alone"
        if [one.node_id for one in answer.nodes] == [found.leader_id]
        else len(answer.nodes),
    }
    d.note(f"{label}, at {at}", [f"{name}: {fact}" for name, fact in facts.items()])


@story
def a_broker_is_unregistered(d: NodeDialogue) -> None:
    """What UnregisterBroker says of a broker that is not there; one that is fenced may be sent away, and comes anew."""
    topic = d.create_topic("pair", [[1, 3]])
    d.ask("a stranger", 1, UnregisterBrokerRequest(broker_id=9), 0, UnregisterBrokerResponse)
    d.kill(3)
    d.settle(topic.name)
    d.ask("the dead one", 2, UnregisterBrokerRequest(broker_id=3), 0, UnregisterBrokerResponse)
    d.wait_for(lambda: all(_registered(d, one) == {1, 2} for one in d.up), "it is unregistered")
    brokers(d, "without it", 1)
    metadata(d, "without it: metadata", 1, topic)
    d.start(3)
    d.wait_for_isr(topic.name, [1, 3])
    brokers(d, "with it", 1)


def _registered(d: NodeDialogue, at: int) -> set[int]:
    request = DescribeClusterRequest(include_fenced_brokers=True)
    return {one.broker_id for one in d.wire(at).ask(request, 2, DescribeClusterResponse).brokers}
