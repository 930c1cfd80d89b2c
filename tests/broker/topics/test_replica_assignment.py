"""Partitions may be placed on brokers that are registered; where there is one node, on that, and nowhere else."""

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.slices import run_to_end
from odradek.broker.topics.replica_assignment import OneNodePlacement, check_replicas, place_new_topic
from odradek.protocol.errors import ErrorCode, KafkaError

HERE = OneNodePlacement(1, b"d" * 16)


def test_this_node_may_have_it() -> None:
    assignment = HERE.assign([1], 0, None)
    assert (assignment.replicas, assignment.isr, assignment.directories) == ((1,), (1,), (b"d" * 16,))


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
        HERE.assign(broker_ids, 0, None)
    assert refused.value.code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    assert refused.value.message == f"The manual partition assignment includes {why}"


def test_partitions_of_a_topic_have_equally_many_replicas() -> None:
    check_replicas([2, 1], (1, 2, 3), 2)
    with pytest.raises(KafkaError) as refused:
        check_replicas([1, 2, 3], (1, 2, 3), 2)
    assert refused.value.message == (
        "The manual partition assignment includes a partition with 3 replica(s), but this is not consistent with "
        "previous partitions, which have 2 replica(s)."
    )


def test_one_node_has_one_replica_unless_it_is_to_take_more_for_one() -> None:
    assert len(run_to_end(HERE.place(5, 1))) == 5
    assert len(run_to_end(place_new_topic(HERE, 5, 3, BrokerConfig(lower_replication_factors=True)))) == 5
    with pytest.raises(KafkaError, match="target replication factor of 3 cannot be reached"):
        run_to_end(HERE.place(5, 3))


def test_why_a_topic_cannot_be_placed_names_the_factor_first() -> None:
    with pytest.raises(KafkaError) as refused:
        run_to_end(place_new_topic(HERE, 1, 3, BrokerConfig()))
    assert refused.value.message == (
        "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because "
        "only 1 broker(s) are registered or some brokers have all their log directories cordoned."
    )
