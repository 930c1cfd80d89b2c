"""The coordinators' own topics: how many partitions they get, and which configs."""

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig
from ..topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC
from .replica_assignment import check_replication_factor


def internal_topic_config(name: str, config: BrokerConfig) -> tuple[int, dict[str, str]]:
    """Partitions and configs; UNKNOWN_TOPIC_OR_PARTITION for a topic whose coordinator is not here.

    INVALID_REPLICATION_FACTOR where it is to have more replicas than there are brokers.
    """
    if name == OFFSETS_TOPIC:
        check_replication_factor(config.offsets_topic_replication_factor, config)
        return config.offsets_topic_num_partitions, {
            "compression.type": "producer",
            "cleanup.policy": "compact",
            "segment.bytes": str(config.offsets_topic_segment_bytes),
        }
    if name == TRANSACTION_TOPIC:
        check_replication_factor(config.transaction_state_log_replication_factor, config)
        return config.transaction_state_log_num_partitions, {
            "compression.type": "uncompressed",
            "cleanup.policy": "compact",
            "min.insync.replicas": str(config.transaction_state_log_min_isr),
            "segment.bytes": str(config.transaction_state_log_segment_bytes),
            "unclean.leader.election.enable": "false",
        }
    if name == SHARE_TOPIC:
        check_replication_factor(config.share_coordinator_state_topic_replication_factor, config)
        return config.share_coordinator_state_topic_num_partitions, {
            "compression.type": "producer",
            "cleanup.policy": "delete",
            "min.insync.replicas": str(config.share_coordinator_state_topic_min_isr),
            "retention.ms": "-1",
            "segment.bytes": str(config.share_coordinator_state_topic_segment_bytes),
        }
    raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
