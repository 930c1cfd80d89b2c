"""Every topic of the broker: found by name or id, created, grown, deleted, and opened from the data directory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import ConfigResourceType
from ...protocol.schema import ZERO_UUID
from ...storage.log import PartitionLog
from ...storage.log_api import Log
from ...storage.log_config import LogConfig
from ..config.broker_config import BrokerConfig
from ..config.topic_config import log_config
from ..log_output import get_logger
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..metadata.metadata import Metadata, Then
from ..metadata.topic_image import TopicImage
from ..metadata.topic_records import NewPartitions, NewTopic, PartitionAssignment, raised_epochs
from ..runtime import Runtime
from ..runtime import Then as After
from ..slices import Steps, in_steps, run_to_end
from ..topic_names import INTERNAL_TOPICS, METADATA_TOPIC, TopicNames, check_topic_name
from .internal_topics import internal_topic_config
from .log_openings import LogOpenings
from .partition import NotYetLeading, OnMarker, Partition
from .replica_assignment import OneNodePlacement, Placement, place_new_topic

logger = get_logger("topics")

TOPICS_LOGGED: Final = 20  # of one change, each with a line of its own
TOO_MANY_PARTITIONS: Final = 10_000  # in one request, as in Kafka


class PartitionStore(Protocol):
    """Where the logs of partitions live: the data directory."""

    def opening(
        self, topic: str, index: int, topic_id: bytes, config: LogConfig, *, leader_epoch: int
    ) -> Steps[PartitionLog]:
        """Open or create the log of a partition, recovering it after a crash."""
        ...

    def delete_records(self, topic: str, index: int, opened: Log, offset: int, then: After) -> None:
        """Begin a log later, durably; an error leaves it as it was. OSError where it cannot be begun."""
        ...

    def delete_log(self, topic: str, index: int) -> None:
        """Take the log of a partition out of sight, to be removed; `drop_deleted` follows."""
        ...

    def high_watermark(self, topic: str, index: int) -> int:
        """How far a log was known to be replicated when that was last written down; 0 if it never was."""
        ...

    def has_directory(self, topic: str, index: int) -> bool:
        """Whether there is anything of a partition yet."""
        ...

    def drop_deleted(self) -> None:
        """Write down, once for all logs deleted since, that their namesakes begin with nothing."""
        ...


@dataclass(slots=True)
class Topic:
    """A topic and its partitions; what is recorded of it is in its image, and nowhere else."""

    image: TopicImage
    partitions: Sequence[Partition]

    @property
    def name(self) -> str:
        return self.image.name

    @property
    def topic_id(self) -> bytes:
        return self.image.topic_id

    @property
    def configs(self) -> Mapping[str, str]:
        """The configs that are its own, as they are now."""
        return self.image.configs

    @property
    def is_internal(self) -> bool:
        return self.name in INTERNAL_TOPICS

    @property
    def replication_factor(self) -> int:
        """How many replicas its first partition has, and so those that come."""
        return len(self.image.partitions[0].record.replicas)

    def has_partition(self, index: int) -> bool:
        """Whether there is a partition of this index."""
        return 0 <= index < len(self.partitions)


class Topics:
    """The topics of one broker: what the metadata log says of topics, with the partitions behind it."""

    def __init__(
        self,
        config: BrokerConfig,
        runtime: Runtime,
        metadata: Metadata,
        store: PartitionStore,
        on_change: Callable[[Partition], None],
        placement: Placement | None = None,
    ) -> None:
        """Without a `placement` everything is on this one node."""
        self._config = config
        self.placement: Placement = placement or OneNodePlacement(config.node_id, metadata.directory_id)
        self._runtime = runtime
        self._metadata = metadata
        self._store = store
        self._on_change = on_change
        self.on_recovered: Callable[[Partition], object] = lambda partition: None  # its log is there a moment later
        self.on_marker: OnMarker = lambda partition, producer_id, is_commit: None  # whoever keeps what is pending
        self.on_offline: Callable[[Partition], None] = lambda partition: None  # whoever wants to know why
        self._by_name: dict[str, Topic] = {}
        self._by_id: dict[bytes, Topic] = {}
        self._names = TopicNames()
        self._openings = LogOpenings(runtime)
        for image in metadata.image.topics.values():
            run_to_end(self._add(image))
        metadata.publisher.subscribe(self)

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

    def check_new_name(self, name: str, beside: TopicNames) -> None:
        """Whether a topic of this name can be created `beside` others to come; KafkaError in Kafka's words if not."""
        check_topic_name(name)
        if name == METADATA_TOPIC:
            raise KafkaError(ErrorCode.INVALID_REQUEST, f"Creation of internal topic {METADATA_TOPIC} is prohibited.")
        if name in self._by_name:
            raise KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        self._names.check_no_collision(name)
        beside.check_no_collision(name)

    def new_topic(self, name: str, assignments: Sequence[PartitionAssignment], configs: Mapping[str, str]) -> NewTopic:
        """A topic whose name and configs were checked, with an id of its own."""
        return NewTopic(name, self._new_topic_id(), assignments, configs)

    def _new_topic_id(self) -> bytes:
        """A random id that no topic has; its text never begins with a dash, which tools take for an option."""
        while True:
            topic_id = self._runtime.new_uuid().bytes
            if topic_id not in self._by_id and topic_id[:-1] != ZERO_UUID[:-1] and topic_id[0] >> 2 != 62:
                return topic_id

    # Changes: each is decided by `choose` once those before it have been made, and is there when `then` is called

    def create(self, choose: Callable[[], Sequence[NewTopic] | Steps[Sequence[NewTopic]]], then: Then) -> None:
        """Create the topics chosen, all or none."""
        self._metadata.create_topics(choose, then)

    def grow(self, choose: Callable[[], Sequence[NewPartitions] | Steps[Sequence[NewPartitions]]], then: Then) -> None:
        """The topics chosen get further partitions, all or none."""
        self._metadata.add_partitions(choose, then)

    def delete(self, choose: Callable[[], Sequence[Topic] | Steps[Sequence[Topic]]], then: Then) -> None:
        """The topics chosen are gone, for clients and after a restart, all or none."""

        def ids() -> Steps[Sequence[bytes]]:
            return [topic.topic_id for topic in (yield from in_steps(choose()))]

        self._metadata.remove_topics(ids, then)

    def auto_create(
        self,
        names: Sequence[str],
        then: Callable[[Mapping[str, KafkaError]], None],
        pay: Callable[[int], None] = lambda partitions: None,
    ) -> None:
        """What Metadata does for unknown names: create them; `then` gets why some could not be.

        `pay` is called with the partitions of each, and raises KafkaError for one that is beyond a quota.
        """
        refused: dict[str, KafkaError] = {}

        def choose() -> Steps[Sequence[NewTopic]]:
            beside, chosen = TopicNames(), list[NewTopic]()
            for name in names:
                try:
                    if name not in self._by_name:
                        new = yield from self._automatic(name, beside)
                        pay(new.partitions)
                        chosen.append(new)
                        beside.add(name)
                except KafkaError as error:
                    refused[name] = error
                yield
            if sum(topic.partitions for topic in chosen) > TOO_MANY_PARTITIONS:
                raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)  # Kafka's controller refuses them all
            return chosen

        def created(error: KafkaError | None) -> None:
            if error is not None:
                refused.update({name: error for name in names if name not in self._by_name and name not in refused})
            then(refused)

        self.create(choose, created)

    def ensure_internal_topic(self, name: str, then: Then) -> None:
        """A coordinator's topic is there, created with its own configs when it is first needed."""
        if name in self._by_name:
            then(None)
        else:
            self.auto_create([name], lambda refused: then(refused.get(name)))

    def _automatic(self, name: str, beside: TopicNames) -> Steps[NewTopic]:
        check_topic_name(name)
        if name == METADATA_TOPIC:
            raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        partitions, factor = self._config.num_partitions, self._config.default_replication_factor
        configs: Mapping[str, str] = {}
        if name in INTERNAL_TOPICS:
            partitions, factor, configs = internal_topic_config(name, self._config)
        else:
            self.check_new_name(name, beside)
        assignments = yield from place_new_topic(self.placement, partitions, factor, self._config)
        return self.new_topic(name, assignments, configs)

    def raise_leader_epochs(self, partitions: Sequence[tuple[str, int]], then: Then) -> None:
        """Who leads the partitions leads them in an epoch that is new, as after an election that it has won again.

        Unknown ones are left out, and those that nobody leads.
        """
        self._metadata.change(lambda image: raised_epochs(image, partitions), then)

    def delete_records(self, partition: Partition, offset: int, then: Callable[[int, KafkaError | None], None]) -> None:
        """Begin a partition later, durably; `then` gets its start, or why it stays as it was. OFFSET_OUT_OF_RANGE."""
        log = partition.log
        log.check_start(offset)
        if offset <= log.log_start_offset:
            then(log.log_start_offset, None)
            return

        def deleted(error: Exception | None) -> None:
            if error is not None:
                then(-1, _storage_error(error))
                return
            partition.notify_changed()
            then(log.log_start_offset, None)

        try:
            self._store.delete_records(partition.topic, partition.index, log, offset, deleted)
        except OSError as error:
            then(-1, _storage_error(error))

    # What follows the metadata

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> Steps[None]:
        """Topics have come, gone, or got other configs."""
        for deleted in delta.deleted_topics:
            yield from self._remove(deleted)
            _log_of_many("topic deleted", deleted, delta.deleted_topics)
        if delta.deleted_topics:
            self._store.drop_deleted()
        for created in delta.created_topics:
            yield from self._add(created)
            _log_of_many("topic created", created, delta.created_topics)
        for grown in delta.grown_topics.values():
            yield from self._grow(grown)
            _log_of_many("topic has more partitions", grown, list(delta.grown_topics.values()))
        for led in delta.newly_led_topics.values():
            yield from self._take_roles(led)
        inherited = any(resource_type == ConfigResourceType.BROKER for resource_type, _ in delta.changed_configs)
        for name in list(self._by_name) if inherited else delta.changed_topic_configs:
            topic = self._by_name.get(name)
            if topic is not None:
                yield from self._reconfigure(topic)

    def _add(self, image: TopicImage) -> Steps[None]:
        partitions = yield from self._new_partitions(image, 0)
        self._by_name[image.name] = self._by_id[image.topic_id] = Topic(image, partitions)
        self._names.add(image.name)

    def _grow(self, image: TopicImage) -> Steps[None]:
        topic = self._by_id[image.topic_id]
        further = yield from self._new_partitions(image, len(topic.partitions))
        topic.partitions = [*topic.partitions, *further]  # who walks over the old ones goes on with them

    def _new_partitions(self, image: TopicImage, first: int) -> Steps[list[Partition]]:
        partitions: list[Partition] = []
        open_log = partial(self._open_log, image)
        for index in range(first, len(image.partitions)):
            record = image.partitions[index].record
            partition = Partition(
                image.name, index, record.leader_epoch, open_log, self._on_change, self._note_marker, self._openings.add
            )
            partition.is_leader = record.leader == self._config.node_id
            partition.leadership = NotYetLeading() if partition.is_leader and len(record.replicas) > 1 else None
            partition.on_offline = self._note_offline
            partitions.append(partition)
            yield
        return partitions

    def _note_offline(self, partition: Partition) -> None:
        self.on_offline(partition)

    def _note_marker(self, partition: Partition, producer_id: int, is_commit: bool) -> None:
        self.on_marker(partition, producer_id, is_commit)

    def _remove(self, image: TopicImage) -> Steps[None]:
        topic = self._by_id.pop(image.topic_id)
        del self._by_name[image.name]
        self._names.remove(image.name)
        for partition in topic.partitions:
            self._store.delete_log(partition.topic, partition.index)
            partition.note_deleted()
            yield

    def _take_roles(self, image: TopicImage) -> Steps[None]:
        for partition in self._by_id[image.topic_id].partitions:
            record = image.partitions[partition.index].record
            if partition.leader_epoch != record.leader_epoch:
                if record.leader == self._config.node_id:
                    partition.lead(record.leader_epoch, is_replicated=len(record.replicas) > 1)
                else:
                    partition.follow(record.leader_epoch)
            yield

    def remove_replica(self, partition: Partition) -> None:
        """This broker is to have the partition no more; nothing happens where it had nothing of it."""
        if partition.opened_log is not None or self._store.has_directory(partition.topic, partition.index):
            partition.drop_log()
            self._store.delete_log(partition.topic, partition.index)
            self._store.drop_deleted()

    def _reconfigure(self, topic: Topic) -> Steps[None]:
        config = log_config(topic.configs, self._config)
        for partition in topic.partitions:
            if partition.opened_log is not None:
                partition.opened_log.config = config
            yield

    def _open_log(self, image: TopicImage, partition: Partition) -> Steps[PartitionLog]:
        opened = yield from self._store.opening(
            image.name,
            partition.index,
            image.topic_id,
            log_config(image.configs, self._config),
            # A follower has the epochs of what it has copied, and no other (KIP-101).
            leader_epoch=partition.leader_epoch if partition.is_leader else -1,
        )
        opened.config = log_config(image.configs, self._config)  # which may have changed in a pause
        if len(image.partitions[partition.index].record.replicas) > 1:
            opened.begin_replication(self._store.high_watermark(image.name, partition.index))
        if partition.is_leader:
            opened.begin_epoch(partition.leader_epoch)  # likewise
        if not opened.recovery_report.is_clean:
            self.on_recovered(partition)
        return opened


def _log_of_many(what: str, topic: TopicImage, beside: Sequence[TopicImage]) -> None:
    """One line for each topic of a change, or the first of many and how many they are."""
    if len(beside) <= TOPICS_LOGGED:
        logger.info(what, topic=topic.name, partitions=len(topic.partitions))
    elif topic is beside[0]:
        logger.info(what, topic=topic.name, and_others=len(beside) - 1)


def _storage_error(error: Exception) -> KafkaError:
    return error if isinstance(error, KafkaError) else KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, str(error))
