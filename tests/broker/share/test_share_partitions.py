"""The share partitions in use: their state is read once and stored with every change, and they end with their group."""

from collections.abc import Callable, Sequence

import pytest

from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.coordination.share_state.requests import (
    ACKNOWLEDGED,
    AVAILABLE,
    ReadState,
    SharePartitionKey,
    StateBatch,
    StateError,
    WriteState,
)
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.features import SHARE_VERSION
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.purgatory import Purgatory
from odradek.broker.share.acknowledgement import ACCEPT, RELEASE
from odradek.broker.share.acquisition import AcquiredRecords
from odradek.broker.share.settings import ShareGroupSettings
from odradek.broker.share.share_partition import SharePartition, Status, Wish
from odradek.broker.share.share_partitions import SharePartitions
from odradek.broker.share.share_sessions import SessionKey, SessionPartition, ShareSessions, TopicPartition
from odradek.broker.slices import Slices, run_to_end
from odradek.broker.testing.clock import ManualClock
from odradek.broker.testing.manual_runtime import manual_runtime
from odradek.protocol.errors import ErrorCode, KafkaError

from ..handlers.broker_harness import AskedBroker
from .share_harness import LOCK_S, ack, batches_of

KEY = SharePartitionKey("g", b"t" * 16, 0)
MEMBER = SessionKey("g", "m")


class Store:
    """A coordinator in memory, which answers when it is told to."""

    def __init__(self) -> None:
        self.state = ReadState(start_offset=0)
        self.reads: list[ResponseFuture[ReadState]] = []
        self.writes: list[tuple[WriteState, ResponseFuture[StateError]]] = []
        self.not_ready: KafkaError | None = None

    def when_ready(self, then: Callable[[KafkaError | None], None]) -> None:
        then(self.not_ready)

    def read(self, key: SharePartitionKey, leader_epoch: int, future: ResponseFuture[ReadState]) -> None:
        self.reads.append(future)

    def write(self, key: SharePartitionKey, write: WriteState, future: ResponseFuture[StateError]) -> None:
        self.writes.append((write, future))

    def answer_write(self, error: ErrorCode = ErrorCode.NONE) -> WriteState:
        write, future = self.writes.pop(0)
        future.complete(StateError(error))
        return write


class Share:
    """Share partitions over that store, of a partition of a real broker."""

    def __init__(self) -> None:
        self.clock = ManualClock(now=0.0)
        self.store = Store()
        self.settings = ShareGroupSettings(auto_offset_reset="earliest")
        self.sessions = ShareSessions(lambda: 10)
        self.partition = AskedBroker().create().partitions[0]
        self.failures: list[KafkaError] = []
        world = manual_runtime(self.clock)
        self.all = SharePartitions(
            self.store, lambda _: self.settings, self.sessions, Purgatory(world), Slices(world), world
        )

    def open(self) -> SharePartition:
        return self.all.open(KEY, self.partition, self.failures.append)

    def opened(self) -> SharePartition:
        """One whose state is there."""
        found = self.open()
        if self.store.reads:
            self.store.reads.pop().complete(self.store.state)
        return found

    def acquire(self, count: int = 10, member: str = "m") -> list[AcquiredRecords]:
        found = self.opened()
        offset = found.in_flight.next_fetch_offset()
        wish = Wish(member, 500, 500, False)
        return self.all.acquire(found, wish, offset, batches_of(count, 1, first=offset), self.settings)

    def acknowledge(self, *batches: tuple[int, int, int]) -> list[KafkaError | None]:
        heard: list[KafkaError | None] = []
        run_to_end(
            self.all.acknowledge(KEY, "m", [ack(first, last, kind) for first, last, kind in batches], heard.append)
        )
        return heard

    def begin_session(self, connection: object) -> None:
        self.sessions.begin(MEMBER, connection, {TopicPartition(KEY.topic_id, 0): SessionPartition("t", False)})

    def stored(self) -> Sequence[StateBatch]:
        return self.store.answer_write().batches


def test_the_state_is_read_once_for_all_who_open_it() -> None:
    share = Share()
    assert share.open() is share.open()
    assert len(share.store.reads) == 1
    assert not share.open().is_active
    share.store.reads[0].complete(ReadState(start_offset=4))
    assert share.open().in_flight.start_offset == 4


def test_without_a_stored_offset_the_group_begins_where_its_settings_say() -> None:
    share = Share()
    found = share.open()
    share.store.reads[0].complete(ReadState(start_offset=-1))
    assert (found.is_active, found.in_flight.start_offset) == (True, 0)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        (ErrorCode.FENCED_LEADER_EPOCH, ErrorCode.NOT_LEADER_OR_FOLLOWER),
        (ErrorCode.INVALID_REQUEST, ErrorCode.UNKNOWN_SERVER_ERROR),
    ],
)
def test_state_that_cannot_be_read_is_read_again_by_the_next(error: ErrorCode, told: ErrorCode) -> None:
    share = Share()
    found = share.open()
    share.store.reads[0].complete(ReadState(error, "why"))
    assert [(one.code, one.message) for one in share.failures] == [(told, "why")]
    assert found.status is Status.FENCED
    assert share.open() is not found


def test_a_topic_of_states_that_cannot_be_made_is_an_error() -> None:
    share = Share()
    share.store.not_ready = KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    share.open()
    assert [one.code for one in share.failures] == [ErrorCode.COORDINATOR_NOT_AVAILABLE]


def test_an_acknowledgement_is_answered_when_it_is_stored() -> None:
    share = Share()
    share.acquire()
    heard = share.acknowledge((0, 9, ACCEPT))
    assert heard == []
    assert share.stored() == [StateBatch(0, 9, ACKNOWLEDGED, 1)]
    assert heard == [None]
    assert share.open().in_flight.start_offset == 10


