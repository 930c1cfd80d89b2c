"""LogWriter: lines on their way to a descriptor that may not take them: a pipe that is not read, a disk that hangs.

The rule: whoever logs never waits. A thread of its own writes, the lines that wait for it are bounded, and those for
which there is no room are counted, and the count is written when there is. It is a daemon: a stop waits for what is
being read, and for nothing that is not.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

MOST_WAITING_BYTES = 1 << 20
_WRITE_BYTES = 64 * 1024
_PATIENCE_S = 0.3  # of a stop, with a reader that takes nothing
_LONGEST_DRAIN_S = 5.0
_LOOK_AGAIN_S = 1.0


class LogWriter:
    """Writes lines to a descriptor, in order, on a thread that begins with the first of them."""

    def __init__(
        self,
        descriptor: int,
        lost_line: Callable[[int], str],
        later_lines: Callable[[], Iterable[str] | None] = lambda: None,
    ) -> None:
        """`lost_line` words how many lines were lost.

        `later_lines` is asked once a second for lines that are due by then; None: not until something is written.
        """
        self._descriptor = descriptor
        self._lost_line = lost_line
        self._later_lines = later_lines
        self._lines: deque[bytes] = deque()
        self._waiting_bytes = 0  # what is being written included
        self._lost = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def waiting_bytes(self) -> int:
        """What is not written yet."""
        return self._waiting_bytes

    def put(self, line: str) -> None:
        """Write a line when its turn comes, unless too much waits already."""
        data = line.encode(errors="backslashreplace") + b"\n"
        with self._changed:
            if self._waiting_bytes + len(data) > MOST_WAITING_BYTES:
                self._lost += 1
                return
            self._lines.append(data)
            self._waiting_bytes += len(data)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="odradek-log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def look(self) -> None:
        """There may be later lines from now on."""
        with self._changed:
            self._changed.notify_all()

    def drain(self) -> None:
        """Wait until all of it is written, for as long as there is progress, and not for ever."""
        for line in self._later_lines() or ():
            self.put(line)
        slices = int(_LONGEST_DRAIN_S / _PATIENCE_S)
        with self._changed:
            for _ in range(slices):
                before = self._waiting_bytes
                if not before or (not self._changed.wait(_PATIENCE_S) and self._waiting_bytes == before):
                    return

    def close(self) -> None:
        """Let the thread end with what it has begun; what comes after it starts another."""
        thread = self._thread
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if thread is not None:
            thread.join()
        self._is_closed = False

    def _run(self) -> None:
        while not self._is_closed:
            due: Iterable[str] | None = None
            with self._changed:
                while not self._lines and not self._is_closed:
                    due = self._later_lines()
                    if due or not self._changed.wait(None if due is None else _LOOK_AGAIN_S):
                        break
                taken = self._take()
            for line in due or ():
                self.put(line)
            if not taken:
                continue
            with suppress(OSError):  # a line that cannot be written is lost: the disk may be full
                self._write(b"".join(taken))
            with self._changed:
                self._waiting_bytes -= sum(map(len, taken))
                lost, self._lost = self._lost, 0
                self._changed.notify_all()
            if lost:
                self.put(self._lost_line(lost))

    def _take(self) -> list[bytes]:
        taken: list[bytes] = []
        size = 0
        while self._lines and (not taken or size + len(self._lines[0]) <= _WRITE_BYTES):
            taken.append(self._lines.popleft())
            size += len(taken[-1])
        return taken

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:  # somebody who shares the pipe has made it so
                select.select([], [self._descriptor], [])
