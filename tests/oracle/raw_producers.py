"""Producers of raw requests to a cluster of several brokers: each request goes to the broker whose it is."""

import time
from typing import TypeVar

from odradek.broker.wire import Wire
from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)

from .batches import TRANSACTIONAL, batch
from .directory_seen import coordinator_of
from .transaction_harness import COORDINATOR_LOADS, patiently

Response = TypeVar("Response")

_TRANSACTION = 1
_MOVES = frozenset({ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.LEADER_NOT_AVAILABLE})


class RawProducer:
    """One producer id; with a transactional id it has one transaction. It knows nothing but one broker's address."""

    def __init__(self, transactional_id: str | None = None) -> None:
        self.id = transactional_id
        self.producer_id = self.epoch = -1

    def init(self, address: str) -> None:
        """Gets its producer id, of the transaction coordinator if there is one."""
        request = InitProducerIdRequest(transactional_id=self.id, transaction_timeout_ms=600_000)
        answer = patiently(
            lambda: self._ask(address, request, 4, InitProducerIdResponse),
            lambda found: found.error_code in COORDINATOR_LOADS,
        )
        assert answer.error_code == 0, answer
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch

    def add(self, address: str, topic: str) -> None:
        """Takes partition 0 into the transaction."""
        assert self.id is not None
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self.id,
            v3_and_below_producer_id=self.producer_id,
            v3_and_below_producer_epoch=self.epoch,
            v3_and_below_topics=[AddPartitionsToTxnTopic(name=topic, partitions=[0])],
        )
        answer = self._ask(address, request, 3, AddPartitionsToTxnResponse)
        (found,) = answer.results_by_topic_v3_and_below[0].results_by_partition
        assert found.partition_error_code == 0, found

    def send(self, address: str, topic: str, value: bytes, sequence: int) -> PartitionProduceResponse:
        """Writes one record to partition 0, acknowledged by all."""
        records = batch(
            [value],
            attributes=TRANSACTIONAL if self.id else 0,
            base_ms=round(time.time() * 1000),  # a producer whose last record is a day old is forgotten
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            sequence=sequence,
        )
        data = TopicProduceData(name=topic, partition_data=[PartitionProduceData(index=0, records=records)])
        request = ProduceRequest(transactional_id=self.id, acks=-1, timeout_ms=20_000, topic_data=[data])

        def ask() -> PartitionProduceResponse:
            with Wire(leader_of(address, topic), timeout_s=30) as wire:
                return wire.ask(request, 11, ProduceResponse).responses[0].partition_responses[0]

        return patiently(ask, lambda found: found.error_code in _MOVES)

    def commit(self, address: str) -> None:
        """Ends the transaction, which somebody else may have been asked to begin."""
        assert self.id is not None
        request = EndTxnRequest(
            transactional_id=self.id, producer_id=self.producer_id, producer_epoch=self.epoch, committed=True
        )
        answer = patiently(
            lambda: self._ask(address, request, 4, EndTxnResponse), lambda found: found.error_code in COORDINATOR_LOADS
        )
        assert answer.error_code == 0, answer

    def _ask(self, address: str, request: object, version: int, response_type: type[Response]) -> Response:
        with Wire(address, timeout_s=30) as wire:
            if self.id is None:
                return wire.ask(request, version, response_type)
            node_id = coordinator_of(wire, self.id, _TRANSACTION)
            with Wire(_brokers(wire)[node_id], timeout_s=30) as own:
                return own.ask(request, version, response_type)


def leader_of(address: str, topic: str) -> str:
    """Where the broker listens that leads partition 0."""
    with Wire(address, timeout_s=30) as wire:
        answer = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse)
        (found,) = (one for one in answer.topics if one.name == topic)
        return _brokers(wire).get(found.partitions[0].leader_id, address)


def _brokers(wire: Wire) -> dict[int, str]:
    answer = wire.ask(MetadataRequest(topics=[]), 12, MetadataResponse)
    return {one.node_id: f"{one.host}:{one.port}" for one in answer.brokers}
