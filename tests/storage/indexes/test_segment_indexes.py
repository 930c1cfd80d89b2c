"""Indexes that are missing or wrong: the log has what they should be, and every entry is held against it."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles

from ..builders import DIRECTORY, NOW_MS, SMALL, aborting_log, append, bases_of, batch, file_of, open_log


@pytest.mark.parametrize("suffix", [".index", ".timeindex"])
@pytest.mark.parametrize("content", [None, b"", b"\x01", b"\xff" * 24, bytes(4096)])
def test_a_missing_or_mad_index_of_a_trusted_segment_is_derived_again(suffix: str, content: bytes | None) -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    for name in files.list_directory(DIRECTORY):
        if name.endswith(suffix):
            files.remove(f"{DIRECTORY}/{name}")
            if content is not None:
                files.write(f"{DIRECTORY}/{name}", [content], 0)
    log.recovery_report.is_clean = True
    log = open_log(files, SMALL, is_clean=True, recovery_point=24)
    for offset in range(24):
        assert log.read(offset, 1, upper_offset=24).first_offset == offset
    assert run_to_end(log.offset_for_timestamp(NOW_MS, 24)) == (NOW_MS, 0, 0)


def test_an_index_sized_in_advance_loses_its_zeros() -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    log.close()
    base = bases_of(log)[-1]
    for suffix, size in ((".index", 10_485_760), (".timeindex", 10_485_756)):
        files.truncate(file_of(base, suffix), size)
    log = open_log(files, SMALL, is_clean=True, recovery_point=24)
    append(log, batch())
    log.close()
    assert files.size(file_of(base, ".index")) < 100
    assert files.size(file_of(base, ".timeindex")) < 100


def test_a_segment_whose_records_are_all_of_1970_is_in_order() -> None:
    files, told = MemoryFiles(), list[str]()
    log = open_log(files, SMALL)
    for _ in range(3):
        append(log, RecordBatch(build_batch([NewRecord(None, b"v", 0)])))
    log.close()
    log = open_log(files, SMALL, is_clean=True, recovery_point=3, on_damage=told.append)
    assert run_to_end(log.offset_for_timestamp(0, 3)) == (0, 0, 0)
    assert told == []


@pytest.mark.parametrize("at", [0, 9, 17, 25, 33])
def test_a_damaged_transaction_index_is_made_anew_from_the_log(at: int) -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    true = log.aborted_transactions(0, 24)
    assert true
    log.close()
    content = files.read(file_of(0, ".txnindex"), 0, 9999)
    files.write(file_of(0, ".txnindex"), [bytes([content[at] ^ 1])], at)
    told: list[str] = []
    log = open_log(files, SMALL, is_clean=True, recovery_point=24, on_damage=told.append)
    assert log.aborted_transactions(0, 24) == true
    assert files.read(file_of(0, ".txnindex"), 0, 9999) == content
    assert len(told) == 1
