"""A log as a replica: its high watermark, what it copies from its leader, and where it is cut."""

from collections.abc import Callable

import pytest

from odradek.broker.testing.disks import RefusingFiles
from odradek.broker.testing.power_loss import PowerLossFiles, Survival
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log import AppendInfo, PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.log_location import LogCheckpoints, LogLocation

from .builders import DIRECTORY, END, NOW_MS, SMALL, append, bases_of, batch, file_of, offsets_read, open_log

COMPACTED = LogConfig(segment_bytes=500, index_interval_bytes=100, cleanup_policy=frozenset({"compact"}))


class CountedWrites(MemoryFiles):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def write(self, path: str, buffers: object, position: int) -> None:
        self.written.append(path)
        super().write(path, buffers, position)  # type: ignore[arg-type]


class CountedReads(MemoryFiles):
    reads = 0

    def read(self, path: str, position: int, size: int) -> bytes:
        self.reads += 1
        return super().read(path, position, size)


def _reopened(files: MemoryFiles, config: LogConfig | None = None, *, recovery_point: int = 0) -> PartitionLog:
    """The log of a replica after a stop that was not clean."""
    checkpoints = LogCheckpoints(recovery_point=recovery_point, leader_epoch=9, is_replica=True)
    return PartitionLog.open(LogLocation(files, DIRECTORY, "t", 0), config or LogConfig(), NOW_MS, checkpoints)


def _copy(leader: PartitionLog, follower: PartitionLog, max_bytes: int = 1 << 20) -> AppendInfo:
    part = leader.read(follower.log_end_offset, max_bytes, upper_offset=leader.log_end_offset)
    return follower.append_replicated(part.data, NOW_MS)


def _copy_all(leader: PartitionLog, follower: PartitionLog, max_bytes: int = 1 << 20) -> None:
    while follower.log_end_offset < leader.log_end_offset:
        _copy(leader, follower, max_bytes)


def _bytes_of(log: PartitionLog) -> dict[str, bytes]:
    files = log._location.files
    names = [name for name in files.list_directory(log.path) if name.endswith(".log")]
    return {name: files.read(f"{log.path}/{name}", 0, 1 << 30) for name in sorted(names)}


def _refusal(call: Callable[[], object]) -> ErrorCode:
    with pytest.raises(KafkaError) as refused:
        call()
    return refused.value.code


def _transactional(pid: int, sequence: int = 0) -> RecordBatch:
    return batch(pid=pid, sequence=sequence, is_transactional=True)


# The high watermark


def test_without_replication_the_high_watermark_is_the_end_of_the_log() -> None:
    log = open_log()
    append(log, batch(3))
    assert log.high_watermark == log.last_stable_offset == 3
    assert not log.raise_high_watermark(2)
    log.begin_replication(1)
    append(log, batch(3))
    assert log.high_watermark == log.last_stable_offset == 1
    log.end_replication()
    assert log.high_watermark == log.last_stable_offset == 6


@pytest.mark.parametrize(("told", "kept"), [(0, 2), (3, 3), (99, 4)])
def test_the_high_watermark_lies_between_the_start_of_the_log_and_its_end(told: int, kept: int) -> None:
    log = open_log()
    append(log, batch(2), batch(2))
    log.delete_records_before(2)
    log.begin_replication(told)
    assert log.high_watermark == kept


def test_the_high_watermark_rises_up_to_the_end_and_never_falls() -> None:
    log = open_log()
    append(log, batch(5))
    log.begin_replication(1)
    assert [log.raise_high_watermark(offset) for offset in (3, 2, 3, 9, 9)] == [True, False, False, True, False]
    assert log.high_watermark == 5


def test_a_transaction_is_stable_once_its_marker_is_below_the_high_watermark() -> None:
    log = open_log()
    log.begin_replication(0)
    append(log, batch(), _transactional(1), batch())
    log.append_marker(1, 0, 0, False, NOW_MS, 0)
    append(log, batch())
    seen: list[tuple[int, int]] = []
    for offset in range(6):
        log.raise_high_watermark(offset)
        stable = log.last_stable_offset
        seen.append((stable, len(log.aborted_transactions(0, stable))))
    assert seen == [(0, 0), (1, 0), (1, 0), (1, 0), (4, 1), (5, 1)]


