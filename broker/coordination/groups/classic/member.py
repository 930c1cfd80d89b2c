"""One member of a classic group, what it asks and is answered, and how members agree on a protocol.

The one rule: subscription and assignment are opaque bytes that come back unchanged.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .....protocol.errors import ErrorCode
from ...result import ResponseFuture
from .records import StoredMember

Protocols = tuple[tuple[str, bytes], ...]
"""What a client offers, (name, metadata), in its order of preference."""


@dataclass(frozen=True, slots=True)
class JoinedMember:
    """A line of the member list that the leader gets."""

    member_id: str
    group_instance_id: str | None
    metadata: bytes


@dataclass(frozen=True, slots=True)
class JoinResult:
    """The answer to a JoinGroup."""

    error: ErrorCode
    member_id: str
    generation_id: int = -1
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader: str = ""
    skip_assignment: bool = False
    members: Sequence[JoinedMember] = ()


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The answer to a SyncGroup."""

    error: ErrorCode
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignment: bytes = b""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A JoinGroup: the client, and its `protocols`, (name, metadata), in its order of preference.

    `must_know_its_id` is JoinGroup v4+ (KIP-394), `can_skip_assignment` v9+ (KIP-814).
    """

    group_id: str
    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    session_timeout_ms: int
    rebalance_timeout_ms: int
    protocol_type: str
    protocols: Protocols
    must_know_its_id: bool = True
    can_skip_assignment: bool = True


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A SyncGroup: who asks, and the leader's assignments by member id.

    The protocol's type and name are what the member believes them to be, None before version 5.
    """

    group_id: str
    member_id: str
    group_instance_id: str | None
    generation: int
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignments: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(slots=True, eq=False, weakref_slot=True)
class Member:
    """A member that was admitted. A JoinGroup or SyncGroup that waits has its future here, at most one of each."""

    member_id: str
    group_instance_id: str | None
    client_id: str
    client_host: str
    session_timeout_ms: int
    rebalance_timeout_ms: int
    protocols: Protocols
    assignment: bytes = b""
    # Admitted, and has not seen a generation yet: the only time at which a waiting JoinGroup can run out.
    is_new: bool = False
    join: ResponseFuture[JoinResult] | None = None
    sync: ResponseFuture[SyncResult] | None = None

    @property
    def is_static(self) -> bool:
        """Whether it has a group.instance.id (KIP-345)."""
        return self.group_instance_id is not None

    def is_session_suspended(self) -> bool:
        """Whether its session cannot run out now, because it is the coordinator that keeps it waiting."""
        return not self.is_new and (self.join is not None or self.sync is not None)

    def metadata(self, protocol: str | None) -> bytes:
        """What it joined with under the protocol of that name."""
        return next((metadata for name, metadata in self.protocols if name == protocol), b"")

    def adopt(self, request: JoinRequest) -> None:
        """Take over the request with which it joins once more."""
        self.protocols = request.protocols
        self.session_timeout_ms = request.session_timeout_ms
        self.rebalance_timeout_ms = request.rebalance_timeout_ms

    def stored(self, protocol: str | None) -> StoredMember:
        """The member as it is logged under the chosen protocol."""
        return StoredMember(
            self.member_id,
            self.group_instance_id,
            self.client_id,
            self.client_host,
            self.rebalance_timeout_ms,
            self.session_timeout_ms,
            self.metadata(protocol),
            self.assignment,
        )


def common_protocols(members: Iterable[Member]) -> set[str]:
    """The protocol names that every member supports."""
    return _common(member.protocols for member in members)


def choose_protocol(members: Collection[Member]) -> str:
    """Each member votes for the first of its protocols that all support; among equals, the oldest vote wins."""
    return choose_among([member.protocols for member in members])


def choose_among(offers: Collection[Protocols]) -> str:
    """`choose_protocol` of members of whom only their protocols are known."""
    candidates = _common(offers)
    votes: dict[str, int] = {}
    for protocols in offers:
        choice = next(name for name, _ in protocols if name in candidates)
        votes[choice] = votes.get(choice, 0) + 1
    return max(votes, key=votes.__getitem__)


def _common(offers: Iterable[Protocols]) -> set[str]:
    common: set[str] | None = None
    for protocols in offers:
        offered = {name for name, _ in protocols}
        common = offered if common is None else common & offered
    return common or set()
