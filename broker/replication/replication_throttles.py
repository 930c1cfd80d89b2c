"""ReplicationThrottles: which replicas wait until more of them may be copied, as leader and as follower (KIP-73).

Apache Kafka's fetchers ask again twice a second. Here a follower asks when there is something to be had, so that what
is held back is remembered, and woken when the quota allows it.
"""

from collections.abc import Callable

from ..config.replication_config import FOLLOWER_REPLICAS, LEADER_REPLICAS, ReplicationConfig
from ..metadata.delta import MetadataDelta
from ..metadata.image import MetadataImage
from ..metadata.topic_image import TopicImage
from ..quotas.rate import QuotaWindow
from ..quotas.replication_quota import ReplicationQuota
from ..runtime import Runtime, Timer
from .replica_fetch import PartitionKey

Wake = Callable[[int, PartitionKey], None]


class ReplicationThrottle:
    """One direction of a broker's replication; who waits is known by the broker at the other end and the partition."""

    def __init__(self, quota: ReplicationQuota, runtime: Runtime, wake: Wake) -> None:
        self.quota = quota
        self._clock = runtime.clock
        self._wake = wake
        self._waiting: dict[tuple[int, PartitionKey], None] = {}
        self._timer = Timer(runtime.timers, self._on_time)

    @property
    def is_active(self) -> bool:
        """Whether any replica is throttled."""
        return self.quota.is_active

    def holds_back(self, other_id: int, key: PartitionKey) -> bool:
        """Whether a replica that is not in sync is to be copied no further now; it is woken once it may be."""
        now = self._clock.now()
        if not self.quota.is_throttled(*key) or not self.quota.is_exceeded(now):
            return False
        self._waiting[other_id, key] = None
        self._timer.set(self.quota.allowed_s(now))
        return True

    def is_waiting(self, other_id: int, key: PartitionKey) -> bool:
        """Whether it is held back."""
        return (other_id, key) in self._waiting

    def record(self, key: PartitionKey, size_bytes: int) -> None:
        """So much was copied of a partition."""
        if size_bytes and self.quota.is_throttled(*key):
            self.quota.record(size_bytes, self._clock.now())

    def release(self) -> None:
        """Wake all that wait: they find out themselves whether they still have to."""
        self._timer.set(None)
        waiting, self._waiting = self._waiting, {}
        for other_id, key in waiting:
            self._wake(other_id, key)

    def end(self) -> None:
        """Nobody is woken any more."""
        self._timer.set(None)
        self._waiting.clear()

    def _on_time(self) -> None:
        now = self._clock.now()
        if self.quota.is_exceeded(now):  # what is in sync was copied meanwhile
            self._timer.set(self.quota.allowed_s(now))
        else:
            self.release()


class ReplicationThrottles:
    """Both directions of one broker."""

    def __init__(
        self, node_id: int, config: ReplicationConfig, runtime: Runtime, wake_follower: Wake, wake_here: Wake
    ) -> None:
        """`wake_follower` wakes another broker's replica, `wake_here` this one's that follows another."""
        self._node_id = node_id
        window = QuotaWindow(config.quota_samples, config.quota_window_ms)
        of_leaders = ReplicationQuota(window, lambda: config.leader_throttled_rate)
        of_followers = ReplicationQuota(window, lambda: config.follower_throttled_rate)
        self.leader = ReplicationThrottle(of_leaders, runtime, wake_follower)
        self.follower = ReplicationThrottle(of_followers, runtime, wake_here)

    def take(self, topic: TopicImage) -> None:
        """The settings of a topic, as they are now."""
        configs, topic_id = topic.configs, topic.topic_id
        self.leader.quota.set_throttled(topic_id, configs.get(LEADER_REPLICAS, ""), self._node_id)
        self.follower.quota.set_throttled(topic_id, configs.get(FOLLOWER_REPLICAS, ""), self._node_id)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Topics and settings have changed, and who waits may have to no more."""
        for gone in delta.deleted_topics:
            self.leader.quota.set_throttled(gone.topic_id, "", self._node_id)
            self.follower.quota.set_throttled(gone.topic_id, "", self._node_id)
        changed = [image.topics[name] for name in delta.changed_topic_configs]
        for topic in (*delta.created_topics, *changed):
            self.take(topic)
        if changed or delta.changed_configs:
            self.leader.release()
            self.follower.release()

    def end(self) -> None:
        """The broker stops, or is dead."""
        self.leader.end()
        self.follower.end()
