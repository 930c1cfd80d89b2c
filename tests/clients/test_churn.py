"""Ten consumers of the new protocol come, leave and are killed: nothing is missed, and nothing is done twice for good.

The group is to be settled within two seconds of quiet. They are as many times longer as there is more work than
processors; in `make test`, beside other tests, at least five times.
"""

import os
from collections.abc import Iterator

import pytest

from ..conftest import FreshBroker
from .churn import PARTITIONS, SETTINGS, Churn, Told
from .stock_client import create
from .with_confluent_kafka import ConfluentKafka

SETTLED_S = 2.0


@pytest.fixture
def churn(fresh_broker: FreshBroker, topic: str, group: str) -> Iterator[Churn]:
    broker = fresh_broker(SETTINGS)
    create(ConfluentKafka(broker.address), topic, PARTITIONS)
    one = Churn(broker.address, group, topic, seed=848)
    yield one
    one.kill()


def crowding() -> float:
    """How much more work there is than processors."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_whoever_comes_and_goes_each_record_is_processed(churn: Churn) -> None:
    churn.run(seconds=30)
    took_s = churn.settle()
    churn.end()
    churn.check()
    assert took_s <= SETTLED_S * max(5.0, crowding())
    assert {"start", "leave", "kill"} <= set(churn.changes)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_whoever_comes_and_goes_for_ten_minutes_each_record_is_processed(churn: Churn) -> None:
    churn.run(seconds=600)
    took_s = churn.settle()
    churn.end()
    churn.check()
    assert took_s <= SETTLED_S * crowding()


TALE = ("a read 0 0 4 1.0", "a committed 0 5 2.0", "b read 0 5 9 3.0", "b committed 0 10 4.0")


def told(*lines: str) -> Told:
    tale = Told()
    for line in lines:
        tale.take(*line.split())
    return tale


def test_what_members_tell_is_held_against_itself() -> None:
    told(*TALE).check([10])
    told("z read 0 0 2 0.5", *TALE).check([10])  # killed before it could commit
    told(*TALE, "z read 0 0 2 5.0", "z refused UNKNOWN_MEMBER_ID 5.1").check([10])


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (TALE[:2], "never processed .5, 6, 7, 8, 9"),
        (TALE[:3], "committed otherwise"),
        ((*TALE, "z read 0 4 4 2.5"), "4 was read once more"),
        ((*TALE, "z read 0 9 9 9.0"), "9 was read once more"),
    ],
)
def test_what_was_missed_or_done_twice_is_found(lines: tuple[str, ...], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        told(*lines).check([10])
