"""One connection, without a socket: one request at a time, in order, and nothing after its end."""

import asyncio
import struct
from collections.abc import Callable, Iterable

import pytest

from odradek.broker.deferred import Deferred, Disconnect
from odradek.broker.network.connection import (
    HALF_CLOSED_S,
    SLOWEST_FRAME_S,
    STALLED_FRAME_S,
    WRITE_HIGH_WATER_BYTES,
    Connection,
)
from odradek.broker.network.dispatch import Dispatcher
from odradek.broker.network.pipeline import Answer, Proceed, ReceivedRequest
from odradek.broker.network.request_memory import RequestMemory
from odradek.broker.network.turns import Turns
from odradek.broker.runtime import Runtime
from odradek.broker.session import Session
from odradek.broker.unsent_answers import UnsentAnswers
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse

from ..handlers.broker_harness import AskedBroker, batch, fetch_request, produce_request
from .test_dispatch import frame_of

MAX_REQUEST_BYTES = 100_000
LARGE_FRAME = 80_000


class Transport(asyncio.Transport):
    """What the connection does to its socket."""

    def __init__(self) -> None:
        super().__init__({"peername": ("10.0.0.7", 5000), "sockname": ("10.0.0.1", 9092)})
        self.sent: list[bytes] = []
        self.on_write: Callable[[], None] = lambda: None
        self.reads = True
        self.is_closed = self.is_aborted = False
        self.high_water = 0
        self.unsent = 0

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high_water = high or 0

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.sent.append(b"".join(list_of_data))
        self.on_write()

    def pause_reading(self) -> None:
        assert self.reads
        self.reads = False

    def resume_reading(self) -> None:
        assert not self.reads
        self.reads = True

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True


class Listener:
    """Lets a connection in, refuses it, or holds it back (None); and hears of its end."""

    def __init__(self, runtime: Runtime, *, admits: bool | None) -> None:
        self.timers = runtime.timers
        self.turns = Turns(runtime)
        self.memory = RequestMemory(LARGE_FRAME)
        self.unsent = UnsentAnswers()
        self.admits = admits
        self.time = 100.0
        self.removed: list[Connection] = []
        self.noted: list[Session] = []

    def now(self) -> float:
        return self.time

    def arrive(self, connection: Connection) -> None:
        if self.admits is None:
            connection.hold()
        elif self.admits:
            connection.let_in()
        else:
            connection.refuse()

    def remove(self, connection: Connection) -> None:
        self.removed.append(connection)

    def note_client(self, session: Session) -> None:
        self.noted.append(session)

    def expect_login(self, session: Session) -> None:
        pass


class Putting:
    """A stage that puts heartbeats off until the test answers them."""

    def __init__(self) -> None:
        self.promised: list[Deferred[object]] = []
        self.before: Callable[[], None] = lambda: None  # every other request

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        if not isinstance(received.body, HeartbeatRequest):
            self.before()
            return proceed(received)
        self.promised.append(Deferred())
        return self.promised[-1]


class Connected:
    """A connection to a broker with topic t, and the transport under it."""

    def __init__(self, *, admits: bool | None = True) -> None:
        self.broker = AskedBroker()
        self.broker.create()
        listener = Listener(self.broker.parts.runtime, admits=admits)
        self.listener, self.putting, self.transport = listener, Putting(), Transport()
        dispatcher = Dispatcher(self.broker.context, [self.putting])
        self.connection = Connection(self.listener, dispatcher, MAX_REQUEST_BYTES)
        self.connection.connection_made(self.transport)

    def receive(self, *requests: object) -> None:
        """The client's requests, in one read."""
        versions = {"HeartbeatRequest": 4, "FetchRequest": 12, "ProduceRequest": 9}
        frames = [frame_of(request, versions[type(request).__name__]) for request in requests]
        self.connection.data_received(b"".join(struct.pack(">i", len(frame)) + frame for frame in frames))

    def turn(self) -> None:
        """The loop goes round once."""
        self.broker.clock.advance(0)

    def answer(self, at: int = -1) -> None:
        self.putting.promised[at].answer(HeartbeatResponse(error_code=0))

    @property
    def answers(self) -> int:
        return len(self.transport.sent)


