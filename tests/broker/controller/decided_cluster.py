"""A cluster for tests of the controller: brokers and a topic as records have them, changed by what is decided."""

from collections.abc import Mapping, Sequence

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.controller.cluster_state import ClusterState, StoredPartition, TopicPartition
from odradek.broker.metadata.features import ELIGIBLE_LEADER_REPLICAS_VERSION
from odradek.broker.metadata.image import MetadataImage, config_record
from odradek.broker.slices import Steps, run_to_end
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.metadata_records import (
    BrokerRegistrationChangeRecord,
    ConfigResourceType,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionChangeRecord,
    PartitionRecord,
    RegisterBrokerRecord,
    TopicRecord,
    encode_metadata_record,
)

TOPIC_ID = b"t" * 16
T0 = TopicPartition("t", 0)


def directory_of(broker_id: int) -> bytes:
    """The data directory that a broker of a test has."""
    return b"d" * 15 + bytes([broker_id])


class DecidedCluster:
    """Brokers 1 to `brokers`, all there, and topic t with one partition that all of `replicas` hold, in sync.

    Partitions keep eligible leaders (KIP-966) unless told otherwise.
    """

    def __init__(
        self,
        brokers: int = 3,
        replicas: Sequence[int] = (1, 2, 3),
        *,
        configs: Mapping[str, str] | None = None,
        has_eligible_leaders: bool = True,
    ) -> None:
        self.image = MetadataImage()
        self.config = BrokerConfig()
        self.apply([FeatureLevelRecord(name=ELIGIBLE_LEADER_REPLICAS_VERSION, feature_level=int(has_eligible_leaders))])
        for broker_id in range(1, brokers + 1):
            self.apply([registration(broker_id)])
        self.apply([TopicRecord(name="t", topic_id=TOPIC_ID)])
        self.configure(configs or {})
        self.add_partition(replicas)

    @property
    def state(self) -> ClusterState:
        return ClusterState(self.image, self.config)

    @property
    def record(self) -> PartitionRecord:
        """Partition 0 of the topic."""
        return self.image.topics["t"].partitions[0].record

    @property
    def partition(self) -> StoredPartition:
        return StoredPartition(self.image.topics["t"], self.record)

    def add_partition(self, replicas: Sequence[int]) -> None:
        index = len(self.image.topics["t"].partitions)
        self.apply([partition(replicas, index=index)])

    def configure(self, configs: Mapping[str, str]) -> None:
        """Settings of the topic."""
        self.apply([config_record((ConfigResourceType.TOPIC, "t"), name, value) for name, value in configs.items()])

    def apply(self, records: Sequence[MetadataRecord]) -> None:
        for record in records:
            self.image.replay(encode_metadata_record(record))

    def decide(self, steps: Steps[list[MetadataRecord]]) -> list[MetadataRecord]:
        """What was decided, which holds from now on."""
        records = run_to_end(steps)
        self.apply(records)
        return records

    def change(self, **fields: object) -> None:
        """Partition 0 is recorded otherwise, whatever the controller would have decided."""
        self.apply([PartitionChangeRecord(partition_id=0, topic_id=TOPIC_ID, **fields)])  # type: ignore[arg-type]

    def set_broker(self, broker_id: int, *, fenced: int = 0, in_controlled_shutdown: int = 0) -> None:
        """A broker's flags are recorded: 1 is raised, -1 lowered."""
        change = BrokerRegistrationChangeRecord(broker_id=broker_id, broker_epoch=epoch_of(broker_id))
        change.fenced, change.in_controlled_shutdown = fenced, in_controlled_shutdown
        self.apply([change])


def epoch_of(broker_id: int) -> int:
    return 10 + broker_id


def registration(broker_id: int, *, is_fenced: bool = False) -> RegisterBrokerRecord:
    return RegisterBrokerRecord(
        broker_id=broker_id,
        broker_epoch=epoch_of(broker_id),
        incarnation_id=b"i" * 15 + bytes([broker_id]),
        fenced=is_fenced,
        log_dirs=[directory_of(broker_id)],
    )


def partition(replicas: Sequence[int], *, index: int = 0) -> PartitionRecord:
    """A partition that has just been made."""
    return PartitionRecord(
        partition_id=index,
        topic_id=TOPIC_ID,
        replicas=replicas,
        isr=replicas,
        leader=replicas[0],
        leader_epoch=0,
        partition_epoch=0,
        directories=[directory_of(one) for one in replicas],
    )


def code_of(error: KafkaError | None) -> ErrorCode:
    return ErrorCode.NONE if error is None else error.code