@pytest.mark.parametrize("is_commit", [False, True])
def test_transactions_that_ended_beyond_the_high_watermark_before_replication_began_are_undecided(
    is_commit: bool,
) -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, batch(), _transactional(1), *[batch(value_bytes=150) for _ in range(5)], _transactional(2))
    for pid in (1, 2):
        log.append_marker(pid, 0, 0, is_commit, NOW_MS, 0)
    for one in (log, _reopened(files, SMALL)):
        stable: dict[int, int] = {}
        for high_watermark in (0, 5, 7, 8, 9, 10):
            one.begin_replication(high_watermark)
            stable[high_watermark] = one.last_stable_offset
        assert stable == {0: 0, 5: 1, 7: 1, 8: 1, 9: 7, 10: 10}


def test_a_replica_that_goes_on_as_one_reads_nothing_again() -> None:
    files = CountedReads()
    log = open_log(files)
    append(log, _transactional(1))
    log.append_marker(1, 0, 0, True, NOW_MS, 0)
    log.begin_replication(1)
    assert (log.last_stable_offset, files.reads > 0) == (0, True)
    files.reads = 0
    log.begin_replication(log.high_watermark)
    assert (log.last_stable_offset, files.reads) == (0, 0)


def test_records_can_be_deleted_up_to_the_high_watermark_and_raise_it_where_the_leader_did_it() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(4)])
    log.begin_replication(4)
    assert _refusal(lambda: log.delete_records_before(5)) == ErrorCode.OFFSET_OUT_OF_RANGE
    assert log.delete_records_before(4) == 4
    assert log.follow_log_start(6, NOW_MS)
    assert (log.log_start_offset, log.high_watermark, log.log_end_offset) == (6, 6, 8)


def test_retention_keeps_what_reaches_beyond_the_high_watermark() -> None:
    log = open_log(config=LogConfig(segment_bytes=500, retention_bytes=0))
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    log.begin_replication(5)
    assert [one.base_offset for one in log.delete_old_segments(NOW_MS)] == [0, 2]
    assert (log.log_start_offset, log.high_watermark) == (4, 5)
    log.raise_high_watermark(8)
    assert [one.base_offset for one in log.delete_old_segments(NOW_MS)] == [4, 6]
    assert (log.log_start_offset, log.log_end_offset, log.high_watermark) == (8, 8, 8)


def test_nothing_is_compacted_that_reaches_beyond_the_high_watermark() -> None:
    log = open_log(config=COMPACTED)
    append(log, *[batch(2, value_bytes=100) for _ in range(4)])
    log.begin_replication(5)
    assert log.find_cleanable(None, NOW_MS).upper_offset == 4
    log.raise_high_watermark(8)
    assert log.find_cleanable(None, NOW_MS).upper_offset == 6


# Copying


