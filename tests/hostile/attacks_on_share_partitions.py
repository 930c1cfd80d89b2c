"""Attacks on share groups: many share partitions, and many records of one that fare differently."""

from odradek.broker.wire import Wire
from odradek.protocol.messages import share_acknowledge, share_fetch
from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from odradek.protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    InitializeStateData,
    PartitionData,
)
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.produce import (
    PartitionProduceData,
    ProduceRequest,
    ProduceResponse,
    TopicProduceData,
)
from odradek.protocol.messages.share_acknowledge import ShareAcknowledgeRequest, ShareAcknowledgeResponse
from odradek.protocol.messages.share_fetch import ShareFetchRequest, ShareFetchResponse
from odradek.protocol.records import NewRecord, build_batch
from odradek.protocol.uuid_text import encode_uuid

from .attack import Attacker
from .requests import GROUP, TOPIC, create

GROUP_RESOURCE, SHARE_KEY = 32, 2
ACCEPT, RELEASE = 1, 2
AT_ONCE = 10_000  # acknowledgements that differ, in one request


def share_partitions(attacker: Attacker) -> None:
    """A topic of so many partitions, of all of which a share group has state."""
    create(attacker, attacker.size)
    _begin(attacker, attacker.size)


def fetch_all_shares(attacker: Attacker) -> None:
    """A session over all of them, and three fetches in it."""
    topic_id = _topic_id(attacker)
    with attacker.connect() as wire:
        for epoch in range(4):
            _fetch(wire, topic_id, epoch, attacker.size if epoch == 0 else 0)


def one_large_batch(attacker: Attacker) -> None:
    """So many records in one batch, which a share group reads from its beginning."""
    create(attacker, 1, max_message_bytes="10000000")
    _begin(attacker, 1)
    records = build_batch([NewRecord(None, None, 0)] * attacker.size)
    data = TopicProduceData(name=TOPIC, partition_data=[PartitionProduceData(index=0, records=records)])
    answer = attacker.ask(ProduceRequest(acks=-1, timeout_ms=60_000, topic_data=[data]), 9, ProduceResponse)
    assert answer is not None
    assert answer.responses[0].partition_responses[0].error_code == 0


def acknowledge_one_by_one(attacker: Attacker) -> None:
    """Acquire all, and accept every other record; the rest is acquired again."""
    topic_id = _topic_id(attacker)
    with attacker.connect() as wire:
        _fetch(wire, topic_id, 0, 1)
        epoch = 1
        for first in range(0, attacker.size, AT_ONCE):
            last = min(first + AT_ONCE, attacker.size) - 1
            types = [ACCEPT, RELEASE] * ((last - first + 2) // 2)
            batch = share_acknowledge.AcknowledgementBatch(
                first_offset=first, last_offset=last, acknowledge_types=types[: last - first + 1]
            )
            one = share_acknowledge.AcknowledgePartition(partition_index=0, acknowledgement_batches=[batch])
            request = ShareAcknowledgeRequest(
                group_id=GROUP,
                member_id="m",
                share_session_epoch=epoch,
                topics=[share_acknowledge.AcknowledgeTopic(topic_id=topic_id, partitions=[one])],
            )
            assert wire.ask(request, 2, ShareAcknowledgeResponse).error_code == 0
            epoch += 1
        _fetch(wire, topic_id, epoch, 0)


def _topic_id(attacker: Attacker) -> bytes:
    asked = MetadataRequest(topics=[MetadataRequestTopic(name=TOPIC)])
    answer = attacker.ask(asked, 12, MetadataResponse)
    assert answer is not None
    return bytes(answer.topics[0].topic_id)


def _begin(attacker: Attacker, partitions: int) -> None:
    topic_id = _topic_id(attacker)
    key = f"{GROUP}:{encode_uuid(topic_id)}:0"
    attacker.ask(FindCoordinatorRequest(key_type=SHARE_KEY, coordinator_keys=[key]), 6, FindCoordinatorResponse)
    earliest = AlterableConfig(name="share.auto.offset.reset", config_operation=0, value="earliest")
    resource = AlterConfigsResource(resource_type=GROUP_RESOURCE, resource_name=GROUP, configs=[earliest])
    attacker.ask(IncrementalAlterConfigsRequest(resources=[resource]), 1, IncrementalAlterConfigsResponse)
    state = [PartitionData(partition=index, state_epoch=0, start_offset=-1) for index in range(partitions)]
    data = InitializeStateData(topic_id=topic_id, partitions=state)
    request = InitializeShareGroupStateRequest(group_id=GROUP, topics=[data])
    answer = attacker.ask(request, 0, InitializeShareGroupStateResponse)
    assert answer is not None
    assert {one.error_code for result in answer.results for one in result.partitions} == {0}


def _fetch(wire: Wire, topic_id: bytes, epoch: int, partitions: int) -> None:
    asked = [share_fetch.FetchPartition(partition_index=index) for index in range(partitions)]
    request = ShareFetchRequest(
        group_id=GROUP,
        member_id="m",
        share_session_epoch=epoch,
        max_records=500,
        batch_size=500,
        topics=[share_fetch.FetchTopic(topic_id=topic_id, partitions=asked)] if asked else [],
    )
    assert wire.ask(request, 2, ShareFetchResponse).error_code == 0
