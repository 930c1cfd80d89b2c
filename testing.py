"""A real broker inside a test: many clusters in one process, their records, groups, clocks and faults.

    with ClusterHost() as host, host.cluster() as cluster:
        cluster.topic("orders", partitions=1)
        cluster.produce("orders", [b"one"])

    async with AsyncClusterHost() as host, await host.cluster() as cluster:
        await cluster.topic("orders", partitions=1)

The pytest plugin gives the same by the fixtures `kafka` and `kafka_broker`.
"""

from .broker.faults.rule import FaultError, FaultRule
from .broker.journal.entries import Decision, JournalEntry, JournalRequest
from .broker.testing.async_cluster import AsyncKafkaCluster
from .broker.testing.async_cluster_host import AsyncClusterHost
from .broker.testing.async_powers import AsyncKafkaFault
from .broker.testing.cluster_host import ClusterHost
from .broker.testing.cluster_state import StateError
from .broker.testing.exchange_lines import ImportRefused
from .broker.testing.inspection import GivenRecord, SeenGroup, SeenOffsets
from .broker.testing.kafka_cluster import KafkaCluster, KafkaFault
from .broker.testing.records_seen import SeenRecord
from .protocol.errors import ErrorCode, KafkaError

__all__ = [
    "AsyncClusterHost",
    "AsyncKafkaCluster",
    "AsyncKafkaFault",
    "ClusterHost",
    "Decision",
    "ErrorCode",
    "FaultError",
    "FaultRule",
    "GivenRecord",
    "ImportRefused",
    "JournalEntry",
    "JournalRequest",
    "KafkaCluster",
    "KafkaError",
    "KafkaFault",
    "SeenGroup",
    "SeenOffsets",
    "SeenRecord",
    "StateError",
]
