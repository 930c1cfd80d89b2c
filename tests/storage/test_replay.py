"""From the log back to the producer table."""

import pytest

from odradek.protocol.batch import RecordBatch
from odradek.protocol.records import NewRecord, ProducerStamp, build_batch
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.replay import derive_aborted

from .builders import DIRECTORY, NOW_MS, SMALL, aborting_log, append, batch, open_log


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


@pytest.mark.parametrize("key", [b"\0\0\0\5", b"\0"])
def test_a_control_record_that_is_no_marker_changes_nobodys_state(key: bytes) -> None:
    files = MemoryFiles()
    log = open_log(files)
    record = NewRecord(key, b"", NOW_MS)
    control = RecordBatch(build_batch([record], producer=ProducerStamp(1, 0), is_control=True))
    log.append([control], NOW_MS, leader_epoch=0, is_from_client=False)
    log = open_log(files)
    assert log.log_end_offset == 1
    assert log.producers.find(1) is None


@pytest.mark.parametrize(("batches", "value_bytes", "pauses"), [(15, 10, 0), (64, 10, 4), (3, 40_000, 3)])
def test_a_search_pauses_every_few_batches_and_after_each_large_one(
    batches: int, value_bytes: int, pauses: int
) -> None:
    log = open_log()
    append(log, *[batch(value_bytes=value_bytes) for _ in range(batches)])
    state = log._state
    steps = derive_aborted(state.segments.active, list(state.segments), state.snapshots)
    assert sum(1 for _ in steps) == pauses
