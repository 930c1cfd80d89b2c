"""One connection, without a socket: one request at a time, in order, and nothing after its end."""

import asyncio
import struct
from collections.abc import Iterable

import pytest

from odradek.broker.deferred import Deferred, Disconnect
from odradek.broker.network.connection import WRITE_HIGH_WATER_BYTES, Connection
from odradek.broker.network.dispatch import Dispatcher
from odradek.broker.network.pipeline import Answer, Proceed, ReceivedRequest
from odradek.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse

from ..handlers.broker_harness import AskedBroker, batch, fetch_request, produce_request
from .test_dispatch import frame_of

MAX_REQUEST_BYTES = 1000


class Transport(asyncio.Transport):
    """What the connection does to its socket."""

    def __init__(self) -> None:
        super().__init__({"peername": ("10.0.0.7", 5000), "sockname": ("10.0.0.1", 9092)})
        self.sent: list[bytes] = []
        self.reads = True
        self.is_closed = self.is_aborted = False
        self.high_water = 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high_water = high or 0

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.sent.append(b"".join(list_of_data))

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
    """Admits a connection or not, and hears of its end."""

    def __init__(self, *, admits: bool) -> None:
        self.admits = admits
        self.time = 100.0
        self.removed: list[Connection] = []

    def now(self) -> float:
        return self.time

    def admit(self, connection: Connection) -> bool:
        return self.admits

    def remove(self, connection: Connection) -> None:
        self.removed.append(connection)


class Putting:
    """A stage that puts heartbeats off until the test answers them."""

    def __init__(self) -> None:
        self.promised: list[Deferred[object]] = []

    def __call__(self, received: ReceivedRequest, proceed: Proceed) -> Answer:
        if not isinstance(received.body, HeartbeatRequest):
            return proceed(received)
        self.promised.append(Deferred())
        return self.promised[-1]


class Connected:
    """A connection to a broker with topic t, and the transport under it."""

    def __init__(self, *, admits: bool = True) -> None:
        self.broker = AskedBroker()
        self.broker.create()
        self.listener, self.putting, self.transport = Listener(admits=admits), Putting(), Transport()
        dispatcher = Dispatcher(self.broker.context, [self.putting])
        self.connection = Connection(self.listener, dispatcher, MAX_REQUEST_BYTES)
        self.connection.connection_made(self.transport)

    def receive(self, *requests: object) -> None:
        """The client's requests, in one read."""
        versions = {"HeartbeatRequest": 4, "FetchRequest": 12, "ProduceRequest": 9}
        frames = [frame_of(request, versions[type(request).__name__]) for request in requests]
        self.connection.data_received(b"".join(struct.pack(">i", len(frame)) + frame for frame in frames))

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
    assert connected.answers == 2
    assert b"v" in connected.transport.sent[1]


def test_the_client_is_known_by_its_address_and_where_it_came_in(connected: Connected) -> None:
    assert connected.connection.host == "10.0.0.7"
    session = connected.connection._session
    assert (session.client_host, session.local_host, session.local_port) == ("/10.0.0.7", "10.0.0.1", 9092)
    assert connected.transport.high_water == WRITE_HIGH_WATER_BYTES


def test_behind_a_request_that_waits_no_other_is_worked_on_and_nothing_is_read(connected: Connected) -> None:
    connected.receive(HEARTBEAT, AT_ONCE)
    assert (connected.answers, connected.transport.reads, connected.connection.is_idle) == (0, False, False)
    connected.answer()
    assert (connected.answers, connected.transport.reads, connected.connection.is_idle) == (2, True, True)


def test_a_request_that_waits_alone_does_not_keep_the_client_from_being_read(connected: Connected) -> None:
    connected.receive(HEARTBEAT)
    assert connected.transport.reads
    assert not connected.connection.is_idle


def test_a_late_response_that_is_none_lets_the_next_request_have_its_turn(connected: Connected) -> None:
    connected.receive(HEARTBEAT, AT_ONCE)
    connected.putting.promised[0].answer(None)
    assert connected.answers == 1


def test_a_client_that_reads_too_slowly_has_its_next_request_wait(connected: Connected) -> None:
    connected.connection.pause_writing()
    connected.receive(AT_ONCE, AT_ONCE)
    assert (connected.answers, connected.transport.reads) == (0, False)
    connected.connection.resume_writing()
    assert (connected.answers, connected.transport.reads) == (2, True)


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
    connected.connection.close_idle()
    assert connected.transport.is_closed
    connected.receive(AT_ONCE)
    assert connected.answers == 1
