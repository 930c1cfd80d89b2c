"""Indexes, snapshots and epochs that are missing or wrong: the log says what they should be."""

import pytest

from odradek.storage.files.memory_files import MemoryFiles

from .builders import DIRECTORY, NOW_MS, SMALL, aborting_log, append, bases_of, batch, file_of, open_log


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
    assert log.offset_for_timestamp(NOW_MS, 24) == (NOW_MS, 0, 0)


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


@pytest.mark.parametrize("damage", [b"", b"\x00\x01", b"\xff" * 40])
def test_without_snapshots_the_log_is_replayed(damage: bytes) -> None:
    files = MemoryFiles()
    log = aborting_log(files)
    log.close()
    for name in files.list_directory(DIRECTORY):
        if name.endswith(".snapshot"):
            files.remove(f"{DIRECTORY}/{name}")
            if damage:
                files.write(f"{DIRECTORY}/{name}", [damage], 0)
    log = open_log(files, SMALL, is_clean=True, recovery_point=24)
    assert log.recovery_report.is_clean
    for n in (3, 7):
        assert log.append([batch(pid=1, sequence=n, is_transactional=True)], NOW_MS, leader_epoch=0).is_duplicate


@pytest.mark.parametrize("content", [b"nonsense", b"0\n1\n4 0\n0 9\n", b"0\n2\n4 0\n2 9\n", b"\xff"])
def test_damaged_epochs_are_read_from_the_batches(content: bytes) -> None:
    files = MemoryFiles()
    log = open_log(files)
    for epoch in (0, 2):
        log.append([batch()], NOW_MS, leader_epoch=epoch)
    log.close()
    for is_clean in (True, False):
        files.write_whole(f"{DIRECTORY}/leader-epoch-checkpoint", content)
        log = open_log(files, is_clean=is_clean, recovery_point=2, leader_epoch=2)
        assert log.end_offset_for_epoch(0) == (0, 1)
        assert log.end_offset_for_epoch(2) == (2, 2)


def test_an_epoch_that_was_never_given_out_is_damage() -> None:
    files = MemoryFiles()
    log = open_log(files, leader_epoch=1)
    for epoch in (0, 1, 1):
        log.append([batch()], NOW_MS, leader_epoch=epoch)
    files.write(file_of(0, ".log"), [b"\x05"], 2 * batch().size_bytes + 15)
    log = open_log(files, leader_epoch=1)
    assert log.log_end_offset == 2
    assert "leader epoch 5" in log.recovery_report.why
