"""A real broker inside a test: many clusters in one process, their records, groups, clocks and faults.

    with ClusterHost() as host, host.cluster() as cluster:
        cluster.topic("orders", partitions=1)
        cluster.produce("orders", [b"one"])

    async with AsyncClusterHost() as host, await host.cluster() as cluster:
        await cluster.topic("orders", partitions=1)

    with ClusterHost() as host, host.cluster(brokers=3) as cluster:
        cluster.topic("orders", partitions=1)
        cluster.brokers[cluster.leader("orders")].kill()

The pytest plugin gives the same by the fixtures `kafka` and `kafka_broker`.
"""

from .broker.faults.rule import FaultError, FaultRule
from .broker.journal.entries import Decision, JournalEntry, JournalRequest
from .broker.testing.async_brokers import AsyncKafkaBroker
from .broker.testing.async_cluster import AsyncKafkaCluster
from .broker.testing.async_cluster_host import AsyncClusterHost
from .broker.testing.async_powers import AsyncKafkaFault
from .broker.testing.broker_commands import UnknownBroker
from .broker.testing.brokers_seen import SeenBroker, SeenLink, SeenPartition, SeenReplica
from .broker.testing.cluster_host import ClusterHost
from .broker.testing.cluster_state import StateError
from .broker.testing.exchange_lines import ImportRefused
from .broker.testing.inspection import GivenRecord, SeenGroup, SeenOffsets
from .broker.testing.kafka_brokers import KafkaBroker
from .broker.testing.kafka_cluster import KafkaCluster, KafkaFault
from .broker.testing.records_seen import SeenRecord
from .broker.testing.running_cluster import BrokerError, OnlyOneBroker
from .protocol.errors import ErrorCode, KafkaError

__all__ = [
    "AsyncClusterHost",
    "AsyncKafkaBroker",
    "AsyncKafkaCluster",
    "AsyncKafkaFault",
    "BrokerError",
    "ClusterHost",
    "Decision",
    "ErrorCode",
    "FaultError",
    "FaultRule",
    "GivenRecord",
    "ImportRefused",
    "JournalEntry",
    "JournalRequest",
    "KafkaBroker",
    "KafkaCluster",
    "KafkaError",
    "KafkaFault",
    "OnlyOneBroker",
    "SeenBroker",
    "SeenGroup",
    "SeenLink",
    "SeenOffsets",
    "SeenPartition",
    "SeenRecord",
    "SeenReplica",
    "StateError",
    "UnknownBroker",
]
