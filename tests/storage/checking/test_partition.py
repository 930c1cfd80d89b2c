"""A partition's files compared with each other: nothing wrong is passed over, nothing right is told."""

import random

import pytest

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.crc32c import crc32c
from odradek.protocol.records import NewRecord, build_batch, read_records, rebuild_batch
from odradek.storage.checkpoints import offsets_writer
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log_config import LogConfig
from odradek.storage.producer_snapshots import decode_snapshot, encode_snapshot
from odradek.storage.producer_state import SnapshotEntry

from ...conftest import Rounds
from ..builders import NOW_MS, append, bases_of, batch, open_log
from .directories import PARTITION, TOP, check, content_of, problem_of, put, replace, write_directory, write_log

DERIVED = (".log", ".index", ".timeindex", ".txnindex", ".snapshot")


@pytest.fixture
def files() -> MemoryFiles:
    files = MemoryFiles()
    write_log(files)
    return files


def _paths(files: MemoryFiles, suffix: str) -> list[str]:
    names = sorted(name for name in files.list_directory(PARTITION) if name.endswith(suffix))
    return [f"{PARTITION}/{name}" for name in names]


def _changed(files: MemoryFiles, path: str, at: int, value: bytes) -> None:
    data = bytearray(content_of(files, path))
    data[at : at + len(value)] = value
    replace(files, path, data)


def test_nothing_is_wrong_with_what_the_broker_leaves(files: MemoryFiles) -> None:
    assert len(_paths(files, ".log")) > 2
    assert check(files, PARTITION) == []
    assert check(files, PARTITION, is_deep=True) == []


def test_nothing_is_wrong_with_what_retention_leaves() -> None:
    files = MemoryFiles()
    log = open_log(files, LogConfig(segment_bytes=700, index_interval_bytes=100, retention_bytes=1000), path=PARTITION)
    for n in range(9):
        append(log, batch(2, pid=7, sequence=2 * n, is_transactional=True))
        append(log, batch(3, value_bytes=50))
        log.append_marker(7, 0, 0, n % 2 == 1, NOW_MS, 0)
    assert log.delete_old_segments(NOW_MS)
    log.close()
    assert bases_of(log)[0] > 0
    assert check(files, PARTITION, is_deep=True) == []


def test_a_log_whose_first_snapshot_is_gone_is_judged_as_far_as_it_tells(files: MemoryFiles) -> None:
    for suffix in DERIVED:
        files.remove(_paths(files, suffix)[0])
    files.remove(_paths(files, ".snapshot")[0])
    assert check(files, PARTITION) == []


def test_every_flipped_bit_is_noticed(files: MemoryFiles, rounds: Rounds) -> None:
    chance = random.Random(4)
    paths = [path for suffix in DERIVED for path in _paths(files, suffix) if files.size(path)]
    for _ in range(rounds(2000, 50_000)):
        path = chance.choice(paths)
        before = content_of(files, path)
        at, bit = chance.randrange(len(before)), chance.randrange(8)
        if path.endswith(".timeindex") and at % 12 == 11:
            continue  # an older Kafka names the record and not the end of its batch: any offset of the batch is right
        _changed(files, path, at, bytes([before[at] ^ 1 << bit]))
        assert check(files, PARTITION), f"bit {bit} of byte {at} of {path}"
        replace(files, path, before)
    assert check(files, PARTITION) == []


def test_every_cut_of_the_last_batches_is_noticed(files: MemoryFiles) -> None:
    path = _paths(files, ".log")[-1]
    before = content_of(files, path)
    for length in range(len(before) - 170, len(before)):
        replace(files, path, before[:length])
        assert check(files, PARTITION), length


def test_a_torn_tail_is_told_as_what_an_unclean_stop_leaves(files: MemoryFiles) -> None:
    path = _paths(files, ".log")[-1]
    size = files.size(path)
    files.write(path, [bytes(40)], size)
    (finding,) = check(files, PARTITION)
    assert finding.problem == "a torn tail of 40 bytes: 40 bytes are less than a batch header"
    assert finding.consequence == "the next start cuts the log off here"
    assert (finding.position, finding.is_explained) == (size, True)


def test_a_torn_tail_behind_a_clean_stop_is_cut_all_the_same() -> None:
    files = write_directory()
    path = _paths(files, ".log")[-1]
    files.write(path, [b"torn"], files.size(path))
    (finding,) = check(files)
    assert finding.problem == "damage of 4 bytes: 4 bytes are less than a batch header"
    assert finding.consequence == "the next start cuts the log off here"
    assert not finding.is_explained


