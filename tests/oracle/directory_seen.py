"""What clients can see of whole data directories through whichever brokers serve them: all of it, byte by byte."""

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from odradek.broker.wire import Wire
from odradek.protocol.batch import CRC_FROM, RecordBatch, whole_batches
from odradek.protocol.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResponse,
)
from odradek.protocol.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.metadata import MetadataRequest, MetadataResponse
from odradek.protocol.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from odradek.protocol.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse

TOPIC_RESOURCE = 2
TOPIC_OVERRIDE = 1
PATIENCE_S = 15.0

Batch = tuple[int, int, bytes]
"""Base offset, leader epoch, and all that its checksum covers."""


class PartitionSeen(NamedTuple):
    """A partition as consumers find it."""

    batches: Sequence[Batch]
    start_offset: int
    stable_offset: int
    end_offset: int
    aborted: Sequence[tuple[int, int]]  # producer id, first offset


class Seen(NamedTuple):
    """A broker's topics but the internal ones, and what a group has committed."""

    ids: Mapping[str, bytes]
    overrides: Mapping[str, Mapping[str, str | None]]
    partitions: Mapping[tuple[str, int], PartitionSeen]
    committed: Mapping[tuple[str, int], tuple[int, str | None]]


def see(address: str, group: str) -> Seen:
    """Read everything, through connections of its own: partitions from their leaders."""
    with Wire(address, timeout_s=30) as wire, _all_brokers(wire) as wires:
        topics = [topic for topic in _metadata(wire).topics if topic.name and not topic.name.startswith("__")]
        names = sorted(topic.name or "" for topic in topics)
        return Seen(
            {topic.name or "": topic.topic_id for topic in topics},
            {name: _overrides(wire, name) for name in names},
            {
                (topic.name or "", partition.partition_index): _partition(
                    wires[partition.leader_id], topic.name or "", partition.partition_index
                )
                for topic in topics
                for partition in topic.partitions
            },
            _committed(wires[coordinator_of(wire, group)], group),
        )


def coordinator_of(wire: Wire, name: str, key_type: int = 0) -> int:
    """The broker that coordinates a group, or what else the type says."""
    request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=[name])
    deadline = time.monotonic() + PATIENCE_S
    while True:
        (found,) = wire.ask(request, 4, FindCoordinatorResponse).coordinators
        if not found.error_code:
            return found.node_id
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def leader_epochs(address: str) -> dict[tuple[str, int], int]:
    """The epoch in which each partition is led now."""
    with Wire(address, timeout_s=30) as wire:
        return {
            (topic.name or "", partition.partition_index): partition.leader_epoch
            for topic in _metadata(wire).topics
            for partition in topic.partitions
            if topic.name and not topic.name.startswith("__")
        }


def commit(address: str, group: str, topic: str, offset: int, note: str) -> None:
    """Commit an offset of partition 0 for a group without members."""
    asked = OffsetCommitRequestPartition(partition_index=0, committed_offset=offset, committed_metadata=note)
    request = OffsetCommitRequest(
        group_id=group,
        generation_id_or_member_epoch=-1,
        member_id="",
        topics=[OffsetCommitRequestTopic(name=topic, partitions=[asked])],
    )
    with Wire(address, timeout_s=30) as wire, _all_brokers(wire) as wires:
        (answer,) = wires[coordinator_of(wire, group)].ask(request, 8, OffsetCommitResponse).topics[0].partitions
    assert answer.error_code == 0


@contextmanager
def _all_brokers(wire: Wire) -> Generator[Mapping[int, Wire]]:
    """A connection to each broker of the cluster."""
    with ExitStack() as stack:
        yield {
            one.node_id: stack.enter_context(Wire(f"{one.host}:{one.port}", timeout_s=30))
            for one in _metadata(wire).brokers
        }


def _metadata(wire: Wire) -> MetadataResponse:
    """All topics, once each partition has its leader: Apache Kafka needs a moment for that after its start."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = wire.ask(MetadataRequest(topics=None), 12, MetadataResponse)
        if all(one.leader_id >= 0 and not one.error_code for topic in answer.topics for one in topic.partitions):
            return answer
        assert time.monotonic() < deadline, "partitions without a leader"
        time.sleep(0.05)


def _overrides(wire: Wire, topic: str) -> dict[str, str | None]:
    resource = DescribeConfigsResource(resource_type=TOPIC_RESOURCE, resource_name=topic, configuration_keys=None)
    (found,) = wire.ask(DescribeConfigsRequest(resources=[resource]), 4, DescribeConfigsResponse).results
    return {one.name: one.value for one in found.configs if one.config_source == TOPIC_OVERRIDE}


def _partition(wire: Wire, topic: str, index: int) -> PartitionSeen:
    first = _fetch(wire, topic, index, 0)
    start = first.log_start_offset
    batches: list[RecordBatch] = []
    aborted: set[tuple[int, int]] = set()
    offset, end = start, first.high_watermark
    while offset < end:
        found = _fetch(wire, topic, index, offset)
        part = list(whole_batches(found.records or b""))
        assert part, f"nothing at {offset} of {topic}-{index}, error {found.error_code}"
        assert all(one.is_intact() for one in part)
        batches += part
        offset = part[-1].next_offset
    offset = start
    while offset < first.last_stable_offset:
        found = _fetch(wire, topic, index, offset, isolation=1)
        aborted |= {(one.producer_id, one.first_offset) for one in found.aborted_transactions or ()}
        offset = list(whole_batches(found.records or b""))[-1].next_offset
    return PartitionSeen(
        [(one.base_offset, one.partition_leader_epoch, bytes(one.view[CRC_FROM:])) for one in batches],
        start,
        first.last_stable_offset,
        end,
        sorted(aborted),
    )


def _fetch(wire: Wire, topic: str, index: int, offset: int, isolation: int = 0) -> PartitionData:
    asked = FetchPartition(partition=index, fetch_offset=offset, partition_max_bytes=1 << 20)
    request = FetchRequest(
        max_wait_ms=0, isolation_level=isolation, topics=[FetchTopic(topic=topic, partitions=[asked])]
    )
    deadline = time.monotonic() + PATIENCE_S
    while True:
        (found,) = wire.ask(request, 12, FetchResponse).responses[0].partitions
        if not found.error_code:
            return found
        assert time.monotonic() < deadline, f"{topic}-{index}: error {found.error_code}"
        time.sleep(0.05)


def _committed(wire: Wire, group: str) -> dict[tuple[str, int], tuple[int, str | None]]:
    answer = wire.ask(OffsetFetchRequest(group_id=group, topics=None), 7, OffsetFetchResponse)
    assert answer.error_code == 0
    return {
        (topic.name, one.partition_index): (one.committed_offset, one.metadata)
        for topic in answer.topics
        for one in topic.partitions
    }
