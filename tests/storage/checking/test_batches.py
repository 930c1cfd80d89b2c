"""Walking batches of any origin: bounded, past wrong checksums, to the first bytes that are no batch."""

import struct

import pytest

from odradek.protocol.batch import HEADER_BYTES
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.checking.batches import BatchWalk, SeenBatch
from odradek.storage.files.memory_files import MemoryFiles

PATH = "/log"


class CountingFiles(MemoryFiles):
    """Knows the largest piece that was asked for."""

    largest = 0

    def read(self, path: str, position: int, size: int) -> bytes:
        self.largest = max(self.largest, size)
        return super().read(path, position, size)


def _one(offset: int, value_bytes: int = 10) -> bytes:
    return build_batch([NewRecord(None, b"x" * value_bytes, 0)], base_offset=offset)


def _walked(data: bytes, **options: int) -> tuple[list[SeenBatch], BatchWalk, CountingFiles]:
    files = CountingFiles()
    files.write(PATH, [data], 0)
    walk = BatchWalk(files, PATH, 0, len(data), **options)
    return list(walk), walk, files


@pytest.mark.parametrize("piece_bytes", [1, 61, 100, 1000, 1 << 20])
def test_every_batch_is_seen_whatever_the_pieces(piece_bytes: int) -> None:
    data = b"".join(_one(n, value_bytes=n * 7) for n in range(30))
    seen, walk, _ = _walked(data, piece_bytes=piece_bytes)
    assert [one.batch.base_offset for one in seen] == list(range(30))
    assert all(one.is_intact and one.is_whole for one in seen)
    assert b"".join(bytes(one.batch.view) for one in seen) == data
    assert (walk.position, walk.problem) == (len(data), None)


def test_a_wrong_checksum_does_not_end_the_walk() -> None:
    data = bytearray(_one(0) + _one(1))
    data[HEADER_BYTES] ^= 1
    seen, walk, _ = _walked(bytes(data))
    assert [(one.batch.base_offset, one.is_intact) for one in seen] == [(0, False), (1, True)]
    assert walk.problem is None


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        (b"x" * 60, "60 bytes are less than a batch header"),
        (bytes(100), "zeros where a batch should begin"),
        (b"\1" * 100, "magic 1 where a batch should begin"),
        (_one(1)[:-1], "a batch of 78 bytes where 77 are left"),
        (_one(1)[:8] + struct.pack(">i", 48) + _one(1)[12:], "a batch of 60 bytes"),
        (_one(1)[:8] + struct.pack(">i", -1) + _one(1)[12:], "a batch of 11 bytes"),
        (_one(1)[:8] + struct.pack(">i", 2**31 - 1) + _one(1)[12:], "a batch of 2147483659 bytes where 78 are left"),
    ],
)
def test_it_ends_where_no_batch_can_be_and_says_why(tail: bytes, problem: str) -> None:
    first = _one(0)
    seen, walk, _ = _walked(first + tail)
    assert len(seen) == 1
    assert (walk.position, walk.problem) == (len(first), problem)


def test_a_batch_beyond_the_bound_is_summed_in_pieces_and_not_held() -> None:
    big = _one(0, value_bytes=50_000)
    seen, walk, files = _walked(big + _one(1), most_batch_bytes=5000, piece_bytes=1000)
    assert [(one.batch.base_offset, one.is_intact, one.is_whole) for one in seen] == [(0, True, False), (1, True, True)]
    assert files.largest <= 1000
    assert walk.problem is None
    damaged = bytearray(big)
    damaged[40_000] ^= 1
    seen, _, _ = _walked(bytes(damaged), most_batch_bytes=5000, piece_bytes=1000)
    assert not seen[0].is_intact


def test_a_file_that_shrinks_meanwhile_is_told() -> None:
    data = _one(0)
    files = MemoryFiles()
    files.write(PATH, [data], 0)
    for end in (len(data) + 61, len(data) + 10_000):
        walk = BatchWalk(files, PATH, 0, end)
        assert len(list(walk)) == 1
        assert walk.problem == "the file is shorter than it was"
