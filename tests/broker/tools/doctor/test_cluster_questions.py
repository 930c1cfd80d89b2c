"""What a cluster is asked."""

from collections.abc import Callable, Sequence

import pytest

from odradek.broker.testing.embedded import running_broker
from odradek.broker.tools.doctor.cluster_questions import Time, ask_cluster
from odradek.broker.tools.doctor.facts import ClockSeen, Cluster, CoordinatorSeen, Kafka
from odradek.broker.tools.doctor.kafka_questions import ask_broker
from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.describe_quorum import (
    DescribeQuorumResponse,
    ReplicaState,
    ResponsePartitionData,
    ResponseTopicData,
)
from odradek.protocol.messages.find_coordinator import Coordinator, FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataResponsePartition, MetadataResponseTopic

from .fake_servers import SERVED, FakeKafka, serving

NOW_MS = 1_800_000_000_000
INTERNAL = [MetadataResponseTopic(name="__consumer_offsets"), MetadataResponseTopic(name="__transaction_state")]
NOT_ASKED = CoordinatorSeen(is_asked=False)


class Turned:
    """A clock that only a pause turns."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.pauses = 0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.pauses += 1

    def time(self) -> Time:
        return Time(lambda: self.seconds, lambda: NOW_MS + int(self.seconds * 1000), self.sleep)


def ask(fake: FakeKafka, turned: Turned | None = None, timeout_s: float = 5.0) -> Cluster:
    with serving(fake) as port, Wire(f"127.0.0.1:{port}", timeout_s=timeout_s) as wire:
        kafka = Kafka({one.api_key: (one.min_version, one.max_version) for one in fake.served})
        return ask_cluster(wire, kafka, (turned or Turned()).time(), timeout_s)


def coordinator(code: ErrorCode = ErrorCode.NONE) -> FindCoordinatorResponse:
    return FindCoordinatorResponse(coordinators=[Coordinator(key="k", node_id=1, host="h", port=1, error_code=code)])


def quorum(time_ms: int, code: ErrorCode = ErrorCode.NONE) -> Callable[[], DescribeQuorumResponse]:
    voters = [
        ReplicaState(replica_id=2, last_caught_up_timestamp=1),
        ReplicaState(replica_id=1, last_caught_up_timestamp=time_ms),
    ]
    partition = ResponsePartitionData(partition_index=0, leader_id=1, high_watermark=0, current_voters=voters)
    topic = ResponseTopicData(topic_name="__cluster_metadata", partitions=[partition])
    return lambda: DescribeQuorumResponse(error_code=code, topics=[topic])


def test_of_this_broker_everything_is_answered_and_its_clock_is_ours() -> None:
    with running_broker() as broker, Wire(broker.bootstrap) as wire:
        kafka = ask_broker(wire, lambda: Wire(broker.bootstrap))
        seen = ask_cluster(wire, kafka, Turned().time(), 5.0)
    assert (seen.fault, seen.clock_fault) == ("", "")
    assert seen.clock is not None
    assert seen.clock.whose == "node 1"


def test_a_coordinator_is_not_asked_for_where_its_topic_would_be_created_for_it() -> None:
    fake = FakeKafka([(1, "h", 1)], coordinators=[coordinator()], quorum=quorum(NOW_MS))
    assert ask(fake).coordinators == {"groups": NOT_ASKED, "transactions": NOT_ASKED}
    assert 10 not in [key for key, _ in fake.asked]
    fake.topics = INTERNAL[:1]
    there = CoordinatorSeen(is_asked=True, node_id=1)
    assert ask(fake).coordinators == {"groups": there, "transactions": NOT_ASKED}


def test_a_coordinator_that_is_loading_is_asked_again_until_the_time_is_over() -> None:
    loading = coordinator(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    turned = Turned()
    answers: Sequence[FindCoordinatorResponse] = [loading, loading, coordinator()]
    seen = ask(FakeKafka(topics=INTERNAL[:1], coordinators=answers, quorum=quorum(NOW_MS)), turned)
    assert (seen.coordinators["groups"].error, turned.pauses) == ("", 2)
    late = ask(FakeKafka(topics=INTERNAL[:1], coordinators=[loading], quorum=quorum(NOW_MS)), turned, 1.0)
    assert late.coordinators["groups"].error == "COORDINATOR_LOAD_IN_PROGRESS"
    refused = coordinator(ErrorCode.GROUP_AUTHORIZATION_FAILED)
    pauses = turned.pauses
    seen = ask(FakeKafka(topics=INTERNAL[:1], coordinators=[refused], quorum=quorum(NOW_MS)), turned)
    assert (seen.coordinators["groups"].error, turned.pauses) == ("GROUP_AUTHORIZATION_FAILED", pauses)


def test_topics_are_counted_and_partitions_without_a_leader_named() -> None:
    partitions = [
        MetadataResponsePartition(partition_index=0, leader_id=1, replica_nodes=[1, 2]),
        MetadataResponsePartition(partition_index=1, leader_id=-1, replica_nodes=[2, 3]),
    ]
    topics = [MetadataResponseTopic(name="t", partitions=partitions), MetadataResponseTopic(name="u")]
    seen = ask(FakeKafka([(1, "h", 1)], topics=topics, quorum=quorum(NOW_MS)))
    assert (seen.topics, seen.without_leader, seen.missing_replicas) == (2, ["t-1"], [2, 3])


@pytest.mark.parametrize("skew_ms", [0, 90_000, -90_000])
def test_the_leader_of_the_quorum_tells_its_clock(skew_ms: int) -> None:
    seen = ask(FakeKafka(quorum=quorum(NOW_MS + skew_ms)))
    assert seen.clock == ClockSeen("node 1", skew_ms, skew_ms)


@pytest.mark.parametrize(
    ("fake", "fault"),
    [
        (FakeKafka(served=[one for one in SERVED if one.api_key != 55]), "does not describe a metadata quorum"),
        (FakeKafka(quorum=quorum(0)), "gives no time of its leader"),
        (FakeKafka(quorum=quorum(0, ErrorCode.CLUSTER_AUTHORIZATION_FAILED)), "CLUSTER_AUTHORIZATION_FAILED"),
        (FakeKafka(), "DescribeQuorum: "),
    ],
)
def test_without_a_clock_to_read_it_is_said_why(fake: FakeKafka, fault: str) -> None:
    seen = ask(fake)
    assert (seen.fault, seen.clock) == ("", None)
    assert fault in seen.clock_fault


def test_a_cluster_that_does_not_answer_is_a_fault() -> None:
    assert ask(FakeKafka(closes_at=[3])).fault
