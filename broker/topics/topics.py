"""Every topic of the broker: found by name or id, created, deleted, and opened from the data directory."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.schema import ZERO_UUID
from ...storage.log import PartitionLog
from ...storage.log_config import LogConfig
from ..config.broker_config import BrokerConfig
from ..config.topic_config import log_config
from ..log_output import get_logger
from ..metadata.image import TopicImage
from ..metadata.log import MetadataLog, NewTopic
from ..runtime import Runtime
from ..topic_names import (
    INTERNAL_TOPICS,
    METADATA_TOPIC,
    OFFSETS_TOPIC,
    TRANSACTION_TOPIC,
    check_no_collision,
    check_topic_name,
)
from .partition import OnMarker, Partition

logger = get_logger("topics")

TOO_MANY_PARTITIONS: Final = 10_000  # in one request, as in Kafka


class PartitionStore(Protocol):
    """Where the logs of partitions live: the data directory."""

    def open_log(
        self, topic: str, index: int, topic_id: bytes, config: LogConfig, *, leader_epoch: int
    ) -> PartitionLog:
        """Open or create the log of a partition, recovering it after a crash."""
        ...

    def write_log_start(self, topic: str, index: int, offset: int) -> None:
        """Make a partition's new start durable; OSError leaves what was known."""
        ...

    def delete_logs(self, topic: str, partitions: int) -> None:
        """Take the logs of a topic's partitions out of sight and remove them."""
        ...


@dataclass(slots=True)
class Topic:
    """A topic and its partitions."""

    name: str
    topic_id: bytes
    overrides: Mapping[str, str]
    partitions: Sequence[Partition]

    @property
    def is_internal(self) -> bool:
        return self.name in INTERNAL_TOPICS


