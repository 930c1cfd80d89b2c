"""What the controller looks at while it decides: the image, and the settings of its topics."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType, PartitionRecord
from ..config.broker_config import BrokerConfig
from ..config.topic_config import in_force
from ..metadata.eligible_leaders import ALL_BROKERS, MIN_ISR, has_eligible_leaders
from ..metadata.image import MetadataImage
from ..metadata.registrations import UNASSIGNED_DIRECTORY, BrokerRegistration
from ..metadata.topic_image import TopicImage
from .partition_change import Election, ElectionRules, PartitionChange, directories_of

UNCLEAN_ELECTION = "unclean.leader.election.enable"


class TopicPartition(NamedTuple):
    """A partition as clients name it."""

    topic: str
    partition: int


class StoredPartition(NamedTuple):
    """A partition as it is recorded, and its topic."""

    topic: TopicImage
    record: PartitionRecord


@dataclass(slots=True, frozen=True)
class ClusterState:
    """The cluster at one moment. `config` is what holds for brokers where neither topic nor cluster says otherwise."""

    image: MetadataImage
    config: BrokerConfig

    @property
    def brokers(self) -> Mapping[int, BrokerRegistration]:
        return self.image.brokers

    @property
    def has_eligible_leaders(self) -> bool:
        """Whether the cluster keeps eligible leader replicas (KIP-966): the level of the feature decides."""
        return has_eligible_leaders(self.image)

    def partitions(self) -> Iterator[StoredPartition]:
        """Every partition of every topic."""
        for topic in self.image.topics.values():
            for partition in topic.partitions.values():
                yield StoredPartition(topic, partition.record)

    def registration(self, broker_id: int) -> BrokerRegistration:
        """The broker; BROKER_ID_NOT_REGISTERED."""
        broker = self.brokers.get(broker_id)
        if broker is None:
            raise KafkaError(ErrorCode.BROKER_ID_NOT_REGISTERED, f"Broker ID {broker_id} is not currently registered")
        return broker

    def check_epoch(self, broker_id: int, broker_epoch: int) -> None:
        """Whether this is the broker that registered last under that id; STALE_BROKER_EPOCH."""
        broker = self.brokers.get(broker_id)
        if broker is None:
            why = f"No broker registration found for broker id {broker_id}"
            raise KafkaError(ErrorCode.STALE_BROKER_EPOCH, why)
        if broker.broker_epoch != broker_epoch:
            why = f"Expected broker epoch {broker.broker_epoch}, but got broker epoch {broker_epoch}"
            raise KafkaError(ErrorCode.STALE_BROKER_EPOCH, why)

    def is_active(self, broker_id: int) -> bool:
        """Whether a broker is registered, and may lead."""
        broker = self.brokers.get(broker_id)
        return broker is not None and broker.is_active

    def default_directory(self, broker_id: int) -> bytes:
        """Where replicas go that come to a broker."""
        broker = self.brokers.get(broker_id)
        return UNASSIGNED_DIRECTORY if broker is None else broker.default_directory

    def min_isr(self, topic: TopicImage) -> int:
        """How many replicas in sync a topic needs, but no more than it has: those of its first partition count."""
        wanted = int(self._setting(topic, MIN_ISR) or "1")
        return min(wanted, len(topic.partitions[0].record.replicas))

    def allows_unclean_elections(self, topic: TopicImage) -> bool:
        """Whether a topic may lose records to have a leader."""
        return (self._setting(topic, UNCLEAN_ELECTION) or "").strip().lower() == "true"

    def _setting(self, topic: TopicImage, name: str) -> str | None:
        own = topic.configs.get(name)
        of_all = self.image.configs.get((ConfigResourceType.BROKER, ALL_BROKERS), {})
        if own is not None or name in of_all:
            return of_all[name] if own is None else own
        return in_force(name, {}, self.config)

    def change(
        self,
        partition: StoredPartition,
        election: Election = Election.ONLINE,
        *,
        back: Collection[int] = (),
        lost: Collection[int] = (),
        unclean_shutdown: Collection[int] = (),
    ) -> PartitionChange:
        """A change of a partition: brokers that are `back` may lead, though they are fenced, and those `lost` may not.

        What brokers that had an `unclean_shutdown` hold of it may be gone: they are not eligible either (KIP-966).
        """

        def may_lead(record: PartitionRecord, replica: int) -> bool:
            if replica in lost or replica in unclean_shutdown or replica not in record.replicas:
                return False
            broker = self.brokers.get(replica)
            if broker is None or not (broker.is_active or replica in back):
                return False
            return broker.has_online_directory(directories_of(record)[list(record.replicas).index(replica)])

        rules = ElectionRules(
            may_lead, self.default_directory, self.min_isr(partition.topic), self.has_eligible_leaders
        )
        return PartitionChange(partition.record, rules, election, unclean_shutdown)
