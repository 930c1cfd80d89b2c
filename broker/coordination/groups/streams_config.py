"""The settings of streams groups as they are now: the broker's, and over them what clients gave a group of its own."""

from collections.abc import Callable

from ....protocol.metadata_records import ConfigResourceType
from ...config.bounds import within
from ...config.broker_config import BrokerConfig
from ...metadata.image import MetadataImage
from .streams.settings import StreamsConfig, StreamsGroupSettings


def streams_config(config: BrokerConfig, image: Callable[[], MetadataImage]) -> StreamsConfig:
    """`image` gives what clients have set; both are asked anew every time, so that a change counts at once."""

    def of_group(group_id: str) -> StreamsGroupSettings:
        own = image().configs.get((ConfigResourceType.GROUP, group_id), {})
        return StreamsGroupSettings(
            session_timeout_ms=within(
                int(own.get("streams.session.timeout.ms", config.group_streams_session_timeout_ms)),
                config.group_streams_min_session_timeout_ms,
                config.group_streams_max_session_timeout_ms,
            ),
            heartbeat_interval_ms=within(
                int(own.get("streams.heartbeat.interval.ms", config.group_streams_heartbeat_interval_ms)),
                config.group_streams_min_heartbeat_interval_ms,
                config.group_streams_max_heartbeat_interval_ms,
            ),
            assignment_interval_ms=within(
                int(own.get("streams.assignment.interval.ms", config.group_streams_assignment_interval_ms)),
                config.group_streams_min_assignment_interval_ms,
                config.group_streams_max_assignment_interval_ms,
            ),
            initial_rebalance_delay_ms=int(
                own.get("streams.initial.rebalance.delay.ms", config.group_streams_initial_rebalance_delay_ms)
            ),
            num_standby_replicas=min(
                int(own.get("streams.num.standby.replicas", config.group_streams_num_standby_replicas)),
                config.group_streams_max_standby_replicas,
            ),
        )

    return StreamsConfig(max_size=config.group_streams_max_size, of_group=of_group)
