"""Whole clusters in the loop of the test, over real sockets, on a clock that is turned and threads that are counted."""

import asyncio
import os
import random
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from odradek.broker.cluster import Cluster
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads, Runtime
from odradek.broker.testing.async_wire import AsyncWire
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.recorded_runtime import RecordedThreads, RecordedTimers
from odradek.protocol.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from odradek.protocol.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestTopic,
    OffsetFetchResponse,
)
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from odradek.protocol.records import NO_PRODUCER, NewRecord, ProducerStamp, build_batch
from odradek.storage.files.files import Files
from odradek.storage.files.memory_files import MemoryFiles

SESSION_S = 10
SETTINGS = {
    "listeners": "PLAINTEXT://127.0.0.1:0",
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.num.partitions": "2",
}
EARLIEST = -2


def config_of(settings: Mapping[str, str] | None = None) -> BrokerConfig:
    return BrokerConfig.from_settings({**SETTINGS, **(settings or {})})


@dataclass
class World:
    """A clock, its timers, and threads: what several clusters of one loop may share."""

    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.timers = RecordedTimers(self.clock)
        self._loop_threads = LoopThreads(asyncio.get_running_loop())
        self.threads = RecordedThreads(self._loop_threads)
        self.runtime = Runtime(self.clock, self.timers, self.threads, random.Random(0))

    def cluster(
        self, files: Files | None = None, directory: str = "/data", settings: Mapping[str, str] | None = None
    ) -> Cluster:
        return Cluster(config_of(settings), files or MemoryFiles(), self.runtime, directory)

    @asynccontextmanager
    async def running(
        self, files: Files | None = None, directory: str = "/data", settings: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Cluster]:
        """A cluster that is stopped with the block, unless the block has stopped it."""
        cluster = self.cluster(files, directory, settings)
        await cluster.start()
        try:
            yield cluster
        finally:
            await cluster.stop()

    async def turn(self, seconds: float) -> None:
        """Let time pass, and what follows from it come to its end."""
        self.clock.advance(seconds)
        for _ in range(20):
            await self.threads.idle()
            await asyncio.sleep(0)
            self.clock.advance(0)

    def close(self) -> None:
        self._loop_threads.close()


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """A world, and the end of its threads."""
    made = World()
    try:
        yield made
    finally:
        made.close()


