"""A partition that moves among three brokers is copied no faster than its throttle allows (KIP-73).

The clock stands still but for what a test moves it on.
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from odradek.broker.metadata.image import config_record
from odradek.broker.replication.replica_fetch import Follower, ReplicaFetch, ReplicaFetched
from odradek.protocol.metadata_records import ConfigRecord, ConfigResourceType

from ..handlers.broker_harness import batch
from ..several_brokers.brokers_in_trouble import BrokersInTrouble

RATE = 10_000  # bytes a second
RECORD_BYTES = 1000
RECORDS = 100
MOST_AT_ONCE = 2000  # of one partition in one fetch


def of_broker(node_id: int | None, name: str, value: str) -> ConfigRecord:
    return config_record((ConfigResourceType.BROKER, "" if node_id is None else str(node_id)), name, value)


def of_topic(name: str, value: str | None) -> ConfigRecord:
    return config_record((ConfigResourceType.TOPIC, "t"), name, value)


class Moving:
    """Partition t-0 with a hundred records of a kilobyte on brokers 1 and 2, which is to go to broker 3."""

    def __init__(self) -> None:
        self.brokers = BrokersInTrouble(settings={"replica.fetch.max.bytes": str(MOST_AT_ONCE)})
        self.brokers.create("t", [1, 2])
        for _ in range(RECORDS):
            self.write()

    def write(self) -> None:
        asked = self.brokers[1].send(batch(b"x" * RECORD_BYTES))
        self.brokers.advance(0)
        assert not asked.is_deferred  # broker 2, in sync, had it at once

    def set(self, *records: ConfigRecord) -> None:
        self.brokers.around.log.change(lambda image: records, lambda error: None)
        self.brokers.advance(0)

    def throttle(self, side: str, rate: int = RATE) -> None:
        """As kafka-reassign-partitions --throttle does it, on one side."""
        brokers = (of_broker(node_id, f"{side}.replication.throttled.rate", str(rate)) for node_id in (1, 2, 3))
        replicas = "0:1,0:2" if side == "leader" else "0:3"
        self.set(*brokers, of_topic(f"{side}.replication.throttled.replicas", replicas))

    def begin(self) -> None:
        self.brokers.reassign("t", 0, [1, 2, 3])
        self.brokers.advance(0)

    @property
    def copied_bytes(self) -> int:
        log = self.brokers[3].partition().opened_log
        return 0 if log is None else log.size_bytes

    @property
    def has_ended(self) -> bool:
        return not self.brokers.record().adding_replicas and 3 in self.brokers.record().isr

    def copied_each_second(self) -> list[int]:
        """Until the move has ended."""
        copied = [self.copied_bytes]
        while not self.has_ended and len(copied) < 60:
            self.brokers.advance(1)
            copied.append(self.copied_bytes)
        return [copied[0], *(later - earlier for earlier, later in pairwise(copied))]


def test_without_a_throttle_a_move_takes_no_time() -> None:
    moving = Moving()
    moving.begin()
    assert moving.has_ended


@pytest.mark.parametrize("side", ["leader", "follower"])
def test_a_throttled_move_copies_no_more_than_its_rate_in_each_second_and_ends(side: str) -> None:
    moving = Moving()
    moving.throttle(side)
    moving.begin()
    at_once, *each_second = moving.copied_each_second()
    assert moving.has_ended
    whole = moving.brokers[1].partition().replica_log.size_bytes
    assert at_once + sum(each_second) == whole
    assert RATE < at_once <= RATE + MOST_AT_ONCE  # of the first second, at its beginning
    assert max(each_second) <= RATE + MOST_AT_ONCE
    assert abs(len(each_second) - whole / RATE) <= 1


def test_a_second_of_copying_is_spread_over_longer_windows() -> None:
    settings = {"replication.quota.window.size.seconds": "5", "replica.fetch.max.bytes": str(MOST_AT_ONCE)}
    moving = Moving()
    moving.brokers = BrokersInTrouble(settings=settings)
    moving.brokers.create("t", [1, 2])
    for _ in range(RECORDS):
        moving.write()
    moving.throttle("follower")
    moving.begin()
    assert 5 * RATE < moving.copied_bytes <= 5 * RATE + MOST_AT_ONCE


@pytest.mark.parametrize("side", ["leader", "follower"])
def test_a_follower_in_sync_is_not_slowed_though_it_is_throttled(side: str) -> None:
    """What it copies counts, and holds back the one that is not."""
    moving = Moving()
    moving.throttle(side)
    moving.set(of_topic(f"{side}.replication.throttled.replicas", "*"))
    moving.begin()
    before = moving.copied_bytes
    for _ in range(20):
        moving.write()
    assert moving.brokers[2].partition().replica_log.log_end_offset == RECORDS + 20
    assert moving.copied_bytes == before
    moving.copied_each_second()
    assert moving.has_ended
    moving.write()
    assert moving.brokers[3].partition().replica_log.log_end_offset == RECORDS + 21


def test_partitions_that_are_not_named_are_not_slowed() -> None:
    moving = Moving()
    moving.throttle("leader", rate=1)
    moving.set(of_topic("leader.replication.throttled.replicas", "1:1,0:3"))
    moving.begin()
    assert moving.has_ended


@pytest.mark.parametrize("side", ["leader", "follower"])
def test_a_move_is_done_as_soon_as_its_throttle_is_taken_away(side: str) -> None:
    moving = Moving()
    moving.throttle(side)
    moving.begin()
    assert not moving.has_ended
    moving.set(of_topic(f"{side}.replication.throttled.replicas", None))
    assert moving.has_ended


def test_a_rate_for_all_brokers_holds_where_none_is_set_for_one() -> None:
    moving = Moving()
    moving.throttle("follower")
    moving.set(of_broker(None, "follower.replication.throttled.rate", str(100 * RATE)))
    moving.begin()
    assert not moving.has_ended
    moving.set(config_record((ConfigResourceType.BROKER, "3"), "follower.replication.throttled.rate", None))
    assert moving.has_ended


def test_a_throttled_move_goes_on_where_it_was_when_the_broker_comes_back() -> None:
    moving = Moving()
    moving.throttle("leader")
    moving.begin()
    moving.brokers.advance(2)
    moving.brokers.kill(3)
    moving.brokers.advance(1)
    moving.brokers.start(3)
    moving.copied_each_second()
    assert moving.has_ended


def test_a_follower_that_is_held_back_is_not_woken_by_what_the_leader_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    moving = Moving()
    moving.throttle("leader", rate=1)
    moving.begin()
    askers: list[int] = []
    leader = moving.brokers.around.replicas[1]
    serve = leader.serve_fetch

    def serve_fetch(follower: Follower, asked: Sequence[ReplicaFetch], max_bytes: int) -> list[ReplicaFetched]:
        askers.append(follower.node_id)
        return serve(follower, asked, max_bytes)

    monkeypatch.setattr(leader, "serve_fetch", serve_fetch)
    for _ in range(5):
        moving.write()
    assert set(askers) == {2}
