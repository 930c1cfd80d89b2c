"""The metadata quorum of a cluster of one node: described, and not to be changed.

That the one broker can be unregistered is not compared: Apache Kafka does it, and is no cluster any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from odradek.protocol.messages.add_raft_voter import AddRaftVoterRequest, AddRaftVoterResponse, Listener
from odradek.protocol.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from odradek.protocol.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    PartitionData,
    ReplicaState,
    ResponsePartitionData,
    ResponseTopicData,
    TopicData,
)
from odradek.protocol.messages.remove_raft_voter import RemoveRaftVoterRequest, RemoveRaftVoterResponse
from odradek.protocol.messages.unregister_broker import UnregisterBrokerRequest, UnregisterBrokerResponse

from ..wire_session import Dialogue, scenario

METADATA = "__cluster_metadata"
DIRECTORY = bytes([7]) * 16
THERE = Listener(name="CONTROLLER", host="there", port=9099)
ELSEWHERE = Listener(name="X", host="there", port=9099)


def comparable(answer: DescribeQuorumResponse) -> DescribeQuorumResponse:
    """Offsets, times and epochs are as they are: what they have to do with each other is kept."""
    return replace(answer, topics=[_topic(topic) for topic in answer.topics])


def _topic(topic: ResponseTopicData) -> ResponseTopicData:
    return replace(topic, partitions=[_partition(one) for one in topic.partitions])


def _partition(partition: ResponsePartitionData) -> ResponsePartitionData:
    end_offset = partition.high_watermark
    return replace(
        partition,
        high_watermark=min(end_offset, 1),
        leader_epoch=min(partition.leader_epoch, 0),
        current_voters=[_voter(one, end_offset) for one in partition.current_voters],
    )


def _voter(voter: ReplicaState, end_offset: int) -> ReplicaState:
    return replace(
        voter,
        replica_id=1,
        log_end_offset=voter.log_end_offset - end_offset,
        last_fetch_timestamp=min(voter.last_fetch_timestamp, 1),
        last_caught_up_timestamp=min(voter.last_caught_up_timestamp, 1),
    )


@scenario
def the_quorum_at_every_version(d: Dialogue) -> None:
    name, _ = d.create_topic("one")
    cases: Mapping[str, Sequence[tuple[str, Sequence[int]]]] = {
        "right": [(METADATA, [0])],
        "none": [],
        "no partitions": [(METADATA, [])],
        "another partition": [(METADATA, [1])],
        "another partition as well": [(METADATA, [0, 1])],
        "a negative partition": [(METADATA, [-1])],
        "another topic": [(name, [0])],
        "another topic as well": [(METADATA, [0]), (name, [0])],
        "the partition twice": [(METADATA, [0, 0])],
        "the topic twice": [(METADATA, [0]), (METADATA, [0])],
        "an empty name": [("", [0])],
    }
    for label, asked in cases.items():
        topics = [
            TopicData(topic_name=one, partitions=[PartitionData(partition_index=index) for index in indexes])
            for one, indexes in asked
        ]
        for version in range(3):
            answer = d.wire.ask(DescribeQuorumRequest(topics=topics), version, DescribeQuorumResponse)
            d.note(f"{label} v{version}", comparable(answer))


@scenario
def other_brokers_are_not_registered(d: Dialogue) -> None:
    for broker_id in (0, 99, -1, -2):
        d.ask(f"{broker_id}", UnregisterBrokerRequest(broker_id=broker_id), 0, UnregisterBrokerResponse)


@scenario
def voters_come_and_go_nowhere(d: Dialogue) -> None:
    cluster_id = d.wire.ask(DescribeClusterRequest(), 0, DescribeClusterResponse).cluster_id
    right = AddRaftVoterRequest(
        cluster_id=cluster_id, timeout_ms=1000, voter_id=2, voter_directory_id=DIRECTORY, listeners=[THERE]
    )
    cases: Mapping[str, AddRaftVoterRequest] = {
        "right": right,
        "any cluster": replace(right, cluster_id=None),
        "a negative id": replace(right, voter_id=-1),
        "no directory": replace(right, voter_directory_id=bytes(16)),
        "no listeners": replace(right, listeners=[]),
        "another listener": replace(right, listeners=[ELSEWHERE]),
        "another listener as well": replace(right, listeners=[ELSEWHERE, THERE]),
        "this node": replace(right, voter_id=d.node_id),
    }
    for label, request in cases.items():
        for version in (0, 1):
            d.ask(f"add {label} v{version}", request, version, AddRaftVoterResponse)
    gone = RemoveRaftVoterRequest(cluster_id=cluster_id, voter_id=2, voter_directory_id=DIRECTORY)
    for label, removal in {
        "right": gone,
        "any cluster": replace(gone, cluster_id=None),
        "a negative id": replace(gone, voter_id=-1),
        "no directory": replace(gone, voter_directory_id=bytes(16)),
        "this node": replace(gone, voter_id=d.node_id),
    }.items():
        d.ask(f"remove {label}", removal, 0, RemoveRaftVoterResponse)
    for label, other in {"another cluster": "x" * 22, "an empty cluster": ""}.items():
        added = d.wire.ask(replace(right, cluster_id=other), 1, AddRaftVoterResponse)
        removed = d.wire.ask(replace(gone, cluster_id=other), 0, RemoveRaftVoterResponse)
        for verb, answer in (("add", added), ("remove", removed)):
            message = (answer.error_message or "").replace(cluster_id, "the cluster")
            d.note(f"{verb} {label}", [answer.error_code, message])
