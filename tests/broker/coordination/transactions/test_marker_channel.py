"""The marker that ends a transaction: written by who leads, where enough are in sync."""

import pytest

from odradek.broker.coordination.transactions.marker_channel import TransactionMarker
from odradek.protocol.errors import ErrorCode, KafkaError

from ...handlers.broker_harness import AskedBroker, batch
from ...nodes.three_brokers import ThreeBrokers

ABORT = TransactionMarker(7, 0, 3, is_commit=False, must_raise_epoch=False)


def test_a_marker_ends_what_its_producer_has_begun() -> None:
    broker = AskedBroker()
    partition = broker.create().partitions[0]
    broker.append(partition, batch(pid=7, epoch=0, is_transactional=True))
    assert partition.has_open_transaction(7, 0)
    ABORT.append_to(partition, broker.clock.now_ms())
    assert not partition.has_open_transaction(7, 0)
    (aborted,) = partition.log.aborted_transactions(0, 9)
    assert aborted.producer_id == 7


def test_transactions_that_end_in_a_higher_epoch_are_not_ended_in_the_one_they_were_written_with() -> None:
    broker = AskedBroker()
    partition = broker.create().partitions[0]
    broker.append(partition, batch(pid=7, epoch=0, is_transactional=True))
    with pytest.raises(KafkaError) as refused:
        ABORT._replace(must_raise_epoch=True).append_to(partition, broker.clock.now_ms())
    assert refused.value.code == ErrorCode.INVALID_PRODUCER_EPOCH
    ABORT._replace(must_raise_epoch=True, producer_epoch=1).append_to(partition, broker.clock.now_ms())
    assert not partition.has_open_transaction(7, 0)


def test_a_follower_and_a_leader_with_too_few_in_sync_write_none() -> None:
    brokers = ThreeBrokers()
    brokers.create("t", [1, 2, 3], min_insync_replicas="3")
    with pytest.raises(KafkaError) as refused:
        ABORT.append_to(brokers[2].partition(), brokers.clock.now_ms())
    assert refused.value.code == ErrorCode.NOT_LEADER_OR_FOLLOWER
    brokers.kill(3)
    with pytest.raises(KafkaError) as refused:
        ABORT.append_to(brokers[1].partition(), brokers.clock.now_ms())
    assert refused.value.code == ErrorCode.NOT_ENOUGH_REPLICAS
    assert brokers[1].partition().log.log_end_offset == 0