def test_one_damaged_batch_is_one_finding(files: MemoryFiles) -> None:
    for path in _paths(files, ".log")[:-1]:
        _changed(files, path, 70, b"??")
    assert {finding.problem for finding in check(files, PARTITION)} == {"the checksum of the batch is wrong"}


def test_one_damaged_entry_of_the_aborted_transactions_is_one_finding(files: MemoryFiles) -> None:
    path = _paths(files, ".txnindex")[0]
    _changed(files, path, 20, b"\x04")
    assert len(check(files, PARTITION)) == 1


def test_a_tail_of_zeros_is_told_as_such(files: MemoryFiles) -> None:
    path = _paths(files, ".log")[-1]
    files.write(path, [bytes(4096)], files.size(path))
    assert problem_of(files, PARTITION).endswith("a torn tail of 4096 bytes: zeros where a batch should begin")


def test_damage_below_the_recovery_point_stays_and_the_rest_is_looked_at() -> None:
    files = write_directory()
    path = _paths(files, ".log")[0]
    _changed(files, path, 16, b"\x07")  # the magic of the first batch
    second = check(files, PARTITION)
    (finding,) = [one for one in second if one.path.endswith(".log")]
    assert finding.problem.startswith("damage of ")
    assert "magic 7 where a batch should begin" in finding.problem
    assert finding.consequence.startswith("the bytes stay")
    assert not finding.is_explained


def test_a_batch_that_lacks_is_told_unless_the_log_was_compacted(files: MemoryFiles) -> None:
    path = _paths(files, ".log")[0]
    batches = list(whole_batches(content_of(files, path)))
    replace(files, path, b"".join(bytes(one.view) for one in (*batches[:1], *batches[2:])))
    for suffix in (".index", ".timeindex"):
        replace(files, path.replace(".log", suffix), b"")
    problems = [finding.problem for finding in check(files, PARTITION)]
    assert any(problem.endswith("are missing, and nothing was compacted") for problem in problems)
    put(files, "meta.properties", "")
    offsets_writer(files, f"{TOP}/cleaner-offset-checkpoint", {("orders", 0): 1000})()
    assert not any("are missing" in finding.problem for finding in check(files, PARTITION))


def test_a_compacted_log_is_judged_by_its_form() -> None:
    files = MemoryFiles()
    log = open_log(files, path=PARTITION)
    for n in range(4):
        append(log, batch(3, pid=5, sequence=3 * n, key=b"a"))
    log.close()
    (path,) = _paths(files, ".log")
    batches = list(whole_batches(content_of(files, path)))
    kept = [rebuild_batch(one, list(read_records(one))[-1:]) for one in batches[1:]]
    replace(files, path, b"".join([*kept[:-1], bytes(batches[-1].view)]))
    replace(files, path.replace(".log", ".timeindex"), b"")
    assert [finding.problem for finding in check(files, PARTITION, is_deep=True)] == [
        "offsets 0 to 2 are missing, and nothing was compacted"
    ]
    assert check(_as_offsets_topic(files), f"{TOP}/__consumer_offsets-0") == []


def _as_offsets_topic(files: MemoryFiles) -> MemoryFiles:
    files.rename(PARTITION, f"{TOP}/__consumer_offsets-0")
    return files


def test_segments_that_overlap_or_leave_a_gap_are_told() -> None:
    for wrong, problem in ((2, "before the one in front of it ends at 3"), (5, "offsets 3 to 4 are missing")):
        files = MemoryFiles()
        log = open_log(files, path=PARTITION)
        append(log, batch(3))
        log.close()
        other = RecordBatch(build_batch([NewRecord(b"k", b"v", NOW_MS)]))
        files.write(f"{PARTITION}/{wrong:020d}.log", other.stamped(wrong, 0), 0)
        assert any(problem in finding.problem for finding in check(files, PARTITION))


def test_a_count_that_is_not_that_of_the_records_is_told_by_a_deep_check(files: MemoryFiles) -> None:
    path = _paths(files, ".log")[0]
    data = bytearray(content_of(files, path))
    first = RecordBatch(bytes(data))
    data[60] = 2  # of three records
    data[17:21] = crc32c(bytes(data[21 : first.size_bytes])).to_bytes(4, "big")
    replace(files, path, data)
    assert not any("records cannot be read" in finding.problem for finding in check(files, PARTITION))
    (finding, *_) = check(files, PARTITION, is_deep=True)
    assert finding.problem.startswith("the records cannot be read behind offset 1: ")


def test_state_that_the_broker_could_not_read_is_told_by_a_deep_check() -> None:
    files = MemoryFiles()
    log = open_log(files, path=f"{TOP}/__transaction_state-0")
    append(log, batch())
    log.close()
    assert check(files, f"{TOP}/__transaction_state-0") == []
    assert "the records cannot be read" in problem_of(files, f"{TOP}/__transaction_state-0", is_deep=True)


