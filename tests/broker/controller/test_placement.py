"""New partitions are spread over racks and brokers, as Kafka's placer does it, and named faults are Kafka's."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odradek.broker.controller.placement import ClusterPlacement
from odradek.broker.metadata.registrations import UNASSIGNED_DIRECTORY, BrokerRegistration
from odradek.broker.metadata.topic_records import PartitionAssignment
from odradek.broker.slices import run_to_end
from odradek.protocol.errors import ErrorCode, KafkaError


def broker(broker_id: int, rack: str | None = None, **flags: object) -> BrokerRegistration:
    given_flags = {"is_fenced": False, "log_dirs": (bytes([broker_id]) * 16,), **flags}
    return BrokerRegistration(broker_id, 7, b"i" * 16, rack=rack, **given_flags)  # type: ignore[arg-type]


def placement(*brokers: BrokerRegistration, seed: int = 0) -> ClusterPlacement:
    return ClusterPlacement(lambda: {one.broker_id: one for one in brokers}, random.Random(seed))


def placed(partitions: int, factor: int, *brokers: BrokerRegistration, seed: int = 0) -> Sequence[PartitionAssignment]:
    return run_to_end(placement(*brokers, seed=seed).place(partitions, factor))


def refusal(partitions: int, factor: int, *brokers: BrokerRegistration) -> KafkaError:
    with pytest.raises(KafkaError) as refused:
        placed(partitions, factor, *brokers)
    assert refused.value.code == ErrorCode.INVALID_REPLICATION_FACTOR
    return refused.value


def test_leaders_and_replicas_are_spread_evenly_over_brokers() -> None:
    assignments = placed(30, 2, *(broker(n) for n in range(1, 4)))
    assert Counter(one.isr[0] for one in assignments) == {1: 10, 2: 10, 3: 10}
    assert Counter(one for assignment in assignments for one in assignment.replicas) == {1: 20, 2: 20, 3: 20}


def test_replicas_of_a_partition_are_on_as_many_racks_as_there_are() -> None:
    brokers = {n: broker(n, rack) for n, rack in enumerate("aabbcc", 1)}
    for assignment in placed(40, 3, *brokers.values()):
        assert {brokers[one].rack for one in assignment.replicas} == {"a", "b", "c"}
    for assignment in placed(40, 4, *brokers.values()):
        assert len(set(assignment.replicas)) == 4


def test_the_stripes_of_one_rack_begin_anywhere_and_go_on_in_order() -> None:
    assignments = placed(3, 3, *(broker(n) for n in (5, 1, 3)), seed=4)
    (first, second, third) = (tuple(one.replicas) for one in assignments)
    assert first in ((1, 3, 5), (3, 5, 1), (5, 1, 3))
    assert (second, third) == ((*first[1:], first[0]), (first[2], *first[:2]))


def test_a_fenced_broker_holds_partitions_only_where_no_other_is_left_and_leads_none() -> None:
    brokers = [broker(1), broker(2, is_fenced=True), broker(3)]
    assert all(2 not in one.replicas for one in placed(20, 2, *brokers))
    for assignment in placed(20, 3, *brokers):
        assert 2 in assignment.replicas
        assert assignment.replicas[0] != 2
        assert 2 not in assignment.isr


def test_a_rack_with_fenced_brokers_alone_leads_nothing() -> None:
    brokers = [broker(1, "a", is_fenced=True), broker(2, "b"), broker(3, "c")]
    for assignment in placed(20, 3, *brokers):
        assert assignment.replicas[0] != 1
        assert sorted(assignment.isr) == [2, 3]


def test_no_replicas_come_to_a_broker_that_shuts_down_or_whose_directories_are_cordoned() -> None:
    brokers = [broker(1), broker(2, is_in_controlled_shutdown=True), broker(3, cordoned_log_dirs=(b"\x03" * 16,))]
    assert {tuple(one.replicas) for one in placed(20, 1, *brokers)} == {(1,)}
    why = refusal(1, 2, *brokers).message
    assert why == (
        "The target replication factor of 2 cannot be reached because only 1 broker(s) are registered or some brokers "
        "have all their log directories cordoned."
    )


def test_without_a_broker_that_is_there_nothing_is_placed() -> None:
    why = refusal(1, 1, broker(1, is_fenced=True)).message
    assert why == "All brokers are currently fenced, or have all their log directories cordoned."
    assert refusal(1, 1).message == why


def test_a_replication_factor_is_positive() -> None:
    assert refusal(1, 0, broker(1)).message == (
        "Invalid replication factor 0: the replication factor must be positive."
    )


def test_each_replica_is_in_the_directory_of_its_broker() -> None:
    (assignment,) = placed(1, 2, broker(1), broker(2, log_dirs=(b"x" * 16, b"y" * 16)))
    directories = dict(zip(assignment.replicas, assignment.directories, strict=True))
    assert directories == {1: b"\x01" * 16, 2: UNASSIGNED_DIRECTORY}


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.booleans()), min_size=1, max_size=8),
    st.integers(1, 8),
    st.integers(),
)
def test_whatever_there_is_replicas_differ_and_a_broker_that_is_there_leads(
    racks: list[tuple[str | None, bool]], factor: int, seed: int
) -> None:
    brokers = {n: broker(n, rack, is_fenced=is_fenced) for n, (rack, is_fenced) in enumerate(racks)}
    unfenced = {n for n, one in brokers.items() if not one.is_fenced}
    if not unfenced or factor > len(brokers):
        refusal(1, factor, *brokers.values())
        return
    for assignment in placed(12, factor, *brokers.values(), seed=seed):
        assert len(set(assignment.replicas)) == factor
        assert set(assignment.replicas) <= set(brokers)
        assert assignment.replicas[0] == assignment.isr[0]
        assert set(assignment.isr) == unfenced.intersection(assignment.replicas)


# What clients place themselves


def test_brokers_that_are_not_there_are_not_in_sync_and_do_not_lead() -> None:
    brokers = [broker(1, is_fenced=True), broker(2, is_in_controlled_shutdown=True), broker(3)]
    assignment = placement(*brokers).assign([1, 2, 3], 0, None)
    assert (assignment.replicas, assignment.isr) == ((1, 2, 3), (3,))


def test_of_the_brokers_that_a_client_names_one_is_there() -> None:
    with pytest.raises(KafkaError) as refused:
        placement(broker(1, is_fenced=True), broker(2)).assign([1], 4, None)
    assert refused.value.code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
    assert refused.value.message == (
        "All brokers specified in the manual partition assignment for partition 4 are fenced or in controlled shutdown."
    )


def test_a_client_names_brokers_that_are_registered_as_many_for_each_partition() -> None:
    with pytest.raises(KafkaError, match="includes broker 9, but no such broker is registered"):
        placement(broker(1)).assign([9], 0, None)
    with pytest.raises(KafkaError, match=r"a partition with 2 replica\(s\), but this is not consistent"):
        placement(broker(1), broker(2)).assign([1, 2], 0, 1)