class Topics:
    """The topics of one broker."""

    def __init__(
        self,
        config: BrokerConfig,
        runtime: Runtime,
        cluster: MetadataLog,
        store: PartitionStore,
        on_change: Callable[[Partition], None],
    ) -> None:
        self._config = config
        self._clock = runtime.clock
        self._cluster = cluster
        self._store = store
        self._runtime = runtime
        self._on_change = on_change
        self.on_recovered: Callable[[Partition], object] = lambda partition: None  # its log is there a moment later
        self.on_marker: OnMarker = lambda partition, producer_id, is_commit: None  # whoever keeps what is pending
        self._by_name: dict[str, Topic] = {}
        self._by_id: dict[bytes, Topic] = {}
        for image in cluster.image.topics.values():
            self._add(image)

    def __iter__(self) -> Iterator[Topic]:
        return iter(list(self._by_name.values()))

    def partitions(self) -> Iterator[Partition]:
        """Every partition of every topic."""
        for topic in self:
            yield from topic.partitions

    def find(self, name: str) -> Topic | None:
        return self._by_name.get(name)

    def find_by_id(self, topic_id: bytes) -> Topic | None:
        return self._by_id.get(topic_id)

    def name_of(self, topic_id: bytes) -> str | None:
        topic = self._by_id.get(topic_id)
        return None if topic is None else topic.name

    def partition(self, name: str, index: int) -> Partition:
        """The partition, or UNKNOWN_TOPIC_OR_PARTITION."""
        topic = self._by_name.get(name)
        if topic is None or not 0 <= index < len(topic.partitions):
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return topic.partitions[index]

    def check_new_name(self, name: str, also_taken: Collection[str] = ()) -> None:
        """Whether a topic of this name can be created beside others to come; KafkaError in Kafka's words if not."""
        check_topic_name(name)
        if name == METADATA_TOPIC:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Creation of internal topic {METADATA_TOPIC} is prohibited.")
        if name in self._by_name:
            raise KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        check_no_collision(name, [*self._by_name, *also_taken] if also_taken else self._by_name)

    def new_topic_id(self) -> bytes:
        """A random id that no topic has; its text never begins with a dash, which tools take for an option."""
        while True:
            topic_id = self._runtime.new_uuid().bytes
            if topic_id not in self._by_id and topic_id[:-1] != ZERO_UUID[:-1] and topic_id[0] >> 2 != 62:
                return topic_id

    def create(self, name: str, partitions: int, overrides: Mapping[str, str]) -> Topic:
        """Create a topic whose name and settings were checked; usable when this returns."""
        (topic,) = self.create_all([(name, partitions, overrides)])
        return topic

    def create_all(self, wanted: Sequence[tuple[str, int, Mapping[str, str]]]) -> list[Topic]:
        """Create topics (name, number of partitions, settings), all or none: one fsync for all of them."""
        new = [NewTopic(name, self.new_topic_id(), partitions, overrides) for name, partitions, overrides in wanted]
        created = [self._add(image) for image in self._cluster.create_topics(new, self._clock.now_ms())]
        for topic in created:
            logger.info("topic created", topic=topic.name, partitions=len(topic.partitions))
        return created

    def auto_create(self, name: str, *, may_create: bool) -> Topic:
        """What Metadata does for an unknown name: create it, or refuse as Kafka does."""
        check_topic_name(name)
        if not may_create or name == METADATA_TOPIC:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if name in INTERNAL_TOPICS:
            return self.ensure_internal_topic(name)
        self.check_new_name(name)
        return self.create(name, self._config.num_partitions, {})

    def ensure_internal_topic(self, name: str) -> Topic:
        """A coordinator's topic, created with its own settings on first use."""
        topic = self._by_name.get(name)
        if topic is None:
            partitions, overrides = self._internal_settings(name)
            topic = self.create(name, partitions, overrides)
        return topic

    def delete_records(self, partition: Partition, offset: int) -> int:
        """Begin a partition later, durably; returns its start. KafkaError leaves it as it was."""
        log = partition.log
        log.check_start(offset)
        try:
            if offset > log.log_start_offset:
                self._store.write_log_start(partition.topic, partition.index, offset)
            start = log.delete_records_before(offset)
        except OSError as error:
            raise KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
        partition.note_change()
        return start

    def delete(self, topics: Sequence[Topic]) -> None:
        """The topics are gone at once, for clients and after a restart, all or none: one fsync for all of them."""
        self._cluster.remove_topics([topic.topic_id for topic in topics], self._clock.now_ms())
        for topic in topics:
            del self._by_name[topic.name]
            del self._by_id[topic.topic_id]
            self._store.delete_logs(topic.name, len(topic.partitions))
            for partition in topic.partitions:
                partition.note_deleted()
            logger.info("topic deleted", topic=topic.name)

    def _note_marker(self, partition: Partition, producer_id: int, is_commit: bool) -> None:
        self.on_marker(partition, producer_id, is_commit)

    def _internal_settings(self, name: str) -> tuple[int, dict[str, str]]:
        if name == OFFSETS_TOPIC:
            return self._config.offsets_topic_num_partitions, {
                "compression.type": "producer",
                "cleanup.policy": "compact",
                "segment.bytes": str(self._config.offsets_topic_segment_bytes),
            }
        if name == TRANSACTION_TOPIC:
            return self._config.transaction_state_log_num_partitions, {
                "compression.type": "uncompressed",
                "cleanup.policy": "compact",
                "min.insync.replicas": str(self._config.transaction_state_log_min_isr),
                "segment.bytes": str(self._config.transaction_state_log_segment_bytes),
                "unclean.leader.election.enable": "false",
            }
        raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)

    def _add(self, image: TopicImage) -> Topic:
        overrides = dict(image.overrides)
        config = log_config(overrides, self._config)

        def open_log(partition: Partition) -> PartitionLog:
            opened = self._store.open_log(
                image.name, partition.index, image.topic_id, config, leader_epoch=partition.leader_epoch
            )
            if not opened.recovery_report.is_clean:
                self.on_recovered(partition)
            return opened

        partitions = [
            Partition(image.name, index, partition.leader_epoch, open_log, self._on_change, self._note_marker)
            for index, partition in sorted(image.partitions.items())
        ]
        topic = Topic(image.name, image.topic_id, overrides, partitions)
        self._by_name[image.name] = topic
        self._by_id[image.topic_id] = topic
        return topic
