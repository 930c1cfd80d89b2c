"""The settings of consumer groups as they are now: the broker's, and over them what clients gave a group of its own."""

from collections.abc import Callable

from ....protocol.metadata_records import ConfigResourceType
from ...config.bounds import within
from ...config.broker_config import BrokerConfig
from ...metadata.image import MetadataImage
from .consumer.settings import ConsumerConfig
from .modern.settings import ModernGroupSettings


def consumer_config(config: BrokerConfig, image: Callable[[], MetadataImage]) -> ConsumerConfig:
    """`image` gives what clients have set; both are asked anew every time, so that a change counts at once."""

    def of_group(group_id: str) -> ModernGroupSettings:
        own = image().configs.get((ConfigResourceType.GROUP, group_id), {})
        return ModernGroupSettings(
            session_timeout_ms=within(
                int(own.get("consumer.session.timeout.ms", config.group_consumer_session_timeout_ms)),
                config.group_consumer_min_session_timeout_ms,
                config.group_consumer_max_session_timeout_ms,
            ),
            heartbeat_interval_ms=within(
                int(own.get("consumer.heartbeat.interval.ms", config.group_consumer_heartbeat_interval_ms)),
                config.group_consumer_min_heartbeat_interval_ms,
                config.group_consumer_max_heartbeat_interval_ms,
            ),
            assignment_interval_ms=within(
                int(own.get("consumer.assignment.interval.ms", config.group_consumer_assignment_interval_ms)),
                config.group_consumer_min_assignment_interval_ms,
                config.group_consumer_max_assignment_interval_ms,
            ),
        )

    return ConsumerConfig(
        max_size=config.group_consumer_max_size,
        may_upgrade=config.group_consumer_migration_policy.upper() in ("UPGRADE", "BIDIRECTIONAL"),
        may_downgrade=config.group_consumer_migration_policy.upper() in ("DOWNGRADE", "BIDIRECTIONAL"),
        assignors=config.consumer_assignors(),
        regex_refresh_interval_ms=config.group_consumer_regex_refresh_interval_ms,
        of_group=of_group,
    )
