"""Any history, then a restore: records, offsets, groups and transactions are those of the snapshot."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odradek.broker.testing.asking import ask
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.inspection import SeenGroup
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from odradek.protocol.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from odradek.protocol.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.messages.share_group_heartbeat import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse
from odradek.protocol.messages.streams_group_heartbeat import (
    StreamsGroupHeartbeatRequest,
    StreamsGroupHeartbeatResponse,
    Subtopology,
    Topology,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.protocol.schema import ZERO_UUID

TOPICS = ("a", "b")
IDS = ("x", "y")
R = TypeVar("R")

SETTINGS = {
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.num.partitions": "2",
    "log.roll.ms": "30000",
    "log.retention.ms": "-1",
    "group.initial.rebalance.delay.ms": "0",
}

a_topic, an_id = st.sampled_from(TOPICS), st.sampled_from(IDS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), a_topic),
        st.tuples(st.just("delete"), a_topic),
        st.tuples(st.just("produce"), a_topic),
        st.tuples(st.just("delete_records"), a_topic, st.integers(0, 5)),
        st.tuples(st.just("begin"), an_id),
        st.tuples(st.just("write"), an_id, a_topic),
        st.tuples(st.just("end"), an_id, st.booleans()),
        st.tuples(st.just("commit"), an_id, a_topic, st.integers(0, 9)),
        st.tuples(st.just("beat"), an_id, a_topic),
        st.tuples(st.just("join"), an_id, a_topic),
        st.tuples(st.just("leave"), st.integers(0, 3)),
        st.tuples(st.just("share"), an_id, a_topic),
        st.tuples(st.just("stream"), an_id, a_topic),
        st.tuples(st.just("advance"), st.integers(1, 100)),
    ),
    min_size=2,
    max_size=16,
)


@dataclass
class History:
    """What is done to a cluster; whether it is refused does not matter here."""

    cluster: KafkaCluster
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    sequences: dict[tuple[str, str, int], int] = field(default_factory=dict[tuple[str, str, int], int])
    epochs: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    classic: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def ask(self, request: object, response_type: type[R]) -> R:
        return self.cluster._host.run(lambda: ask(self.cluster._context, request, response_type))

    def topic_id(self, topic: str) -> bytes | None:
        found = self.cluster._context.topics.find(topic)
        return None if found is None else found.topic_id

    def do(self, name: str, *how: Any) -> None:
        getattr(self, name)(*how)

    def create(self, topic: str) -> None:
        if self.topic_id(topic) is None:
            self.cluster.topic(topic, 1)

    def delete(self, topic: str) -> None:
        self.ask(
            DeleteTopicsRequest(topics=[DeleteTopicState(name=topic, topic_id=ZERO_UUID)], timeout_ms=1000),
            DeleteTopicsResponse,
        )

    def produce(self, topic: str) -> None:
        if self.topic_id(topic) is not None:
            self.cluster.produce(topic, [b"v"])

    def advance(self, seconds: int) -> None:
        self.cluster.clock.advance(seconds=seconds)

    def delete_records(self, topic: str, offset: int) -> None:
        partition = DeleteRecordsPartition(partition_index=0, offset=offset)
        asked = DeleteRecordsTopic(name=topic, partitions=[partition])
        self.ask(DeleteRecordsRequest(topics=[asked], timeout_ms=1000), DeleteRecordsResponse)

    def begin(self, transactional_id: str) -> None:
        request = InitProducerIdRequest(transactional_id=transactional_id, transaction_timeout_ms=60_000)
        given = self.ask(request, InitProducerIdResponse)
        if not given.error_code:
            self.stamps[transactional_id] = given.producer_id, given.producer_epoch

    def write(self, transactional_id: str, topic: str) -> None:
        topic_id = self.topic_id(topic)
        if topic_id is None:
            return
        if transactional_id not in self.stamps:
            self.begin(transactional_id)
        producer_id, epoch = self.stamps[transactional_id]
        at = (transactional_id, topic, epoch)
        sequence = self.sequences.get(at, 0)
        stamp = ProducerStamp(producer_id, epoch, sequence, is_transactional=True)
        batch = build_batch([NewRecord(None, b"t", self.cluster.clock.now_ms)], producer=stamp)
        data = TopicProduceData(topic_id=topic_id, partition_data=[PartitionProduceData(index=0, records=batch)])
        request = ProduceRequest(transactional_id=transactional_id, acks=-1, timeout_ms=1000, topic_data=[data])
        answer = self.ask(request, ProduceResponse)
        if not answer.responses[0].partition_responses[0].error_code:
            self.sequences[at] = sequence + 1

    def end(self, transactional_id: str, is_commit: bool) -> None:
        if transactional_id in self.stamps:
            producer_id, epoch = self.stamps[transactional_id]
            request = EndTxnRequest(
                transactional_id=transactional_id, producer_id=producer_id, producer_epoch=epoch, committed=is_commit
            )
            answer = self.ask(request, EndTxnResponse)
            if not answer.error_code:
                self.stamps[transactional_id] = answer.producer_id, answer.producer_epoch

    def commit(self, group: str, topic: str, offset: int) -> None:
        topic_id = self.topic_id(topic)
        if topic_id is not None:
            partition = OffsetCommitRequestPartition(
                partition_index=0, committed_offset=offset, committed_metadata=None
            )
            asked = OffsetCommitRequestTopic(topic_id=topic_id, partitions=[partition])
            self.ask(OffsetCommitRequest(group_id=group, member_id="", topics=[asked]), OffsetCommitResponse)

    def beat(self, group: str, topic: str) -> None:
        """Join a group of the new protocol, which is none of those that commit."""
        request = ConsumerGroupHeartbeatRequest(
            group_id=f"members of {group}",
            member_id=f"m{len(self.epochs)}",
            rebalance_timeout_ms=1000,
            subscribed_topic_names=[topic],
            topic_partitions=[],
        )
        self.epochs[f"m{len(self.epochs)}"] = group, self.ask(request, ConsumerGroupHeartbeatResponse).member_epoch

    def join(self, group: str, topic: str) -> None:
        """A member of the classic protocol, alone in its group: nobody else is waited for."""
        group = f"classic {group} {len(self.classic)}"
        protocols = [JoinGroupRequestProtocol(name="range", metadata=topic.encode())]

        def ask(member_id: str) -> JoinGroupResponse:
            request = JoinGroupRequest(
                group_id=group,
                member_id=member_id,
                session_timeout_ms=45_000,
                rebalance_timeout_ms=60_000,
                protocol_type="consumer",
                protocols=protocols,
            )
            return self.ask(request, JoinGroupResponse)

        joined = ask("")
        if joined.error_code == ErrorCode.MEMBER_ID_REQUIRED:
            joined = ask(joined.member_id)
        assert joined.error_code == ErrorCode.NONE
        assignment = SyncGroupRequestAssignment(member_id=joined.member_id, assignment=topic.encode())
        sync = SyncGroupRequest(
            group_id=group,
            generation_id=joined.generation_id,
            member_id=joined.member_id,
            protocol_type="consumer",
            protocol_name="range",
            assignments=[assignment],
        )
        assert self.ask(sync, SyncGroupResponse).error_code == ErrorCode.NONE
        self.classic.append((group, joined.member_id))

    def leave(self, number: int) -> None:
        if number < len(self.classic):
            group, member_id = self.classic[number]
            self.ask(
                LeaveGroupRequest(group_id=group, members=[MemberIdentity(member_id=member_id)]), LeaveGroupResponse
            )

    def share(self, group: str, topic: str) -> None:
        request = ShareGroupHeartbeatRequest(
            group_id=f"share {group}", member_id=f"s{len(self.epochs)}", subscribed_topic_names=[topic]
        )
        answer = self.ask(request, ShareGroupHeartbeatResponse)
        assert answer.error_code == ErrorCode.NONE
        self.epochs[f"s{len(self.epochs)}"] = group, answer.member_epoch

    def stream(self, group: str, topic: str) -> None:
        topology = Topology(epoch=1, subtopologies=[Subtopology(subtopology_id="0", source_topics=[topic])])
        request = StreamsGroupHeartbeatRequest(
            group_id=f"streams {group} {topic}",
            member_id=f"k{len(self.epochs)}",
            rebalance_timeout_ms=1000,
            topology=topology,
            active_tasks=[],
            standby_tasks=[],
            warmup_tasks=[],
            process_id="p",
            client_tags=[],
        )
        answer = self.ask(request, StreamsGroupHeartbeatResponse)
        assert answer.error_code == ErrorCode.NONE
        self.epochs[f"k{len(self.epochs)}"] = group, answer.member_epoch


def is_bare(cluster: KafkaCluster, group: SeenGroup) -> bool:
    return group.group_type == "classic" and not cluster.committed(group.group_id)


def seen(cluster: KafkaCluster) -> dict[str, object]:
    """All that a snapshot is about."""
    context = cluster._context
    topics = sorted(topic.name for topic in context.topics if not topic.is_internal)
    return {
        "ids": sorted((topic.name, topic.topic_id) for topic in context.topics if not topic.is_internal),
        "records": [cluster.records(name, isolation="read_uncommitted") for name in topics],
        "offsets": [cluster.offsets(name) for name in topics],
        "producers": [
            (producer_id, entry.producer_epoch, entry.last_sequence, entry.current_txn_first_offset)
            for name in topics
            for producer_id, entry in context.topics.partition(name, 0).log.active_producers()
        ],
        "committed": {group: cluster.committed(group) for group in IDS},
        # Nothing is stored of a group that never had a member, once the topics of its offsets are deleted.
        "groups": {one.group_id: one for one in cluster.groups().values() if one.members or not is_bare(cluster, one)},
        "transactions": sorted(
            (one.transactional_id, one.state, one.producer_id, one.producer_epoch, sorted(map(str, one.partitions)))
            for one in context.transactions.transactions()
        ),
    }


@pytest.fixture(scope="module")
def host() -> Iterator[ClusterHost]:
    with ClusterHost() as host:
        yield host


@given(before=steps, since=steps)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_restore_brings_back_the_state_at_the_snapshot(
    host: ClusterHost, before: list[tuple[Any, ...]], since: list[tuple[Any, ...]]
) -> None:
    with host.cluster(SETTINGS) as cluster:
        cluster.clock.freeze()
        history = History(cluster)
        for topic in TOPICS:
            history.create(topic)
        for step in before:
            history.do(*step)
        kept = seen(cluster)
        cluster.snapshot("s")
        assert seen(cluster) == kept  # taking it changes nothing
        for step in since:
            history.do(*step)
        went_on = seen(cluster)
        cluster.snapshot("later")
        for name, expected in (("s", kept), ("later", went_on), ("s", kept)):
            cluster.restore(name)
            assert seen(cluster) == expected
        with cluster.fork("later") as fork:
            assert seen(fork) == went_on
