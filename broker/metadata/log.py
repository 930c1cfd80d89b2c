"""Cluster state as a log: topics, their settings and producer-id blocks, in `__cluster_metadata-0`.

The rule: a change is appended, then synced, then replayed into the image, and only then answered (as KRaft does it);
what cannot be written or synced has not happened. A restart replays the same records (`cluster_loading.py`). Records
and framing are Kafka's (KIP-631), so that its tools, and its broker, can read them.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from ...protocol.batch import RecordBatch
from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import (
    BeginTransactionRecord,
    EndTransactionRecord,
    FeatureLevelRecord,
    MetadataRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RemoveTopicRecord,
    TopicRecord,
    encode_metadata_record,
)
from ...protocol.records import NewRecord, build_batch
from ...protocol.schema import ZERO_UUID
from ...storage.log import FlushJob, PartitionLog
from ..log_output import get_logger
from .image import MetadataImage, TopicImage, topic_setting
from .snapshots import MetadataSnapshots

logger = get_logger("cluster")

# Every cluster's metadata topic has the id 0…01 (KIP-516).
METADATA_TOPIC_ID = ZERO_UUID[:-1] + b"\x01"
FIRST_LEADER_EPOCH = 0
# KIP-630: records stay well below the batch limit of the quorum.
RECORDS_IN_A_BATCH = 10_000


class NewTopic(NamedTuple):
    """A topic to be recorded."""

    name: str
    topic_id: bytes
    partitions: int
    overrides: Mapping[str, str]


class MetadataLog:
    """The metadata log of a one-node cluster, and the image it amounts to.

    Every change raises KafkaError (KAFKA_STORAGE_ERROR) if it cannot be made durable, and then changes nothing. After
    a failed fsync nobody knows what the disk has, so nothing more is accepted until a restart.
    """

    def __init__(
        self,
        log: PartitionLog,
        image: MetadataImage,
        snapshots: MetadataSnapshots,
        epoch: int,
        node_id: int,
        directory_id: bytes,
    ) -> None:
        self._log = log
        self._snapshots = snapshots
        self._epoch = epoch
        self._node_id = node_id
        self._directory_id = directory_id
        self._is_failed = False
        self._refused_from: int | None = None  # records from here on were answered with an error
        self.image = image

    @property
    def end_offset(self) -> int:
        """The offset of the next record: what ApiVersions gives as the features' epoch."""
        return self._log.log_end_offset

    def create_topics(self, topics: Sequence[NewTopic], now_ms: int) -> list[TopicImage]:
        """Record new topics, all or none."""
        records: list[MetadataRecord] = []
        replicas = (self._node_id,)
        for topic in topics:
            records.append(TopicRecord(name=topic.name, topic_id=topic.topic_id))
            records += [topic_setting(topic.name, key, value) for key, value in topic.overrides.items()]
            records += [
                PartitionRecord(
                    partition_id=index,
                    topic_id=topic.topic_id,
                    replicas=replicas,
                    isr=replicas,
                    leader=self._node_id,
                    leader_epoch=FIRST_LEADER_EPOCH,
                    partition_epoch=0,
                    directories=(self._directory_id,),
                )
                for index in range(topic.partitions)
            ]
        self.write(records, now_ms)
        return [self.image.topics[topic.name] for topic in topics]

    def remove_topics(self, topic_ids: Sequence[bytes], now_ms: int) -> None:
        """Record that topics are gone, all or none."""
        self.write([RemoveTopicRecord(topic_id=topic_id) for topic_id in topic_ids], now_ms)

    def take_producer_ids(self, next_producer_id: int, now_ms: int) -> None:
        """Record that every id below `next_producer_id` has been taken."""
        record = ProducerIdsRecord(
            broker_id=self._node_id, broker_epoch=self.end_offset, next_producer_id=next_producer_id
        )
        self.write([record], now_ms)

    def set_features(self, levels: Mapping[str, int], now_ms: int) -> None:
        """Record the finalized level of features that have another one so far; 0 means none."""
        changed = {name: level for name, level in levels.items() if self.image.features.get(name, 0) != level}
        self.write([FeatureLevelRecord(name=n, feature_level=v) for n, v in changed.items()], now_ms)

    def write(self, records: Sequence[MetadataRecord], now_ms: int) -> None:
        """Append, sync, replay: all of the records or none."""
        values = [encode_metadata_record(record) for record in records]
        self.write_values(values, now_ms)

    def write_values(self, values: Sequence[bytes], now_ms: int) -> None:
        """The same for records that are encoded already."""
        if not values:
            return
        if len(values) > RECORDS_IN_A_BATCH:
            # In several batches, of which a power loss may leave some.
            begin, end = BeginTransactionRecord(), EndTransactionRecord()
            values = [encode_metadata_record(begin), *values, encode_metadata_record(end)]
        batches = [
            RecordBatch(build_batch([NewRecord(None, value, now_ms) for value in values[at : at + RECORDS_IN_A_BATCH]]))
            for at in range(0, len(values), RECORDS_IN_A_BATCH)
        ]
        size = self._append(batches, now_ms)
        for value in values:
            self.image.replay(value)
        self._snapshots.note_written(size, now_ms)
        if self._snapshots.is_due_by_size:
            self.write_snapshot(now_ms)

    def write_snapshot(self, now_ms: int) -> None:
        """Write the image down if it has changed since the last snapshot; a disk that refuses is only reported."""
        self._snapshots.write(self.image, self._log, self._epoch, now_ms)

    def _append(self, batches: Sequence[RecordBatch], now_ms: int) -> int:
        if self._is_failed:
            raise _refused("an fsync of it has failed; a restart will tell what the disk has")
        if self._refused_from is not None:
            self._take_back(self._refused_from, now_ms)
        end = self._log.log_end_offset
        try:
            appended = self._log.append(batches, now_ms, leader_epoch=self._epoch, is_from_client=False)
        except OSError as error:
            raise _refused(error) from error
        job: FlushJob | None = None
        try:
            job = self._log.begin_flush()
            job.run()
        except OSError as error:
            # A flush that could not even begin may go better later: a full disk had no room for an index entry.
            self._is_failed = job is not None or self._log.failure is not None
            if self._is_failed:
                logger.error("the metadata log cannot be synced: nothing more is accepted", error=str(error))
            self._refused_from = end
            with suppress(KafkaError):
                self._take_back(end, now_ms)
            raise _refused(error) from error
        self._log.finish_flush(job)
        return appended.size_bytes

    def _take_back(self, end: int, now_ms: int) -> None:
        """What was answered with an error had better not come true at the next start; tried again if refused."""
        try:
            self._log.truncate_to(end, now_ms)
        except OSError as error:
            logger.error("what was refused stays in the metadata log for now", error=str(error))
            raise _refused(error) from error
        self._refused_from = None


def _refused(why: object) -> KafkaError:
    return KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, f"the metadata log: {why}")
