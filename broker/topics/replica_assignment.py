"""Where the replicas of a partition may be: on this one node, in Kafka's words."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError
from ..config.broker_config import BrokerConfig


def check_replicas(broker_ids: Sequence[int], node_id: int) -> None:
    """Whether a client may place a partition there; INVALID_REPLICA_ASSIGNMENT if not.

    As in Apache Kafka the lowest id that is wrong is named.
    """
    in_order = sorted(broker_ids)
    if not in_order:
        why = "an empty replica list."
    elif in_order[0] != node_id:
        why = f"broker {in_order[0]}, but no such broker is registered."
    elif len(in_order) == 1:
        return
    elif in_order[1] == node_id:
        why = f"the broker {node_id} more than once."
    else:
        why = f"broker {in_order[1]}, but no such broker is registered."
    raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"The manual partition assignment includes {why}")


def check_replication_factor(factor: int, config: BrokerConfig) -> None:
    """Whether a topic may have so many replicas; INVALID_REPLICATION_FACTOR if not."""
    if config.replication_factor(factor) > 1:
        raise KafkaError(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"Unable to replicate the partition {factor} time(s): The target replication factor of {factor} cannot "
            "be reached because only 1 broker(s) are registered or some brokers have all their log directories "
            "cordoned.",
        )