@pytest.mark.parametrize("max_bytes", [1, 400, 1 << 20])
def test_a_follower_has_the_leader_s_bytes_in_the_leader_s_segments(max_bytes: int) -> None:
    leader, follower = open_log(config=SMALL), open_log(config=SMALL)
    for n in range(20):
        leader.append([batch(2, value_bytes=9 * n, pid=1, sequence=2 * n)], NOW_MS, leader_epoch=n // 7)
    _copy_all(leader, follower, max_bytes)
    assert _bytes_of(follower) == _bytes_of(leader)
    assert len(bases_of(follower)) > 5
    assert follower.end_offset_for_epoch(1) == leader.end_offset_for_epoch(1) == (1, 28)
    assert offsets_read(follower) == offsets_read(leader)
    assert follower.find_producer(1).last_sequence == 39  # type: ignore[union-attr]


def test_a_run_of_batches_is_one_write_for_each_segment() -> None:
    leader, one_by_one, files = open_log(), open_log(config=SMALL), CountedWrites()
    follower = open_log(files, SMALL)
    for log in (leader, one_by_one):
        append(log, *[batch(value_bytes=20) for _ in range(12)])
    files.written.clear()
    copied = follower.append_replicated(leader.read(0, 1 << 20, upper_offset=12).data, NOW_MS)
    runs = [path for path in files.written if path.endswith(".log")]
    assert runs == [
        file_of(0, ".log"),
        file_of(5, ".log"),
        file_of(5, ".log"),
        file_of(10, ".log"),
        file_of(10, ".log"),
    ]
    assert copied == (0, 11, -1, 0, False, leader.size_bytes)
    assert _bytes_of(follower) == _bytes_of(one_by_one)


def test_nothing_copied_is_nothing_appended() -> None:
    log = open_log()
    append(log, batch(2))
    assert log.append_replicated(b"", NOW_MS) == (2, 1, -1, 0, False, 0)


def test_a_follower_s_markers_end_transactions_and_what_they_abort_is_indexed() -> None:
    files = MemoryFiles()
    leader, follower = open_log(config=SMALL), open_log(files, SMALL)
    follower.begin_replication(0)
    for n in range(4):
        append(leader, _transactional(1, n), batch(value_bytes=150))
        leader.append_marker(1, 0, 3, n % 2 == 0, NOW_MS, 0)
    append(leader, _transactional(2))
    _copy_all(leader, follower, 300)
    assert follower.last_stable_offset == 0
    follower.raise_high_watermark(13)
    assert follower.last_stable_offset == leader.last_stable_offset == 12
    expected = [(1, 3, 5, 6), (1, 9, 11, 12)]
    assert leader.aborted_transactions(0, 12) == follower.aborted_transactions(0, 12) == expected
    again = _reopened(files, SMALL)
    assert again.aborted_transactions(0, 12) == expected
    assert again.producers.snapshot_entries() == follower.producers.snapshot_entries()


def test_what_does_not_go_on_where_the_log_ends_is_refused() -> None:
    leader, follower = open_log(), open_log()
    append(leader, *[batch(3) for _ in range(3)])
    _copy(leader, follower, 1)
    data = leader.read(0, 1 << 20, upper_offset=END).data
    assert _refusal(lambda: follower.append_replicated(data, NOW_MS)) == ErrorCode.OFFSET_OUT_OF_RANGE
    assert (follower.log_end_offset, offsets_read(follower)) == (3, [0])


@pytest.mark.parametrize("damage", ["checksum", "torn", "magic", "order", "zeros"])
def test_what_is_no_run_of_sound_batches_is_refused_and_leaves_the_log_as_it_was(damage: str) -> None:
    leader, files = open_log(), CountedWrites()
    follower = open_log(files)
    append(leader, batch(), batch(), batch())
    size = leader.size_bytes // 3
    data = bytearray(leader.read(0, 1 << 20, upper_offset=END).data)
    if damage == "checksum":
        data[-1] ^= 1
    elif damage == "torn":
        del data[-1]
    elif damage == "magic":
        data[size + 16] = 1
    elif damage == "order":
        data = data[2 * size :] + data[:size]
    else:
        data += bytes(100)
    files.written.clear()
    assert _refusal(lambda: follower.append_replicated(data, NOW_MS)) == ErrorCode.CORRUPT_MESSAGE
    assert (follower.log_end_offset, follower.size_bytes, follower.leader_epoch, files.written) == (0, 0, 0, [])


def test_batches_of_older_epochs_are_refused_until_the_log_is_truncated() -> None:
    older, newer = open_log(), open_log()
    for log, epoch in ((older, 2), (newer, 3)):
        for _ in range(2):
            log.append([batch(2)], NOW_MS, leader_epoch=epoch)
    part = older.read(2, 1 << 20, upper_offset=4).data
    newer.truncate_to(2, NOW_MS)
    assert _refusal(lambda: newer.append_replicated(part, NOW_MS)) == ErrorCode.FENCED_LEADER_EPOCH
    both = bytes(newer.read(0, 1 << 20, upper_offset=4).data) + bytes(part)
    assert _refusal(lambda: open_log().append_replicated(both, NOW_MS)) == ErrorCode.CORRUPT_MESSAGE
    newer.truncate_to(0, NOW_MS)
    _copy_all(older, newer)
    assert (newer.leader_epoch, offsets_read(newer)) == (2, [0, 2])


def test_an_epoch_that_wrote_nothing_gives_way_to_older_batches_of_a_newer_leader() -> None:
    leader, follower = open_log(), open_log()
    for _ in range(2):
        leader.append([batch(2)], NOW_MS, leader_epoch=4)
    _copy(leader, follower, 1)
    follower.begin_epoch(5)  # it led, and was cut off before anything was written
    _copy(leader, follower)
    assert (follower.leader_epoch, offsets_read(follower)) == (4, [0, 2])


def test_a_follower_copies_the_gaps_of_a_compacted_log_and_still_has_them_after_a_stop() -> None:
    files = MemoryFiles()
    whole, gapped, follower = open_log(), bytearray(), open_log(files)
    append(whole, *[batch(2) for _ in range(8)])
    for n in (1, 2, 5, 7):
        gapped += whole.read(2 * n, 1, upper_offset=END).data
    assert follower.append_replicated(gapped, NOW_MS).base_offset == 2
    for log in (follower, _reopened(files), _reopened(files, recovery_point=16)):
        assert (offsets_read(log), log.log_end_offset) == ([2, 4, 10, 14], 16)
        assert log.read(7, 1, upper_offset=END).first_offset == 10


def test_a_follower_gets_over_the_end_of_a_log_of_which_compaction_has_left_nothing() -> None:
    files = MemoryFiles()
    whole, follower = open_log(), open_log(files)
    append(whole, batch(2), batch(2))
    follower.append_replicated(whole.read(0, 1, upper_offset=END).data, NOW_MS, next_offset=2)
    assert bases_of(follower) == (0,)
    for next_offset in (7, 9, 9, 8):
        follower.append_replicated(b"", NOW_MS, next_offset=next_offset)
    for log in (follower, _reopened(files), _reopened(files, recovery_point=9)):
        assert (log.log_start_offset, log.log_end_offset, bases_of(log)) == (0, 9, (0, 9))
        assert log.read(4, 1, upper_offset=END) == (b"", 4, 9)
    append(follower, batch(2))
    assert offsets_read(follower) == [0, 9]


def test_a_follower_s_new_segment_begins_behind_a_gap_with_the_batch_that_it_is_for() -> None:
    files = MemoryFiles()
    whole, gapped, follower = open_log(), bytearray(), open_log(files, SMALL)
    append(whole, *[batch(value_bytes=250) for _ in range(8)])
    for n in (0, 3, 7):
        gapped += whole.read(n, 1, upper_offset=END).data
    follower.append_replicated(gapped, NOW_MS)
    for log in (follower, _reopened(files, SMALL)):
        assert (bases_of(log), offsets_read(log)) == ((0, 3, 7), [0, 3, 7])


def test_a_batch_larger_than_a_segment_is_copied_all_the_same() -> None:
    leader, follower = open_log(), open_log(config=SMALL)
    append(leader, batch(), batch(value_bytes=600), batch())
    _copy_all(leader, follower)
    assert (bases_of(follower), offsets_read(follower)) == ((0, 1, 2), [0, 1, 2])


def test_a_write_that_fails_leaves_the_batches_of_the_segments_before_it() -> None:
    leader, files = open_log(config=SMALL), RefusingFiles()
    follower = open_log(files, SMALL)
    append(leader, *[batch(value_bytes=100) for _ in range(7)])
    data = leader.read(0, 1 << 20, upper_offset=END).data
    files.refuse(2, 1)
    with pytest.raises(OSError, match="No space"):
        follower.append_replicated(data, NOW_MS)
    assert offsets_read(follower) == list(range(follower.log_end_offset))
    _copy_all(leader, follower)
    assert _bytes_of(follower) == _bytes_of(leader)


# Getting shorter


def test_a_truncation_lowers_the_high_watermark_and_opens_the_transactions_whose_markers_go() -> None:
    log = open_log()
    log.begin_replication(0)
    append(log, _transactional(1), _transactional(2))
    log.append_marker(1, 0, 0, False, NOW_MS, 0)
    log.append_marker(2, 0, 0, False, NOW_MS, 0)
    log.raise_high_watermark(4)
    assert (log.last_stable_offset, len(log.aborted_transactions(0, 4))) == (4, 2)
    log.truncate_to(3, NOW_MS)
    assert (log.high_watermark, log.last_stable_offset) == (3, 1)
    assert log.aborted_transactions(0, 3) == [(1, 0, 2, 1)]


def test_a_truncation_at_the_end_takes_epochs_that_have_written_nothing() -> None:
    log = open_log()
    log.append([batch(2)], NOW_MS, leader_epoch=1)
    log.begin_epoch(3)
    assert log.leader_epoch == 3
    log.truncate_to(7, NOW_MS)
    assert (log.leader_epoch, log.log_end_offset) == (1, 2)


def test_a_follower_is_cut_where_its_leader_s_answer_says() -> None:
    log = open_log()
    for epoch in (0, 0, 2, 2):
        log.append([batch(5)], NOW_MS, leader_epoch=epoch)
    log.begin_replication(3)
    asked = ((2, 15), (2, 99), (1, 12), (0, 5), (-1, -1))
    assert [log.truncation_offset(*answer) for answer in asked] == [15, 20, 10, 5, 3]


def test_a_truncation_to_the_base_of_a_segment_keeps_where_the_log_ends_though_a_gap_lies_before_it() -> None:
    files = MemoryFiles()
    whole, gapped, log = open_log(), bytearray(), open_log(files, SMALL)
    append(whole, *[batch(value_bytes=250) for _ in range(8)])
    for n in (0, 5, 6):
        gapped += whole.read(n, 1, upper_offset=END).data
    log.append_replicated(gapped, NOW_MS)
    log.truncate_to(5, NOW_MS)
    assert (log.log_end_offset, _reopened(files, SMALL).log_end_offset) == (5, 5)


@pytest.mark.parametrize("offset", [2, 4, 50])
def test_a_log_that_was_truncated_fully_begins_anew_and_does_so_after_a_stop_of_any_kind(offset: int) -> None:
    files = MemoryFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, pid=1, sequence=2 * n, value_bytes=100, is_transactional=True) for n in range(4)])
    log.begin_replication(4)
    assert bases_of(log) == (0, 2, 4, 6)
    log.truncate_fully_to(offset, NOW_MS)
    for one in (log, _reopened(files, SMALL), _reopened(files, SMALL, recovery_point=offset)):
        assert (one.log_start_offset, one.log_end_offset, bases_of(one)) == (offset, offset, (offset,))
        assert (one.high_watermark, one.last_stable_offset, one.leader_epoch) == (offset, offset, -1)
        assert (one.active_producers(), one.size_bytes) == ([], 0)
    leader = open_log()
    leader.truncate_fully_to(offset, NOW_MS)
    leader.append([batch(3)], NOW_MS, leader_epoch=0)
    _copy_all(leader, log)
    log.close()
    again = open_log(files, SMALL, is_clean=True, recovery_point=offset + 3)
    assert again.recovery_report.is_clean
    assert offsets_read(again, offset) == [offset]


