"""What may stand at the end of a segment after a crash: every length of the last batch, and any garbage."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.batch import whole_batches
from odradek.storage.files.memory_files import MemoryFiles

from ..storage.builders import DIRECTORY, NOW_MS, append, batch, open_log

LOG = f"{DIRECTORY}/{0:020d}.log"


def _three_batches() -> tuple[MemoryFiles, bytes, list[int]]:
    """A crashed log of three batches, its bytes, and where each batch ends."""
    files = MemoryFiles()
    log = open_log(files)
    ends: list[int] = []
    for count, sequence in ((2, 0), (3, 2), (4, 5)):
        append(log, batch(count, pid=1, sequence=sequence, value_bytes=10 * count))
        ends.append(log.size_bytes)
    return files, files.read(LOG, 0, log.size_bytes), ends


OFFSETS = (2, 5, 9)  # after each of the three


def _with(data: bytes) -> MemoryFiles:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    files.write(LOG, [data], 0)
    return files


def test_a_log_cut_at_any_byte_of_its_last_two_batches_ends_with_the_last_whole_one() -> None:
    _, data, ends = _three_batches()
    for length in range(ends[0], len(data)):
        whole = max(n for n in range(3) if ends[n] <= length)
        log = open_log(_with(data[:length]))
        assert (log.log_end_offset, log.size_bytes) == (OFFSETS[whole], ends[whole])
        assert log.recovery_report.truncated_bytes == length - ends[whole]
        assert append(log, batch(pid=1, sequence=OFFSETS[whole])) == OFFSETS[whole]


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_cut_at_any_byte_is_noticed_even_under_a_clean_mark(is_clean: bool) -> None:
    _, data, ends = _three_batches()
    for length in range(ends[0] + 1, len(data)):
        whole = max(n for n in range(3) if ends[n] <= length)
        log = open_log(_with(data[:length]), is_clean=is_clean, recovery_point=9)
        assert (log.log_end_offset, log.size_bytes) == (OFFSETS[whole], ends[whole])
        assert not log.recovery_report.is_clean


@pytest.mark.parametrize("flip", [0x01, 0x55, 0x80])
def test_a_wrong_byte_in_the_last_two_batches_costs_its_batch_and_those_behind_it(flip: int) -> None:
    _, data, ends = _three_batches()
    for at in range(ends[0], len(data)):
        damaged = bytearray(data)
        damaged[at] ^= flip
        log = open_log(_with(bytes(damaged)))
        assert log.log_end_offset == (2 if at < ends[1] else 5), f"byte {at}"
        assert log.recovery_report.truncated_bytes


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=300))
def test_garbage_behind_the_last_batch_is_cut(garbage: bytes) -> None:
    _, data, _ = _three_batches()
    log = open_log(_with(data + garbage))
    assert (log.log_end_offset, log.size_bytes) == (9, len(data))


@pytest.mark.parametrize("zeros", [1, 11, 60, 61, 4096, 100_000])
def test_zeros_behind_the_last_batch_are_cut(zeros: int) -> None:
    _, data, _ = _three_batches()
    log = open_log(_with(data + bytes(zeros)))
    assert (log.log_end_offset, log.size_bytes) == (9, len(data))


def test_a_bad_batch_in_the_middle_of_what_was_not_flushed_costs_all_after_it() -> None:
    _, data, ends = _three_batches()
    damaged = bytearray(data)
    damaged[ends[1] - 1] ^= 1
    log = open_log(_with(bytes(damaged)))
    assert log.log_end_offset == 2
    assert "checksum" in log.recovery_report.why


def test_a_kill_of_the_process_alone_loses_nothing() -> None:
    files, data, _ = _three_batches()
    log = open_log(files)
    assert (log.log_end_offset, log.recovery_report.truncated_bytes) == (9, 0)
    assert [one.is_intact() for one in whole_batches(log.read(0, len(data), upper_offset=9).data)] == [True] * 3
    again = log.append([batch(4, pid=1, sequence=5, value_bytes=30)], NOW_MS, leader_epoch=0)
    assert again.is_duplicate


def test_garbage_appended_under_a_clean_mark_is_cut() -> None:
    """A broker killed while it starts leaves the mark of the stop before."""
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(2), batch(2))
    log.close()
    size = log.size_bytes
    files.write(LOG, [b"garbage" * 9], size)
    log = open_log(files, is_clean=True, recovery_point=4)
    assert (log.log_end_offset, log.size_bytes) == (4, size)
    assert not log.recovery_report.is_clean


def test_batches_appended_under_a_clean_mark_are_kept() -> None:
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(2, pid=1, sequence=0))
    log.close()
    log = open_log(files, is_clean=True, recovery_point=2)
    append(log, batch(2, pid=1, sequence=2))
    log = open_log(files, is_clean=True, recovery_point=2)
    assert log.log_end_offset == 4
    assert not log.recovery_report.is_clean
    assert log.append([batch(2, pid=1, sequence=2)], NOW_MS, leader_epoch=0).is_duplicate
