"""The coordinators' own topics: how many partitions and replicas they get, and which configs."""

from collections.abc import Mapping
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig
from ..topic_names import OFFSETS_TOPIC, SHARE_TOPIC, TRANSACTION_TOPIC


class InternalTopic(NamedTuple):
    """How a coordinator's topic is made."""

    partitions: int
    replication_factor: int
    configs: Mapping[str, str]


def internal_topic_config(name: str, config: BrokerConfig) -> InternalTopic:
    """How this topic is made; UNKNOWN_TOPIC_OR_PARTITION for one whose coordinator is not here."""
    if name == OFFSETS_TOPIC:
        configs = {
            "compression.type": "producer",
            "cleanup.policy": "compact",
            "segment.bytes": str(config.offsets_topic_segment_bytes),
        }
        return InternalTopic(config.offsets_topic_num_partitions, config.offsets_topic_replication_factor, configs)
    if name == TRANSACTION_TOPIC:
        configs = {
            "compression.type": "uncompressed",
            "cleanup.policy": "compact",
            "min.insync.replicas": str(config.transaction_state_log_min_isr),
            "segment.bytes": str(config.transaction_state_log_segment_bytes),
            "unclean.leader.election.enable": "false",
        }
        factor = config.transaction_state_log_replication_factor
        return InternalTopic(config.transaction_state_log_num_partitions, factor, configs)
    if name == SHARE_TOPIC:
        configs = {
            "compression.type": "producer",
            "cleanup.policy": "delete",
            "min.insync.replicas": str(config.share_coordinator_state_topic_min_isr),
            "retention.ms": "-1",
            "segment.bytes": str(config.share_coordinator_state_topic_segment_bytes),
        }
        factor = config.share_coordinator_state_topic_replication_factor
        return InternalTopic(config.share_coordinator_state_topic_num_partitions, factor, configs)
    raise KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
