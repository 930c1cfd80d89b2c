"""What may stand at the end of a segment after a crash: every length of the last batch, and any garbage."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odradek.protocol.batch import whole_batches
from odradek.storage.memory_files import MemoryFiles

from ..storage.builders import DIRECTORY, NOW_MS, append, batch, open_log

LOG = f"{DIRECTORY}/{0:020d}.log"


def _three_batches() -> tuple[MemoryFiles, bytes, int]:
    """A crashed log of three batches, its bytes, and where the third one begins."""
    files = MemoryFiles()
    log = open_log(files)
    append(log, batch(2, pid=1, sequence=0), batch(3, pid=1, sequence=2))
    second_end = log.size_bytes
    append(log, batch(4, pid=1, sequence=5, value_bytes=30))
    return files, files.read(LOG, 0, log.size_bytes), second_end


def _with(data: bytes) -> MemoryFiles:
    files = MemoryFiles()
    files.make_directory(DIRECTORY)
    files.write(LOG, [data], 0)
    return files


def test_a_tail_of_every_length_is_cut_at_the_last_whole_batch() -> None:
    _, data, second_end = _three_batches()
    for length in range(second_end, len(data)):
        log = open_log(_with(data[:length]))
        assert (log.log_end_offset, log.size_bytes) == (5, second_end)
        assert log.recovery_report.truncated_bytes == length - second_end
        assert append(log, batch(pid=1, sequence=5)) == 5


@pytest.mark.parametrize("is_clean", [True, False])
def test_a_tail_of_every_length_is_noticed_even_under_a_clean_mark(is_clean: bool) -> None:
    _, data, second_end = _three_batches()
    for length in range(second_end + 1, len(data)):
        log = open_log(_with(data[:length]), is_clean=is_clean, recovery_point=5)
        assert (log.log_end_offset, log.size_bytes) == (5, second_end)
        assert not log.recovery_report.is_clean


def test_every_flipped_byte_of_the_last_batch_costs_that_batch_only() -> None:
    _, data, second_end = _three_batches()
    for at in range(second_end, len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 0x55
        log = open_log(_with(bytes(damaged)))
        # The leader epoch lies outside the checksum, and so do offsets that still ascend: Kafka accepts them too.
        if at - second_end in range(12, 16) or log.log_end_offset > 9:
            continue
        assert log.log_end_offset == 5, f"byte {at - second_end}"


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
    _, data, second_end = _three_batches()
    damaged = bytearray(data)
    damaged[second_end - 1] ^= 1
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
