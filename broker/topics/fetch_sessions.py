"""Incremental fetch sessions (KIP-227): the broker remembers what a consumer reads, so that it need not say it again.

Pure. A session belongs to the broker, not to a connection: any connection may continue it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.schema import ZERO_UUID

if TYPE_CHECKING:  # the messages of an API are imported with its first request
    from ...protocol.messages.fetch import FetchPartition, FetchRequest

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
NO_SESSION = 0
IDS_FROM_VERSION = 13  # KIP-516: topics are named by id only
# A session unused for so long may be evicted for a newcomer.
EVICTABLE_AFTER_S = 120.0

Key = tuple[str | bytes, int]


@dataclass(slots=True)
class CachedPartition:
    """A partition to be read, and what the client was last told of it."""

    topic: str | None  # the name it had when it was asked for; None for an id that was unknown
    topic_id: bytes
    asked: "FetchPartition"
    sent_high_watermark: int = -1
    sent_log_start_offset: int = -1


@dataclass(slots=True)
class FetchSession:
    """What one consumer reads."""

    id: int
    uses_topic_ids: bool
    partitions: dict[Key, CachedPartition]
    next_epoch: int
    last_used: float


@dataclass(slots=True)
class FetchContext:
    """What a request wants read, in order, and how its answer must be shaped."""

    wanted: list[CachedPartition]
    session: FetchSession | None = None
    is_incremental: bool = False

    @property
    def session_id(self) -> int:
        return self.session.id if self.session is not None else NO_SESSION


@dataclass(slots=True)
class FetchSessions:
    """All sessions of a broker, at most `slots` of them."""

    slots: int
    new_id: Callable[[], int]  # a random positive int32
    _sessions: dict[int, FetchSession] = field(default_factory=dict[int, FetchSession])

    def __len__(self) -> int:
        return len(self._sessions)

    def plan(
        self, request: "FetchRequest", version: int, name_of: Callable[[bytes], str | None], now: float
    ) -> FetchContext:
        """Resolve a request against its session; KafkaError 70, 71 or 106 is for the whole answer."""
        uses_ids = version >= IDS_FROM_VERSION
        if request.session_epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            self._sessions.pop(request.session_id, None)
            wanted = dict(_asked_for(request, uses_ids, name_of))
            if request.session_epoch == FINAL_EPOCH:
                return FetchContext(list(wanted.values()))
            return FetchContext(list(wanted.values()), self._create(uses_ids, wanted, now))
        session = self._sessions.get(request.session_id)
        if session is None:
            raise KafkaError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        if session.uses_topic_ids != uses_ids:
            raise KafkaError(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
        if request.session_epoch != session.next_epoch:
            raise KafkaError(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        return self._continue(session, request, name_of, now)

    def _continue(
        self, session: FetchSession, request: "FetchRequest", name_of: Callable[[bytes], str | None], now: float
    ) -> FetchContext:
        for key, wanted in _asked_for(request, session.uses_topic_ids, name_of):
            held = session.partitions.get(key)
            if held is None:
                session.partitions[key] = wanted
            else:
                held.asked = wanted.asked
        for topic in request.forgotten_topics_data:
            name = topic.topic_id if session.uses_topic_ids else topic.topic
            for index in topic.partitions:
                session.partitions.pop((name, index), None)
        if not session.partitions:
            del self._sessions[session.id]
            return FetchContext([])
        session.next_epoch = 1 if session.next_epoch == 0x7FFFFFFF else session.next_epoch + 1
        session.last_used = now
        return FetchContext(list(session.partitions.values()), session, is_incremental=True)

    def _create(self, uses_ids: bool, wanted: dict[Key, CachedPartition], now: float) -> FetchSession | None:
        """A new session, or None if there is no slot for it: the client then goes on without one."""
        if len(self._sessions) >= self.slots and not self._evict_one(now):
            return None
        session_id = self.new_id()
        while session_id in self._sessions:
            session_id = self.new_id()
        session = FetchSession(session_id, uses_ids, wanted, 1, now)
        self._sessions[session_id] = session
        return session

    def _evict_one(self, now: float) -> bool:
        oldest = min(self._sessions.values(), key=lambda session: session.last_used, default=None)
        if oldest is None or now - oldest.last_used <= EVICTABLE_AFTER_S:
            return False
        del self._sessions[oldest.id]
        return True


def _asked_for(
    request: "FetchRequest", uses_ids: bool, name_of: Callable[[bytes], str | None]
) -> Iterable[tuple[Key, CachedPartition]]:
    """The partitions a request names; of one named twice the later entry counts."""
    for topic in request.topics:
        name = name_of(topic.topic_id) if uses_ids else topic.topic
        for asked in topic.partitions:
            key: Key = (topic.topic_id if uses_ids else topic.topic, asked.partition)
            yield key, CachedPartition(name, topic.topic_id if uses_ids else ZERO_UUID, asked)
