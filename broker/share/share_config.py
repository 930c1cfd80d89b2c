"""The settings of share groups as they are now: the broker's, and over them what clients gave a group of its own."""

from collections.abc import Callable

from ...protocol.metadata_records import ConfigResourceType
from ..config.bounds import within
from ..config.broker_config import BrokerConfig
from ..metadata.image import MetadataImage
from .settings import SettingsOfGroup, ShareGroupSettings

# What a group may have for itself, and has no setting of the broker behind it.
OF_GROUPS_ALONE = frozenset({"share.auto.offset.reset", "share.isolation.level", "share.renew.acknowledge.enable"})


def share_group_settings(config: BrokerConfig, image: Callable[[], MetadataImage]) -> SettingsOfGroup:
    """`image` gives what clients have set; both are asked anew every time, so that a change counts at once."""

    def of_group(group_id: str) -> ShareGroupSettings:
        own = image().configs.get((ConfigResourceType.GROUP, group_id), {})
        return ShareGroupSettings(
            record_lock_duration_ms=within(
                int(own.get("share.record.lock.duration.ms", config.group_share_record_lock_duration_ms)),
                config.group_share_min_record_lock_duration_ms,
                config.group_share_max_record_lock_duration_ms,
            ),
            delivery_count_limit=within(
                int(own.get("share.delivery.count.limit", config.group_share_delivery_count_limit)),
                config.group_share_min_delivery_count_limit,
                config.group_share_max_delivery_count_limit,
            ),
            partition_max_record_locks=within(
                int(own.get("share.partition.max.record.locks", config.group_share_partition_max_record_locks)),
                config.group_share_min_partition_max_record_locks,
                config.group_share_max_partition_max_record_locks,
            ),
            auto_offset_reset=own.get("share.auto.offset.reset", "latest"),
            is_read_committed=own.get("share.isolation.level", "read_uncommitted") == "read_committed",
            renew_acknowledge_enable=own.get("share.renew.acknowledge.enable", "true") == "true",
        )

    return of_group
