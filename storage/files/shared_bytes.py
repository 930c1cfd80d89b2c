"""SharedBytes: what a file in memory holds, in pieces that a copy shares until one of the two writes to them.

The one rule: a piece that anyone else may hold is never changed; it is copied first, that piece alone. So a copy of a
gigabyte takes as long as a list of its pieces, and what follows costs a piece at most.
"""

from collections.abc import Iterator, Sequence

Buffer = bytes | bytearray | memoryview

PIECE_BYTES = 1 << 20


class SharedBytes:
    """Bytes that grow, are overwritten and cut. Every piece but the last is PIECE_BYTES long."""

    __slots__ = ("_pieces", "_shared", "size")

    def __init__(self, data: bytes = b"") -> None:
        self._pieces: list[bytearray] = []
        self._shared: set[int] | None = None  # the pieces that others may hold
        self.size = 0
        if data:
            self.write([data], 0)

    def copy(self) -> "SharedBytes":
        """The same bytes; neither sees what the other does from now on."""
        other = SharedBytes()
        other._pieces, other.size = list(self._pieces), self.size
        if self._pieces:
            self._shared, other._shared = set(range(len(self._pieces))), set(range(len(self._pieces)))
        return other

    def read(self, position: int, size: int) -> bytes:
        """Up to so many bytes; a copy, since a view would forbid the piece to grow while somebody sends it."""
        end = min(position + size, self.size)
        if position >= end:
            return b""
        parts = [bytes(memoryview(self._pieces[at])[start:stop]) for at, start, stop in _spans(position, end)]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, buffers: Sequence[Buffer], position: int) -> None:
        """Put all buffers at `position`, with zeros before it where there was nothing."""
        if position > self.size:
            self._put(bytes(position - self.size), self.size)
        for buffer in buffers:
            self._put(buffer, position)
            position += len(buffer)

    def truncate(self, size: int) -> None:
        """Cut, or fill with zeros."""
        if size > self.size:
            self._put(bytes(size - self.size), self.size)
            return
        count = -(-size // PIECE_BYTES)
        del self._pieces[count:]
        if self._shared is not None:
            self._shared = {at for at in self._shared if at < count}
        self.size = size
        if size % PIECE_BYTES:
            del self._own(count - 1)[size % PIECE_BYTES :]

    def _put(self, data: Buffer, position: int) -> None:
        """Within the bytes or at their end."""
        if not data:
            return
        end = position + len(data)
        if position // PIECE_BYTES == (end - 1) // PIECE_BYTES:
            self._put_into(position // PIECE_BYTES, position % PIECE_BYTES, data)
        else:
            view = memoryview(data)
            done = 0
            for at, start, stop in _spans(position, end):
                self._put_into(at, start, view[done : done + stop - start])
                done += stop - start
        self.size = max(self.size, end)

    def _put_into(self, at: int, start: int, data: Buffer) -> None:
        if at == len(self._pieces):
            self._pieces.append(bytearray(data))
            return
        piece = self._own(at)
        if start == len(piece):
            piece += data
        else:
            piece[start : start + len(data)] = data

    def _own(self, at: int) -> bytearray:
        """A piece that may be changed."""
        if self._shared is not None and at in self._shared:
            self._pieces[at] = bytearray(self._pieces[at])
            self._shared.discard(at)
        return self._pieces[at]


def _spans(position: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The pieces from a position to an end, and which part of each."""
    while position < end:
        at, start = divmod(position, PIECE_BYTES)
        stop = min(PIECE_BYTES, start + end - position)
        yield at, start, stop
        position += stop - start
