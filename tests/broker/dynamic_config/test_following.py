"""What clients set of a broker takes effect at once, everywhere, and ends when it is taken back."""

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.config.listeners import Endpoint
from odradek.broker.dynamic_config.following import BrokerConfigFollower
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage, config_record
from odradek.protocol.metadata_records import ConfigResourceType, encode_metadata_record

from ..handlers.broker_harness import AskedBroker
from .test_configs import alter, changed

BROKER = ConfigResourceType.BROKER


def replayed(image: MetadataImage, name: str, key: str, value: str | None) -> MetadataDelta:
    delta = MetadataDelta()
    image.replay(encode_metadata_record(config_record((BROKER, name), key, value)), delta)
    return delta


def test_the_broker_has_what_was_recorded_before_its_start() -> None:
    image, config = MetadataImage(), BrokerConfig()
    replayed(image, "", "max.connections", "5")
    BrokerConfigFollower(config, image)
    assert config.max_connections == 5


def test_its_own_goes_before_that_of_all_and_another_brokers_is_not_for_it() -> None:
    image, config = MetadataImage(), BrokerConfig()
    follower = BrokerConfigFollower(config, image)
    for name, value in (("", "5"), ("1", "6"), ("2", "7")):
        follower.on_delta(replayed(image, name, "max.connections", value), image)
    assert config.max_connections == 6
    follower.on_delta(replayed(image, "1", "max.connections", None), image)
    assert config.max_connections == 5


def test_a_recorded_value_that_is_none_here_is_left_out_and_the_rest_counts() -> None:
    image, config = MetadataImage(), BrokerConfig()
    replayed(image, "", "max.connections", "many")
    replayed(image, "", "log.cleaner.backoff.ms", "7")
    BrokerConfigFollower(config, image)
    assert (config.max_connections, config.log_cleaner_backoff_ms) == (2147483647, 7)


def test_it_listens_where_it_was_started_to_whatever_was_recorded() -> None:
    image, config = MetadataImage(), BrokerConfig()
    replayed(image, "1", "listeners", "PLAINTEXT://127.0.0.1:1")
    BrokerConfigFollower(config, image)
    assert config.endpoints() == [Endpoint("PLAINTEXT", "127.0.0.1", 9092)]


def test_open_logs_have_the_new_settings_of_their_topic_and_of_the_broker() -> None:
    broker = AskedBroker()
    broker.create("t")
    log = broker.context.topics.partition("t", 0).log
    alter(broker, changed(ConfigResourceType.TOPIC, "t", retention_ms="5"))
    alter(broker, changed(BROKER, "1", log_segment_bytes="2000000", log_retention_ms="9"))
    assert (log.config.retention_ms, log.config.segment_bytes) == (5, 2_000_000)
    alter(broker, changed(ConfigResourceType.TOPIC, "t", retention_ms=None))
    assert log.config.retention_ms == 9
    alter(broker, changed(BROKER, "1", log_segment_bytes=None, log_retention_ms=None))
    assert (log.config.retention_ms, log.config.segment_bytes) == (604_800_000, 1_073_741_824)
