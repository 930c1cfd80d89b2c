"""One client connection: frames in, segments out, one request at a time.

Answers leave in the order of the requests because the next request is taken only when the last one was answered,
as Apache Kafka mutes the socket. What a client sends ahead waits in its own socket once it is more than a little.
"""

import asyncio
from collections import deque
from functools import partial
from typing import Protocol, cast

from ...protocol.codec import Segment
from ...protocol.frame import Frame, FrameSplitter
from ...protocol.wire import CorruptFrame
from ..deferred import Deferred, Disconnect
from ..log_output import get_logger
from ..runtime import TimerHandle, Timers
from ..session import Session
from ..unsent_answers import UnsentAnswers
from .dispatch import Dispatcher
from .request_memory import SMALL_BYTES, RequestMemory
from .turns import Turns

logger = get_logger("connection")

# A reader slower than this has its next request wait: at most one answer is buffered beyond it.
WRITE_HIGH_WATER_BYTES = 256 * 1024
# What is sent ahead is read up to here: a client that has gone is noticed only while its socket is read.
READ_AHEAD_BYTES = 64 * 1024
# How long an answer is waited for whose client sends nothing more, and may have gone altogether.
HALF_CLOSED_S = 30.0
# While others wait for memory, a large frame must come on, and come to its end.
STALLED_FRAME_S = 5.0
SLOWEST_FRAME_S = 60.0


class Listener(Protocol):
    """What a connection asks of the server that accepted it."""

    timers: Timers
    turns: Turns
    memory: RequestMemory
    unsent: UnsentAnswers

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def arrive(self, connection: "Connection") -> None:
        """Someone has connected, and is to be let in or refused, now or later."""
        ...

    def remove(self, connection: "Connection") -> None:
        """The connection is closed."""
        ...

    def note_client(self, session: Session, /) -> None:
        """Someone has connected, and was admitted."""
        ...

    def expect_login(self, session: Session, /) -> None:
        """Someone has connected: on a listener with SASL a login is to come first."""
        ...


