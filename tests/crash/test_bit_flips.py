"""One bit of any file is wrong: whoever reads gets what was written, or an error, or less and a report. Never a lie."""

import copy
from dataclasses import dataclass, field
from random import Random

import pytest

from odradek.protocol.batch import whole_batches
from odradek.protocol.errors import KafkaError
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.directory import DataDirectory, DirectoryError, Identity
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import LogCheckpoints, LogLocation, PartitionLog
from odradek.storage.log_config import LogConfig

from ..conftest import Rounds
from ..storage.builders import NOW_MS, append, batch
from .flipping import flipped, paths_below

IDENTITY = Identity("cluster-of-the-test-xx", "directory-of-the-test-", 1)
CONFIG = LogConfig(segment_bytes=1500, index_interval_bytes=150)
ROOT = "/data"
PARTITIONS = (0, 1)
PROBED_TIMES = range(NOW_MS - 20, NOW_MS + 1200, 90)


@dataclass(slots=True)
class Seen:
    """What a reader learns of one partition; `told` is what the log says is wrong with it."""

    start: int = -1
    end: int = -1
    batches: dict[int, bytes] = field(default_factory=dict[int, bytes])
    aborted: list[tuple[int, ...]] = field(default_factory=list[tuple[int, ...]])
    producers: dict[int, tuple[int, ...]] = field(default_factory=dict[int, tuple[int, ...]])
    times: list[tuple[int, ...] | None] = field(default_factory=list[tuple[int, ...] | None])
    epochs: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    told: list[str] = field(default_factory=list[str])


def _open(files: MemoryFiles, directory: DataDirectory, partition: int, told: list[str]) -> PartitionLog:
    at = ("t", partition)
    log = PartitionLog.open(
        LogLocation(files, directory.partition_path(*at), *at),
        CONFIG,
        NOW_MS,
        LogCheckpoints(
            is_clean=directory.is_clean,
            recovery_point=directory.recovery_points.get(at, 0),
            log_start_offset=directory.log_starts.get(at, 0),
        ),
        on_damage=told.append,
    )
    report = log.recovery_report
    told.append(f"{report.why}, {report.truncated_bytes}, {report.damaged_bytes}, {report.segments_dropped}")
    return log


def _look(log: PartitionLog, seen: Seen) -> None:
    """Read everything a client could; where a read is refused, go on behind it."""
    seen.start, seen.end = log.log_start_offset, log.log_end_offset
    offset = seen.start
    while offset < seen.end:
        try:
            part = log.read(offset, 700, upper_offset=seen.end)
        except KafkaError as refused:
            seen.told.append(refused.why or "")
            offset += 1
            continue
        assert part.next_offset > offset
        for one in whole_batches(part.data):
            seen.batches[one.base_offset] = bytes(one.view)
        offset = part.next_offset
    seen.aborted = [tuple(txn) for txn in log.aborted_transactions(seen.start, seen.end)]
    seen.producers = {
        producer_id: (entry.producer_epoch, entry.last_sequence, entry.current_txn_first_offset)
        for producer_id, entry in log.active_producers()
    }
    for time in PROBED_TIMES:
        try:
            seen.times.append(run_to_end(log.offset_for_timestamp(time, seen.end)))
        except KafkaError as refused:
            seen.told.append(refused.why or "")
    seen.epochs = [log.end_offset_for_epoch(epoch) for epoch in range(3)]


def _fill(log: PartitionLog, random: Random, sequences: dict[int, int]) -> None:
    """Thirty batches or so of three producers, transactions that end well and badly, over a few segments."""
    for n in range(30):
        producer_id = random.choice((1, 2, 3))
        count = random.randint(1, 3)
        one = batch(
            count,
            pid=producer_id,
            sequence=sequences.get(producer_id, 0),
            is_transactional=producer_id != 1,
            value_bytes=random.randint(0, 60),
            timestamp=NOW_MS + 40 * n,
        )
        append(log, one)
        sequences[producer_id] = sequences.get(producer_id, 0) + count
        if n % 6 == 5:
            log.append_marker(2, 0, 0, n % 4 == 1, NOW_MS, 0)
        if n % 10 == 9:
            log.append_marker(3, 0, 0, False, NOW_MS, 0)


