"""What a throttle holds back is woken when the quota allows it, and when the settings are others (KIP-73)."""

from random import Random

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.replication_config import ReplicationConfig
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.metadata.topic_image import TopicImage
from odradek.broker.replication.replica_fetch import PartitionKey
from odradek.broker.replication.replication_throttles import ReplicationThrottles
from odradek.broker.runtime import Runtime
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.metadata_records import ConfigResourceType

TOPIC = b"t" * 16
KEY: PartitionKey = (TOPIC, 0)
ME, OTHER = 1, 2
RATE = "leader.replication.throttled.rate"
REPLICAS = "leader.replication.throttled.replicas"


class Throttled:
    """The throttles of broker 1, which may hand out a thousand bytes a second of partition t-0 as its leader."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.config = BrokerConfig()
        self.config.set_dynamic({RATE: "1000"}, {})
        self.woken: list[tuple[str, int, PartitionKey]] = []
        self.throttles = ReplicationThrottles(
            ME,
            ReplicationConfig(self.config),
            Runtime(self.clock, self.clock, ManualThreads(), Random(0)),
            lambda node_id, key: self.woken.append(("follower", node_id, key)),
            lambda node_id, key: self.woken.append(("here", node_id, key)),
        )
        self.image = MetadataImage()
        self.set_replicas("0:1")

    def set_replicas(self, replicas: str | None) -> None:
        topic = TopicImage("t", TOPIC, configs={} if replicas is None else {REPLICAS: replicas})
        self.image.topics["t"] = topic
        self.throttles.on_delta(MetadataDelta(changed_topic_configs={"t"}), self.image)

    @property
    def is_held_back(self) -> bool:
        """Whether broker 2 is to wait, if it asks now."""
        return self.throttles.leader.holds_back(OTHER, KEY)


def test_who_is_held_back_is_woken_as_soon_as_the_rate_allows_it_and_not_before() -> None:
    throttled = Throttled()
    assert not throttled.is_held_back
    throttled.throttles.leader.record(KEY, 2500)
    assert throttled.is_held_back
    assert throttled.throttles.leader.is_waiting(OTHER, KEY)
    throttled.clock.advance(2.499)
    assert throttled.woken == []
    throttled.clock.advance(0.002)
    assert throttled.woken == [("follower", OTHER, KEY)]
    assert not throttled.is_held_back
    assert throttled.clock.pending == 0


def test_what_is_not_throttled_is_neither_counted_nor_held_back() -> None:
    throttled = Throttled()
    throttled.throttles.leader.record((TOPIC, 1), 10_000)
    assert not throttled.is_held_back
    throttled.throttles.leader.record(KEY, 10_000)
    assert not throttled.throttles.leader.holds_back(OTHER, (TOPIC, 1))
    assert not throttled.throttles.follower.holds_back(OTHER, KEY)


def test_who_is_held_back_waits_on_where_others_have_used_what_there_was() -> None:
    throttled = Throttled()
    throttled.throttles.leader.record(KEY, 2000)
    assert throttled.is_held_back
    throttled.clock.advance(1)
    throttled.throttles.leader.record(KEY, 1000)  # of one that is in sync
    throttled.clock.advance(1.5)
    assert throttled.woken == []
    throttled.clock.advance(1)
    assert throttled.woken == [("follower", OTHER, KEY)]


def test_a_higher_rate_wakes_who_waits() -> None:
    throttled = Throttled()
    throttled.throttles.leader.record(KEY, 5000)
    assert throttled.is_held_back
    throttled.config.set_dynamic({}, {RATE: "9000"})
    delta = MetadataDelta(changed_configs={(ConfigResourceType.BROKER, "")})
    throttled.throttles.on_delta(delta, throttled.image)
    assert throttled.woken == [("follower", OTHER, KEY)]
    assert not throttled.is_held_back


def test_a_topic_that_is_throttled_no_more_wakes_who_waits() -> None:
    throttled = Throttled()
    throttled.throttles.leader.record(KEY, 5000)
    assert throttled.is_held_back
    throttled.set_replicas(None)
    assert throttled.woken == [("follower", OTHER, KEY)]
    assert not throttled.throttles.leader.is_active


def test_a_topic_that_is_deleted_is_throttled_no_more() -> None:
    throttled = Throttled()
    gone = MetadataDelta(deleted_topics=[throttled.image.topics["t"]])
    throttled.throttles.on_delta(gone, throttled.image)
    assert not throttled.throttles.leader.is_active


def test_nobody_is_woken_after_the_end() -> None:
    throttled = Throttled()
    throttled.throttles.leader.record(KEY, 5000)
    assert throttled.is_held_back
    throttled.throttles.end()
    throttled.clock.advance(60)
    assert throttled.woken == []
    assert throttled.clock.pending == 0