def test_a_follower_that_is_told_to_begin_beyond_its_end_begins_anew() -> None:
    log = open_log()
    append(log, batch(4))
    assert [log.follow_log_start(offset, NOW_MS) for offset in (0, 2, 1, 9)] == [False, True, False, True]
    assert (log.log_start_offset, log.log_end_offset) == (9, 9)


def test_a_follower_that_begins_inside_a_batch_copies_it_whole() -> None:
    files = MemoryFiles()
    leader, follower = open_log(), open_log(files)
    append(leader, batch(4), batch(4), batch(4))
    leader.delete_records_before(6)
    follower.truncate_fully_to(6, NOW_MS)
    follower.begin_replication(6)
    _copy_all(leader, follower, 1)
    assert (follower.log_start_offset, follower.log_end_offset, follower.high_watermark) == (6, 12, 6)
    assert offsets_read(follower, 6) == offsets_read(leader, 6) == [4, 8]
    assert (_reopened(files).log_start_offset, _reopened(files).log_end_offset) == (4, 12)


def test_a_truncation_below_everything_that_is_left_begins_the_log_anew_there() -> None:
    log = open_log()
    log.truncate_fully_to(10, NOW_MS)
    append(log, batch(2))
    log.truncate_to(7, NOW_MS)
    assert (log.log_start_offset, log.log_end_offset, bases_of(log)) == (7, 7, (7,))


