"""The settings of share groups as they are now: the broker's, and over them what clients gave a group of its own."""

from collections.abc import Callable

from ....protocol.metadata_records import ConfigResourceType
from ...config.bounds import within
from ...config.broker_config import BrokerConfig
from ...metadata.image import MetadataImage
from .modern.settings import ModernGroupSettings
from .share.settings import ShareGroupConfig


def share_group_config(config: BrokerConfig, image: Callable[[], MetadataImage]) -> ShareGroupConfig:
    """`image` gives what clients have set; both are asked anew every time, so that a change counts at once."""

    def of_group(group_id: str) -> ModernGroupSettings:
        own = image().configs.get((ConfigResourceType.GROUP, group_id), {})
        return ModernGroupSettings(
            session_timeout_ms=within(
                int(own.get("share.session.timeout.ms", config.group_share_session_timeout_ms)),
                config.group_share_min_session_timeout_ms,
                config.group_share_max_session_timeout_ms,
            ),
            heartbeat_interval_ms=within(
                int(own.get("share.heartbeat.interval.ms", config.group_share_heartbeat_interval_ms)),
                config.group_share_min_heartbeat_interval_ms,
                config.group_share_max_heartbeat_interval_ms,
            ),
            assignment_interval_ms=within(
                int(own.get("share.assignment.interval.ms", config.group_share_assignment_interval_ms)),
                config.group_share_min_assignment_interval_ms,
                config.group_share_max_assignment_interval_ms,
            ),
        )

    return ShareGroupConfig(
        max_size=config.group_share_max_size,
        initialize_retry_interval_ms=config.group_share_initialize_retry_interval_ms,
        of_group=of_group,
    )