class Connection(asyncio.Protocol):
    """asyncio's view of a client. Everything of meaning happens in the dispatcher."""

    def __init__(
        self, listener: Listener, dispatcher: Dispatcher, max_request_bytes: int, listener_name: str = "PLAINTEXT"
    ) -> None:
        self._listener = listener
        self.listener_name = listener_name
        self._turns = listener.turns
        self._dispatcher = dispatcher
        self._splitter = FrameSplitter(max_request_bytes)
        self._frames: deque[tuple[Frame, int]] = deque()  # each with what it counts in the request memory
        self._ahead_bytes = 0  # of those frames
        self._begun_held_bytes = self._taken_held_bytes = 0  # likewise, of the frames before and behind them
        self._deferred: Deferred[list[Segment] | None] | None = None  # the answer that is being worked on
        self._unsent_bytes = 0
        self._is_write_paused = False
        self._muted: TimerHandle | None = None  # throttled by a quota until it fires (KIP-219)
        self._is_waiting = False  # to be let in
        self._is_held = False  # one of these three
        self.is_reading_paused = False
        self._is_frame_paused = False  # there is no room for the frame that has begun
        self._is_taking = False
        self._is_queued = False
        self._is_closed = False
        self._half_closed_s: float | None = None
        self._frame_began_s: float | None = None
        self.last_active_s = self._connected_s = 0.0
        self.host = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        local = transport.get_extra_info("sockname")
        self.host = str(peer[0]) if peer else "unknown"
        self._session = Session(f"/{self.host}", str(local[0]), int(local[1]), self.listener_name)
        self._session.client_port = int(peer[1]) if peer else 0
        self._session.mute = self._mute
        self._session.limit_frames = self._limit_frames
        self._listener.expect_login(self._session)
        self.transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)
        self.last_active_s = self._connected_s = self._listener.now()
        self._listener.arrive(self)

    def know_user(self, user: str) -> None:
        """The client has shown who it is."""
        self._session.user = user

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is taken from it."""
        return self._is_closed

    def hold(self) -> None:
        """Take no requests until it is let in; what comes is read ahead, so that its end is noticed."""
        self._is_waiting = self._is_held = True

    def let_in(self) -> None:
        """Serve it from now on."""
        self.last_active_s = self._listener.now()
        self._listener.note_client(self._session)
        if self._is_waiting:
            self._is_waiting = False
            self._is_held = self._is_write_paused
            self._take_next()

    def refuse(self) -> None:
        """Close at once, unanswered."""
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        self._drop_frames()
        self._note_unsent(0)
        self._listener.memory.forget(self)
        self._release(self._begun_held_bytes + self._taken_held_bytes)
        self._listener.remove(self)
        self._session.mute = lambda seconds: None  # no cycle is left behind
        self._session.limit_frames = lambda most_bytes: None
        if self._muted is not None:
            self._muted.cancel()
        if self._deferred is not None:
            self._deferred.drop()
            self._deferred = None
        if self._session.on_closed is not None:
            self._session.on_closed()
            self._session.on_closed = None

    def data_received(self, data: bytes) -> None:
        if self._is_closed:
            return
        self.last_active_s = self._listener.now()
        try:
            frames = self._splitter.feed(data)
        except CorruptFrame as error:
            self._close(str(error))
            return
        for frame in frames:
            self._frames.append((frame, self._begun_held_bytes))
            self._ahead_bytes += len(frame)
            self._begun_held_bytes = 0
        if self._splitter.begun_bytes or self._frame_began_s is not None:
            self._admit_begun()
        self._take_next()

    def eof_received(self) -> bool:
        """The client sends nothing more: what it has asked for is still answered, then the connection is closed."""
        self._half_closed_s = self._listener.now()
        return not self.is_idle and not self._is_closed

    def pause_writing(self) -> None:
        self._is_write_paused = self._is_held = True

    def resume_writing(self) -> None:
        self._is_write_paused = False
        self._is_held = self._muted is not None
        self._note_unsent(0)
        self._take_next()

    def _mute(self, seconds: float) -> None:
        """Take no further request for so long; what comes is read ahead as ever: else its end would go unnoticed."""
        if not self._is_closed:
            self._is_held = True
            self._muted = self._listener.timers.call_at(self._listener.now() + seconds, self._unmute)

    def _unmute(self) -> None:
        self._muted = None
        self._is_held = self._is_write_paused
        self.last_active_s = self._listener.now()  # from now on the client may be late
        if self._half_closed_s is not None:
            self._half_closed_s = self.last_active_s
        self._take_next()

    def _limit_frames(self, most_bytes: int) -> None:
        self._splitter.max_bytes = most_bytes

    def resume_frame(self) -> None:
        """There is room for the frame that has begun."""
        self._is_frame_paused = False
        self._begun_held_bytes = self._splitter.begun_bytes
        self._frame_began_s = self._listener.now()
        self._match_reading()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being worked on."""
        return self._deferred is None and not self._frames

    def is_overdue(self, now: float, idle_s: float) -> bool:
        """Whether nothing has come or gone for `idle_s`, or it holds what others need for too long.

        A client that waits for an answer, and is listened to meanwhile, may wait as long as the answer takes; one that
        is muted has to send something, as in Kafka, or to come again.
        """
        if self._is_write_paused and (unsent := self.transport.get_write_buffer_size()) != self._unsent_bytes:
            self._note_unsent(unsent)
            self.last_active_s = now
        authentication = self._session.authentication
        if authentication is not None and authentication.is_pending and now - self._connected_s > idle_s:
            return True  # however much of its login has trickled in
        is_late = self._half_closed_s is not None and now - self._half_closed_s > HALF_CLOSED_S
        if is_late and self._muted is None:
            return True
        quiet_s = now - self.last_active_s
        if (
            self._frame_began_s is not None
            and self._listener.memory.is_short
            and (quiet_s > STALLED_FRAME_S or now - self._frame_began_s > SLOWEST_FRAME_S)
        ):
            return True
        return quiet_s > idle_s and (self.is_idle or self.is_reading_paused or self._is_held)

    def abort(self) -> None:
        """Close at once."""
        self._is_closed = True
        self.transport.abort()

    def take_turn(self) -> None:
        """Work on the next frame, if it can be; the queue of turns has come to this connection."""
        self._is_queued = False
        if self._may_take():
            self._take()
        self._after_taking()

    def _take_next(self) -> None:
        """Work on the next frame now or when its turn comes, unless something is in the way."""
        if self._is_taking:  # an answer sent from within may resume writing
            return
        if self._may_take() and not self._is_queued and self._turns.may_begin():
            self._take()
            self._turns.note_end()
        self._after_taking()

    def _may_take(self) -> bool:
        return bool(self._frames) and self._deferred is None and not self._is_held and not self._is_closed

    def _after_taking(self) -> None:
        if self._frames and not self._is_queued and self._may_take():
            self._is_queued = True
            self._turns.queue(self)
        if self.is_reading_paused or self._is_frame_paused or self._ahead_bytes > READ_AHEAD_BYTES:
            self._match_reading()
        is_last = self._splitter.fault is not None or self._half_closed_s is not None
        if is_last and self.is_idle and not self._is_closed:
            if self._splitter.fault is not None:
                # A length that no frame may have ends the connection, after the requests in front of it.
                self._close(str(self._splitter.fault))
            else:
                self._is_closed = True
                self.transport.close()

    def _take(self) -> None:
        frame, self._taken_held_bytes = self._frames.popleft()
        self._ahead_bytes -= len(frame)
        self._is_taking = True
        self._dispatcher.hold()
        try:
            self._answer(frame)
        finally:
            self._dispatcher.complete_ready()
            self._is_taking = False

    def _answer(self, frame: Frame) -> None:
        try:
            answer = self._dispatcher.receive(frame, self._session)
        except Exception as error:
            self._fail(error)
            return
        if isinstance(answer, Deferred):
            self._deferred = answer
            answer.deliver_to(self._send_deferred, self._fail)
        else:
            self._send(answer)

    def _send_deferred(self, answer: list[Segment] | None) -> None:
        """The deferred response has come.

        Where another client's request brought it, that one is answered first, as in Kafka: the leader of a group does
        not learn of its assignment later than those for whom it made theirs.
        """
        if self._is_taking:
            self._finish(answer)
        else:
            self._dispatcher.after_request(partial(self._finish, answer))

    def _finish(self, answer: list[Segment] | None) -> None:
        self._deferred = None
        self.last_active_s = self._listener.now()
        if self._is_closed:
            return
        self._send(answer)
        self._take_next()

    def _send(self, answer: list[Segment] | None) -> None:
        if self._is_closed:
            return
        if answer is not None:
            if self._session.damage is not None:
                self._send_damaged(answer)
            else:
                self.transport.writelines(answer)
            if self._is_write_paused:
                self._note_unsent(self.transport.get_write_buffer_size())
            if self._session.last_answer_because:
                self._close(self._session.last_answer_because)
        if self._taken_held_bytes:
            held, self._taken_held_bytes = self._taken_held_bytes, 0
            self._release(held)

    def _send_damaged(self, answer: list[Segment]) -> None:
        """Send what a fault makes of an answer."""
        damage, self._session.damage = self._session.damage, None
        if damage is None:
            return
        damaged, is_last = damage(answer)
        self.transport.writelines(damaged)
        if is_last:
            self._close("a fault cut an answer short")

    def _release(self, held_bytes: int) -> None:
        if held_bytes:
            self._listener.memory.release(held_bytes)

    def _note_unsent(self, size: int) -> None:
        if size != self._unsent_bytes:
            self._listener.unsent.change(size - self._unsent_bytes)
            self._unsent_bytes = size

    def _admit_begun(self) -> None:
        """Count the frame that has begun, or stop reading until there is room for it."""
        size = self._splitter.begun_bytes
        if size <= SMALL_BYTES:
            self._frame_began_s = None
        elif not self._begun_held_bytes and not self._is_frame_paused:
            if self._listener.memory.admit(self, size):
                self._begun_held_bytes = size
                self._frame_began_s = self.last_active_s
            else:
                self._is_frame_paused = True

    def _match_reading(self) -> None:
        """Read on only while there is room, and what was read is being worked off (backpressure)."""
        should_pause = (self._is_frame_paused or self._ahead_bytes > READ_AHEAD_BYTES) and not self._is_closed
        if should_pause and not self.is_reading_paused:
            self.transport.pause_reading()
        elif self.is_reading_paused and not should_pause and not self._is_closed:
            self.transport.resume_reading()
        self.is_reading_paused = should_pause

    def _fail(self, error: Exception) -> None:
        """Close because a frame could not be read or answered."""
        if isinstance(error, CorruptFrame | Disconnect):
            self._close(str(error), is_logged=not (isinstance(error, Disconnect) and error.is_repeated))
            return
        logger.error("a frame could not be handled", client=self.host, exc_info=error)
        self._close(f"an unexpected {type(error).__name__}")

    def _close(self, why: str, *, is_logged: bool = True) -> None:
        """Close without an answer, as Kafka does for what it cannot read."""
        if self._is_closed:
            return
        if is_logged:
            logger.warning("connection closed", client=self.host, client_id=self._session.client_id, why=why)
        self._is_closed = True
        self._drop_frames()
        self.transport.close()

    def _drop_frames(self) -> None:
        self._release(sum(held for _, held in self._frames))
        self._frames.clear()
        self._ahead_bytes = 0
