"""What a share group has that nobody has configured: Apache Kafka's defaults."""

from odradek.broker.config.config_def import broker_config_def, group_config_def
from odradek.broker.share.settings import ShareGroupSettings


def test_the_defaults_are_apache_kafkas() -> None:
    settings = ShareGroupSettings()
    known = {**broker_config_def(), **group_config_def()}
    kafka = {name: key.default for name, key in known.items()}
    assert str(settings.record_lock_duration_ms) == kafka["group.share.record.lock.duration.ms"]
    assert str(settings.delivery_count_limit) == kafka["group.share.delivery.count.limit"]
    assert str(settings.partition_max_record_locks) == kafka["group.share.partition.max.record.locks"]
    assert settings.auto_offset_reset == kafka["share.auto.offset.reset"]
    assert settings.is_read_committed == (kafka["share.isolation.level"] == "read_committed")
    assert settings.renew_acknowledge_enable == (kafka["share.renew.acknowledge.enable"] == "true")
