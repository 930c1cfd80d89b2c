"""Members whose protocols take much memory: how much all of them together may hold.

A JoinGroup is let in before anything says whether its group will ever fit into a record, and Kafka keeps what it
brought for as long as the client's own timeouts allow, its connection gone or not. The rule: members with more than
SMALL_MEMBER_BYTES share LARGE_MEMBERS_BYTES, over all groups; the others are not counted, so that none of them is
refused for what a few large ones hold.
"""

from collections.abc import Iterable
from weakref import WeakSet

from .....protocol.errors import ErrorCode, KafkaError
from .member import Member

SMALL_MEMBER_BYTES = 64 << 10
LARGE_MEMBERS_BYTES = 128 << 20  # more than the largest request, so that each has its chance


class LargeMembers:
    """The large members that there are: whichever a group drops is out by itself."""

    def __init__(self) -> None:
        self._members: WeakSet[Member] = WeakSet()

    def check(self, protocols: Iterable[tuple[str, bytes]], old: Member | None = None) -> None:
        """Whether a member may have these protocols, for those of `old` if it is one already.

        COORDINATOR_NOT_AVAILABLE, upon which clients try again later, unless it holds no more than before.
        """
        more = _size(protocols)
        if more <= SMALL_MEMBER_BYTES or (old is not None and more <= _size(old.protocols)):
            return
        held = sum(_size(member.protocols) for member in self._members if member is not old)
        if held + more > LARGE_MEMBERS_BYTES:
            why = f"{more} bytes of protocols, where large members hold {held} of {LARGE_MEMBERS_BYTES}"
            raise KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, why)

    def note(self, member: Member) -> None:
        """A member was let in, or has new protocols."""
        if _size(member.protocols) > SMALL_MEMBER_BYTES:
            self._members.add(member)
        else:
            self._members.discard(member)

    def __len__(self) -> int:
        return len(self._members)


def _size(protocols: Iterable[tuple[str, bytes]]) -> int:
    return sum(len(name) + len(metadata) for name, metadata in protocols)
