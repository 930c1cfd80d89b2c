"""Share sessions (KIP-932): what each member of a share group fetches, so that it need not say it again.

Pure. A session is the member's, and lives no longer than the connection that began it. One that is closed gives back
what its member has acquired; that is for whoever closes it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ...protocol.errors import ErrorCode, KafkaError

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
LONGEST_MEMBER_ID = 36  # the text of a uuid
# Of all sessions: some tens of megabytes, whatever clients name.
MOST_PARTITIONS = 100_000


class SessionKey(NamedTuple):
    """Whose session it is."""

    group_id: str
    member_id: str


def check_member(group_id: str | None, member_id: str | None) -> SessionKey:
    """A group and a member as a request may name them. INVALID_REQUEST."""
    if group_id is None:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Invalid group id in the request.")
    if not member_id or len(member_id) > LONGEST_MEMBER_ID:
        raise KafkaError(ErrorCode.INVALID_REQUEST, "Invalid member id in the request.")
    return SessionKey(group_id, member_id)


class TopicPartition(NamedTuple):
    """A partition as share fetches name it."""

    topic_id: bytes
    partition: int


@dataclass(slots=True)
class SessionPartition:
    """A partition of a session. `is_news` says that the next answer must have it, records or none."""

    name: str | None  # of the topic when it was asked for; None for an id that was unknown
    is_news: bool


@dataclass(slots=True, eq=False)
class ShareSession:
    """What one member fetches."""

    key: SessionKey
    connection: object
    partitions: dict[TopicPartition, SessionPartition]
    next_epoch: int = 1
    counted: int = 0  # of its partitions, in the bound of all sessions

    def move_to_end(self, partition: TopicPartition) -> None:
        """It has had its records: the next fetch begins with the others."""
        if partition in self.partitions:
            self.partitions[partition] = self.partitions.pop(partition)


@dataclass(slots=True)
class ShareFetchContext:
    """What a request wants fetched, in order, and how its answer must be shaped. No session: it is being closed."""

    session: ShareSession | None
    wanted: Mapping[TopicPartition, SessionPartition] = field(default_factory=dict[TopicPartition, SessionPartition])
    is_incremental: bool = False

    def must_answer(self, partition: TopicPartition, *, has_records: bool, has_error: bool) -> bool:
        """Whether the answer must have this partition; what it says is remembered."""
        if self.session is None or not self.is_incremental:
            return True
        cached = self.session.partitions.get(partition)
        if cached is None:
            return True
        must_answer = has_records or has_error or cached.is_news
        cached.is_news = has_error
        if has_records:
            self.session.move_to_end(partition)
        return must_answer


class ShareSessions:
    """All sessions of a broker, at most `slots()` of them, with at most MOST_PARTITIONS between them."""

    def __init__(self, slots: Callable[[], int]) -> None:
        self._slots = slots
        self._sessions: dict[SessionKey, ShareSession] = {}
        self._members: dict[str, int] = {}  # sessions of each group
        self._last_of: dict[object, SessionKey] = {}  # the last session that each connection began
        self._cached = 0  # partitions of all sessions

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, key: SessionKey) -> ShareSession | None:
        """The session of a member."""
        return self._sessions.get(key)

    def has_members(self, group_id: str) -> bool:
        """Whether a group has any session."""
        return group_id in self._members

    def begin(
        self, key: SessionKey, connection: object, wanted: Mapping[TopicPartition, SessionPartition]
    ) -> ShareFetchContext:
        """A new session in place of any that the member has. SHARE_SESSION_LIMIT_REACHED."""
        self.remove(key)
        if len(self._sessions) >= self._slots() or self._cached + len(wanted) > MOST_PARTITIONS:
            raise KafkaError(ErrorCode.SHARE_SESSION_LIMIT_REACHED)
        session = ShareSession(key, connection, dict(wanted))
        self._sessions[key] = session
        self._members[key.group_id] = self._members.get(key.group_id, 0) + 1
        self._last_of[connection] = key
        self._count(session)
        return ShareFetchContext(session, dict(session.partitions))

    def go_on(
        self,
        key: SessionKey,
        epoch: int,
        wanted: Mapping[TopicPartition, SessionPartition],
        forgotten: Iterable[TopicPartition],
    ) -> ShareFetchContext:
        """The session with what the request changes. SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH."""
        session = self.advance(key, epoch)
        for partition, cached in wanted.items():
            session.partitions.setdefault(partition, cached)
        for partition in forgotten:
            session.partitions.pop(partition, None)
        self._count(session)
        if self._cached > MOST_PARTITIONS:
            self.remove(key)
            raise KafkaError(ErrorCode.SHARE_SESSION_NOT_FOUND)  # the client begins anew
        return ShareFetchContext(session, dict(session.partitions), is_incremental=True)

    def advance(self, key: SessionKey, epoch: int) -> ShareSession:
        """The session that has a request of this epoch: the next one has the next."""
        session = self.get(key)
        if session.next_epoch != epoch:
            raise KafkaError(ErrorCode.INVALID_SHARE_SESSION_EPOCH)
        session.next_epoch = 1 if epoch == 0x7FFFFFFF else epoch + 1
        return session

    def get(self, key: SessionKey) -> ShareSession:
        """The session of a member. SHARE_SESSION_NOT_FOUND."""
        session = self._sessions.get(key)
        if session is None:
            raise KafkaError(ErrorCode.SHARE_SESSION_NOT_FOUND)
        return session

    def remove(self, key: SessionKey) -> ShareSession | None:
        """End a session, if there is one."""
        session = self._sessions.pop(key, None)
        if session is None:
            return None
        self._cached -= session.counted
        left = self._members[key.group_id] - 1
        if left:
            self._members[key.group_id] = left
        else:
            del self._members[key.group_id]
        return session

    def clear(self) -> None:
        """End every session."""
        self._sessions.clear()
        self._members.clear()
        self._cached = 0

    def close_connection(self, connection: object) -> tuple[SessionKey, ShareSession | None] | None:
        """A connection has gone: the last session it began, if any, and that session if it lives."""
        key = self._last_of.pop(connection, None)
        if key is None:
            return None
        session = self._sessions.get(key)
        return key, session if session is not None and session.connection is connection else None

    def _count(self, session: ShareSession) -> None:
        self._cached += len(session.partitions) - session.counted
        session.counted = len(session.partitions)
