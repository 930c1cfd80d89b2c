"""What a cluster is asked over one of its brokers: topics, coordinators, and what the time is there.

FindCoordinator creates the coordinator's topic in Apache Kafka (KafkaApis.getCoordinator), so it is asked only where
that topic is there. The time stands in DescribeQuorum: the leader of the metadata quorum, asked for its replicas, gives
its own clock for when it last heard of itself (LeaderState.describeReplicaState, KIP-836).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ....protocol.errors import ErrorCode
from ....protocol.messages.api_versions import ApiVersion
from ....protocol.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    PartitionData,
    TopicData,
)
from ....protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from ....protocol.messages.metadata import MetadataRequest, MetadataResponse, MetadataResponseTopic
from ...topic_names import METADATA_TOPIC, OFFSETS_TOPIC, TRANSACTION_TOPIC
from ...wire import Wire
from ..newest_versions import NewestVersions, NotServed, error_name
from .facts import ClockSeen, Cluster, CoordinatorSeen, Kafka
from .kafka_questions import KEY

COORDINATORS: Sequence[tuple[int, str, str]] = ((0, "groups", OFFSETS_TOPIC), (1, "transactions", TRANSACTION_TOPIC))
NOT_YET = (ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
PAUSE_S = 0.05
MOST_NAMED = 100  # partitions without a leader that are kept by name


class Time(NamedTuple):
    """Monotonic seconds, wall milliseconds, and how to wait."""

    now: Callable[[], float]
    now_ms: Callable[[], int]
    sleep: Callable[[float], None]


def ask_cluster(wire: Wire, kafka: Kafka, time: Time, timeout_s: float) -> Cluster:
    """The facts; what was not answered is said in them."""
    served = [ApiVersion(api_key=key, min_version=low, max_version=high) for key, (low, high) in kafka.versions.items()]
    newest = NewestVersions(wire, served)
    deadline = time.now() + timeout_s
    try:
        metadata = newest.ask(MetadataRequest(topics=None, allow_auto_topic_creation=False), MetadataResponse)
        seen = _topics_seen(metadata)
        there = {topic.name for topic in metadata.topics}
        coordinators = {
            name: _coordinator(newest, key_type, time, deadline) if topic in there else CoordinatorSeen(is_asked=False)
            for key_type, name, topic in COORDINATORS
        }
    except (OSError, ValueError, NotServed) as error:
        return Cluster(fault=str(error) or "no answer in time", clock_fault="the cluster did not answer")
    return _with_clock(replace(seen, coordinators=coordinators), newest, time)


def _topics_seen(metadata: MetadataResponse) -> Cluster:
    brokers = {one.node_id for one in metadata.brokers}
    leaderless = list(_leaderless(metadata.topics))
    replicas = {
        node_id for topic in metadata.topics for partition in topic.partitions for node_id in partition.replica_nodes
    }
    return Cluster(
        topics=len(metadata.topics),
        without_leader=leaderless[:MOST_NAMED],
        missing_replicas=sorted(replicas - brokers),
    )


def _leaderless(topics: Iterable[MetadataResponseTopic]) -> Iterable[str]:
    for topic in topics:
        for partition in topic.partitions:
            if partition.leader_id < 0:
                yield f"{topic.name}-{partition.partition_index}"


def _coordinator(newest: NewestVersions, key_type: int, time: Time, deadline: float) -> CoordinatorSeen:
    """A coordinator that is loading is asked again until the deadline, as clients do."""
    request = FindCoordinatorRequest(key_type=key_type, key=KEY, coordinator_keys=[KEY])
    while True:
        answer = newest.ask(request, FindCoordinatorResponse)
        code, node_id = answer.error_code, answer.node_id
        if answer.coordinators:
            code, node_id = answer.coordinators[0].error_code, answer.coordinators[0].node_id
        if code == ErrorCode.NONE:
            return CoordinatorSeen(is_asked=True, node_id=node_id)
        if code not in NOT_YET or time.now() + PAUSE_S >= deadline:
            return CoordinatorSeen(is_asked=True, error=error_name(code))
        time.sleep(PAUSE_S)


def _with_clock(seen: Cluster, newest: NewestVersions, time: Time) -> Cluster:
    request = DescribeQuorumRequest(
        topics=[TopicData(topic_name=METADATA_TOPIC, partitions=[PartitionData(partition_index=0)])]
    )
    before = time.now_ms()
    try:
        answer = newest.ask(request, DescribeQuorumResponse)
    except (NotServed, ValueError):
        return replace(seen, clock_fault="this broker does not describe a metadata quorum, where it would stand")
    except OSError as error:
        return replace(seen, clock_fault=f"DescribeQuorum: {error}")
    after = time.now_ms()
    if answer.error_code != ErrorCode.NONE:
        return replace(seen, clock_fault=f"DescribeQuorum: {error_name(answer.error_code)}")
    for node_id, time_ms in _leaders_time(answer).items():
        return replace(seen, clock=ClockSeen(f"node {node_id}", time_ms - after, time_ms - before))
    return replace(seen, clock_fault="DescribeQuorum gives no time of its leader")


def _leaders_time(answer: DescribeQuorumResponse) -> Mapping[int, int]:
    """Its clock by its id; at most one."""
    return {
        one.replica_id: one.last_caught_up_timestamp
        for topic in answer.topics
        for partition in topic.partitions[:1]
        for one in partition.current_voters
        if one.replica_id == partition.leader_id and one.last_caught_up_timestamp > 0
    }
