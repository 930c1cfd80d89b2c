"""What is in a topic, and what a partition and a group show of transactions, without the times of their markers."""

import dataclasses
from collections.abc import Iterator, Sequence

from odradek.protocol.batch import whole_batches
from odradek.protocol.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    TopicRequest,
)
from odradek.protocol.messages.fetch import (
    AbortedTransaction,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
)
from odradek.protocol.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestTopic, OffsetFetchResponse
from odradek.protocol.records import Record, read_records
from odradek.storage.files.files import Buffer

from .wire_session import Dialogue


def look(d: Dialogue, label: str, topic: str, index: int = 0) -> None:
    """Everything a partition shows of its transactions: the log, the stable part of it, the offsets, the producers."""
    for isolation, name in enumerate(("uncommitted", "committed")):
        fetch_from(d, f"{label}: read {name}", topic, 0, index=index, isolation=isolation)
        asked = [ListOffsetsPartition(partition_index=index, timestamp=-1)]
        topics = [ListOffsetsTopic(name=topic, partitions=asked)]
        request = ListOffsetsRequest(replica_id=-1, isolation_level=isolation, topics=topics)
        d.ask(f"{label}: end of {name}", request, 4, ListOffsetsResponse)
    producers(d, f"{label}: producers", topic, index)


def fetch_from(
    d: Dialogue, label: str, topic: str, offset: int, *, index: int = 0, isolation: int = 1, max_bytes: int = 1 << 20
) -> None:
    """A fetch, with the time of the markers left out."""
    wanted = FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=max_bytes)
    topics = [FetchTopic(topic=topic, partitions=[wanted])]
    request = FetchRequest(max_wait_ms=0, isolation_level=isolation, topics=topics)
    d.note(label, _in_short(d.wire.ask(request, 12, FetchResponse)))


def _in_short(answer: FetchResponse) -> "ReadInShort":
    """The answer without the time of its markers.

    Of the aborted transactions only those that touch what was read: which others are listed depends on where the
    index has its entries. They come in the order of their markers or of their first offsets: both are right.
    """
    (topic,) = answer.responses
    (found,) = topic.partitions
    batches = list(whole_batches(found.records or b""))
    end = batches[-1].base_offset if batches else -1
    aborted = found.aborted_transactions
    return ReadInShort(
        found.error_code,
        found.high_watermark,
        found.last_stable_offset,
        None if aborted is None else sorted((o for o in aborted if o.first_offset <= end), key=_by_first_offset),
        [
            BatchInShort(one.base_offset, one.attributes, one.producer_id, one.producer_epoch, one.base_sequence)
            for one in batches
        ],
    )


def _by_first_offset(aborted: AbortedTransaction) -> int:
    return aborted.first_offset


@dataclasses.dataclass(frozen=True, slots=True)
class BatchInShort:
    """What a stored batch says of its transaction."""

    base_offset: int
    attributes: int
    producer_id: int
    producer_epoch: int
    base_sequence: int


@dataclasses.dataclass(frozen=True, slots=True)
class ReadInShort:
    """What was read, up to where it is stable, and what of it was aborted."""

    error_code: int
    high_watermark: int
    last_stable_offset: int
    aborted_transactions: Sequence[AbortedTransaction] | None
    batches: Sequence[BatchInShort]


def producers(d: Dialogue, label: str, topic: str, *indexes: int) -> None:
    """DescribeProducers, with the time of the markers left out."""
    asked = DescribeProducersRequest(topics=[TopicRequest(name=topic, partition_indexes=indexes or (0,))])
    answer = d.wire.ask(asked, 0, DescribeProducersResponse)
    for topic_found in answer.topics:
        for partition in topic_found.partitions:
            partition.active_producers = [
                dataclasses.replace(one, last_timestamp=0 if one.last_timestamp > 10**12 else one.last_timestamp)
                for one in sorted(partition.active_producers, key=lambda one: one.producer_id)
            ]
    d.note(label, answer)


def committed(d: Dialogue, label: str, group: str, topic: str, *, is_stable: bool = False) -> None:
    """OffsetFetch of partition 0."""
    topics = [OffsetFetchRequestTopic(name=topic, partition_indexes=[0])]
    request = OffsetFetchRequest(group_id=group, topics=topics, require_stable=is_stable)
    d.ask(label, request, 7, OffsetFetchResponse)


def records_in(d: Dialogue, topic: str) -> Iterator[Record]:
    """Every record of a topic, partition by partition in the order of the log; markers are left out."""
    (found,) = d.wire.ask(MetadataRequest(topics=[MetadataRequestTopic(name=topic)]), 12, MetadataResponse).topics
    for partition in sorted(one.partition_index for one in found.partitions):
        offset = 0
        while batches := list(whole_batches(_fetched(d, found.topic_id, partition, offset))):
            for batch in batches:
                if not batch.is_control:
                    yield from read_records(batch)
            offset = batches[-1].next_offset


def _fetched(d: Dialogue, topic_id: bytes, partition: int, offset: int) -> Buffer:
    wanted = FetchPartition(partition=partition, fetch_offset=offset, partition_max_bytes=1 << 20)
    request = FetchRequest(max_wait_ms=0, min_bytes=0, topics=[FetchTopic(topic_id=topic_id, partitions=[wanted])])
    (topic,) = d.wire.ask(request, 16, FetchResponse).responses
    return topic.partitions[0].records or b""