HEARTBEAT = HeartbeatRequest(group_id="g", generation_id=1, member_id="m")
AT_ONCE = fetch_request("t")


@pytest.fixture
def connected() -> Connected:
    return Connected()


def test_what_was_sent_in_one_read_is_answered_in_its_order(connected: Connected) -> None:
    connected.receive(produce_request({"t": {0: batch()}}), AT_ONCE)
    assert connected.answers == 1
    connected.turn()
    assert connected.answers == 2
    assert b"v" in connected.transport.sent[1]


def test_the_client_is_known_by_its_address_and_where_it_came_in(connected: Connected) -> None:
    assert connected.connection.host == "10.0.0.7"
    session = connected.connection._session
    assert (session.client_host, session.local_host, session.local_port) == ("/10.0.0.7", "10.0.0.1", 9092)
    assert connected.transport.high_water == WRITE_HIGH_WATER_BYTES


def test_behind_a_request_that_waits_no_other_is_worked_on_and_little_is_read(connected: Connected) -> None:
    connected.receive(HEARTBEAT, *[AT_ONCE] * 5)
    assert (connected.answers, connected.transport.reads, connected.connection.is_idle) == (0, True, False)
    connected.receive(*[AT_ONCE] * 1000)
    connected.turn()
    assert (connected.answers, connected.transport.reads, connected.connection.is_idle) == (0, False, False)
    connected.answer()
    connected.turn()
    assert (connected.answers, connected.transport.reads, connected.connection.is_idle) == (1006, True, True)


def test_a_request_that_waits_alone_does_not_keep_the_client_from_being_read(connected: Connected) -> None:
    connected.receive(HEARTBEAT)
    assert connected.transport.reads
    assert not connected.connection.is_idle


def test_who_waits_for_the_request_of_another_client_is_answered_after_that_client(connected: Connected) -> None:
    """The leader's SyncGroup brings the assignments of all: it must not learn of its own last (aiokafka notices)."""
    connected.receive(HEARTBEAT)
    order: list[str] = []
    transport = Transport()
    leader = Connection(connected.listener, connected.connection._dispatcher, MAX_REQUEST_BYTES)
    leader.connection_made(transport)
    connected.transport.on_write = lambda: order.append("waiting")
    transport.on_write = lambda: order.append("leader")
    connected.putting.before = connected.answer
    frame = frame_of(AT_ONCE, 12)
    leader.data_received(struct.pack(">i", len(frame)) + frame)
    assert order == ["leader", "waiting"]
    connected.receive(HEARTBEAT)
    connected.answer()  # without a request of anybody
    assert order == ["leader", "waiting", "waiting"]


def test_a_late_response_that_is_none_lets_the_next_request_have_its_turn(connected: Connected) -> None:
    connected.receive(HEARTBEAT, AT_ONCE)
    connected.putting.promised[0].answer(None)
    assert connected.answers == 1


def test_a_client_that_reads_too_slowly_has_its_next_request_wait(connected: Connected) -> None:
    connected.connection.pause_writing()
    connected.receive(AT_ONCE, AT_ONCE)
    assert connected.answers == 0
    connected.connection.resume_writing()
    connected.turn()
    assert connected.answers == 2


