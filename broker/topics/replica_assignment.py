"""Where the replicas of a partition may be: on this one node, in Kafka's words."""

from collections.abc import Sequence

from ...protocol.errors import ErrorCode, KafkaError


def check_replicas(broker_ids: Sequence[int], node_id: int) -> None:
    """Whether a client may place a partition there; INVALID_REPLICA_ASSIGNMENT if not."""
    if not broker_ids:
        why = "an empty replica list."
    elif len(set(broker_ids)) < len(broker_ids):
        twice = next(one for one in broker_ids if broker_ids.count(one) > 1)
        why = f"the broker {twice} more than once."
    elif unknown := [one for one in broker_ids if one != node_id]:
        why = f"broker {unknown[0]}, but no such broker is registered."
    else:
        return
    raise KafkaError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, f"The manual partition assignment includes {why}")
