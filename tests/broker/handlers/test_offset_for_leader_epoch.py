"""OffsetForLeaderEpoch: where epochs end, and whom it fences."""

import pytest

from odradek.broker.testing.disks import BROKEN
from odradek.protocol.api_keys import ApiKey
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)

from ..nodes.three_brokers import ThreeBrokers
from .broker_harness import AskedBroker, AskedContext, batch, served


def ask(
    broker: AskedContext, epoch: int, version: int = 4, *, topic: str = "t", index: int = 0, current: int = -1
) -> tuple[int, int, int]:
    asked = OffsetForLeaderPartition(partition=index, current_leader_epoch=current, leader_epoch=epoch)
    request = OffsetForLeaderEpochRequest(topics=[OffsetForLeaderTopic(topic=topic, partitions=[asked])])
    (found,) = broker.ask(request, version, OffsetForLeaderEpochResponse).answer.topics
    (answer,) = found.partitions
    assert (found.topic, answer.partition) == (topic, index)
    return answer.error_code, answer.leader_epoch, answer.end_offset


@pytest.fixture
def broker() -> AskedBroker:
    broker = AskedBroker()
    broker.append(broker.create().partitions[0], batch(b"a", b"b", b"c"))
    return broker


@pytest.mark.parametrize("version", served(ApiKey.OFFSET_FOR_LEADER_EPOCH))
def test_the_current_epoch_ends_where_the_log_does(broker: AskedBroker, version: int) -> None:
    assert ask(broker, 0, version, current=0) == (0, 0, 3)


@pytest.mark.parametrize(("epoch", "answer"), [(1, (-1, -1)), (-1, (-1, -1)), (-5, (-5, 0))])
def test_epochs_that_never_were(broker: AskedBroker, epoch: int, answer: tuple[int, int]) -> None:
    assert ask(broker, epoch) == (0, *answer)


def test_a_client_with_a_newer_epoch_is_told_that_it_is_unknown_here(broker: AskedBroker) -> None:
    assert ask(broker, 0, current=1) == (ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1)


@pytest.mark.parametrize(("topic", "index"), [("nobody", 0), ("t", 1), ("t", -1), ("", 0)])
def test_what_does_not_exist_is_unknown(broker: AskedBroker, topic: str, index: int) -> None:
    assert ask(broker, 0, topic=topic, index=index) == (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1)


def test_a_log_that_cannot_be_opened_is_a_storage_error() -> None:
    broker = AskedBroker()
    broker.create()
    broker.files.write_error = BROKEN
    assert ask(broker, 0) == (ErrorCode.KAFKA_STORAGE_ERROR, -1, -1)


# Several brokers


@pytest.fixture
def brokers() -> ThreeBrokers:
    """Two records in epoch 0."""
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3])
    brokers.create("u", [1, 2])
    brokers.produce("t", batch(b"a", b"b"))
    return brokers


def test_the_leader_alone_says_where_epochs_end(brokers: ThreeBrokers) -> None:
    assert ask(brokers[1], 0) == (0, 0, 2)
    assert ask(brokers[2], 0) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, -1)
    assert ask(brokers[2], 0, current=9) == (ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1)
    assert ask(brokers[3], 0, topic="u", current=9) == (ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, -1)


def test_a_new_leader_begins_its_epoch_where_the_one_before_ended(brokers: ThreeBrokers) -> None:
    brokers.kill(1)
    assert (ask(brokers[2], 0), ask(brokers[2], 1), ask(brokers[2], 5)) == ((0, 0, 2), (0, 1, 2), (0, -1, -1))
    assert ask(brokers[2], 0, current=0) == (ErrorCode.FENCED_LEADER_EPOCH, -1, -1)
    brokers.produce("t", batch(b"c"))
    assert (ask(brokers[2], 0), ask(brokers[2], 1)) == ((0, 0, 2), (0, 1, 3))
