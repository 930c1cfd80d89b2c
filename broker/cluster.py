"""Cluster state as a log: topics, their settings and producer-id blocks, in `__cluster_metadata-0`.

ClusterImage is pure and changes only by replaying records; ClusterLog writes records, then replays them, and a
restart replays them again. The records and their framing are Kafka's (KIP-631), so that its tools can read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..protocol.batch import RecordBatch
from ..protocol.errors import ErrorCode, KafkaError
from ..protocol.metadata_records import (
    ConfigRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    TopicRecord,
    decode_metadata_record,
    encode_metadata_record,
)
from ..protocol.records import NewRecord, build_batch, read_records
from ..protocol.schema import ZERO_UUID
from ..storage.log import PartitionLog

# Every cluster's metadata topic has the id 0…01 (KIP-516).
METADATA_TOPIC_ID = ZERO_UUID[:-1] + b"\x01"
LEADER_EPOCH = 0
TOPIC_RESOURCE = 2
# KIP-630: records stay well below the batch limit of the quorum.
RECORDS_IN_A_BATCH = 10_000


@dataclass(slots=True)
class TopicImage:
    """A topic as the records describe it."""

    name: str
    topic_id: bytes
    partitions: int = 0
    overrides: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class ClusterImage:
    """What the records say so far."""

    topics: dict[str, TopicImage] = field(default_factory=dict[str, TopicImage])
    names: dict[bytes, str] = field(default_factory=dict[bytes, str])
    features: dict[str, int] = field(default_factory=dict[str, int])
    next_producer_id: int = 0

    def replay(self, record: MetadataRecord) -> None:
        """Apply one record; types that describe what one node has not are skipped."""
        if isinstance(record, TopicRecord):
            self.topics[record.name] = TopicImage(record.name, record.topic_id)
            self.names[record.topic_id] = record.name
        elif isinstance(record, PartitionRecord):
            topic = self.topics[self.names[record.topic_id]]
            topic.partitions = max(topic.partitions, record.partition_id + 1)
        elif isinstance(record, ConfigRecord):
            if record.resource_type == TOPIC_RESOURCE and record.resource_name in self.topics:
                overrides = self.topics[record.resource_name].overrides
                if record.value is None:
                    overrides.pop(record.name, None)
                else:
                    overrides[record.name] = record.value
        elif isinstance(record, RemoveTopicRecord):
            del self.topics[self.names.pop(record.topic_id)]
        elif isinstance(record, ProducerIdsRecord):
            self.next_producer_id = record.next_producer_id
        elif isinstance(record, FeatureLevelRecord):
            self.features[record.name] = record.feature_level


class ClusterLog:
    """The metadata log of a one-node cluster, and the image it amounts to; KAFKA_STORAGE_ERROR if it cannot grow."""

    def __init__(self, log: PartitionLog, node_id: int, directory_id: bytes) -> None:
        self._log = log
        self._node_id = node_id
        self._directory_id = directory_id
        self.image = ClusterImage()
        self._replay_stored()

    @property
    def end_offset(self) -> int:
        """The offset of the next record: what ApiVersions gives as the features' epoch."""
        return self._log.log_end_offset

    def create_topic(
        self, name: str, topic_id: bytes, partitions: int, overrides: dict[str, str], now_ms: int
    ) -> TopicImage:
        """Record a new topic."""
        records: list[MetadataRecord] = [TopicRecord(name=name, topic_id=topic_id)]
        records += [
            ConfigRecord(resource_type=TOPIC_RESOURCE, resource_name=name, name=key, value=value)
            for key, value in overrides.items()
        ]
        replicas = (self._node_id,)
        records += [
            PartitionRecord(
                partition_id=index,
                topic_id=topic_id,
                replicas=replicas,
                isr=replicas,
                leader=self._node_id,
                leader_epoch=LEADER_EPOCH,
                partition_epoch=0,
                directories=(self._directory_id,),
            )
            for index in range(partitions)
        ]
        self._write(records, now_ms)
        return self.image.topics[name]

    def remove_topic(self, topic_id: bytes, now_ms: int) -> None:
        """Record that a topic is gone."""
        self._write([RemoveTopicRecord(topic_id=topic_id)], now_ms)

    def take_producer_ids(self, next_producer_id: int, now_ms: int) -> None:
        """Record that every id below `next_producer_id` has been taken."""
        record = ProducerIdsRecord(
            broker_id=self._node_id, broker_epoch=self.end_offset, next_producer_id=next_producer_id
        )
        self._write([record], now_ms)

    def set_features(self, levels: dict[str, int], now_ms: int) -> None:
        """Record the finalized level of features that have another one, or none, so far."""
        changed = {name: level for name, level in levels.items() if self.image.features.get(name) != level}
        if changed:
            self._write([FeatureLevelRecord(name=n, feature_level=v) for n, v in changed.items()], now_ms)

    def _write(self, records: Sequence[MetadataRecord], now_ms: int) -> None:
        for start in range(0, len(records), RECORDS_IN_A_BATCH):
            part = records[start : start + RECORDS_IN_A_BATCH]
            values = [NewRecord(key=None, value=encode_metadata_record(record), timestamp=now_ms) for record in part]
            batch = RecordBatch(build_batch(values))
            try:
                self._log.append([batch], now_ms, leader_epoch=LEADER_EPOCH, is_from_client=False)
            except OSError as error:
                raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"the metadata log: {error}") from error
            for record in part:
                self.image.replay(record)

    def _replay_stored(self) -> None:
        for batch in self._log.batches():
            if not batch.is_control:
                for record in read_records(batch):
                    if record.value is not None:
                        self.image.replay(decode_metadata_record(record.value))