@pytest.mark.parametrize("data", [struct.pack(">i", MAX_REQUEST_BYTES + 1), struct.pack(">ihh", 4, 3, 12)])
def test_what_cannot_be_read_closes_and_nothing_after_it_is_looked_at(
    connected: Connected, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    connected.connection.data_received(data)
    connected.receive(AT_ONCE)
    assert (connected.transport.is_closed, connected.answers) == (True, 0)
    assert capfd.readouterr().err.count("connection closed  client=10.0.0.7") == 1


def test_a_good_request_in_front_of_a_bad_length_is_answered_first(connected: Connected) -> None:
    frame = frame_of(HEARTBEAT, 4)
    connected.connection.data_received(struct.pack(">i", len(frame)) + frame + struct.pack(">i", -1))
    assert not connected.transport.is_closed
    connected.answer()
    assert (connected.answers, connected.transport.is_closed) == (1, True)


def test_the_end_of_a_connection_drops_what_it_waits_for_and_what_it_had_sent_ahead(connected: Connected) -> None:
    connected.receive(HEARTBEAT, AT_ONCE)
    dropped: list[str] = []
    connected.putting.promised[0].on_dropped = lambda: dropped.append("it")
    connected.connection.connection_lost(None)
    connected.answer()
    assert (dropped, connected.answers) == (["it"], 0)
    assert connected.listener.removed == [connected.connection]


def test_an_answer_for_a_connection_that_is_being_closed_is_not_written(connected: Connected) -> None:
    connected.receive(HEARTBEAT)
    connected.connection.abort()
    connected.answer()
    assert (connected.transport.is_aborted, connected.answers) == (True, 0)


def test_a_request_that_fails_later_is_answered_and_the_next_has_its_turn(connected: Connected) -> None:
    connected.receive(fetch_request("t", max_wait_ms=500), HEARTBEAT, AT_ONCE)
    assert connected.answers == 0
    connected.broker.clock.advance(1)
    assert connected.answers == 1
    connected.putting.promised[0].fail(RuntimeError("the unforeseen"))
    connected.turn()
    assert connected.answers == 3  # a heartbeat has a place for the error
    assert not connected.transport.is_closed


def test_a_request_that_fails_later_without_a_place_for_its_error_closes(connected: Connected) -> None:
    connected.receive(HEARTBEAT, AT_ONCE)
    connected.putting.promised[0].fail(Disconnect("not you"))
    assert (connected.answers, connected.transport.is_closed) == (0, True)


def test_a_fault_of_the_dispatcher_itself_closes_this_connection(
    connected: Connected, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the unforeseen")

    monkeypatch.setattr("odradek.broker.network.dispatch.decode_request_header", fail)
    connected.receive(AT_ONCE)
    assert connected.transport.is_closed
    assert "RuntimeError: the unforeseen" in capfd.readouterr().err


def test_a_connection_that_is_not_admitted_is_aborted_and_its_requests_are_not_read() -> None:
    refused = Connected(admits=False)
    refused.receive(AT_ONCE)
    assert (refused.transport.is_aborted, refused.answers) == (True, 0)
    refused.connection.connection_lost(None)
    assert refused.listener.removed == [refused.connection]


def test_what_comes_from_the_client_counts_as_activity(connected: Connected) -> None:
    assert connected.connection.last_active_s == 100.0
    connected.listener.time = 160.0
    connected.receive(AT_ONCE)
    assert connected.connection.last_active_s == 160.0
    assert not connected.connection.is_overdue(219.0, idle_s=60)
    assert connected.connection.is_overdue(221.0, idle_s=60)


def test_a_client_that_waits_for_an_answer_is_never_idle_while_it_is_listened_to(connected: Connected) -> None:
    connected.receive(HEARTBEAT)
    assert not connected.connection.is_overdue(1e6, idle_s=60)
    connected.receive(*[AT_ONCE] * 1000)  # from here on it could go, and that would not be noticed
    assert connected.connection.is_overdue(1e6, idle_s=60)


def test_an_answer_given_late_counts_as_activity(connected: Connected) -> None:
    connected.receive(HEARTBEAT)
    connected.listener.time = 900.0
    connected.answer()
    assert not connected.connection.is_overdue(901.0, idle_s=60)


def test_a_client_that_takes_nothing_of_its_answer_is_overdue_and_one_that_takes_some_is_not(
    connected: Connected,
) -> None:
    connected.transport.unsent = 5000
    connected.connection.pause_writing()
    assert not connected.connection.is_overdue(200.0, idle_s=60)
    connected.transport.unsent = 4000
    assert not connected.connection.is_overdue(300.0, idle_s=60)
    assert connected.listener.unsent.total_bytes == 4000
    assert connected.connection.is_overdue(361.0, idle_s=60)
    connected.connection.connection_lost(None)
    assert connected.listener.unsent.total_bytes == 0


def test_a_client_that_sends_nothing_more_gets_what_it_has_asked_for_and_is_closed(connected: Connected) -> None:
    connected.receive(HEARTBEAT, AT_ONCE)
    assert connected.connection.eof_received()
    assert not connected.transport.is_closed
    connected.answer()
    assert (connected.answers, connected.transport.is_closed) == (2, True)


def test_a_client_that_sends_nothing_more_and_waits_for_nothing_is_closed(connected: Connected) -> None:
    assert not connected.connection.eof_received()


def test_a_client_that_sends_nothing_more_is_not_kept_for_ever(connected: Connected) -> None:
    connected.receive(HEARTBEAT)
    connected.connection.eof_received()
    assert not connected.connection.is_overdue(100.0 + HALF_CLOSED_S, idle_s=600)
    assert connected.connection.is_overdue(101.0 + HALF_CLOSED_S, idle_s=600)


# Large frames


@pytest.fixture
def two() -> tuple[Connected, Connected]:
    """Two connections of one listener, whose memory is full with one large frame."""
    first, second = Connected(), Connected()
    second.listener.memory = second.connection._listener.memory = first.listener.memory
    return first, second


BEGINNING = struct.pack(">i", LARGE_FRAME)


def test_a_large_frame_waits_in_its_socket_until_there_is_room_for_it(two: tuple[Connected, Connected]) -> None:
    first, second = two
    for one in two:
        one.connection.data_received(BEGINNING + bytes(10))
    assert (first.transport.reads, second.transport.reads) == (True, False)
    assert first.listener.memory.held_bytes == LARGE_FRAME
    first.connection.connection_lost(None)
    assert (second.transport.reads, first.listener.memory.held_bytes) == (True, LARGE_FRAME)
    second.connection.connection_lost(None)
    assert first.listener.memory.held_bytes == 0


def test_a_large_frame_is_counted_until_it_is_answered_however_much_follows(two: tuple[Connected, Connected]) -> None:
    first, _ = two
    frame = frame_of(HEARTBEAT, 4).ljust(LARGE_FRAME, b"\0")
    first.connection.data_received(BEGINNING)
    first.connection.data_received(frame + BEGINNING)
    assert first.listener.memory.held_bytes == LARGE_FRAME
    assert not first.transport.reads  # the next one does not fit beside it
    first.answer()
    assert (first.listener.memory.held_bytes, first.transport.reads) == (LARGE_FRAME, True)
    first.connection.data_received(frame)
    first.answer()
    assert first.listener.memory.held_bytes == 0


def test_a_large_frame_that_does_not_come_on_is_overdue_only_while_others_wait(
    two: tuple[Connected, Connected],
) -> None:
    first, second = two
    first.connection.data_received(BEGINNING)
    assert not first.connection.is_overdue(101.0 + STALLED_FRAME_S, idle_s=600)
    second.connection.data_received(BEGINNING)
    assert not first.connection.is_overdue(99.0 + STALLED_FRAME_S, idle_s=600)
    assert first.connection.is_overdue(101.0 + STALLED_FRAME_S, idle_s=600)
    assert not second.connection.is_overdue(101.0 + STALLED_FRAME_S, idle_s=600)


def test_a_large_frame_that_comes_in_drops_has_its_time_while_others_wait(two: tuple[Connected, Connected]) -> None:
    first, _ = two
    for one in two:
        one.connection.data_received(BEGINNING)
    first.listener.time = 99.0 + SLOWEST_FRAME_S
    first.connection.data_received(b"x")
    assert not first.connection.is_overdue(99.0 + SLOWEST_FRAME_S, idle_s=600)
    assert first.connection.is_overdue(101.0 + SLOWEST_FRAME_S, idle_s=600)


def throttled(seconds: float) -> Connected:
    """A connection whose first heartbeat was answered, and muted for so long."""
    connected = Connected()
    connected.listener.time = connected.broker.clock.now()
    connected.receive(HEARTBEAT)
    connected.connection._session.mute(seconds)  # pyright: ignore[reportPrivateUsage]
    connected.answer()
    assert connected.answers == 1
    return connected


def wait(connected: Connected, seconds: float) -> None:
    connected.listener.time += seconds
    connected.broker.clock.advance(seconds)


def test_a_muted_connection_has_its_answer_at_once_and_its_next_request_later() -> None:
    connected = throttled(30)
    connected.receive(AT_ONCE, AT_ONCE)
    wait(connected, 29.9)
    assert connected.answers == 1
    wait(connected, 0.2)
    connected.turn()
    assert connected.answers == 3


def test_a_muted_connection_whose_reader_comes_back_stays_muted() -> None:
    connected = throttled(30)
    connected.connection.pause_writing()
    connected.receive(AT_ONCE)
    connected.connection.resume_writing()
    connected.turn()
    assert connected.answers == 1
    connected.connection.pause_writing()
    wait(connected, 31)
    assert connected.answers == 1
    connected.connection.resume_writing()
    assert connected.answers == 2


@pytest.mark.parametrize("frames", [(), (AT_ONCE,)])
def test_a_muted_connection_is_closed_for_being_idle_whatever_it_has_sent_ahead(frames: tuple[bytes, ...]) -> None:
    connected = throttled(1000)
    connected.receive(*frames)
    wait(connected, 10)
    assert not connected.connection.is_overdue(connected.listener.time, 10)
    wait(connected, 0.1)
    assert connected.connection.is_overdue(connected.listener.time, 10)


def test_a_connection_has_all_its_time_again_once_it_is_not_muted_any_more() -> None:
    connected = throttled(9)
    wait(connected, 9.1)
    wait(connected, 9.9)
    assert not connected.connection.is_overdue(connected.listener.time, 10)
    wait(connected, 0.2)
    assert connected.connection.is_overdue(connected.listener.time, 10)


def test_a_muted_connection_reads_ahead_and_no_further() -> None:
    connected = throttled(30)
    connected.receive(*[produce_request({"t": {0: batch(b"v" * 30_000)}})] * 3)
    assert not connected.transport.reads
    wait(connected, 31)
    connected.turn()
    assert connected.transport.reads
    assert connected.answers == 4


def test_the_end_of_a_muted_client_is_noticed_at_once() -> None:
    connected = throttled(1000)
    assert not connected.connection.eof_received()
    connected = throttled(1000)
    timers = connected.broker.clock.pending
    connected.connection.connection_lost(None)
    assert connected.listener.removed == [connected.connection]
    assert connected.broker.clock.pending == timers - 1


def test_what_a_client_asked_for_before_its_end_is_answered_after_the_mute() -> None:
    connected = throttled(1000)
    connected.receive(AT_ONCE)
    assert connected.connection.eof_received()
    wait(connected, 999)
    assert not connected.connection.is_overdue(connected.listener.time, 1000)
    wait(connected, 2)
    assert connected.answers == 2
    assert connected.transport.is_closed


def test_an_answer_that_was_due_before_the_mute_has_its_time_after_it() -> None:
    connected = throttled(1000)
    connected.receive(HEARTBEAT)
    connected.connection.eof_received()
    wait(connected, 1001)
    connected.turn()
    assert not connected.connection.is_overdue(connected.listener.time, 10)
    wait(connected, HALF_CLOSED_S + 1)
    assert connected.connection.is_overdue(connected.listener.time, 10)


def test_a_closed_connection_is_not_muted() -> None:
    connected = Connected()
    timers = connected.broker.clock.pending
    connected.connection.abort()
    connected.connection._session.mute(5)  # pyright: ignore[reportPrivateUsage]
    assert connected.broker.clock.pending == timers


def test_a_connection_that_waits_to_be_let_in_is_served_once_it_is() -> None:
    connected = Connected(admits=None)
    connected.receive(AT_ONCE)
    assert (connected.answers, connected.listener.noted) == (0, [])
    connected.connection.let_in()
    assert (connected.answers, len(connected.listener.noted)) == (1, 1)


def test_a_client_that_goes_while_it_waits_to_be_let_in_is_noticed() -> None:
    connected = Connected(admits=None)
    assert not connected.connection.eof_received()
    connected.connection.refuse()
    assert connected.connection.is_closed
    assert connected.transport.is_aborted
    connected.connection.data_received(b"x")
    assert connected.answers == 0
