"""A classic group becomes a consumer group and goes back, while its members live (KIP-848).

The one rule: members keep their ids, their assignments and their count of generations, which the epochs carry on.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .....protocol.errors import ErrorCode, KafkaError
from .....protocol.subscription import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    TopicPartition,
    decode_assignment_exactly,
    decode_subscription_exactly,
    encode_assignment,
    version_of,
)
from .....protocol.wire import CorruptFrame
from ...result import Record
from ..classic.group import CONSUMER, ClassicGroup
from ..classic.member import Member, Protocols, choose_among
from ..classic.records import StoredGroup, StoredMember
from ..modern.group import Partitions
from ..modern.topics_view import TopicsView, metadata_hash
from .group import ConsumerGroup
from .member import ClassicProtocols, ConsumerMember, without_epochs
from .records import (
    current_record,
    group_epoch_record,
    member_record,
    target_epoch_record,
    target_member_record,
)


class Upgraded(NamedTuple):
    """The group as its records make it, once they are logged."""

    group: ConsumerGroup
    records: list[Record]


class Downgraded(NamedTuple):
    """The classic group to log, and what is not in its record: the protocols of each member."""

    stored: StoredGroup
    protocols: dict[str, Protocols]


def upgrade(classic: ClassicGroup, topics: TopicsView) -> Upgraded:
    """The consumer group that a classic one becomes; GROUP_ID_NOT_FOUND where its members speak of something else."""
    group = ConsumerGroup(classic.group_id, topics)
    group.set_assignment_epoch(classic.generation, 0)
    try:
        members = [_upgraded(member, classic, topics) for member in classic.members.values()]
    except CorruptFrame:
        raise KafkaError(
            ErrorCode.GROUP_ID_NOT_FOUND,
            f"Cannot upgrade classic group {classic.group_id} to consumer group because the embedded consumer protocol"
            " is malformed.",
        ) from None
    for member in members:
        group.put_metadata(member)
        group.put_assignment(member)
        group.target[member.member_id] = without_epochs(member.assigned)
    group.set_epoch(classic.generation, metadata_hash(group.subscribed_topics(), topics))
    group_id = classic.group_id
    records = [
        *classic.tombstones(),
        *(member_record(group_id, member) for member in members),
        group_epoch_record(group_id, group.epoch, group.metadata_hash),
        *(target_member_record(group_id, m.member_id, group.target_of(m.member_id)) for m in members),
        target_epoch_record(group_id, group.epoch, 0),
        *(current_record(group_id, member) for member in members),
    ]
    return Upgraded(group, records)


def _upgraded(member: Member, group: ClassicGroup, topics: TopicsView) -> ConsumerMember:
    subscription = decode_subscription_exactly(member.metadata(group.protocol_name) or member.protocols[0][1])
    assigned: dict[bytes, dict[int, int]] = {}
    if member.assignment:
        for named in decode_assignment_exactly(member.assignment).assigned_partitions:
            topic = topics.find(named.topic)
            if topic is not None:
                assigned.setdefault(topic.topic_id, {}).update(dict.fromkeys(named.partitions, group.generation))
    return ConsumerMember(
        member.member_id,
        member.group_instance_id,
        subscription.rack_id,
        member.client_id,
        member.client_host,
        tuple(sorted(set(subscription.topics))),
        "",
        member.rebalance_timeout_ms,
        None,
        ClassicProtocols(member.session_timeout_ms, member.protocols),
        epoch=group.generation,
        previous_epoch=group.generation,
        assigned=assigned,
    )


def downgrade(
    group: ConsumerGroup, gone: Sequence[str], joining: ConsumerMember | None, topics: TopicsView, now_ms: int
) -> Downgraded:
    """The classic group that is left of a consumer group without some members; `joining` has the place of the one.

    All members that are left speak the classic protocol. Each keeps what it should have.
    """
    members = [member for member in group.members.values() if member.member_id not in gone]
    targets = {member.member_id: group.target_of(member.member_id) for member in members}
    if joining is not None:
        members = [member for member in members if member.member_id != joining.member_id] + [joining]
        targets[joining.member_id] = group.target_of(gone[0])
    protocols = {member.member_id: member.classic.protocols for member in members if member.classic is not None}
    chosen = choose_among(list(protocols.values()))
    stored = [
        StoredMember(
            member.member_id,
            member.instance_id,
            member.client_id,
            member.client_host,
            member.rebalance_timeout_ms,
            member.classic.session_timeout_ms,
            subscription := next(metadata for name, metadata in member.classic.protocols if name == chosen),
            encode_partitions(targets[member.member_id], subscription, topics),
        )
        for member in members
        if member.classic is not None
    ]
    return Downgraded(StoredGroup(CONSUMER, group.epoch, chosen, None, now_ms, tuple(stored)), protocols)


def encode_partitions(partitions: Partitions, subscription: bytes, topics: TopicsView) -> bytes:
    """Partitions as a classic member reads them: in the version of its subscription, topics by name."""
    named = [
        TopicPartition(topic=name, partitions=sorted(indexes))
        for topic_id, indexes in partitions.items()
        if (name := topics.name_of(topic_id)) is not None
    ]
    return encode_assignment(ConsumerProtocolAssignment(assigned_partitions=named), version_of(subscription))


def read_subscription(protocols: Iterable[tuple[str, bytes]]) -> ConsumerProtocolSubscription:
    """What a classic member subscribes to: it says the same under each of its protocols. UNKNOWN_SERVER_ERROR."""
    try:
        return decode_subscription_exactly(next(metadata for _, metadata in protocols))
    except CorruptFrame:
        raise KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, "Malformed embedded consumer protocol.") from None
