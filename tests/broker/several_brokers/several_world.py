"""Several brokers in the loop of a test, on a clock that is turned, over files in memory that outlive them."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.start_topics import StartTopic
from odradek.broker.several_brokers.replicated_cluster import ReplicatedCluster
from odradek.protocol.errors import ErrorCode
from odradek.protocol.metadata_records import PartitionRecord
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.files.memory_files import MemoryFiles

from ..cluster_world import SETTINGS, World, client_of_address, world

ROOT = "/data"
NOW_MS = 1_700_000_000_000


@dataclass
class SeveralWorld:
    """`cluster` is the one that runs; `files` stay when it ends."""

    around: World
    files: MemoryFiles = field(default_factory=MemoryFiles)

    def made(self, brokers: int = 3, topics: Sequence[StartTopic] = ()) -> ReplicatedCluster:
        config = BrokerConfig.from_settings(SETTINGS, brokers=brokers)
        return ReplicatedCluster(config, brokers, self.files, self.around.runtime, ROOT, topics=topics)

    @asynccontextmanager
    async def running(self, brokers: int = 3) -> AsyncGenerator[ReplicatedCluster]:
        """A cluster that is stopped with the block."""
        cluster = self.made(brokers)
        await cluster.start()
        try:
            yield cluster
        finally:
            await cluster.stop()

    async def create_topic(self, cluster: ReplicatedCluster, name: str = "t", **configs: str) -> None:
        """With one partition on all brokers, which the first leads; configs are written with `_` for `.`."""
        settings = {key.replace("_", "."): value for key, value in configs.items()}
        placed = cluster.around.controller.placement.assign([1, 2, 3], 0, None)
        new = cluster.context.topics.new_topic(name, [placed], settings)
        cluster.around.log.create_topics(lambda: [new], lambda error: None)
        await self.around.turn(0)

    async def produce(self, cluster: ReplicatedCluster, value: bytes, topic: str = "t") -> ErrorCode:
        """With acks=all, to whoever leads."""
        leader = record_of(cluster, topic).leader
        batch = build_batch([NewRecord(None, value, NOW_MS)])
        async with client_of_address(cluster.bootstrap_of(leader)) as client:
            asked = asyncio.ensure_future(client.produce(topic, batch))
            while not asked.done():
                await self.around.turn(0)
            return ErrorCode(asked.result())


@asynccontextmanager
async def several_world() -> AsyncGenerator[SeveralWorld]:
    async with world() as around:
        yield SeveralWorld(around)


def record_of(cluster: ReplicatedCluster, topic: str = "t") -> PartitionRecord:
    """What the controller has recorded of the first partition of a topic."""
    return cluster.around.log.image.topics[topic].partitions[0].record


def epochs_of(cluster: ReplicatedCluster) -> dict[int, int]:
    """In which each broker is registered."""
    return {node_id: broker.broker_epoch for node_id, broker in cluster.around.log.image.brokers.items()}


def end_of(cluster: ReplicatedCluster, node_id: int, topic: str = "t") -> int:
    """Where the log of a broker ends."""
    return cluster.context_of(node_id).topics.partition(topic, 0).replica_log.log_end_offset
