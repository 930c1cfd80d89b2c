"""The checksum of batches and snapshots."""

import pytest

from odradek.protocol.crc32c import crc32c


@pytest.mark.parametrize(
    ("data", "checksum"),
    [  # RFC 3720, B.4
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_checksums_are_those_of_the_rfc(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


@pytest.mark.parametrize("at", [0, 1, 5, 9])
def test_a_checksum_can_be_continued_from_that_of_the_bytes_in_front(at: int) -> None:
    data = b"123456789"
    assert crc32c(data[at:], crc32c(data[:at])) == crc32c(data)


def test_views_and_growing_buffers_are_summed_as_bytes_are() -> None:
    data = b"xx123456789"
    assert crc32c(memoryview(data)[2:]) == crc32c(bytearray(data[2:])) == 0xE3069283
