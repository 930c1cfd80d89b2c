"""What a classic group leaves in `__consumer_offsets`, and its bytes, in the version that Kafka 4.3 writes."""

from dataclasses import dataclass

from .....protocol.state_records import GroupMetadataKey, GroupMetadataValue, MemberMetadata, encode_key, encode_value
from ...result import Record

GROUP_RECORD_TYPE = 2


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A member as it is logged: of its protocols only the subscription under the chosen one."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    subscription: bytes
    assignment: bytes


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group as it is logged, Stable or Empty; the timestamp is that of its state, -1 for none."""

    protocol_type: str
    generation: int
    protocol: str | None
    leader: str | None
    state_timestamp_ms: int
    members: tuple[StoredMember, ...] = ()


def group_record(group_id: str, stored: StoredGroup | None) -> Record:
    """The record that stores a group, or with None removes it."""
    key = encode_key(GroupMetadataKey(group=group_id))
    if stored is None:
        return key, None
    value = GroupMetadataValue(
        protocol_type=stored.protocol_type,
        generation=stored.generation,
        protocol=stored.protocol,
        leader=stored.leader,
        current_state_timestamp=stored.state_timestamp_ms,
        members=[
            MemberMetadata(
                member_id=m.member_id,
                group_instance_id=m.group_instance_id,
                client_id=m.client_id,
                client_host=m.client_host,
                rebalance_timeout=m.rebalance_timeout_ms,
                session_timeout=m.session_timeout_ms,
                subscription=m.subscription,
                assignment=m.assignment,
            )
            for m in stored.members
        ],
    )
    return key, encode_value(value)


def stored_group(value: GroupMetadataValue) -> StoredGroup:
    """A group as its record tells of it."""
    members = tuple(
        StoredMember(
            m.member_id,
            m.group_instance_id,
            m.client_id,
            m.client_host,
            # Version 0 knew no rebalance timeout: the session timeout was both.
            m.rebalance_timeout if m.rebalance_timeout >= 0 else m.session_timeout,
            m.session_timeout,
            m.subscription,
            m.assignment,
        )
        for m in value.members
    )
    return StoredGroup(
        value.protocol_type, value.generation, value.protocol, value.leader, value.current_state_timestamp, members
    )
