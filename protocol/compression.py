"""The four codecs of a batch. What comes out is bounded before it is made; libraries are loaded on first use.

snappy is written in the framing of the Java client ("xerial") and read in that framing or as one raw block, which is
what librdkafka and franz-go send. lz4 is written as frames of independent blocks, the only kind Java clients read.
"""

import struct
import zlib
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from .wire import CorruptFrame

# Kafka has no bound here; a batch that is a thousand times larger inside is no client's honest work.
MAX_INFLATED_BYTES = 256 << 20
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
    pieces: list[bytes] = []
    room = max_bytes
    rest = bytes(data)
    while rest or not pieces:  # RFC 1952 allows several members behind each other
        member = zlib.decompressobj(_GZIP)
        try:
            piece = member.decompress(rest, room + 1)
        except zlib.error as fault:
            raise CorruptFrame(f"gzip: {fault}") from fault
        room -= len(piece)
        if room < 0:
            raise CorruptFrame(f"gzip: more than {max_bytes} bytes")
        if not member.eof:
            raise CorruptFrame("gzip: cut short")
        pieces.append(piece)
        rest = member.unused_data
    return b"".join(pieces)


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
    view = memoryview(data)
    if bytes(view[: len(_XERIAL_MAGIC)]) != _XERIAL_MAGIC:
        return _raw_snappy(view, max_bytes)
    out = bytearray()
    pos = len(_XERIAL_HEADER)
    while pos < len(view):
        if pos + _INT.size > len(view):
            raise CorruptFrame("snappy: cut short")
        size: int = _INT.unpack_from(view, pos)[0]
        pos += _INT.size
        if not 0 <= size <= len(view) - pos:
            raise CorruptFrame(f"snappy: block of {size} bytes")
        out += _raw_snappy(view[pos : pos + size], max_bytes - len(out))
        pos += size
    return bytes(out)


def _raw_snappy(block: memoryview, max_bytes: int) -> bytes:
    import cramjam

    try:
        size = int(cramjam.snappy.decompress_raw_len(block)) if len(block) else 0
        if size > max_bytes:
            raise CorruptFrame(f"snappy: more than {max_bytes} bytes")
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError as fault:
        raise CorruptFrame(f"snappy: {fault}") from fault


def _lz4(data: bytes | bytearray | memoryview, level: int) -> bytes:
    import cramjam

    view = memoryview(data)
    out = bytearray(_LZ4_HEADER)
    for at in range(0, len(view), _LZ4_BLOCK_BYTES):
        plain = view[at : at + _LZ4_BLOCK_BYTES]
        block = bytes(cramjam.lz4.compress_block(plain, mode="high_compression", compression=level, store_size=False))
        if len(block) < len(plain):
            out += _LITTLE.pack(len(block))
            out += block
        else:
            out += _LITTLE.pack(len(plain) | _LZ4_STORED)
            out += plain
    return bytes(out + _LZ4_END)


def _zstd(data: bytes | bytearray | memoryview, level: int) -> bytes:
    import cramjam

    return bytes(cramjam.zstd.compress(data, level=level))


def _unlz4(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    import cramjam

    return _grown("lz4", cramjam.lz4.decompress_into, data, max_bytes)


def _unzstd(data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    import cramjam

    return _grown("zstd", cramjam.zstd.decompress_into, data, max_bytes)


def _grown(name: str, into: Callable[..., Any], data: bytes | bytearray | memoryview, max_bytes: int) -> bytes:
    """Decompress into room that is widened as long as it does not suffice: a bomb meets its bound."""
    import cramjam

    if not len(data):
        raise CorruptFrame(f"{name}: nothing there")
    room = min(max_bytes, max(64 * 1024, 8 * len(data)))
    while True:
        out = bytearray(room)
        try:
            return bytes(memoryview(out)[: int(into(data, out))])
        except cramjam.DecompressionError as fault:
            if "whole buffer" not in str(fault) or room == max_bytes:
                raise CorruptFrame(f"{name}: {fault}") from fault
            room = min(max_bytes, room * 4)


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