def test_what_changes_nothing_is_not_stored() -> None:
    share = Share()
    share.opened()
    assert share.acknowledge() == [None]
    assert share.store.writes == []


def test_an_acknowledgement_that_is_refused_stores_nothing() -> None:
    share = Share()
    share.acquire()
    (refused,) = share.acknowledge((0, 9, ACCEPT), (20, 29, ACCEPT))
    assert refused is not None
    assert refused.code == ErrorCode.INVALID_REQUEST
    assert share.store.writes == []
    share.acknowledge((0, 9, ACCEPT))
    assert share.stored()


def test_a_coordinator_that_is_away_leaves_the_records_with_their_member() -> None:
    share = Share()
    share.acquire()
    heard = share.acknowledge((0, 9, ACCEPT))
    share.store.answer_write(ErrorCode.NOT_COORDINATOR)
    assert [one.code for one in heard if one] == [ErrorCode.COORDINATOR_NOT_AVAILABLE]
    share.acknowledge((0, 9, ACCEPT))
    assert share.stored() == [StateBatch(0, 9, ACKNOWLEDGED, 1)]


@pytest.mark.parametrize(
    "error", [ErrorCode.FENCED_STATE_EPOCH, ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
)
def test_state_that_is_anothers_by_now_is_read_anew(error: ErrorCode) -> None:
    share = Share()
    share.acquire()
    found = share.open()
    share.acknowledge((0, 9, ACCEPT))
    share.store.answer_write(error)
    assert found.status is Status.FENCED
    assert len(share.all) == 0
    (refused,) = share.acknowledge((0, 9, ACCEPT))
    assert refused is not None
    assert refused.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_locks_run_out_at_their_time_and_the_timer_goes_with_them() -> None:
    share = Share()
    share.acquire()
    share.clock.advance(10)
    share.acquire()
    share.clock.advance(LOCK_S - 10)
    assert share.stored() == [StateBatch(0, 9, AVAILABLE, 1)]
    assert share.all.next_deadline() == 10 + LOCK_S
    share.clock.advance(10)
    assert share.stored() == [StateBatch(10, 19, AVAILABLE, 1)]
    assert share.all.next_deadline() is None


def test_a_shorter_lock_runs_out_before_one_that_was_there() -> None:
    share = Share()
    share.acquire()
    share.settings = ShareGroupSettings(record_lock_duration_ms=15_000)
    share.acquire()
    share.clock.advance(15)
    assert share.stored() == [StateBatch(10, 19, AVAILABLE, 1)]


def test_a_lock_that_ran_out_and_could_not_be_stored_has_run_out_all_the_same() -> None:
    share = Share()
    share.acquire()
    share.clock.advance(LOCK_S)
    share.store.answer_write(ErrorCode.NOT_COORDINATOR)
    assert [(one.first_offset, one.delivery_count) for one in share.acquire(member="other")] == [(0, 2)]


def test_a_session_that_ends_stores_what_it_gives_back() -> None:
    share = Share()
    share.acquire()
    share.begin_session(object())
    session = share.sessions.get(MEMBER)
    share.all.end_session(session)
    assert share.stored() == [StateBatch(0, 9, AVAILABLE, 1)]
    assert share.sessions.find(MEMBER) is None


def test_a_connection_that_closes_ends_its_session_and_the_last_one_its_group() -> None:
    share = Share()
    share.acquire()
    connection = object()
    share.begin_session(connection)
    share.all.close_connection(connection)
    assert share.stored() == [StateBatch(0, 9, AVAILABLE, 1)]
    assert len(share.all) == 0
    assert share.all.next_deadline() is None


def test_a_connection_without_a_session_ends_nothing() -> None:
    share = Share()
    share.acquire()
    share.all.close_connection(object())
    assert len(share.all) == 1


def test_without_the_feature_nothing_is_in_use() -> None:
    share = Share()
    share.opened()
    share.begin_session(object())
    delta = MetadataDelta()
    delta.changed_features.add(SHARE_VERSION)
    share.all.on_delta(delta, MetadataImage())
    assert (len(share.all), len(share.sessions)) == (0, 0)


def test_what_was_dropped_while_its_state_was_read_stays_so() -> None:
    share = Share()
    found = share.open()
    share.all.drop(found)
    share.store.reads[0].complete(ReadState(start_offset=0))
    assert found.status is Status.FENCED


def test_released_records_are_for_others_when_that_is_stored() -> None:
    share = Share()
    share.acquire()
    share.acknowledge((0, 9, RELEASE))
    assert share.acquire(member="other") == [AcquiredRecords(10, 19, 1)]
    share.stored()
    assert share.acquire(member="other")[0] == AcquiredRecords(0, 9, 2)


def test_a_request_that_breaks_off_leaves_the_records_with_their_member() -> None:
    share = Share()
    share.acquire()
    heard: list[KafkaError | None] = []
    steps = share.all.acknowledge(KEY, "m", [ack(0, 4, ACCEPT), ack(5, 9, ACCEPT)], heard.append)
    next(steps)
    steps.close()
    assert heard == []
    share.acknowledge((0, 9, ACCEPT))
    assert share.stored() == [StateBatch(0, 9, ACKNOWLEDGED, 1)]


def test_what_is_dropped_while_it_is_acknowledged_stores_nothing() -> None:
    share = Share()
    share.acquire()
    heard: list[KafkaError | None] = []
    steps = share.all.acknowledge(KEY, "m", [ack(0, 4, ACCEPT), ack(5, 9, ACCEPT)], heard.append)
    next(steps)
    share.all.drop(share.open())
    run_to_end(steps)
    assert [one.code for one in heard if one] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    assert share.store.writes == []
