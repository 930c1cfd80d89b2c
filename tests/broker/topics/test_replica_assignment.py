"""A partition may be placed on this one node, and nowhere else."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.topics.replica_assignment import check_replicas, check_replication_factor
from odradek.protocol.errors import ErrorCode, KafkaError


def test_this_node_may_have_it() -> None:
    check_replicas([1], 1)


@pytest.mark.parametrize(
    ("broker_ids", "why"),
    [
        ([], "an empty replica list."),
        ([1, 1], "the broker 1 more than once."),
        ([2], "broker 2, but no such broker is registered."),
        ([1, 7], "broker 7, but no such broker is registered."),
        ([7, 5], "broker 5, but no such broker is registered."),
        ([7, 7], "broker 7, but no such broker is registered."),
        ([7, 1, 1], "the broker 1 more than once."),
        ([1, -1], "broker -1, but no such broker is registered."),
    ],
)
def test_no_other_may(broker_ids: list[int], why: str) -> None:
    with pytest.raises(KafkaError) as refused:
        check_replicas(broker_ids, 1)
    assert refused.value.code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    assert refused.value.message == f"The manual partition assignment includes {why}"


def test_one_node_has_one_replica_unless_it_is_to_take_more_for_one() -> None:
    check_replication_factor(1, BrokerConfig())
    check_replication_factor(3, BrokerConfig(lower_replication_factors=True))
    with pytest.raises(KafkaError, match="target replication factor of 3 cannot be reached"):
        check_replication_factor(3, BrokerConfig())
