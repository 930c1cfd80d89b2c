"""Heavy work: batches whose check or recompression takes long, done on one thread, in turns between clients.

The rule: no client's batches keep another's waiting for longer than one batch takes, and what is no longer wanted is
not begun: a client that has gone costs the others what is being done for it, and nothing of what it left behind.
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ..protocol.errors import ErrorCode, KafkaError
from .runtime import Then, Threads

MOST_WAITING_BYTES = 256 * 1024 * 1024  # clients that wait for an answer hold less: queued.max.request.bytes


@dataclass(slots=True)
class _Piece:
    work: Callable[[], None]
    then: Then
    is_wanted: Callable[[], bool]
    size_bytes: int


class HeavyWork:
    """A queue for each client that has work waiting; the thread takes one piece of each in turn."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._lanes: dict[Hashable, deque[_Piece]] = {}  # in the order of their turns
        self._waiting_bytes = 0
        self._is_running = False

    def run(
        self, client: Hashable, work: Callable[[], None], then: Then, is_wanted: Callable[[], bool], size_bytes: int
    ) -> None:
        """As Threads.run, in `client`'s turn, of something that keeps `size_bytes` meanwhile.

        What is not wanted any more when its turn comes is forgotten: `then` is not called. With too much waiting,
        `then` gets a KafkaError that is to be retried, at once.
        """
        if self._waiting_bytes + size_bytes > MOST_WAITING_BYTES:
            self._forget_unwanted()
        if self._waiting_bytes + size_bytes > MOST_WAITING_BYTES:
            then(KafkaError(ErrorCode.REQUEST_TIMED_OUT, "Too many large batches are waiting to be checked"))
            return
        self._waiting_bytes += size_bytes
        self._lanes.setdefault(client, deque()).append(_Piece(work, then, is_wanted, size_bytes))
        if not self._is_running:
            self._run_next()

    def stop(self) -> None:
        """Forget what waits: it has been acknowledged to no client."""
        self._lanes.clear()
        self._waiting_bytes = 0

    def _run_next(self) -> None:
        piece = self._next_wanted()
        if piece is None:
            return
        self._is_running = True

        def done(error: Exception | None) -> None:
            try:
                piece.then(error)
            finally:
                self._is_running = False
                self._run_next()

        self._threads.run(piece.work, done)

    def _next_wanted(self) -> _Piece | None:
        while self._lanes:
            client, lane = next(iter(self._lanes.items()))
            del self._lanes[client]
            piece = lane.popleft()
            if lane:
                self._lanes[client] = lane
            self._waiting_bytes -= piece.size_bytes
            if piece.is_wanted():
                return piece
        return None

    def _forget_unwanted(self) -> None:
        for client, lane in list(self._lanes.items()):
            wanted = deque(piece for piece in lane if piece.is_wanted())
            if wanted:
                self._lanes[client] = wanted
            else:
                del self._lanes[client]
        self._waiting_bytes = sum(piece.size_bytes for lane in self._lanes.values() for piece in lane)
