"""Incremental fetch sessions (KIP-227): the broker remembers what a consumer reads, so that it need not say it again.

Pure. A session belongs to the broker, not to a connection: any connection may continue it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...protocol.errors import ErrorCode, KafkaError
from ...protocol.schema import ZERO_UUID
from ..slices import Steps

if TYPE_CHECKING:  # the messages of an API are imported with its first request
    from ...protocol.messages.fetch import FetchPartition, FetchRequest

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
NO_SESSION = 0
IDS_FROM_VERSION = 13  # KIP-516: topics are named by id only
# A session unused for so long may be evicted for a newcomer.
EVICTABLE_AFTER_S = 120.0
# Of all sessions: some forty megabytes, whatever clients name. Who does not fit in fetches without a session.
MOST_PARTITIONS = 100_000

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
    counted: int = 0  # of its partitions, in the bound of all sessions

    def move_to_end(self, cached: CachedPartition) -> None:
        """It has had its records: the next answer begins with the others."""
        key: Key = (cached.topic_id if self.uses_topic_ids else cached.topic or "", cached.asked.partition)
        if self.partitions.get(key) is cached:
            self.partitions[key] = self.partitions.pop(key)


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
    """All sessions of a broker, at most `slots` of them, with at most MOST_PARTITIONS between them."""

    slots: int
    new_id: Callable[[], int]  # a random positive int32
    _sessions: dict[int, FetchSession] = field(default_factory=dict[int, FetchSession])
    _cached: int = 0  # partitions of all sessions

    def __len__(self) -> int:
        return len(self._sessions)

    def plan(
        self, request: "FetchRequest", version: int, name_of: Callable[[bytes], str | None], now: float
    ) -> Steps[FetchContext]:
        """Resolve a request against its session; KafkaError 70, 71 or 106 is for the whole answer."""
        uses_ids = version >= IDS_FROM_VERSION
        if request.session_epoch in (INITIAL_EPOCH, FINAL_EPOCH):
            self._remove(request.session_id)
            wanted: dict[Key, CachedPartition] = {}
            for key, cached in _asked_for(request, uses_ids, name_of):
                wanted[key] = cached
                yield
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
        return (yield from self._continue(session, request, name_of, now))

    def abandon(self, plan: FetchContext) -> int:
        """The answer is empty, because of a quota: the session it has, which one that was to begin is not yet."""
        if plan.session is not None and not plan.is_incremental:
            self._remove(plan.session.id)
            plan.session = None
        return plan.session_id

    def _continue(
        self, session: FetchSession, request: "FetchRequest", name_of: Callable[[bytes], str | None], now: float
    ) -> Steps[FetchContext]:
        session.next_epoch = 1 if session.next_epoch == 0x7FFFFFFF else session.next_epoch + 1
        session.last_used = now
        try:
            yield from _change(session, request, name_of)
        except GeneratorExit:  # the client has gone in the middle: what it left half done is counted nowhere
            if self._sessions.get(session.id) is session:
                self._remove(session.id)
            raise
        if self._sessions.get(session.id) is not session:
            raise KafkaError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)  # its client began another meanwhile
        self._count(session)
        if not session.partitions:
            self._remove(session.id)
            return FetchContext([])
        if self._cached > MOST_PARTITIONS:
            self._remove(session.id)
            raise KafkaError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)  # the client begins anew, without a session
        return FetchContext(list(session.partitions.values()), session, is_incremental=True)

    def _create(self, uses_ids: bool, wanted: dict[Key, CachedPartition], now: float) -> FetchSession | None:
        """A new session, or None if there is no slot for it: the client then goes on without one."""
        while len(self._sessions) >= self.slots or self._cached + len(wanted) > MOST_PARTITIONS:
            if not self._evict_one(now):
                return None
        session_id = self.new_id()
        while session_id in self._sessions:
            session_id = self.new_id()
        session = FetchSession(session_id, uses_ids, wanted, 1, now)
        self._sessions[session_id] = session
        self._count(session)
        return session

    def _evict_one(self, now: float) -> bool:
        oldest = min(self._sessions.values(), key=lambda session: session.last_used, default=None)
        if oldest is None or now - oldest.last_used <= EVICTABLE_AFTER_S:
            return False
        self._remove(oldest.id)
        return True

    def _remove(self, session_id: int) -> None:
        session = self._sessions.pop(session_id, None)
        if session is not None:
            self._cached -= session.counted

    def _count(self, session: FetchSession) -> None:
        self._cached += len(session.partitions) - session.counted
        session.counted = len(session.partitions)


def _change(session: FetchSession, request: "FetchRequest", name_of: Callable[[bytes], str | None]) -> Steps[None]:
    """The partitions that a request adds, changes and forgets."""
    for key, wanted in _asked_for(request, session.uses_topic_ids, name_of):
        held = session.partitions.get(key)
        if held is None:
            session.partitions[key] = wanted
        else:
            held.asked = wanted.asked
        yield
    for topic in request.forgotten_topics_data:
        name = topic.topic_id if session.uses_topic_ids else topic.topic
        for index in topic.partitions:
            session.partitions.pop((name, index), None)
            yield


def _asked_for(
    request: "FetchRequest", uses_ids: bool, name_of: Callable[[bytes], str | None]
) -> Iterable[tuple[Key, CachedPartition]]:
    """The partitions a request names; of one named twice the later entry counts."""
    for topic in request.topics:
        name = name_of(topic.topic_id) if uses_ids else topic.topic
        for asked in topic.partitions:
            key: Key = (topic.topic_id if uses_ids else topic.topic, asked.partition)
            yield key, CachedPartition(name, topic.topic_id if uses_ids else ZERO_UUID, asked)
