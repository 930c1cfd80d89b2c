"""The four codecs of a batch. What comes out is bounded before it is made; libraries are loaded on first use.

snappy is written in the framing of the Java client ("xerial") and read in that framing or as one raw block, which is
what librdkafka and franz-go send. lz4 is written as frames of independent blocks, the only kind Java clients read.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum

from .wire import CorruptFrame

# Kafka has no bound here; a batch that is a thousand times larger inside is no client's honest work.
MAX_INFLATED_BYTES = 256 << 20
PIECE_BYTES = 64 * 1024
WALKED_BYTES = 1 << 20  # of what is opened in one go, where a walk is all that it is opened for
_GZIP_FED_BYTES = 4096
_SNAPPY_RATIO = 64  # a copy of 64 bytes takes two at least
_GZIP = 31  # zlib's window bits for RFC 1952
_XERIAL_MAGIC = b"\x82SNAPPY\x00"
_XERIAL_HEADER = _XERIAL_MAGIC + struct.pack(">ii", 1, 1)
_XERIAL_BLOCK_BYTES = 32 * 1024
_LZ4_HEADER = b"\x04\x22\x4d\x18\x60\x40\x82"  # version 1, independent blocks of 64 KiB; the last byte sums the flags
_LZ4_BLOCK_BYTES = 64 * 1024
_LZ4_STORED = 0x80000000
_LZ4_END = bytes(4)
_INT = struct.Struct(">i")
_LITTLE = struct.Struct("<I")


class Codec(IntEnum):
    """The low three bits of a batch's attributes."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


# Kafka's own levels, where a topic sets none (KIP-390); None: the codec has no levels.
DEFAULT_LEVELS = {Codec.GZIP: -1, Codec.LZ4: 9, Codec.ZSTD: 3}


def compress(codec: int, data: bytes | bytearray | memoryview, level: int | None = None) -> bytes:
    """The records as a batch of that codec carries them. ValueError for a codec that does not exist."""
    chosen = Codec(codec)
    if level is None:
        level = DEFAULT_LEVELS.get(chosen, 0)
    return _COMPRESSORS[chosen](data, level)


def decompress(codec: int, data: bytes | bytearray | memoryview, max_bytes: int = MAX_INFLATED_BYTES) -> bytes:
    """The records behind a codec; CorruptFrame if they are damaged, more than `max_bytes`, or of no known codec."""
    decompressor = _DECOMPRESSORS.get(codec)
    if decompressor is None:
        raise CorruptFrame(f"no codec has the number {codec}")
    return decompressor(data, max_bytes)


def _stored(data: bytes | bytearray | memoryview, _: int) -> bytes:
    return bytes(data)


