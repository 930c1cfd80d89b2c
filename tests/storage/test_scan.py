"""Walking files whose pieces, or whose batches, are of any size."""

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.integrity import BatchIntegrity
from odradek.storage.read_batches import LogPosition, find_position, read_batches
from odradek.storage.scan import BatchScan

from .builders import batch

PATH = "a"


def _stored(*sizes: int) -> tuple[MemoryFiles, bytes]:
    parts = []
    for offset, size in enumerate(sizes):
        head, tail = batch(value_bytes=size).stamped(offset, 0)
        parts.append(head + bytes(tail))
    files = MemoryFiles()
    files.write(PATH, [b"".join(parts)], 0)
    return files, b"".join(parts)


@pytest.mark.parametrize("piece_bytes", [1, 61, 100, 150, 1000, 1 << 20])
def test_every_batch_is_passed_whatever_the_size_of_a_piece(piece_bytes: int) -> None:
    files, data = _stored(0, 500, 10, 90, 2000, 1)
    scan = BatchScan(files, PATH, 0, len(data), piece_bytes=piece_bytes)
    found = list(scan)
    assert [one.base_offset for _, one in found] == [0, 1, 2, 3, 4, 5]
    assert [data[position : position + one.size_bytes] for position, one in found] == [
        bytes(one.view) for _, one in found
    ]
    assert (scan.position, scan.next_offset, scan.problem) == (len(data), 6, None)


@pytest.mark.parametrize("missing", [1, 30, 70, 200])
@pytest.mark.parametrize("piece_bytes", [61, 1 << 20])
def test_a_file_that_became_shorter_is_noticed(missing: int, piece_bytes: int) -> None:
    files, data = _stored(20, 20, 20)
    files.truncate(PATH, len(data) - missing)
    scan = BatchScan(files, PATH, 0, len(data), piece_bytes=piece_bytes)
    passed = len(list(scan))
    assert passed < 3
    assert scan.problem is not None
    assert "shorter" in scan.problem


@pytest.mark.parametrize(
    ("at", "new", "problem"),
    [
        (16, b"\x01", "magic 1"),
        (8, b"\x00\x00\x00\x05", "a batch of 17 bytes"),
        (8, b"\x7f\xff\xff\xff", "are left"),
        (0, b"\x80", "was expected"),
        (23, b"\xff", "records over"),
        (57, b"\xff", "records over"),
        (61, b"\xff", "checksum"),
    ],
)
def test_a_scan_says_why_it_ends(at: int, new: bytes, problem: str) -> None:
    files, data = _stored(20, 20)
    second = len(data) // 2
    files.write(PATH, [new], second + at)
    scan = BatchScan(files, PATH, 0, len(data))
    assert len(list(scan)) == 1
    assert scan.position == second
    assert scan.problem is not None
    assert problem in scan.problem


def test_a_position_is_found_over_batches_larger_than_a_piece() -> None:
    files, data = _stored(20_000, 1, 20_000, 1)
    places = [find_position(files, PATH, LogPosition(0, 0), len(data), offset, may_skip=False) for offset in range(5)]
    assert [place.base_offset for place in places] == [0, 1, 2, 3, 4]
    assert places == sorted(set(places))
    assert places[-1].byte == len(data)


@pytest.mark.parametrize("cut", [1, 100])
def test_a_search_that_meets_the_end_inside_a_batch_is_refused(cut: int) -> None:
    files, data = _stored(20, 20)
    with pytest.raises(KafkaError) as refused:
        find_position(files, PATH, LogPosition(0, 0), len(data) - cut, 9, may_skip=False)
    assert refused.value.code == ErrorCode.CORRUPT_MESSAGE


def test_a_file_that_is_gone_under_a_search_is_refused() -> None:
    files, data = _stored(20)
    files.truncate(PATH, 0)
    with pytest.raises(KafkaError):
        find_position(files, PATH, LogPosition(0, 0), len(data), 0, may_skip=False)


def test_less_than_a_header_is_no_batch() -> None:
    _, data = _stored(20)
    assert read_batches(data[:60], 1000, 0, 9, BatchIntegrity()) is None
    assert read_batches(b"", 1000, 0, 9, BatchIntegrity()) is None