def test_the_free_room_of_presized_indexes_is_no_fault(files: MemoryFiles) -> None:
    for suffix in (".index", ".timeindex"):
        path = _paths(files, suffix)[-1]
        files.write(path, [bytes(12_000)], files.size(path))
    assert check(files, PARTITION) == []


def test_a_missing_index_of_a_closed_segment_is_told(files: MemoryFiles) -> None:
    files.remove(_paths(files, ".index")[0])
    assert problem_of(files, PARTITION) == "00000000000000000000.index: it is missing"


def test_an_index_without_its_log_is_told(files: MemoryFiles) -> None:
    files.write(f"{PARTITION}/{999:020d}.timeindex", [b""], 0)
    assert problem_of(files, PARTITION).endswith("999.timeindex: an index without its log")


@pytest.mark.parametrize("name", [f"{0:020d}.log.cleaned", f"{0:020d}.index.swap", "leader-epoch-checkpoint.tmp"])
def test_what_a_kill_left_half_done_is_told_as_such(files: MemoryFiles, name: str) -> None:
    files.write(f"{PARTITION}/{name}", [b"x"], 0)
    (finding,) = check(files, PARTITION)
    assert (finding.path, finding.is_explained) == (name, True)


def test_what_awaits_its_removal_is_counted_and_no_fault(files: MemoryFiles) -> None:
    files.write(f"{PARTITION}/{0:020d}.log.deleted", [b"x"], 0)
    assert check(files, PARTITION) == []


def test_a_snapshot_that_disagrees_with_the_log_is_told(files: MemoryFiles) -> None:
    path = _paths(files, ".snapshot")[-1]
    entries = decode_snapshot(content_of(files, path))
    assert entries is not None
    wrong: dict[str, list[SnapshotEntry]] = {
        "epoch 3 where the log has 0": [entry._replace(producer_epoch=3) for entry in entries],
        "last sequence 99 where": [entry._replace(last_sequence=99) for entry in entries],
        "last offset 1 where": [entry._replace(last_offset=1) for entry in entries],
        "transaction since 2 where": [entry._replace(current_txn_first_offset=2) for entry in entries],
        "it wrote nothing into the log": [*entries, entries[0]._replace(producer_id=77)],
        "producer 9 lacks": [entry for entry in entries if entry.producer_id != 9],
    }
    for problem, changed in wrong.items():
        replace(files, path, encode_snapshot(changed))
        assert any(problem in finding.problem for finding in check(files, PARTITION)), problem


def test_a_producer_that_expired_may_lack_in_a_snapshot(files: MemoryFiles) -> None:
    path = _paths(files, ".snapshot")[-1]
    entries = decode_snapshot(content_of(files, path)) or []
    replace(files, path, encode_snapshot([entry for entry in entries if entry.producer_id != 8]))
    assert check(files, PARTITION) == []


def test_a_snapshot_beyond_the_end_is_told(files: MemoryFiles) -> None:
    files.write_whole(f"{PARTITION}/{10_000:020d}.snapshot", encode_snapshot([]))
    assert "it describes the log up to 10000" in problem_of(files, PARTITION)


def test_epochs_that_disagree_with_the_batches_are_told(files: MemoryFiles) -> None:
    path = f"{PARTITION}/leader-epoch-checkpoint"
    for text, problem in {
        "0\n1\n3 0\n": "the batch has leader epoch 0 where leader-epoch-checkpoint says 3",
        "0\n2\n0 0\n1 5000\n": "epoch 1 begins at 5000, beyond the log's end",
        "0\n2\n1 0\n0 5\n": "epoch 0 at 5 does not ascend",
        "0\n1\nx y\n": "it is no checkpoint of epochs",
        "0\n0\n": "it is missing, or has no epoch",
    }.items():
        replace(files, path, text.encode())
        assert any(problem in finding.problem for finding in check(files, PARTITION)), problem


def test_a_thousand_faults_of_a_file_are_told_in_a_few_lines(files: MemoryFiles) -> None:
    path = _paths(files, ".index")[0]
    files.write(path, [b"\x00\x00\x00\x01\x00\x00\x00\x01" * 1000], files.size(path))
    assert 20 < len(check(files, PARTITION)) < 30


def test_an_empty_directory_of_a_partition_is_told() -> None:
    files = write_directory()
    files.make_directory(f"{TOP}/orders-1")
    assert "orders-1/: it holds no log" in [f"{one.path}: {one.problem}" for one in check(files)]