def test_a_replica_that_is_cut_at_its_start_keeps_nothing_of_what_was_deleted_before() -> None:
    files = MemoryFiles()
    log = open_log(files)
    log.begin_replication(0)
    for _ in range(3):
        log.append([batch(2, pid=1, sequence=0)], NOW_MS, leader_epoch=5, is_from_client=False)
    log.follow_log_start(2, NOW_MS)
    log.truncate_to(3, NOW_MS)
    assert (log.log_start_offset, log.log_end_offset, log.size_bytes, log.active_producers()) == (2, 2, 0, [])
    leader = open_log()
    for _ in range(2):
        leader.append([batch(2)], NOW_MS, leader_epoch=3)
    _copy_all(leader, log)
    assert offsets_read(_reopened(files), 2) == offsets_read(log, 2) == [2]


def test_nothing_stays_on_record_of_what_is_cut_off_before_it_is() -> None:
    files = MemoryFiles()
    seen: list[tuple[int, int]] = []

    def lower(end_offset: int, then: Callable[[], None] | None = None) -> None:
        seen.append((end_offset, files.size(file_of(0, ".log"))))

    checkpoints = LogCheckpoints(lower=lower)
    log = PartitionLog.open(LogLocation(files, DIRECTORY, "t", 0), LogConfig(), NOW_MS, checkpoints)
    append(log, batch(2), batch(2), batch(2))
    size = log.size_bytes
    log.truncate_to(9, NOW_MS)
    log.truncate_to(4, NOW_MS)
    log.follow_log_start(1, NOW_MS)
    log.truncate_fully_to(8, NOW_MS)
    assert seen == [(4, size), (8, size * 2 // 3)]


@pytest.mark.parametrize("offset", [2, 50])
def test_a_power_loss_amid_a_full_truncation_leaves_the_old_log_or_the_new_one(offset: int) -> None:
    files = PowerLossFiles()
    log = open_log(files, SMALL)
    append(log, *[batch(2, pid=1, sequence=2 * n, value_bytes=100) for n in range(4)])
    job = log.begin_flush()
    job.run()
    log.finish_flush(job)
    files.sync_handle("/")()
    before = files.moment
    log.truncate_fully_to(offset, NOW_MS)
    append(log, batch(2))
    recovery_point = log.recovery_point
    flush = log.begin_flush()
    flush.run()
    after = files.moment
    ends: set[int] = set()
    plan: dict[int, list[tuple[Survival, int]]] = {
        at: [("some", seed) for seed in range(6)] for at in range(before, after + 1)
    }
    for moment, _, image in files.images(plan):
        again = _reopened(image, SMALL, recovery_point=recovery_point)
        found = offsets_read(again, again.log_start_offset)
        assert found in ([0, 2, 4, 6], [2, 4, 6], [4, 6], [6], [], [offset]) or found[-1] == offset
        ends.add(again.log_end_offset)
        if moment == after:
            assert (again.log_start_offset, found) == (offset, [offset])
    assert {8, offset, offset + 2} <= ends


def test_what_is_synced_while_the_log_is_truncated_is_not_taken_for_what_comes_in_its_place() -> None:
    log = open_log()
    append(log, *[batch(2) for _ in range(4)])
    job = log.begin_flush()
    log.truncate_to(4, NOW_MS)
    append(log, *[batch(3) for _ in range(4)])
    job.run()
    log.finish_flush(job)
    assert (log.recovery_point, log.needs_flush(NOW_MS)) == (4, True)


# A replica's start


def test_a_replica_is_opened_without_an_epoch_of_its_own() -> None:
    files = MemoryFiles()
    log = open_log(files)
    log.append([batch(2)], NOW_MS, leader_epoch=3)
    assert _reopened(files).leader_epoch == 3
    assert open_log(files, leader_epoch=9).leader_epoch == 9
