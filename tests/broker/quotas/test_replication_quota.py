"""What is copied of throttled replicas is held against a rate, as in Kafka's ReplicationQuotaManager (KIP-73)."""

import pytest

from odradek.broker.quotas.rate import QuotaWindow
from odradek.broker.quotas.replication_quota import ReplicationQuota, throttled_partitions

TOPIC, OTHER = b"t" * 16, b"o" * 16
START_S = 50.0
NO_LIMIT = 2**63 - 1


def quota(bound: int = 100) -> ReplicationQuota:
    return ReplicationQuota(QuotaWindow(10, 1000), lambda: bound)


def test_nothing_is_throttled_at_first() -> None:
    assert not quota().is_active
    assert not quota().is_throttled(TOPIC, 0)


def test_the_partitions_are_throttled_that_name_this_broker() -> None:
    made = quota()
    made.set_throttled(TOPIC, "0:1,1:2,2:1", 1)
    assert made.is_active
    assert [made.is_throttled(TOPIC, index) for index in range(3)] == [True, False, True]
    assert not made.is_throttled(OTHER, 0)


def test_a_star_throttles_all_partitions_of_a_topic() -> None:
    made = quota()
    made.set_throttled(TOPIC, "*", 1)
    assert made.is_throttled(TOPIC, 77)
    assert not made.is_throttled(OTHER, 0)


@pytest.mark.parametrize("replicas", ["", "0:2"])
def test_what_is_throttled_no_more_need_not_be_asked_for(replicas: str) -> None:
    made = quota()
    made.set_throttled(TOPIC, "*", 1)
    made.set_throttled(TOPIC, replicas, 1)
    assert not made.is_active
    assert not made.is_throttled(TOPIC, 0)


def test_the_quota_is_exceeded_and_comes_back_below_its_bound_as_time_passes() -> None:
    """The values of Kafka's own test."""
    made = quota()
    made.record(0, START_S)
    assert not made.is_exceeded(START_S)
    made.record(150, START_S + 1.5)
    assert not made.is_exceeded(START_S + 1.5)
    made.record(1, START_S + 1.5)
    assert made.is_exceeded(START_S + 1.5)
    assert not made.is_exceeded(START_S + 2)
    made.record(99, START_S + 2.5)
    assert not made.is_exceeded(START_S + 2.5)
    made.record(1, START_S + 2.5)
    assert made.is_exceeded(START_S + 2.5)


def test_something_is_always_copied_while_the_quota_is_not_exceeded() -> None:
    made = quota(bound=0)
    assert not made.is_exceeded(START_S)
    made.record(1, START_S)
    assert made.is_exceeded(START_S)
    assert made.allowed_s(START_S) == pytest.approx(START_S + 10, abs=0.002)


@pytest.mark.parametrize("start_s", [0.0, 1.001, 50.0, 123456.789])
def test_it_is_exceeded_until_it_is_said_to_be_allowed(start_s: float) -> None:
    made = quota()
    made.record(333, start_s)
    allowed_s = made.allowed_s(start_s)
    assert made.is_exceeded(allowed_s - 0.002)
    assert not made.is_exceeded(allowed_s)


def test_without_a_rate_nothing_is_too_much() -> None:
    made = quota(NO_LIMIT)
    made.record(10**15, START_S)
    assert not made.is_exceeded(START_S)


def test_partitions_are_those_that_name_the_broker() -> None:
    assert throttled_partitions("0:1,10:1,1:11", 1) == {0, 10}
    assert throttled_partitions("", 1) == frozenset()
