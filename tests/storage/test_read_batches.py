"""Batches found by their headers: where one stands, and where the last sound one ends."""

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.integrity import BatchIntegrity
from odradek.storage.read_batches import LogPosition, find_position, read_batches

from .builders import PATH, batches_file


def test_a_position_is_found_over_batches_larger_than_a_piece() -> None:
    files, data = batches_file(20_000, 1, 20_000, 1)
    positions = [
        find_position(files, PATH, LogPosition(0, 0), len(data), offset, may_skip=False) for offset in range(5)
    ]
    assert [position.base_offset for position in positions] == [0, 1, 2, 3, 4]
    assert positions == sorted(set(positions))
    assert positions[-1].byte == len(data)


@pytest.mark.parametrize("cut", [1, 100])
def test_a_search_that_meets_the_end_inside_a_batch_is_refused(cut: int) -> None:
    files, data = batches_file(20, 20)
    with pytest.raises(KafkaError) as refused:
        find_position(files, PATH, LogPosition(0, 0), len(data) - cut, 9, may_skip=False)
    assert refused.value.code == ErrorCode.CORRUPT_MESSAGE


def test_a_file_that_is_gone_under_a_search_is_refused() -> None:
    files, data = batches_file(20)
    files.truncate(PATH, 0)
    with pytest.raises(KafkaError):
        find_position(files, PATH, LogPosition(0, 0), len(data), 0, may_skip=False)


def test_less_than_a_header_is_no_batch() -> None:
    _, data = batches_file(20)
    assert read_batches(data[:60], 1000, 0, 9, BatchIntegrity()) is None
    assert read_batches(b"", 1000, 0, 9, BatchIntegrity()) is None
