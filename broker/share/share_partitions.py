"""SharePartitions: every share partition in use, with its state read and written, its locks timed, its waiters woken.

The rule: a share partition is in use as long as its group has sessions here. One whose state is another's by now, or
gone, is dropped, and the next fetch reads it anew.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Protocol

from ...protocol.errors import ErrorCode, KafkaError
from ..coordination.result import ResponseFuture
from ..coordination.share_state.requests import (
    NO_START_OFFSET,
    ReadState,
    SharePartitionKey,
    StateBatch,
    StateError,
    WriteState,
    read_refused,
    state_refused,
)
from ..coordination.timers import Deadlines
from ..log_output import get_logger
from ..metadata.delta import MetadataDelta
from ..metadata.features import SHARE_VERSION
from ..metadata.image import MetadataImage
from ..purgatory import Purgatory
from ..runtime import Runtime, Timer
from ..slices import Slices, Steps
from ..topics.partition import Partition
from .acknowledgement import AcknowledgementBatch
from .acquisition import AcquiredRecords, Extent
from .in_flight import NO_DEADLINE, Transition
from .offset_reset import begin_at
from .settings import SettingsOfGroup, ShareGroupSettings
from .share_partition import GivenUp, SharePartition, Status, Wish
from .share_sessions import ShareSession, ShareSessions

logger = get_logger("share")


class Cause(Enum):
    """Why members have records no more."""

    ACKNOWLEDGED = "acknowledged"
    SESSION_ENDED = "session ended"
    LOCK_RAN_OUT = "lock ran out"


Then = Callable[[KafkaError | None], None]
OnChange = Callable[[SharePartition, Cause, Sequence[GivenUp]], None]
"""Hears what members have no more, as soon as it is decided."""

_FENCING = {
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.GROUP_ID_NOT_FOUND,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
}
_ERROR_OF_STATE = {
    ErrorCode.NOT_COORDINATOR: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_NOT_AVAILABLE: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS: ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.GROUP_ID_NOT_FOUND: ErrorCode.GROUP_ID_NOT_FOUND,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.FENCED_LEADER_EPOCH: ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.FENCED_STATE_EPOCH: ErrorCode.NOT_LEADER_OR_FOLLOWER,
}


class StateStore(Protocol):
    """The coordinator that keeps what is to outlive the broker."""

    def when_ready(self, then: Then, /) -> None: ...
    def read(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[ReadState], /) -> None: ...
    def write(self, key: SharePartitionKey, write: WriteState, future: ResponseFuture[StateError], /) -> None: ...


class SharePartitions:
    """The share partitions of this broker: of partitions that it leads."""

    def __init__(
        self,
        store: StateStore,
        settings: SettingsOfGroup,
        sessions: ShareSessions,
        purgatory: Purgatory,
        slices: Slices,
        runtime: Runtime,
    ) -> None:
        self.settings = settings
        self.sessions = sessions
        self._store = store
        self._purgatory = purgatory
        self._slices = slices
        self._clock = runtime.clock
        self._in_use: dict[SharePartitionKey, SharePartition] = {}
        self._of_group: dict[str, set[SharePartitionKey]] = {}
        self._deadlines: Deadlines[SharePartitionKey] = Deadlines()
        self._timer = Timer(runtime.timers, self._on_locks_run_out)
        self.on_change: OnChange = _unwatched

    def __len__(self) -> int:
        return len(self._in_use)

    def find(self, key: SharePartitionKey) -> SharePartition | None:
        """The share partition, if it is in use."""
        return self._in_use.get(key)

    def open(
        self, key: SharePartitionKey, partition: Partition, on_failed: Callable[[KafkaError], None]
    ) -> SharePartition:
        """The share partition, whose state may yet have to be read; `on_failed` hears why it could not be."""
        found = self._in_use.get(key)
        if found is None:
            found = SharePartition(key, partition.leader_epoch)
            self._in_use[key] = found
            self._of_group.setdefault(key.group_id, set()).add(key)
        if found.status is Status.EMPTY:
            found.status = Status.LOADING
            then = partial(self._read, found, partition, on_failed)
            future = ResponseFuture(then, read_refused)
            self._store.when_ready(lambda error: self._begin_reading(found, future, error))
        return found

    def _begin_reading(
        self, opened: SharePartition, future: ResponseFuture[ReadState], error: KafkaError | None
    ) -> None:
        if error is not None:
            future.complete(ReadState(error.code, error.message))
        else:
            self._store.read(opened.key, opened.leader_epoch, future)

    def _read(
        self, opened: SharePartition, partition: Partition, on_failed: Callable[[KafkaError], None], state: ReadState
    ) -> None:
        def fail(error: Exception) -> None:
            if not isinstance(error, KafkaError):
                logger.error("a share partition cannot be begun", partition=partition.name, exc_info=error)
                error = KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, str(error))
            self.drop(opened)
            on_failed(error)

        def begin(start_offset: int) -> None:
            try:
                opened.load(state, start_offset)
            except KafkaError as error:
                fail(error)
            else:
                self._purgatory.notify_changed(opened.key)

        if opened.status is not Status.LOADING:
            return  # dropped meanwhile
        if state.error != ErrorCode.NONE:
            fail(_error_of(state.error, state.message))
        elif state.start_offset != NO_START_OFFSET:
            begin(state.start_offset)
        else:
            self._slices.start(self._begin_at(opened.key.group_id, partition), begin, fail)

    def _begin_at(self, group_id: str, partition: Partition) -> Steps[int]:
        strategy = self.settings(group_id).auto_offset_reset
        return (yield from begin_at(partition.log, strategy, partition.name, self._clock.now_ms()))

    # What members do

    def acquire(
        self,
        opened: SharePartition,
        wish: Wish,
        fetch_offset: int,
        extents: Sequence[Extent],
        settings: ShareGroupSettings,
    ) -> list[AcquiredRecords]:
        """Acquire of what was read; the locks run from now on."""
        now = self._clock.now()
        acquired = opened.acquire(wish, fetch_offset, extents, settings, now)
        if acquired:
            self._watch_locks(opened, now + settings.record_lock_duration_ms / 1000)
        return acquired

    def acknowledge(
        self, key: SharePartitionKey, member: str, batches: Sequence[AcknowledgementBatch], then: Then
    ) -> Steps[None]:
        """Take all of a member's acknowledgements for one share partition, or none; `then` hears when it is stored."""
        opened = self._in_use.get(key)
        if opened is None:
            then(KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
            return
        settings, now = self.settings(key.group_id), self._clock.now()
        transition, acknowledging = opened.begin_acknowledging(member, settings, now)
        try:
            for batch in batches:
                yield from acknowledging.take(batch)
                yield
        except KafkaError as error:
            opened.take_back(transition, self._clock.now())
            self._purgatory.notify_changed(key)
            then(error)
            return
        except BaseException:  # or the records would be nobody's for ever
            opened.take_back(transition, self._clock.now())
            raise
        self._store_transition(opened, transition, Cause.ACKNOWLEDGED, then)

    def _store_transition(self, opened: SharePartition, transition: Transition, cause: Cause, then: Then) -> None:
        if not transition.changes:
            then(None)
            return
        if not opened.is_active:  # dropped between two steps
            then(KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
            return

        def stored(result: StateError) -> None:
            error: KafkaError | None = None
            if result.error == ErrorCode.NONE:
                opened.complete(transition)
            else:
                error = _error_of(result.error, f"Error in write state RPC. {result.message}")  # Kafka's words
                opened.take_back(transition, self._clock.now())
                if error.code in _FENCING:
                    self.drop(opened)
            self._purgatory.notify_changed(opened.key)
            then(error)

        self.on_change(opened, cause, [GivenUp(transition.member, change) for change in transition.changes])
        self._store.write(opened.key, opened.to_write(transition.changes), ResponseFuture(stored, state_refused))

    # What ends

    def end_session(self, session: ShareSession) -> None:
        """A member has gone: its session ends, and what it has acquired is for others."""
        group_id, member = session.key
        self.sessions.remove(session.key)
        settings = self.settings(group_id)
        for topic_id, partition in session.partitions:
            opened = self._in_use.get(SharePartitionKey(group_id, topic_id, partition))
            if opened is not None and opened.is_active:
                transition = opened.release(member, settings)
                then = partial(_log_failure, "a release", opened)
                self._store_transition(opened, transition, Cause.SESSION_ENDED, then)

    def close_connection(self, connection: object) -> None:
        """A client's connection has gone, and with it its session; without sessions a group uses no partitions."""
        closed = self.sessions.close_connection(connection)
        if closed is None:
            return
        key, session = closed
        if session is not None:
            self.end_session(session)
        if not self.sessions.has_members(key.group_id):
            for partition_key in list(self._of_group.get(key.group_id, ())):
                self.drop(self._in_use[partition_key])

    def drop(self, opened: SharePartition) -> None:
        """Use it no more: what it has acquired is available again to whoever reads its state anew."""
        opened.status = Status.FENCED
        if self._in_use.get(opened.key) is not opened:
            return
        del self._in_use[opened.key]
        keys = self._of_group[opened.key.group_id]
        keys.discard(opened.key)
        if not keys:
            del self._of_group[opened.key.group_id]
        self._deadlines.cancel(opened.key)
        self._purgatory.notify_changed(opened.key)

    def on_delta(self, delta: MetadataDelta, image: MetadataImage) -> None:
        """Topics have gone, or share groups as such (share.version 0)."""
        if SHARE_VERSION in delta.changed_features and not image.features.get(SHARE_VERSION, 0):
            self.sessions.clear()
            for opened in list(self._in_use.values()):
                self.drop(opened)
        elif delta.deleted_topics and self._in_use:
            gone = {topic.topic_id for topic in delta.deleted_topics}
            for opened in [one for one in self._in_use.values() if one.key.topic_id in gone]:
                self.drop(opened)

    def resign(self, topic_id: bytes, index: int, leader_epoch: int) -> None:
        """This broker leads a partition no more, or in this epoch, in which share partitions are to be read anew."""
        for opened in list(self._in_use.values()):
            _, *of_partition = opened.key
            if of_partition == [topic_id, index] and opened.leader_epoch != leader_epoch:
                self.drop(opened)

    # Locks that run out

    def next_deadline(self) -> float | None:
        """When locks may run out next, in monotonic seconds."""
        return self._deadlines.next()

    def _watch_locks(self, opened: SharePartition, deadline: float) -> None:
        if deadline < opened.first_deadline:
            opened.first_deadline = deadline
            self._deadlines.set(opened.key, deadline)
            self._timer.set(self._deadlines.next())

    def _on_locks_run_out(self) -> None:
        now = self._clock.now()
        while (key := self._deadlines.pop_due(now)) is not None:
            opened = self._in_use.get(key)
            if opened is not None:
                self._expire(opened, now)
        self._timer.set(self._deadlines.next())

    def _expire(self, opened: SharePartition, now: float) -> None:
        given_up = opened.expire(self.settings(opened.key.group_id), now)
        opened.first_deadline = NO_DEADLINE
        if (deadline := opened.in_flight.next_deadline()) is not None:
            self._watch_locks(opened, deadline)
        if given_up:
            self.on_change(opened, Cause.LOCK_RAN_OUT, given_up)
            self._store_expired(opened, [change for _, change in given_up])

    def _store_expired(self, opened: SharePartition, changes: Sequence[StateBatch]) -> None:
        def stored(result: StateError) -> None:
            if result.error != ErrorCode.NONE:
                _log_failure("locks that ran out", opened, _error_of(result.error, result.message))
            opened.in_flight.advance()
            self._purgatory.notify_changed(opened.key)

        self._store.write(opened.key, opened.to_write(changes), ResponseFuture(stored, state_refused))
        self._purgatory.notify_changed(opened.key)


def _unwatched(opened: SharePartition, cause: Cause, given_up: Sequence[GivenUp]) -> None:
    """Nobody is told."""


def _error_of(error: ErrorCode, message: str | None) -> KafkaError:
    """What a client is told of an error of the coordinator."""
    return KafkaError(_ERROR_OF_STATE.get(error, ErrorCode.UNKNOWN_SERVER_ERROR), message)


def _log_failure(what: str, opened: SharePartition, error: KafkaError | None) -> None:
    if error is not None:
        logger.info("the state of a share partition could not be stored", of=what, key=repr(opened), error=str(error))
