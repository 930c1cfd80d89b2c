"""SeveralContexts: the contexts of several brokers, by who leads or coordinates what, as the controller has it."""

from collections.abc import Iterator, Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ..cluster import NotRunning, StartError
from ..context import Context
from ..metadata.image import MetadataImage
from ..nodes.links import CONTROLLER
from ..several_brokers.broker_seat import Surroundings
from ..several_brokers.broker_slot import BrokerState
from ..several_brokers.replicated_cluster import ReplicatedCluster
from ..topic_names import OFFSETS_TOPIC, TRANSACTION_TOPIC


class SeveralContexts:
    """`Contexts` of a cluster of several brokers."""

    def __init__(self, cluster: ReplicatedCluster) -> None:
        self._cluster = cluster

    @property
    def _around(self) -> Surroundings:
        try:
            return self._cluster.around
        except StartError:
            raise NotRunning("the cluster does not run") from None

    @property
    def image(self) -> MetadataImage:
        return self._around.log.image

    @property
    def first(self) -> Context:
        for context in self._alive():
            return context
        raise KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, "no broker runs: start one")

    @property
    def active(self) -> Context:
        links = self._around.links
        for node_id in self._cluster.node_ids:
            is_running = self._cluster.slot(node_id).state is BrokerState.RUNNING
            if is_running and links.reaches(node_id, CONTROLLER):
                return self._cluster.context_of(node_id)
        raise KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, "no broker runs that reaches the controller")

    def all(self) -> Sequence[Context]:
        return list(self._alive())

    def _alive(self) -> Iterator[Context]:
        _ = self._around
        for node_id in self._cluster.node_ids:
            if self._cluster.slot(node_id).is_alive:
                yield self._cluster.context_of(node_id)

    def of_leader(self, topic: str, index: int, *, is_to_write: bool = False) -> Context:
        return self._leader(topic, index, ErrorCode.LEADER_NOT_AVAILABLE, is_to_write=is_to_write)

    def of_group(self, group_id: str) -> Context:
        if OFFSETS_TOPIC not in self.image.topics:
            return self.first  # nobody has been coordinated yet
        partition = self.first.groups.partition_of(group_id)
        found = self._leader(OFFSETS_TOPIC, partition, ErrorCode.COORDINATOR_NOT_AVAILABLE)
        found.groups.check_served(group_id)
        return found

    def of_transaction(self, transactional_id: str) -> Context:
        if TRANSACTION_TOPIC not in self.image.topics:
            return self.first
        partition = self.first.transactions.partition_of(transactional_id)
        found = self._leader(TRANSACTION_TOPIC, partition, ErrorCode.COORDINATOR_NOT_AVAILABLE)
        found.transactions.check_served(transactional_id)
        return found

    def _leader(self, topic: str, index: int, refusal: ErrorCode, *, is_to_write: bool = False) -> Context:
        partition = self.image.topics[topic].partitions.get(index)
        if partition is None:
            raise KafkaError(refusal, f"there is no {topic}-{index}")
        leader = partition.record.leader
        if leader < 0:
            replicas = ", ".join(map(str, partition.record.replicas))
            raise KafkaError(refusal, f"{topic}-{index} has no leader; its replicas are on the brokers {replicas}")
        slot = self._cluster.slot(leader)
        if not slot.is_alive or (is_to_write and slot.state is BrokerState.FROZEN):
            raise KafkaError(refusal, f"broker {leader}, which leads {topic}-{index}, is {slot.state.value}")
        return self._cluster.context_of(leader)
