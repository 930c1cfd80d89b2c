"""The four codecs: what others send, what others read, and what nobody may send."""

import gzip
import os
import struct
from collections.abc import Callable

import cramjam
import pytest

from odradek.protocol.compression import (
    MAX_INFLATED_BYTES,
    WALKED_BYTES,
    Codec,
    compress,
    decompress,
    decompressed_pieces,
)
from odradek.protocol.wire import CorruptFrame

COMPRESSED = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]
TEXT = b"the quick brown fox " * 5000
XERIAL_HEADER = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("size", [0, 1, 40_000, 70_000, 300_000])
def test_what_was_compressed_comes_back(codec: Codec, size: int) -> None:
    for data in (TEXT * 3)[:size], os.urandom(size):
        packed = compress(codec, memoryview(data))
        assert decompress(codec, packed) == data
        assert decompress(codec, memoryview(packed), max_bytes=size) == data


@pytest.mark.parametrize("codec", Codec)
def test_more_than_the_bound_is_refused(codec: Codec) -> None:
    packed = compress(codec, TEXT)
    with pytest.raises(CorruptFrame):
        decompress(codec, packed, max_bytes=len(TEXT) - 1)


@pytest.mark.parametrize("codec", COMPRESSED)
def test_a_bomb_is_refused_at_its_bound(codec: Codec) -> None:
    bomb = compress(codec, bytes(20_000_000))
    with pytest.raises(CorruptFrame):
        decompress(codec, bomb, max_bytes=1_000_000)


@pytest.mark.parametrize("codec", COMPRESSED)
def test_damage_is_a_corrupt_frame(codec: Codec) -> None:
    packed = compress(codec, TEXT)
    for data in (packed[:-9], b"\xff" * 40, packed[:3] + b"\xff\xff\xff" + packed[6:]):
        with pytest.raises(CorruptFrame):
            decompress(codec, data)


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.LZ4, Codec.ZSTD])
def test_no_bytes_at_all_are_damage(codec: Codec) -> None:
    with pytest.raises(CorruptFrame):
        decompress(codec, b"")


@pytest.mark.parametrize("number", [5, 6, 7])
def test_there_are_no_more_codecs(number: int) -> None:
    with pytest.raises(CorruptFrame, match=str(number)):
        decompress(number, b"")
    with pytest.raises(ValueError, match=str(number)):
        compress(number, b"")


def test_gzip_may_have_several_members() -> None:
    assert decompress(Codec.GZIP, gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"
    assert gzip.decompress(compress(Codec.GZIP, TEXT)) == TEXT


def test_snappy_is_read_in_the_framing_of_java_and_as_the_raw_block_of_librdkafka() -> None:
    raw = bytes(cramjam.snappy.compress_raw(TEXT))
    assert decompress(Codec.SNAPPY, raw) == TEXT
    framed = XERIAL_HEADER + struct.pack(">i", len(raw)) + raw + struct.pack(">i", len(raw)) + raw
    assert decompress(Codec.SNAPPY, framed) == TEXT * 2


def test_snappy_is_written_in_the_framing_of_java() -> None:
    packed = compress(Codec.SNAPPY, bytes(70_000))
    assert packed.startswith(XERIAL_HEADER)
    blocks, pos = [], len(XERIAL_HEADER)
    while pos < len(packed):
        (size,) = struct.unpack_from(">i", packed, pos)
        blocks.append(len(bytes(cramjam.snappy.decompress_raw(packed[pos + 4 : pos + 4 + size]))))
        pos += 4 + size
    assert blocks == [32768, 32768, 4464]


@pytest.mark.parametrize("block", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x09abc", b"\x00\x00", b"\x00\x00\x00\x01\xff"])
def test_xerial_blocks_that_lie_are_refused(block: bytes) -> None:
    with pytest.raises(CorruptFrame):
        decompress(Codec.SNAPPY, XERIAL_HEADER + block)


def test_a_raw_snappy_block_that_announces_too_much_is_refused_unread() -> None:
    with pytest.raises(CorruptFrame, match="more than"):
        decompress(Codec.SNAPPY, b"\xff\xff\xff\xff\x0f", max_bytes=1000)


def test_lz4_is_written_as_frames_of_independent_blocks_because_java_reads_no_other() -> None:
    packed = compress(Codec.LZ4, TEXT)
    assert packed[:4] == b"\x04\x22\x4d\x18"
    assert packed[4] & 0x20
    assert bytes(cramjam.lz4.decompress(packed)) == TEXT


@pytest.mark.parametrize(("codec", "levels"), [(Codec.GZIP, (1, 9)), (Codec.LZ4, (1, 12)), (Codec.ZSTD, (1, 19))])
def test_a_higher_level_takes_less_room(codec: Codec, levels: tuple[int, int]) -> None:
    data = b"".join(b"%d:%d;" % (i, i * i) for i in range(20_000))
    low, high = (len(compress(codec, data, level)) for level in levels)
    assert high < low


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("size", [0, 1, 70_000, 3_000_000])
def test_pieces_are_the_whole_and_no_larger_than_is_walked(codec: Codec, size: int) -> None:
    for data in (TEXT * 30)[:size], os.urandom(size):
        pieces = list(decompressed_pieces(codec, memoryview(compress(codec, data))))
        assert b"".join(pieces) == data
        assert max(map(len, pieces), default=0) <= WALKED_BYTES


@pytest.mark.parametrize("codec", Codec)
def test_pieces_beyond_the_bound_are_refused(codec: Codec) -> None:
    pieces: list[bytes | memoryview] = []
    with pytest.raises(CorruptFrame):
        pieces.extend(decompressed_pieces(codec, compress(codec, bytes(5_000_000)), 2_000_000))
    assert sum(map(len, pieces)) <= 2_000_000


@pytest.mark.parametrize("codec", COMPRESSED)
def test_of_a_bomb_only_the_pieces_that_are_asked_for_are_made(codec: Codec, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = compress(codec, bytes(20_000_000))
    made = _spy_on_opening(monkeypatch)
    next(decompressed_pieces(codec, bomb, MAX_INFLATED_BYTES))
    assert sum(made) <= WALKED_BYTES


def _spy_on_opening(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each call of the libraries of lz4 and zstd had room for."""
    made: list[int] = []
    for library in (cramjam.lz4, cramjam.zstd):

        def into(
            data: bytes, out: bytearray, original: Callable[[bytes, bytearray], int] = library.decompress_into
        ) -> int:
            made.append(len(out))
            return original(data, out)

        monkeypatch.setattr(library, "decompress_into", into)
    return made


def test_a_long_row_of_empty_gzip_members_is_opened_little_by_little() -> None:
    row = compress(Codec.GZIP, b"") * 5000 + compress(Codec.GZIP, TEXT)
    assert decompress(Codec.GZIP, row) == TEXT
    assert sum(1 for _ in decompressed_pieces(Codec.GZIP, row)) > 5000


def test_snappy_cannot_say_that_a_few_bytes_are_many() -> None:
    with pytest.raises(CorruptFrame):
        decompress(Codec.SNAPPY, b"\x80\x80\x80\x08" + b"\x00a")