class Client(AsyncWire):
    """A raw client that knows the requests of these tests."""

    async def create_topic(self, name: str, **configs: str) -> None:
        topic = CreatableTopic(
            name=name,
            num_partitions=1,
            replication_factor=1,
            configs=[CreatableTopicConfig(name=k.replace("_", "."), value=v) for k, v in configs.items()],
        )
        answer = await self.ask(CreateTopicsRequest(topics=[topic], timeout_ms=1000), 7, CreateTopicsResponse)
        assert [found.error_code for found in answer.topics] == [0]

    async def topics(self) -> list[str]:
        answer = await self.ask(MetadataRequest(topics=None), 12, MetadataResponse)
        return sorted(topic.name or "" for topic in answer.topics if not topic.is_internal)

    async def cluster_id(self) -> str:
        return (await self.ask(MetadataRequest(topics=None), 12, MetadataResponse)).cluster_id or ""

    async def produce(self, topic: str, batch: bytes | None = None, *, transactional_id: str | None = None) -> int:
        """One batch; its error code."""
        request = ProduceRequest(
            transactional_id=transactional_id,
            acks=-1,
            timeout_ms=1000,
            topic_data=[
                TopicProduceData(name=topic, partition_data=[PartitionProduceData(index=0, records=batch or record())])
            ],
        )
        answer = await self.ask(request, 11, ProduceResponse)
        return answer.responses[0].partition_responses[0].error_code

    async def poll(
        self,
        topic: str,
        offset: int = 0,
        max_wait_ms: int = 5000,
        version: int = 12,
        *,
        min_bytes: int = 1,
        is_read_committed: bool = False,
    ) -> None:
        """Send a Fetch, which the broker has when this returns; its answer is to be had by `fetched`."""
        partition = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=1 << 20)
        topics = [FetchTopic(topic=topic, partitions=[partition])]
        request = FetchRequest(
            max_wait_ms=max_wait_ms, min_bytes=min_bytes, isolation_level=int(is_read_committed), topics=topics
        )
        self.send(request, version)
        for _ in range(5):  # the loop reads what is in its sockets once in every turn
            await asyncio.sleep(0)

    async def fetched(self, version: int = 12) -> FetchResponse:
        return await self.answer(FetchRequest, version, FetchResponse)

    async def offset(self, topic: str, timestamp: int = EARLIEST) -> int:
        """ListOffsets of partition 0."""
        asked = ListOffsetsTopic(name=topic, partitions=[ListOffsetsPartition(partition_index=0, timestamp=timestamp)])
        answer = await self.ask(ListOffsetsRequest(replica_id=-1, topics=[asked]), 7, ListOffsetsResponse)
        return answer.topics[0].partitions[0].offset

    async def find_coordinator(self, key: str, key_type: int = 0) -> None:
        """As every client does first: the coordinator's topic is there when it is answered."""
        request = FindCoordinatorRequest(key=key, key_type=key_type)
        assert (await self.ask(request, 3, FindCoordinatorResponse)).error_code == 0

    async def become_member(self, group: str = "g") -> str:
        """The only member of a Stable group, in generation 1; its id."""
        await self.find_coordinator(group)
        member_id, error = "", -1
        for _ in range(2):  # the first answer gives the id
            request = JoinGroupRequest(
                group_id=group,
                session_timeout_ms=SESSION_S * 1000,
                rebalance_timeout_ms=SESSION_S * 1000,
                member_id=member_id,
                protocol_type="consumer",
                protocols=[JoinGroupRequestProtocol(name="range", metadata=b"m")],
            )
            joined = await self.ask(request, 9, JoinGroupResponse)
            member_id, error = joined.member_id, joined.error_code
        assert error == 0
        sync = SyncGroupRequest(
            group_id=group,
            generation_id=1,
            member_id=member_id,
            protocol_type="consumer",
            protocol_name="range",
            assignments=[SyncGroupRequestAssignment(member_id=member_id, assignment=b"work")],
        )
        assert (await self.ask(sync, 5, SyncGroupResponse)).error_code == 0
        return member_id

    async def heartbeat(self, member_id: str, group: str = "g") -> int:
        request = HeartbeatRequest(group_id=group, generation_id=1, member_id=member_id)
        return (await self.ask(request, 4, HeartbeatResponse)).error_code

    async def commit(self, topic: str, offset: int, group: str = "g", member_id: str = "", generation: int = -1) -> int:
        partition = OffsetCommitRequestPartition(
            partition_index=0, committed_offset=offset, committed_metadata="", committed_leader_epoch=-1
        )
        request = OffsetCommitRequest(
            group_id=group,
            generation_id_or_member_epoch=generation,
            member_id=member_id,
            topics=[OffsetCommitRequestTopic(name=topic, partitions=[partition])],
        )
        answer = await self.ask(request, 8, OffsetCommitResponse)
        return answer.topics[0].partitions[0].error_code

    async def committed(self, topic: str, group: str = "g") -> int:
        request = OffsetFetchRequest(
            group_id=group, topics=[OffsetFetchRequestTopic(name=topic, partition_indexes=[0])]
        )
        answer = await self.ask(request, 7, OffsetFetchResponse)
        return answer.topics[0].partitions[0].committed_offset


def client_of(cluster: Cluster) -> AbstractAsyncContextManager[Client]:
    """A client of that cluster, for the length of a block."""
    return client_of_address(cluster.bootstrap)


@asynccontextmanager
async def client_of_address(address: str) -> AsyncGenerator[Client]:
    """A client of the broker at HOST:PORT, for the length of a block."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    client = Client(reader, writer, client_id="shop", timeout_s=10.0)
    try:
        yield client
    finally:
        await client.close()


def record(
    value: bytes = b"v", *, producer: tuple[int, int] | None = None, sequence: int = 0, timestamp: int = 1
) -> bytes:
    """A batch of one record; of a producer (id, epoch) it is transactional."""
    stamp = NO_PRODUCER if producer is None else ProducerStamp(*producer, sequence, is_transactional=True)
    return build_batch([NewRecord(None, value, timestamp)], producer=stamp)


# What a process holds


def open_descriptors() -> dict[str, str]:
    """Every file descriptor of this process, and what it is of."""
    found: dict[str, str] = {}
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            found[descriptor] = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            """The one of this listing."""
    return found


def process_state() -> tuple[set[int | None], dict[str, str], set[asyncio.Task[object]]]:
    """Threads, descriptors and tasks: what a broker that has ended must not have added to."""
    return {thread.ident for thread in threading.enumerate()}, open_descriptors(), asyncio.all_tasks()


def contents(files: MemoryFiles, top: str = "") -> dict[str, bytes]:
    """Every file below a directory, with its bytes."""
    found: dict[str, bytes] = {}
    for name in files.list_directory(top):
        path = f"{top}/{name}"
        try:
            found[path] = files.read(path, 0, files.size(path))
        except FileNotFoundError:
            found |= contents(files, path)
    return found
