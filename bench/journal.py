"""What a journal and faults cost: a request to clusters of this process that differ in what looks at it.

One has no stages at all, one neither journal nor faults, one a fault that hits nothing, one a journal.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping

from odradek.broker.cluster import Cluster
from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.cluster_host import ClusterHost
from odradek.broker.testing.kafka_cluster import KafkaCluster
from odradek.broker.testing.reins import Reins
from odradek.broker.testing.running_cluster import RunningCluster
from odradek.broker.wire import Wire
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic
from odradek.protocol.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.files.memory_files import MemoryFiles

ROUNDS = 15
TOPIC = "bench"


def measure_journal(requests: int) -> dict[str, dict[str, str]]:
    """Microseconds of one request and its answer: the median of rounds in which the clusters take turns."""
    with ClusterHost() as host:
        running = host.run(_start_bare)
        host.keep(running)
        bare = KafkaCluster(host, running)
        clusters = {
            "no stages": bare,
            "all off": host.cluster(journal=False),
            "a fault": host.cluster(journal=False),
            "a journal": host.cluster(),
        }
        clusters["a fault"].faults.add(topic="other", error="NOT_LEADER_OR_FOLLOWER")
        wires = {name: Wire(cluster.bootstrap) for name, cluster in clusters.items()}
        for cluster in clusters.values():
            cluster.topic(TOPIC, 1)
        found = in_turns(wires, requests)
        bare.close()
        return found


def in_turns(wires: Mapping[str, Wire], requests: int) -> dict[str, dict[str, str]]:
    """Microseconds of one request and its answer by kind, of clusters that take turns; the connections are closed."""
    found: dict[str, dict[str, str]] = {name: {} for name in wires}
    for what, ask in (("produce of 10 records", ask_produce), ("fetch of 10 records", ask_fetch)):
        taken: dict[str, list[float]] = {name: [] for name in wires}
        for _ in range(ROUNDS):
            for name, wire in wires.items():
                taken[name].append(timed(ask, wire, requests))
        for name, seconds in taken.items():
            found[name][what] = f"{statistics.median(seconds) * 1e6 / requests:.1f} us"
    for wire in wires.values():
        wire.close()
    return found


async def _start_bare() -> RunningCluster:
    loop = asyncio.get_running_loop()
    reins = Reins(loop, LoopThreads(loop), has_journal=False)
    config = BrokerConfig.from_settings({"listeners": "PLAINTEXT://127.0.0.1:0"})
    cluster = Cluster(config, MemoryFiles(), reins.runtime, "memory")
    await cluster.start()
    return RunningCluster(cluster, reins)


def timed(ask: Callable[[Wire], None], wire: Wire, requests: int) -> float:
    """The seconds of so many requests, one after the other."""
    began = time.perf_counter()
    for _ in range(requests):
        ask(wire)
    return time.perf_counter() - began


_BATCH = build_batch([NewRecord(None, bytes(100), 0) for _ in range(10)])
_DATA = [TopicProduceData(name=TOPIC, partition_data=[PartitionProduceData(index=0, records=_BATCH)])]
_PRODUCE = ProduceRequest(acks=-1, timeout_ms=1000, topic_data=_DATA)
_PARTITION = FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=len(_BATCH))
_FETCH = FetchRequest(
    max_wait_ms=0, min_bytes=0, max_bytes=1 << 20, topics=[FetchTopic(topic=TOPIC, partitions=[_PARTITION])]
)


def ask_produce(wire: Wire) -> None:
    """Ten records of a hundred bytes."""
    wire.ask(_PRODUCE, 9, ProduceResponse)


def ask_fetch(wire: Wire) -> None:
    """The first ten records of the topic."""
    wire.ask(_FETCH, 12, FetchResponse)
