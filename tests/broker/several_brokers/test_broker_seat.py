"""What one broker of several has from those around it, for one life."""

import pytest

from odradek.broker.nodes.links import CONTROLLER
from odradek.broker.replication.leading import PendingIsr
from odradek.broker.replication.replica_fetch import Follower
from odradek.broker.several_brokers.broker_seat import BrokerSeat
from odradek.broker.topics.partition import Partition
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import batch
from .brokers_in_trouble import BrokersInTrouble

DELAY_S = 2.0


@pytest.fixture
def brokers() -> BrokersInTrouble:
    made = BrokersInTrouble()
    made.create("t", [1, 2, 3])
    made.advance(0)
    return made


class Asked:
    """A change of who is in sync that the first broker has asked for, and what it has heard of it."""

    def __init__(self, brokers: BrokersInTrouble, *isr: int, broker_epoch: int | None = None) -> None:
        self.heard: list[object] = []
        epochs = {one: broker.broker_epoch for one, broker in brokers.controller.cluster.brokers.items()}
        known = [(one, epochs[one] if broker_epoch is None else broker_epoch) for one in isr]
        pending = PendingIsr(known, brokers[1].record())
        topic_id = brokers[1].topic().topic_id
        brokers[1].seat.alter_isr(topic_id, pending, self.take, lambda: self.heard.append("lost"))

    def take(self, error: KafkaError | None) -> None:
        self.heard.append(ErrorCode.NONE if error is None else error.code)


# Who is in sync


def test_a_leader_has_recorded_who_is_in_sync(brokers: BrokersInTrouble) -> None:
    assert Asked(brokers, 1, 2).heard == [ErrorCode.NONE]
    assert list(brokers.record().isr) == [1, 2]


def test_a_follower_that_has_begun_anew_since_is_refused(brokers: BrokersInTrouble) -> None:
    Asked(brokers, 1, 2)
    brokers[1].record()
    brokers.kill(3)
    brokers.start(3)
    assert Asked(brokers, 1, 2, 3, broker_epoch=1).heard == [ErrorCode.INELIGIBLE_REPLICA]


@pytest.mark.parametrize("way", [(1, CONTROLLER), (CONTROLLER, 1)])
def test_what_does_not_get_through_is_lost(brokers: BrokersInTrouble, way: tuple[int, int]) -> None:
    brokers.links.set(*way, is_cut=True)
    assert Asked(brokers, 1, 2).heard == ["lost"]
    assert (list(brokers.record().isr) == [1, 2]) is (way == (CONTROLLER, 1))  # then only the answer is


@pytest.mark.parametrize("way", [(1, CONTROLLER), (CONTROLLER, 1)])
def test_what_is_on_its_way_may_be_lost_later(brokers: BrokersInTrouble, way: tuple[int, int]) -> None:
    brokers.links.set(*way, delay_s=DELAY_S)
    asked = Asked(brokers, 1, 2)
    brokers.links.set(*way, is_cut=True)
    assert asked.heard == []
    brokers.advance(DELAY_S)
    assert asked.heard == ["lost"]


def test_only_a_broker_that_is_there_in_the_epoch_in_which_it_asked_may_be_in_sync(brokers: BrokersInTrouble) -> None:
    seat = brokers[1].seat
    epoch = brokers.controller.cluster.brokers[2].broker_epoch
    assert seat._is_eligible(Follower(2, epoch))
    assert not seat._is_eligible(Follower(2, epoch - 1))
    assert not seat._is_eligible(Follower(9, epoch))
    brokers.fence(2)
    assert not seat._is_eligible(Follower(2, epoch))


# A life


def test_a_broker_knows_the_epoch_that_it_is_registered_in(brokers: BrokersInTrouble) -> None:
    first = brokers[2].seat.broker_epoch
    assert first == brokers.controller.cluster.brokers[2].broker_epoch
    brokers.kill(2)
    assert brokers.start(2).seat.broker_epoch > first


def test_who_has_left_is_found_by_nobody(brokers: BrokersInTrouble) -> None:
    assert set(brokers.around.replicas) == set(brokers.around.contexts) == {1, 2, 3}
    brokers.kill(2)
    assert set(brokers.around.replicas) == set(brokers.around.contexts) == {1, 3}


def test_a_seat_that_was_never_taken_can_be_left(brokers: BrokersInTrouble) -> None:
    seat = BrokerSeat(2, brokers._places[2].config, brokers.around)
    brokers.kill(2)
    seat.leave()
    assert set(brokers.around.replicas) == {1, 3}


def test_what_grows_wakes_those_who_wait_here_and_those_who_copy_it(brokers: BrokersInTrouble) -> None:
    changed: list[Partition] = []
    partition = brokers[1].partition()
    on_change = brokers[1].seat.on_change(changed.append)
    brokers[1].send(batch(b"v"), acks=1)
    on_change(partition)
    assert changed == [partition]
    brokers.advance(0)
    assert brokers[3].partition().replica_log.log_end_offset == 1


def test_a_partition_that_is_offline_fails_its_broker(brokers: BrokersInTrouble) -> None:
    failed: list[int] = []
    brokers.around.on_disk_failure = failed.append
    brokers[2].partition().take_offline(OSError("broken"))
    brokers[2].seat.on_change(lambda partition: None)(brokers[2].partition())
    assert set(failed) == {2}
