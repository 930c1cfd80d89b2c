"""Transactions, asked in few words: at which broker, by which producer."""

from collections.abc import Sequence
from dataclasses import dataclass

from odradek.protocol.errors import ErrorCode
from odradek.protocol.messages.add_offsets_to_txn import AddOffsetsToTxnRequest, AddOffsetsToTxnResponse
from odradek.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    AddPartitionsToTxnTopic,
)
from odradek.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    TopicData,
)
from odradek.protocol.messages.end_txn import EndTxnRequest, EndTxnResponse
from odradek.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from odradek.protocol.messages.list_transactions import ListTransactionsRequest, ListTransactionsResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitRequestPartition,
    TxnOffsetCommitRequestTopic,
    TxnOffsetCommitResponse,
)

from .batches import TRANSACTIONAL, batch
from .node_dialogue import NodeDialogue, Topic

V1_PRODUCE, V2_PRODUCE = 11, 12
V1_END, V2_END = 4, 5


@dataclass
class Producer:
    """Who writes: an id and its epoch; with a key it is transactional."""

    key: str | None = None
    producer_id: int = -1
    epoch: int = -1


def init(d: NodeDialogue, label: str, at: int, producer: Producer) -> None:
    """InitProducerId, once that broker has ids to give; the producer is what it is given, if it is given anything."""
    request = InitProducerIdRequest(transactional_id=producer.key, transaction_timeout_ms=60_000)
    answers: list[InitProducerIdResponse] = []

    def is_answered() -> bool:
        answers.append(d.wire(at).ask(request, 4, InitProducerIdResponse))
        return answers[-1].error_code != ErrorCode.COORDINATOR_LOAD_IN_PROGRESS

    d.wait_for(is_answered, "there are producer ids")
    answer = answers[-1]
    d.note(f"{label}, at {at}", answer)
    if answer.error_code == ErrorCode.NONE:
        producer.producer_id, producer.epoch = answer.producer_id, answer.producer_epoch


def add(d: NodeDialogue, label: str, at: int, producer: Producer, topic: Topic, *indexes: int) -> None:
    """AddPartitionsToTxn as clients before KIP-890 send it."""
    request = AddPartitionsToTxnRequest(
        v3_and_below_transactional_id=producer.key or "",
        v3_and_below_producer_id=producer.producer_id,
        v3_and_below_producer_epoch=producer.epoch,
        v3_and_below_topics=[AddPartitionsToTxnTopic(name=topic.name, partitions=indexes)],
    )
    answer = d.wire(at).ask(request, 3, AddPartitionsToTxnResponse)
    for one in answer.results_by_topic_v3_and_below:
        one.results_by_partition = sorted(one.results_by_partition, key=lambda result: result.partition_index)
    d.note(f"{label}, at {at}", answer)


def add_offsets(d: NodeDialogue, label: str, at: int, producer: Producer, group: str) -> None:
    """AddOffsetsToTxn."""
    request = AddOffsetsToTxnRequest(
        transactional_id=producer.key or "",
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        group_id=group,
    )
    d.ask(label, at, request, 3, AddOffsetsToTxnResponse)


def commit_offsets(
    d: NodeDialogue, label: str, at: int, producer: Producer, group: str, topic: Topic, offset: int
) -> None:
    """TxnOffsetCommit of somebody who is no member."""
    partition = TxnOffsetCommitRequestPartition(partition_index=0, committed_offset=offset, committed_metadata="")
    request = TxnOffsetCommitRequest(
        transactional_id=producer.key or "",
        group_id=group,
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        topics=[TxnOffsetCommitRequestTopic(name=topic.name, partitions=[partition])],
    )
    d.ask(label, at, request, 3, TxnOffsetCommitResponse)


def end(d: NodeDialogue, label: str, at: int, producer: Producer, *, commits: bool, version: int = V1_END) -> None:
    """EndTxn; returns when the markers are written."""
    request = EndTxnRequest(
        transactional_id=producer.key or "",
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        committed=commits,
    )
    answer = d.ask(label, at, request, version, EndTxnResponse)
    if answer.error_code != ErrorCode.NONE:
        return
    d.wait_for(lambda: not state_of(d, at, producer).startswith("Prepare"), "the markers are written")
    if version >= V2_END:
        producer.producer_id, producer.epoch = answer.producer_id, answer.producer_epoch


def produce(
    d: NodeDialogue,
    label: str,
    at: int,
    producer: Producer,
    topic: Topic,
    sequence: int,
    values: Sequence[bytes] = (b"t",),
    *,
    index: int = 0,
    version: int = V1_PRODUCE,
) -> None:
    """One batch of an idempotent or a transactional producer."""
    records = batch(
        list(values),
        attributes=0 if producer.key is None else TRANSACTIONAL,
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        sequence=sequence,
    )
    data = TopicProduceData(name=topic.name, partition_data=[PartitionProduceData(index=index, records=records)])
    request = ProduceRequest(transactional_id=producer.key, acks=-1, timeout_ms=10_000, topic_data=[data])
    d.ask(label, at, request, version, ProduceResponse)


def state_of(d: NodeDialogue, at: int, producer: Producer) -> str:
    """What DescribeTransactions calls it."""
    request = DescribeTransactionsRequest(transactional_ids=[producer.key or ""])
    return d.wire(at).ask(request, 0, DescribeTransactionsResponse).transaction_states[0].transaction_state


def _comparable(d: NodeDialogue, topic: TopicData) -> list[int]:
    """In order, as it is a Java set; of the topic of the groups, where a name chooses, who leads each."""
    chosen = topic.topic == "__consumer_offsets"
    return sorted(d.partition(topic.topic, index).leader_id if chosen else index for index in topic.partitions)


def transaction(d: NodeDialogue, label: str, at: int, producer: Producer) -> None:
    """DescribeTransactions and ListTransactions."""
    request = DescribeTransactionsRequest(transactional_ids=[producer.key or ""])
    answer = d.wire(at).ask(request, 0, DescribeTransactionsResponse)
    for state in answer.transaction_states:
        if state.error_code != ErrorCode.NONE:
            d.note(f"{label}: producer id of the refusal, at {at}", str(state.producer_id))
            state.producer_id = -1  # what it was may also be the id of somebody
        for topic in state.topics:
            topic.partitions = _comparable(d, topic)
    d.note(f"{label}: described, at {at}", answer)
    listed = d.wire(at).ask(ListTransactionsRequest(), 0, ListTransactionsResponse)
    listed.transaction_states = [one for one in listed.transaction_states if one.transactional_id == producer.key]
    d.note(f"{label}: listed, at {at}", listed)
