"""Who may be, stay and leave in a consumer group: epochs, static members, the size of the group (KIP-848, KIP-345)."""

from dataclasses import replace

from .....protocol.errors import ErrorCode, KafkaError
from .group import ConsumerGroup
from .heartbeat_request import HeartbeatRequest
from .member import LEFT_FOR_NOW, ConsumerMember
from .reconciliation import Owned


def find_member(group: ConsumerGroup, request: HeartbeatRequest, member_id: str) -> ConsumerMember:
    """The member that a heartbeat is of: the one that is known, a new one, or the heir of a static one.

    UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID, UNRELEASED_INSTANCE_ID. An heir has another member id
    than the one that it is to replace.
    """
    if request.instance_id is None:
        member = group.members.get(member_id) if request.is_join else group.known_member(member_id)
        if member is None:
            return ConsumerMember(member_id)
        check_epoch(group, member, request.epoch, request.owned)
        return member
    holder = group.find_static(request.instance_id)
    if request.is_join:
        return _static_newcomer(group, holder, request, member_id)
    static = check_static(holder, request.instance_id, member_id)
    check_epoch(group, static, request.epoch, request.owned)
    return static


def _static_newcomer(
    group: ConsumerGroup, holder: ConsumerMember | None, request: HeartbeatRequest, member_id: str
) -> ConsumerMember:
    if holder is None:
        return group.members.get(member_id, ConsumerMember(member_id))
    # One that speaks the classic protocol is replaced at once, as classic members are.
    if holder.epoch != LEFT_FOR_NOW and holder.classic is None:
        raise KafkaError(
            ErrorCode.UNRELEASED_INSTANCE_ID,
            f"Static member {member_id} with instance id {request.instance_id} cannot join the group because the"
            f" instance id is owned by {holder.member_id} member.",
        )
    return replace(holder, member_id=member_id, epoch=0, previous_epoch=0)


def check_static(holder: ConsumerMember | None, instance_id: str, member_id: str) -> ConsumerMember:
    """The member that has an instance id, if it is the one that asks: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID."""
    if holder is None:
        raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, f"Instance id {instance_id} is unknown.")
    if holder.member_id != member_id:
        raise KafkaError(
            ErrorCode.FENCED_INSTANCE_ID,
            f"Static member {member_id} with instance id {instance_id} was fenced by member {holder.member_id}.",
        )
    return holder


def check_epoch(group: ConsumerGroup, member: ConsumerMember, epoch: int, owned: Owned) -> None:
    """FENCED_MEMBER_EPOCH, unless it is the member's own.

    The one before is taken where the answer that brought the newer one was lost: the member owns nothing then that it
    was not given. A member that joins has no epoch yet.
    """
    if epoch == member.epoch or epoch == 0:
        return
    if epoch < member.epoch and epoch == member.previous_epoch and member.owns_no_more_than_assigned(owned):
        return
    raise group.refuse_epoch(member, epoch)
