"""The settings of share groups: the broker's, a group's own over them, and the broker's bounds over both."""

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.share.settings import ShareGroupSettings
from odradek.broker.share.share_config import share_group_settings
from odradek.protocol.metadata_records import ConfigResourceType


def settings_of(config: BrokerConfig, **own: str) -> ShareGroupSettings:
    image = MetadataImage()
    image.configs[ConfigResourceType.GROUP, "g"] = {name.replace("_", "."): value for name, value in own.items()}
    return share_group_settings(config, lambda: image)("g")


def test_a_group_without_settings_has_the_brokers() -> None:
    assert settings_of(BrokerConfig()) == ShareGroupSettings()
    config = BrokerConfig.from_settings({"group.share.delivery.count.limit": "7"})
    assert settings_of(config).delivery_count_limit == 7


def test_a_groups_own_settings_come_first() -> None:
    assert settings_of(
        BrokerConfig(),
        share_record_lock_duration_ms="20000",
        share_delivery_count_limit="3",
        share_partition_max_record_locks="300",
        share_auto_offset_reset="earliest",
        share_isolation_level="read_committed",
        share_renew_acknowledge_enable="false",
    ) == ShareGroupSettings(20_000, 3, 300, "earliest", True, False)


def test_the_brokers_bounds_hold_whatever_was_recorded() -> None:
    bounded = settings_of(BrokerConfig(), share_record_lock_duration_ms="1", share_delivery_count_limit="99")
    assert (bounded.record_lock_duration_ms, bounded.delivery_count_limit) == (15_000, 10)