def _gzip(data: bytes | bytearray | memoryview, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return packer.compress(data) + packer.flush()


def _gunzip(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    return _joined("gzip", _gunzipped(data), max_bytes)


def _gunzipped(data: bytes | bytearray | memoryview) -> Iterator[bytes]:
    """RFC 1952 allows several members behind each other. What follows one is copied: they are fed little at a time."""
    view = memoryview(data)
    member = zlib.decompressobj(_GZIP)
    for at in range(0, len(view), _GZIP_FED_BYTES):
        rest = bytes(view[at : at + _GZIP_FED_BYTES])
        while rest:
            if member.eof:
                member = zlib.decompressobj(_GZIP)
            size = PIECE_BYTES
            while size == PIECE_BYTES:  # it may have more of what it was fed
                try:
                    piece = member.decompress(rest, PIECE_BYTES)
                except zlib.error as fault:
                    raise CorruptFrame(f"gzip: {fault}") from fault
                yield piece
                size, rest = len(piece), member.unconsumed_tail
            rest = member.unused_data
    if not member.eof:
        raise CorruptFrame("gzip: cut short")


def _joined(name: str, pieces: Iterable[bytes], max_bytes: int) -> bytes:
    room, parts = max_bytes, list[bytes]()
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise CorruptFrame(f"{name}: more than {max_bytes} bytes")
        parts.append(piece)
    return b"".join(parts)


def _xerial(data: bytes | bytearray | memoryview, _: int) -> bytes:
    import cramjam

    view = memoryview(data)
    out = bytearray(_XERIAL_HEADER)
    for at in range(0, len(view), _XERIAL_BLOCK_BYTES):
        block = bytes(cramjam.snappy.compress_raw(view[at : at + _XERIAL_BLOCK_BYTES]))
        out += _INT.pack(len(block))
        out += block
    return bytes(out)


def _unsnappy(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    return _joined("snappy", _unsnapped(data, max_bytes), max_bytes)


def _unsnapped(data: bytes | bytearray | memoryview, max_bytes: int) -> Iterator[bytes]:
    """Block by block: a block cannot be opened by halves, but opens to no more than some twenty times its size."""
    view = memoryview(data)
    if bytes(view[: len(_XERIAL_MAGIC)]) != _XERIAL_MAGIC:
        yield _raw_snappy(view, max_bytes)
        return
    pos = len(_XERIAL_HEADER)
    while pos < len(view):
        if pos + _INT.size > len(view):
            raise CorruptFrame("snappy: cut short")
        size: int = _INT.unpack_from(view, pos)[0]
        pos += _INT.size
        if not 0 <= size <= len(view) - pos:
            raise CorruptFrame(f"snappy: block of {size} bytes")
        piece = _raw_snappy(view[pos : pos + size], max_bytes)
        max_bytes -= len(piece)
        yield piece
        pos += size


def _raw_snappy(block: memoryview, max_bytes: int) -> bytes:
    import cramjam

    try:
        size = int(cramjam.snappy.decompress_raw_len(block)) if len(block) else 0
        if size > max_bytes:
            raise CorruptFrame(f"snappy: more than {max_bytes} bytes")
        if size > _SNAPPY_RATIO * len(block):
            raise CorruptFrame(f"snappy: {len(block)} bytes cannot hold {size}")
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError as fault:
        raise CorruptFrame(f"snappy: {fault}") from fault


def _lz4(data: bytes | bytearray | memoryview, level: int) -> bytes:
    import cramjam

    view = memoryview(data)
    out = bytearray(_LZ4_HEADER)
    for at in range(0, len(view), _LZ4_BLOCK_BYTES):
        # cramjam's compress_block takes a level and leaves it unused; of its frames, whose blocks depend on those
        # before them, one of a single block has what is wanted here.
        frame = memoryview(cramjam.lz4.compress(view[at : at + _LZ4_BLOCK_BYTES], level=level))
        (size,) = _LITTLE.unpack_from(frame, len(_LZ4_HEADER))
        out += frame[len(_LZ4_HEADER) :][: _LITTLE.size + (size & ~_LZ4_STORED)]
    return bytes(out + _LZ4_END)


def _zstd(data: bytes | bytearray | memoryview, level: int) -> bytes:
    import cramjam

    return bytes(cramjam.zstd.compress(data, level=level))


def _unlz4(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    return _grown("lz4", data, max_bytes)


def _unzstd(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    return _grown("zstd", data, max_bytes)


def _grown(name: str, data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    """Decompress into room that is widened as long as it does not suffice: a bomb meets its bound."""
    room = _first_room(data, max_bytes)
    while True:
        out, size, is_whole = _fill_room(name, data, room)
        if is_whole:
            return bytes(memoryview(out)[:size])
        if room == max_bytes:
            raise CorruptFrame(f"{name}: more than {max_bytes} bytes")
        room = min(max_bytes, room * 4)


def _grown_pieces(name: str, data: bytes | bytearray | memoryview, max_bytes: int) -> Iterator[bytes]:
    """The same, giving away what there is before more is asked for: the library opens a beginning, and no rest."""
    room, given = min(_first_room(data, max_bytes), WALKED_BYTES), 0
    while True:
        out, size, is_whole = _fill_room(name, data, room)
        view = memoryview(out)
        if not given and size <= WALKED_BYTES:
            yield bytes(view[:size])
        else:
            for at in range(given, size, PIECE_BYTES):
                yield bytes(view[at : min(at + PIECE_BYTES, size)])
        given = size
        if is_whole:
            return
        if room == max_bytes:
            raise CorruptFrame(f"{name}: more than {max_bytes} bytes")
        room = min(max_bytes, room * 4)


def _first_room(data: bytes | bytearray | memoryview, max_bytes: int) -> int:
    return min(max_bytes, max(64 * 1024, 8 * len(data)))


def _fill_room(name: str, data: bytes | bytearray | memoryview, room: int) -> tuple[bytearray, int, bool]:
    """As much as finds room: where, how many bytes, and whether that is all."""
    import cramjam

    if not len(data):
        raise CorruptFrame(f"{name}: nothing there")
    out = bytearray(room)
    try:
        return out, int(getattr(cramjam, name).decompress_into(data, out)), True
    except cramjam.DecompressionError as fault:
        if "whole buffer" not in str(fault):
            raise CorruptFrame(f"{name}: {fault}") from fault
        return out, room, False


def decompressed_pieces(
    codec: int, data: bytes | bytearray | memoryview, max_bytes: int = MAX_INFLATED_BYTES
) -> Iterator[bytes | memoryview]:
    """The same bytes in pieces, some of them empty, each made when it is asked for; the faults of `decompress`.

    What is not compressed comes as views on `data`.

    Who walks over them has at most about a megabyte of them in memory, of gzip and snappy. The libraries of lz4 and
    zstd open a batch from its beginning only: what a larger one has opened to so far is held, up to `max_bytes`.
    """
    pieces: Iterator[bytes | memoryview]
    if codec == Codec.NONE:
        view = memoryview(data)
        pieces = (view[at : at + WALKED_BYTES] for at in range(0, len(view), WALKED_BYTES))
    elif codec == Codec.GZIP:
        pieces = _gunzipped(data)
    elif codec == Codec.SNAPPY:
        pieces = _unsnapped(data, max_bytes)
    elif codec in (Codec.LZ4, Codec.ZSTD):
        pieces = _grown_pieces(Codec(codec).name.lower(), data, max_bytes)
    else:
        raise CorruptFrame(f"no codec has the number {codec}")
    room = max_bytes
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise CorruptFrame(f"more than {max_bytes} bytes")
        yield piece


_COMPRESSORS: dict[Codec, Callable[[bytes | bytearray | memoryview, int], bytes]] = {
    Codec.NONE: _stored,
    Codec.GZIP: _gzip,
    Codec.SNAPPY: _xerial,
    Codec.LZ4: _lz4,
    Codec.ZSTD: _zstd,
}


def _plain(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        raise CorruptFrame(f"more than {max_bytes} bytes")
    return bytes(data)


_DECOMPRESSORS: dict[int, Callable[[bytes | bytearray | memoryview, int], bytes]] = {
    Codec.NONE: _plain,
    Codec.GZIP: _gunzip,
    Codec.SNAPPY: _unsnappy,
    Codec.LZ4: _unlz4,
    Codec.ZSTD: _unzstd,
}
