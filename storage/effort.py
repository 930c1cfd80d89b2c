"""How much the check of a batch may cost: a few milliseconds on the loop, or what it takes on a thread.

The rule: how large a batch is inside shows only when it is opened. So it is opened piece by piece, and a light effort
gives up where it has become too much, before more is opened.
"""

from collections.abc import Callable, Iterator

from ..protocol.batch import RecordBatch
from ..protocol.compression import WALKED_BYTES, Codec, decompress, decompressed_pieces
from ..protocol.wire import CorruptFrame
from .log_config import LONG_MAX


class HeavyBatch(Exception):
    """The check of a batch takes longer than the loop can be kept: it is to be made on a thread."""


class Effort:
    """How much a check may cost: without any bound but the memory's, pausing where others may be let in."""

    most_steps: int | None = None
    most_listed = LONG_MAX

    def __init__(self, pause: Callable[[], None] | None = None) -> None:
        self._pause = pause

    def opened(self, batch: RecordBatch) -> Iterator[bytes | memoryview]:
        """The bytes of the batch's records in pieces. CorruptFrame."""
        for piece in decompressed_pieces(batch.codec, batch.records):
            yield piece
            if self._pause is not None:
                self._pause()

    def opened_whole(self, batch: RecordBatch, most_bytes: int) -> bytes:
        """The same, all of it, to be compressed again. CorruptFrame if it is more than `most_bytes`."""
        return decompress(batch.codec, batch.records, most_bytes)


class LightEffort(Effort):
    """A few milliseconds: HeavyBatch if that is not enough."""

    most_steps = 4000  # about half a microsecond each, twice that on a slow machine
    most_listed = 1000
    _most_pieces = 32
    _most_bytes = WALKED_BYTES
    _most_recompressed_bytes = 32 * 1024
    _most_compressed_bytes = 256 * 1024

    def opened(self, batch: RecordBatch) -> Iterator[bytes | memoryview]:
        """As above, as long as there is little of it."""
        if batch.codec != Codec.NONE and batch.size_bytes > self._most_compressed_bytes:
            raise HeavyBatch
        room = self._most_bytes
        for number, piece in enumerate(decompressed_pieces(batch.codec, batch.records)):
            room -= len(piece)
            if room < 0 or number > self._most_pieces:
                raise HeavyBatch
            yield piece

    def opened_whole(self, batch: RecordBatch, most_bytes: int) -> bytes:
        """As above, of what any codec compresses soon at any level."""
        limit = min(most_bytes, self._most_recompressed_bytes)
        try:
            return decompress(batch.codec, batch.records, limit)
        except CorruptFrame as fault:
            if limit == most_bytes:
                raise
            raise HeavyBatch from fault


WITHOUT_HASTE = Effort()
LIGHT = LightEffort()
