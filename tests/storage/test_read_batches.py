"""Batches found by their headers: where one stands, and where the last sound one ends."""

import pytest

from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.integrity import BatchIntegrity
from odradek.storage.read_batches import MOST_BATCHES, LogPosition, WrongStart, find_position, read_batches

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


def test_batches_end_below_the_upper_offset_and_before_what_is_no_batch() -> None:
    _, data = batches_file(10, 10, 10)
    one = len(data) // 3
    integrity = BatchIntegrity()
    assert read_batches(data, len(data), 0, 2, integrity) == (2 * one, 0, 2, 0)
    damaged = data[: one + 70] + b"?" + data[one + 71 :]
    assert read_batches(damaged, len(data), 0, 9, integrity) == (one, 0, 1, 0)
    assert read_batches(damaged[one:], 2 * one, 1, 9, integrity) is None


def test_a_first_batch_that_was_cut_off_is_known_by_its_size() -> None:
    _, data = batches_file(500)
    found = read_batches(data[:100], len(data), 0, 9, BatchIntegrity())
    assert found is not None
    assert (found.end, found.first_batch_bytes) == (0, len(data))


def test_a_batch_of_another_epoch_than_its_offset_has_is_no_batch() -> None:
    integrity = BatchIntegrity()
    integrity.epochs.assign(3, 0)
    for epoch, is_sound in ((3, True), (2, False)):
        _, data = batches_file(10, epoch=epoch)
        assert (read_batches(data, len(data), 0, 9, integrity) is not None) == is_sound


def test_an_index_entry_that_names_another_batch_is_a_wrong_start() -> None:
    files, data = batches_file(10, 10)
    start = LogPosition(len(data) // 2, 0)
    assert find_position(files, PATH, start, len(data), 1, may_skip=False, highest_last_offset=1).base_offset == 1
    with pytest.raises(WrongStart):
        find_position(files, PATH, start, len(data), 0, may_skip=False, highest_last_offset=0)
    with pytest.raises(WrongStart):
        find_position(files, PATH, LogPosition(5, 0), len(data), 1, may_skip=False, highest_last_offset=9)


def test_one_read_checks_so_many_batches_however_small_they_are() -> None:
    _, data = batches_file(*[1] * (MOST_BATCHES + 10))
    one = len(data) // (MOST_BATCHES + 10)
    found = read_batches(data, len(data), 0, 1 << 60, BatchIntegrity())
    assert found is not None
    assert found == (MOST_BATCHES * one, 0, MOST_BATCHES, 0)
    rest = read_batches(data[found.end :], len(data) - found.end, MOST_BATCHES, 1 << 60, BatchIntegrity())
    assert rest == (10 * one, MOST_BATCHES, MOST_BATCHES + 10, 0)
