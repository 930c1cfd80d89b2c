"""Scanning files whose pieces, or whose batches, are of any size."""

import pytest

from odradek.storage.scan import BatchScan

from .builders import PATH, batches_file


@pytest.mark.parametrize("piece_bytes", [1, 61, 100, 150, 1000, 1 << 20])
def test_every_batch_is_passed_whatever_the_size_of_a_piece(piece_bytes: int) -> None:
    files, data = batches_file(0, 500, 10, 90, 2000, 1)
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
    files, data = batches_file(20, 20, 20)
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
    files, data = batches_file(20, 20)
    second = len(data) // 2
    files.write(PATH, [new], second + at)
    scan = BatchScan(files, PATH, 0, len(data))
    assert len(list(scan)) == 1
    assert scan.position == second
    assert scan.problem is not None
    assert problem in scan.problem
