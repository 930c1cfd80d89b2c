"""Frames: four bytes of length, then that many bytes. The splitter copies no frame that came in one piece.

A length is judged as soon as its four bytes are there, and nothing is allocated for one that is refused.
"""

import struct
from collections.abc import Sequence

from .codec import Segment
from .wire import CorruptFrame

LENGTH_BYTES = 4
MAX_LENGTH = 0x7FFFFFFF

_LENGTH = struct.Struct(">i")
_HTTP_METHODS = (b"GET ", b"HEAD", b"POST", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"TRAC", b"PRI ")
_TLS_HANDSHAKE = b"\x16\x03"

Frame = bytes | memoryview


class RefusedLength(CorruptFrame):
    """A length that no frame may have. `detected_protocol` is what the client seems to speak, or ""."""

    def __init__(self, length: int, max_bytes: int, detected_protocol: str) -> None:
        why = (
            f"looks like {detected_protocol}, which this listener does not speak"
            if detected_protocol
            else f"allowed are 0 to {max_bytes}"
        )
        super().__init__(f"frame of {length} bytes: {why}")
        self.length = length
        self.detected_protocol = detected_protocol


class FrameSplitter:
    """Bytes in as they arrive, whole frames out. A frame in many pieces grows with them, and is never copied whole."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.fault: RefusedLength | None = None
        self._head = b""  # the first bytes of a length
        self._begun = bytearray()
        self._missing = 0  # bytes of the begun frame that have not come yet
        self.begun_bytes = 0  # the size of that frame, 0 where none has begun

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order; they are views on it where they can be.

        A refused length raises RefusedLength; frames in front of it are returned first: then the next call does.
        """
        if self.fault is not None:
            raise self.fault
        frames: list[Frame] = []
        pos = self._complete_begun(data, frames) if self._head or self._missing else 0
        view = memoryview(data)
        end = len(data)
        while end - pos >= LENGTH_BYTES and self.fault is None:
            size = self._length(data[pos : pos + LENGTH_BYTES])
            if self.fault is not None:
                break
            pos += LENGTH_BYTES
            if size > end - pos:
                self._begin(size, view[pos:])
                pos = end
                break
            frames.append(view[pos : pos + size])
            pos += size
        if self.fault is not None:
            if not frames:
                raise self.fault
        elif pos < end:
            self._head = data[pos:]
        return frames

    def _complete_begun(self, data: bytes, frames: list[Frame]) -> int:
        """Give `data` to the frame that has begun; returns how much of it was used."""
        pos = 0
        if not self._missing:
            pos = LENGTH_BYTES - len(self._head)
            head = self._head + data[:pos]
            if len(head) < LENGTH_BYTES:
                self._head = head
                return len(data)
            self._head = b""
            size = self._length(head)
            if self.fault is not None:
                return len(data)
            if size == 0:
                frames.append(b"")
                return pos
            self._begin(size, b"")
        piece = memoryview(data)[pos : pos + self._missing]
        self._begun += piece
        self._missing -= len(piece)
        if not self._missing:
            self.begun_bytes = 0
            frames.append(memoryview(self._begun))
            self._begun = bytearray()
        return pos + len(piece)

    def _begin(self, size: int, piece: Frame) -> None:
        self._begun += piece
        self._missing = size - len(piece)
        self.begun_bytes = size

    def _length(self, head: bytes) -> int:
        size: int = _LENGTH.unpack(head)[0]
        if not 0 <= size <= self.max_bytes:
            self.fault = RefusedLength(size, self.max_bytes, _detect_protocol(head))
        return size


def _detect_protocol(head: bytes) -> str:
    """The protocol that an unknown client's first four bytes give away."""
    if head in _HTTP_METHODS:
        return "HTTP"
    return "TLS" if head[:2] == _TLS_HANDSHAKE else ""


def frame_of(segments: Sequence[Segment]) -> list[Segment]:
    """The segments with their length in front. ValueError when they are more than a length can hold."""
    size = sum(map(len, segments))
    if size > MAX_LENGTH:
        raise ValueError(f"{size} bytes do not fit into one frame")
    return [_LENGTH.pack(size), *segments]