def _tell_story(files: MemoryFiles, *, is_clean: bool) -> dict[int, dict[int, bytes]]:
    """Two partitions; one loses its first records by request. Stopped cleanly, or killed with half of it flushed.

    Returns all that was written, by partition and offset.
    """
    directory = DataDirectory.open(files, ROOT, IDENTITY)
    directory.begin_writing()
    logs: list[PartitionLog] = []
    for partition in PARTITIONS:
        directory.create_partition("t", partition, "topic-id-of-the-test-x")
        log = _open(files, directory, partition, [])
        random, sequences = Random(partition), dict[int, int]()
        _fill(log, random, sequences)
        job = log.begin_flush()
        job.run()
        log.finish_flush(job)
        _fill(log, random, sequences)
        logs.append(log)
    written: dict[int, dict[int, bytes]] = {}
    for log in logs:
        _look(log, seen := Seen())
        written[log.partition] = seen.batches
    logs[1].delete_records_before(25)
    write = directory.begin_write_log_starts({("t", 1): 25})
    write.run()
    directory.finish_write_log_starts(write)
    if is_clean:
        for log in logs:
            log.close()
    directory.write_checkpoints(
        {("t", log.partition): log.recovery_point for log in logs},
        {("t", log.partition): log.log_start_offset for log in logs if log.log_start_offset > 0},
    )
    if is_clean:
        directory.close_cleanly()
    else:
        directory.close()
    return written


def _look_at_all(files: MemoryFiles) -> dict[int, Seen]:
    directory = DataDirectory.open(files, ROOT, IDENTITY)
    try:
        assert directory.identity == IDENTITY
        found: dict[int, Seen] = {}
        for partition in PARTITIONS:
            seen = found[partition] = Seen()
            _look(_open(files, directory, partition, seen.told), seen)
        return found
    finally:
        directory.close()


def _assert_no_lie(seen: Seen, truth: Seen, written: dict[int, bytes]) -> None:
    for base_offset, data in seen.batches.items():
        assert written.get(base_offset) == data, f"offset {base_offset} was served otherwise than it was written"
    if seen.told == truth.told:
        assert seen == truth, "something is missing, and nobody was told"
    # Nothing that is shown may have been aborted without a word.
    for producer_id, first_offset, last_offset, _ in truth.aborted:
        is_shown = first_offset in seen.batches and last_offset in seen.batches and first_offset >= seen.start
        assert not is_shown or any(
            txn[0] == producer_id and txn[1] <= first_offset and txn[2] >= last_offset for txn in seen.aborted
        ), f"the transaction at {first_offset} is shown as committed"


@pytest.mark.parametrize("is_clean", [True, False], ids=["stopped", "killed"])
def test_one_wrong_bit_anywhere_is_found_or_does_no_harm(is_clean: bool, rounds: Rounds) -> None:
    original = MemoryFiles()
    written = _tell_story(original, is_clean=is_clean)
    truth = _look_at_all(copy.deepcopy(original))
    paths = paths_below(original, ROOT)
    assert {path.rpartition(".")[2] for path in paths} >= {"log", "index", "timeindex", "txnindex", "snapshot"}
    outcomes = {"refused": 0, "told": 0, "unharmed": 0}
    for where, files in flipped(original, ROOT, rounds(300, 5000), 5):
        try:
            found = _look_at_all(files)
        except (DirectoryError, OSError, KafkaError):
            outcomes["refused"] += 1
            continue
        try:
            for partition, seen in found.items():
                _assert_no_lie(seen, truth[partition], written[partition])
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from error
        outcomes["told" if any(found[p].told != truth[p].told for p in PARTITIONS) else "unharmed"] += 1
    assert outcomes["told"] > outcomes["refused"] > 0
