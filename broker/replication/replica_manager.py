"""ReplicaManager: which partitions this broker leads and follows, and what that asks of it.

The rule: a role comes from the metadata and from nothing else. The leader asks the controller for every change of who
is in sync, and goes by what the controller has recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.metadata_records import PartitionRecord
from ..config.replication_config import ReplicationConfig
from ..log_output import get_logger
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..metadata.topic_image import TopicImage
from ..nodes.links import Links
from ..runtime import Runtime, Timer
from ..slices import Steps
from ..topics.partition import Partition
from ..topics.topics import Topics
from .fetcher import Followed, ReplicaFetcher
from .leading import LeadingPartition, PendingIsr
from .replica_fetch import Follower, PartitionKey, ReplicaFetch, ReplicaFetched
from .replication_throttles import ReplicationThrottles

logger = get_logger("replication")


class IsrGate(Protocol):
    """Where a leader has the controller change who is in sync."""

    @property
    def broker_epoch(self) -> int:
        """The epoch that this broker is registered in."""
        ...

    def alter_isr(
        self,
        topic_id: bytes,
        pending: PendingIsr,
        then: Callable[[KafkaError | None], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Ask for it; `on_lost` hears if the controller was not reached, or its answer has not come back."""
        ...


class ReplicaManager:
    """The replicas of one broker. `start` it once everything is loaded; then it follows the metadata."""

    def __init__(
        self,
        node_id: int,
        config: ReplicationConfig,
        runtime: Runtime,
        links: Links,
        peers: Mapping[int, "ReplicaManager"],
        gate: IsrGate,
        is_eligible: Callable[[Follower], bool],
    ) -> None:
        """`peers` are those of all brokers that run; `is_eligible` tells whether who has asked may be in sync."""
        self._node_id = node_id
        self._config = config
        self._runtime = runtime
        self._clock = runtime.clock
        self._links = links
        self._peers = peers
        self._gate = gate
        self._is_eligible = is_eligible
        self._topics: Topics | None = None
        self._leading: dict[PartitionKey, LeadingPartition] = {}
        self._keys: dict[Partition, PartitionKey] = {}  # of those that are led
        self._following: dict[PartitionKey, ReplicaFetcher] = {}
        self._fetchers: dict[int, ReplicaFetcher] = {}
        self._throttles = ReplicationThrottles(node_id, config, runtime, self._wake_follower, self.wake)
        self._timer = Timer(runtime.timers, self._on_time)
        self._is_over = False

    def start(self, topics: Topics, image: MetadataImage) -> None:
        """Take the roles that the metadata gives it."""
        self._topics = topics
        for topic in image.topics.values():
            self._throttles.take(topic)
            for index in topic.partitions:
                self._take_role(topic, index)
        self._links.on_change(self._on_links)
        self._timer.set(self._clock.now() + self._config.lag_s / 2)

    def end(self) -> None:
        """The broker stops, or is dead."""
        self._is_over = True
        self._timer.set(None)
        self._throttles.end()
        self._links.forget(self._on_links)
        for fetcher in self._fetchers.values():
            fetcher.end()

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is to come: to an append, of a leader, or of the controller."""
        led = self._leading.values()
        asks = any(fetcher.is_waiting for fetcher in self._fetchers.values())
        return asks or any(leading.pending is not None or leading.is_waited_for for leading in led)

    def leading(self, partition: Partition) -> LeadingPartition | None:
        """What is known of a partition that this broker leads for others."""
        key = self._keys.get(partition)
        return None if key is None else self._leading.get(key)

    # Roles

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> Steps[None]:
        """Subscribed after `Topics`, which has the partitions by now."""
        self._throttles.on_delta(delta, image)
        for topic in delta.deleted_topics:
            for index in topic.partitions:
                self._let_go((topic.topic_id, index))
            yield
        for topic in (*delta.created_topics, *delta.grown_topics.values()):
            for index in list(topic.partitions):
                self._take_role(topic, index)
                yield
        for topic_id, indexes in delta.changed_partitions.items():
            changed = image.topics[image.names[topic_id]]
            for index in sorted(indexes):
                self._take_role(changed, index)
                yield
        if self._node_id in delta.changed_brokers:
            for fetcher in self._fetchers.values():
                fetcher.wake_all()  # under the epoch that it is registered in now
        if delta.changed_brokers or delta.changed_configs or delta.changed_topic_configs:
            for key, leading in list(self._leading.items()):
                leading.advance(self._clock.now())  # fewer may have to be in sync
                self._wake_followers(key, leading)  # who was fenced may be in sync: it shows it by asking
                yield

    def _take_role(self, topic: TopicImage, index: int) -> None:
        assert self._topics is not None
        found = self._topics.find_by_id(topic.topic_id)
        if found is None or not found.has_partition(index):
            return
        partition, record = found.partitions[index], topic.partitions[index].record
        key = (topic.topic_id, index)
        if record.leader == self._node_id:
            self._lead(key, partition, record, topic)
            return
        self._resign(key)
        if self._node_id in record.replicas:
            self._follow(key, partition, record)
        else:
            self._unfollow(key)
            self._topics.remove_replica(partition)

    def _lead(self, key: PartitionKey, partition: Partition, record: PartitionRecord, topic: TopicImage) -> None:
        self._unfollow(key)
        if len(record.replicas) == 1:
            self._stay_alone(key, partition)
        elif not self._lead_on(key, partition, record):
            self._resign(key)
            partition.open_soon(partial(self._begin_to_lead, key, partition, record, topic))

    def _lead_on(self, key: PartitionKey, partition: Partition, record: PartitionRecord) -> bool:
        """Go on, be it in a new epoch; False where this broker has not led until now."""
        leading = self._leading.get(key)
        if leading is None or leading.log is not partition.opened_log:
            return False
        partition.leadership = leading
        leading.update(record, self._clock.now())
        self.note_changed(partition)
        return True

    def _stay_alone(self, key: PartitionKey, partition: Partition) -> None:
        if partition.opened_log is not None:
            partition.opened_log.end_replication()
        leading = self._leading.pop(key, None)
        if leading is not None:
            del self._keys[partition]
            partition.leadership = None
            leading.stay_alone()
            partition.notify_changed()

    def _begin_to_lead(
        self, key: PartitionKey, partition: Partition, record: PartitionRecord, topic: TopicImage, error: object
    ) -> None:
        log = partition.opened_log
        if error is not None or log is None or self._is_over or not partition.is_leader:
            return
        if partition.leader_epoch != record.leader_epoch or self._lead_on(key, partition, record):
            return
        log.begin_replication(log.high_watermark)
        leading = LeadingPartition(
            partition,
            log,
            record,
            self._node_id,
            lambda: self._config.lag_s,
            lambda: self._config.min_isr(topic.configs),
            self._is_eligible,
            self._clock.now(),
        )
        self._leading[key], self._keys[partition] = leading, key
        partition.leadership = leading
        leading.advance(self._clock.now())
        self._wake_followers(key, leading)

    def _resign(self, key: PartitionKey) -> None:
        leading = self._leading.pop(key, None)
        if leading is not None:
            del self._keys[leading.partition]
            if leading.partition.leadership is leading:
                leading.partition.leadership = None
            leading.resign()

    def _follow(self, key: PartitionKey, partition: Partition, record: PartitionRecord) -> None:
        if record.leader < 0:
            self._unfollow(key)
            return
        fetcher = self._fetcher_of(record.leader)
        if self._following.get(key) not in (None, fetcher):
            self._unfollow(key)
        partition.open_soon(partial(self._begin_to_follow, key, partition, record, fetcher))

    def _begin_to_follow(
        self,
        key: PartitionKey,
        partition: Partition,
        record: PartitionRecord,
        fetcher: ReplicaFetcher,
        error: object,
    ) -> None:
        log = partition.opened_log
        if error is not None or log is None or self._is_over or partition.is_leader:
            return
        if partition.leader_epoch != record.leader_epoch:
            return
        log.begin_replication(log.high_watermark)
        self._following[key] = fetcher
        fetcher.follow(key, Followed(partition, log, record.leader_epoch))

    def _unfollow(self, key: PartitionKey) -> None:
        fetcher = self._following.pop(key, None)
        if fetcher is not None:
            fetcher.drop(key)

    def _let_go(self, key: PartitionKey) -> None:
        self._resign(key)
        self._unfollow(key)

    def _fetcher_of(self, leader_id: int) -> ReplicaFetcher:
        fetcher = self._fetchers.get(leader_id)
        if fetcher is None:
            fetcher = self._fetchers[leader_id] = ReplicaFetcher(
                leader_id,
                self._follower,
                self._peers.get,
                self._config,
                self._runtime,
                self._links,
                self._throttles.follower,
            )
        return fetcher

    def _follower(self) -> Follower:
        return Follower(self._node_id, self._gate.broker_epoch)

    # Followers

    def note_changed(self, partition: Partition) -> None:
        """It has grown, or its high watermark has moved: those who follow it here come for it."""
        key = self._keys.get(partition)
        if key is not None:
            leading = self._leading[key]
            leading.note_growth(self._clock.now())
            leading.advance(self._clock.now())  # the only one in sync need not wait for anyone
            for node_id in leading.followers:
                if not self._throttles.leader.is_waiting(node_id, key):
                    self._wake_follower(node_id, key)

    def _wake_followers(self, key: PartitionKey, leading: LeadingPartition) -> None:
        for node_id in leading.followers:
            self._wake_follower(node_id, key)

    def _wake_follower(self, node_id: int, key: PartitionKey) -> None:
        peer = self._peers.get(node_id)
        if peer is not None:
            peer.wake(self._node_id, key)

    def wake(self, leader_id: int, key: PartitionKey) -> None:
        """A leader has news of a partition."""
        fetcher = self._fetchers.get(leader_id)
        if fetcher is not None and not self._is_over:
            fetcher.wake(key)

    def serve_fetch(self, follower: Follower, asked: Sequence[ReplicaFetch], max_bytes: int) -> list[ReplicaFetched]:
        """What a follower is told; an error for a partition that is not led here, or in another epoch."""
        answers: list[ReplicaFetched] = []
        left = max_bytes
        for one in asked:
            if left <= 0:
                break
            answers.append(self._serve_one(follower, one))
            left -= len(answers[-1].data)
        if self._throttles.leader.is_active:
            # Once all is read, as in Apache Kafka: what goes with one answer is held against the next.
            for answer in answers:
                self._throttles.leader.record(answer.key, len(answer.data))
        return answers

    def _serve_one(self, follower: Follower, asked: ReplicaFetch) -> ReplicaFetched:
        answer = ReplicaFetched(asked.key, asked.leader_epoch, asked.fetch_offset)
        leading = self._leading.get(asked.key)
        try:
            if leading is None or self._is_over:
                raise KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
            leading.partition.check_leader_epoch(asked.leader_epoch)
            self._read(leading, follower, asked, answer)
        except KafkaError as error:
            answer.error = error.code
        except OSError as error:
            logger.error("a log cannot be read for a follower", follower=follower.node_id, error=str(error))
            answer.error = ErrorCode.KAFKA_STORAGE_ERROR
        return answer

    def _read(self, leading: LeadingPartition, follower: Follower, asked: ReplicaFetch, answer: ReplicaFetched) -> None:
        log, end = leading.log, leading.log.log_end_offset
        epoch_end = end
        answer.log_start_offset, answer.log_end_offset = log.log_start_offset, end
        answer.high_watermark = log.high_watermark
        if asked.last_fetched_epoch >= 0:
            epoch, epoch_end = log.end_offset_for_epoch(asked.last_fetched_epoch)
            if epoch < 0:
                raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE)
            if epoch < asked.last_fetched_epoch or epoch_end < asked.fetch_offset:
                answer.diverging = (epoch, epoch_end)
                return
        if not log.log_start_offset <= asked.fetch_offset <= end:
            raise KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE)
        if asked.fetch_offset < end and not self._is_held_back(leading, follower.node_id, asked.key):
            found = log.read(asked.fetch_offset, asked.max_bytes, upper_offset=end)
            # A gap of another epoch is not gone over yet: with the old one the follower would diverge behind it.
            answer.data, answer.next_offset = found.data, min(found.next_offset, epoch_end)
        leading.note_fetch(follower, asked.fetch_offset, asked.log_start_offset, self._clock.now())
        answer.high_watermark = log.high_watermark
        self._expand(leading, follower.node_id)

    def _is_held_back(self, leading: LeadingPartition, follower_id: int, key: PartitionKey) -> bool:
        """Who is in sync never is, so that a throttle puts nobody out of sync (KIP-73)."""
        throttle = self._throttles.leader
        return throttle.is_active and follower_id not in leading.isr and throttle.holds_back(follower_id, key)

    # Who is in sync

    def _expand(self, leading: LeadingPartition, follower_id: int) -> None:
        """A follower joins those in sync by asking, and not before: what was known of it may be old."""
        if leading.may_join(follower_id):
            self._alter(leading, sorted({*leading.record.isr, follower_id}))  # in the order that Apache Kafka records

    def _shrink(self, leading: LeadingPartition) -> None:
        lagging = leading.lagging(self._clock.now())
        if lagging:
            self._alter(leading, [one for one in leading.record.isr if one not in lagging])

    def _alter(self, leading: LeadingPartition, isr: Sequence[int]) -> None:
        self._ask_controller(leading, leading.begin_change(isr))

    def _ask_controller(self, leading: LeadingPartition, pending: PendingIsr) -> None:
        pending.is_lost = False

        def done(error: KafkaError | None) -> None:
            leading.end_change(pending, error, self._clock.now())

        def lost() -> None:
            pending.is_lost = True

        self._gate.alter_isr(self._keys[leading.partition][0], pending, done, lost)

    def _ask_controller_again(self) -> None:
        for leading in list(self._leading.values()):
            if leading.pending is not None and leading.pending.is_lost:
                self._ask_controller(leading, leading.pending)

    def _on_time(self) -> None:
        self._ask_controller_again()
        for key, leading in list(self._leading.items()):
            self._shrink(leading)
            self._wake_followers(key, leading)
            leading.advance(self._clock.now())
        self._timer.set(self._clock.now() + self._config.lag_s / 2)

    def _on_links(self) -> None:
        for leading in self._leading.values():
            leading.note_ways(partial(self._links.reaches, self._node_id), self._clock.now())
        self._ask_controller_again()
        for fetcher in self._fetchers.values():
            fetcher.ask_anew()
