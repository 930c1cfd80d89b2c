"""Snapshots against the log that they stand for, as far as the log alone decides."""

import pytest

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.storage.checking import producers
from odradek.storage.checking.findings import Findings
from odradek.storage.checking.producers import ProducersCheck
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.indexes.transaction_index import AbortedTxn
from odradek.storage.producer_snapshots import decode_snapshot, encode_snapshot
from odradek.storage.producer_state import SnapshotEntry

from ..builders import END, NOW_MS, append, batch, file_of, open_log

DIRECTORY = "/data/t-0"


def _log(files: MemoryFiles) -> tuple[list[RecordBatch], list[SnapshotEntry]]:
    """Offsets 0 to 3 and a snapshot at 4: producer 1 has aborted, 2 has an open transaction."""
    log = open_log(files)
    append(log, batch(pid=1, sequence=0, is_transactional=True), batch(pid=2, sequence=0, is_transactional=True))
    log.append_marker(1, 0, 0, False, NOW_MS, 0)
    append(log, batch(pid=2, sequence=1, is_transactional=True))
    batches = [RecordBatch(bytes(one.view)) for one in whole_batches(log.read(0, 1 << 20, upper_offset=END).data)]
    log.close()
    entries = decode_snapshot(files.read(file_of(4, ".snapshot"), 0, 9999))
    assert entries is not None
    return batches, entries


def _check(files: MemoryFiles, *, synced_to: int = 0) -> tuple[ProducersCheck, Findings]:
    findings = Findings()
    return ProducersCheck(files, DIRECTORY, "", [4], findings, synced_to=synced_to), findings


def _problems(entries: list[SnapshotEntry], *, known_from: int = 0) -> list[str]:
    files = MemoryFiles()
    batches, _ = _log(files)
    files.write_whole(file_of(4, ".snapshot"), encode_snapshot(entries))
    check, findings = _check(files)
    check.begin(0)
    for one in batches:
        check.see(one)
    check.skip_to(known_from)
    check.finish(4)
    return [one.problem for one in findings.finish()]


ENTRIES = _log(MemoryFiles())[1]


def test_a_snapshot_that_the_broker_wrote_is_right() -> None:
    assert _problems(ENTRIES) == []


def test_the_aborted_transactions_of_the_log_come_out_of_the_replay() -> None:
    files = MemoryFiles()
    batches, _ = _log(files)
    check, _ = _check(files)
    check.begin(0)
    assert [check.see(one) for one in batches] == [None, None, AbortedTxn(1, 0, 2, 1), None]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"producer_epoch": 3}, "producer 2: epoch 3 where the log has 0"),
        ({"last_sequence": 9}, "producer 2: last sequence 9 where the log has 1"),
        ({"last_offset": 0}, "producer 2: last offset 0 where the log has 3"),
        ({"current_txn_first_offset": 3}, "producer 2: transaction since 3 where the log has 1"),
    ],
)
def test_a_producer_that_is_not_as_the_log_has_it_is_reported(changed: dict[str, int], problem: str) -> None:
    wrong = [entry._replace(**changed) if entry.producer_id == 2 else entry for entry in ENTRIES]
    assert _problems(wrong) == [problem]
    assert _problems(wrong, known_from=4) == []  # what the log does not show is not judged


def test_a_producer_that_wrote_nothing_is_reported() -> None:
    assert _problems([*ENTRIES, ENTRIES[0]._replace(producer_id=9)]) == ["producer 9: it wrote nothing into the log"]


def test_a_producer_may_have_expired_unless_its_transaction_is_open() -> None:
    assert _problems([entry for entry in ENTRIES if entry.producer_id == 2]) == []
    assert _problems([]) == ["producer 2 lacks, whose transaction is open since 1"]


@pytest.mark.parametrize(("synced_to", "is_explained"), [(4, True), (5, False)])
def test_a_torn_snapshot_is_what_a_kill_leaves_unless_it_had_been_synced(synced_to: int, is_explained: bool) -> None:
    files = MemoryFiles()
    _log(files)
    files.truncate(file_of(4, ".snapshot"), 20)
    check, findings = _check(files, synced_to=synced_to)
    check.begin(0)
    check.finish(4)
    (finding,) = findings.finish()
    assert finding.problem == "its version, its checksum or its length is wrong"
    assert finding.is_explained == is_explained


def test_a_snapshot_beyond_the_end_is_reported_as_what_the_next_start_removes() -> None:
    files = MemoryFiles()
    _log(files)
    check, findings = _check(files)
    check.begin(0)
    check.finish(3)
    (finding,) = findings.finish()
    assert (finding.problem, finding.is_explained) == ("it describes the log up to 4, which ends at 3", True)


def test_where_the_log_begins_later_its_first_snapshot_is_believed() -> None:
    files = MemoryFiles()
    _log(files)
    check, findings = _check(files)
    check.begin(4)
    assert check.known_from == 0
    check, findings = ProducersCheck(files, DIRECTORY, "", [], findings, synced_to=0), findings
    check.begin(4)
    assert check.known_from == 4
    assert findings.finish() == []


def test_more_producers_than_memory_allows_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers, "MOST_PRODUCERS", 1)
    assert _problems([]) == []
