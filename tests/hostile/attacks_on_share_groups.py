"""Attacks on share groups and on the stored state of their partitions."""

import threading

from odradek.protocol.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from odradek.protocol.messages.initialize_share_group_state import (
    InitializeShareGroupStateRequest,
    InitializeShareGroupStateResponse,
    InitializeStateData,
)
from odradek.protocol.messages.initialize_share_group_state import PartitionData as InitializePartition
from odradek.protocol.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from odradek.protocol.messages.share_group_heartbeat import ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse
from odradek.protocol.messages.write_share_group_state import (
    PartitionData,
    StateBatch,
    WriteShareGroupStateRequest,
    WriteShareGroupStateResponse,
    WriteStateData,
)
from odradek.protocol.uuid_text import encode_uuid

from .attack import Attacker
from .requests import TOPIC, create

GROUP = "sharers"


def topic_of_states(attacker: Attacker) -> None:
    """A topic, and a coordinator for the states of its partitions."""
    create(attacker, 1)
    key = f"{GROUP}:{encode_uuid(_topic_id(attacker))}:0"
    request = FindCoordinatorRequest(key_type=2, coordinator_keys=[key])
    assert attacker.ask(request, 6, FindCoordinatorResponse) is not None


def begin_many_states(attacker: Attacker) -> None:
    """A member that subscribes to a topic of so many partitions, and beats until it has them."""
    epoch = 0
    with attacker.connect() as wire:
        while epoch < 3:
            request = ShareGroupHeartbeatRequest(
                group_id=GROUP, member_id="m", member_epoch=epoch, subscribed_topic_names=[TOPIC]
            )
            epoch = wire.ask(request, 1, ShareGroupHeartbeatResponse).member_epoch
            threading.Event().wait(0.2)


def overlap(attacker: Attacker) -> None:
    """Ten writes of so many batches, of which each cuts all the longer ones."""
    topic_id = _topic_id(attacker)
    begin = InitializeStateData(topic_id=topic_id, partitions=[InitializePartition(partition=0)])
    request = InitializeShareGroupStateRequest(group_id=GROUP, topics=[begin])
    assert attacker.ask(request, 0, InitializeShareGroupStateResponse) is not None
    half = attacker.size // 2
    low = [
        StateBatch(first_offset=0, last_offset=(1 << 40) + n, delivery_state=0, delivery_count=1) for n in range(half)
    ]
    high = [
        StateBatch(first_offset=2 * n, last_offset=2 * n + 1, delivery_state=2 + n % 2 * 2, delivery_count=2)
        for n in range(half)
    ]
    data = PartitionData(partition=0, state_epoch=-1, leader_epoch=-1, start_offset=-1, state_batches=[*low, *high])
    topic = WriteStateData(topic_id=topic_id, partitions=[data])
    for _ in range(10):
        attacker.ask(WriteShareGroupStateRequest(group_id=GROUP, topics=[topic]), 1, WriteShareGroupStateResponse)


def subscribe_to_nothing(attacker: Attacker) -> None:
    """Ten heartbeats with so many names of topics that do not exist."""
    names = [f"nothing-{n}" for n in range(attacker.size)]
    for _ in range(10):
        request = ShareGroupHeartbeatRequest(group_id=GROUP, member_id="m", subscribed_topic_names=names)
        attacker.ask(request, 1, ShareGroupHeartbeatResponse)


def _topic_id(attacker: Attacker) -> bytes:
    answer = attacker.ask(MetadataRequest(topics=[MetadataRequestTopic(name=TOPIC)]), 12, MetadataResponse)
    assert answer is not None
    return bytes(answer.topics[0].topic_id)
