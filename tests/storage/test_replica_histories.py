"""Any history of writes, copies in pieces, changes of the leader and stops of any kind leaves replicas whose files are
the same below the smaller end, and which know what a log opened anew from these files knows."""

from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from odradek.protocol.batch import RecordBatch, whole_batches
from odradek.protocol.control import find_marker
from odradek.protocol.records import read_records
from odradek.storage.compaction.steps import run_to_end
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.leader_epochs import FILE_NAME
from odradek.storage.log import PartitionLog
from odradek.storage.log_config import LogConfig
from odradek.storage.log_location import LogCheckpoints, LogLocation
from odradek.storage.producer_state import SnapshotEntry
from odradek.storage.unflushed import drop_unflushed

from .builders import DIRECTORY, NOW_MS, batch

REPLICAS = 3
TRANSACTIONAL, IDEMPOTENT = (1, 2), 3
HIGHEST_EPOCH = 1000
REPLICA = st.integers(0, REPLICAS - 1)
CONFIG = LogConfig(index_interval_bytes=100)


@dataclass(slots=True)
class Replica:
    """A log, its files, and what its checkpoints have."""

    files: MemoryFiles
    log: PartitionLog
    recovery_point: int = 0

    @classmethod
    def begin(cls, config: LogConfig) -> "Replica":
        files = MemoryFiles()
        replica = cls(files, _open(files, config))
        replica.log.begin_replication(0)
        return replica

    def flush(self) -> None:
        job = self.log.begin_flush()
        job.run()
        self.log.finish_flush(job)
        self.recovery_point = self.log.recovery_point

    def reopen(self, *, is_clean: bool = False) -> None:
        high_watermark = self.log.high_watermark
        start = self.log.log_start_offset
        self.log = log = _open(
            self.files, self.log.config, is_clean=is_clean, recovery_point=self.recovery_point, log_start_offset=start
        )
        assert log.recovery_report.is_clean or not is_clean
        assert log.recovery_report.truncated_bytes == 0
        assert not log.recovery_report.segments_dropped or log.log_end_offset == start
        self.log.begin_replication(high_watermark)

    def batches(self) -> list[RecordBatch]:
        """All that is in the files, also what lies below the log's start."""
        return list(whole_batches(self.bytes()))

    def bytes_from(self, offset: int) -> list[bytes]:
        """The batches that reach beyond an offset."""
        return [bytes(one.view) for one in self.batches() if one.next_offset > offset]

    def records_from(self, offset: int) -> dict[int, object]:
        """The records from an offset on, and whose they are."""
        return {
            record.offset: (record.key, record.value, one.producer_id, one.is_control)
            for one in self.batches()
            for record in read_records(one)
            if record.offset >= offset
        }

    def bytes(self) -> bytes:
        names = sorted(name for name in self.files.list_directory(DIRECTORY) if name.endswith(".log"))
        return b"".join(self.files.read(f"{DIRECTORY}/{name}", 0, 1 << 30) for name in names)


def _open(
    files: MemoryFiles,
    config: LogConfig,
    *,
    is_clean: bool = False,
    recovery_point: int = 0,
    log_start_offset: int = 0,
) -> PartitionLog:
    checkpoints = LogCheckpoints(
        is_clean=is_clean,
        recovery_point=recovery_point,
        log_start_offset=log_start_offset,
        leader_epoch=HIGHEST_EPOCH,
        is_replica=True,
    )
    damage: list[str] = []
    log = PartitionLog.open(LogLocation(files, DIRECTORY, "t", 0), config, NOW_MS, checkpoints, damage.append)
    assert [what for what in damage if "begins at" not in what and "epochs" not in what] == []
    return log


def _stable_offset(replica: Replica) -> int:
    """By the batches alone: where the first transaction begins that is open, or whose marker is not replicated."""
    high_watermark = replica.log.high_watermark
    first: dict[int, int] = {}
    undecided = [high_watermark]
    for one in replica.batches():
        if one.is_control:
            begun = first.pop(one.producer_id, None)
            if begun is not None and one.base_offset >= high_watermark:
                undecided.append(begun)
        elif one.is_transactional:
            first.setdefault(one.producer_id, one.base_offset)
    return max(min([*undecided, *first.values()]), replica.log.log_start_offset)


def _aborted(batches: list[RecordBatch], upper_offset: int) -> list[tuple[int, int, int]]:
    """The aborted transactions that touch what lies below an offset: producer, first offset, marker."""
    first: dict[int, int] = {}
    found: list[tuple[int, int, int]] = []
    for one in batches:
        if one.is_control:
            marker = find_marker(one)
            begun = first.pop(one.producer_id, None)
            if begun is not None and begun < upper_offset and marker is not None and not marker.is_commit:
                found.append((one.producer_id, begun, one.base_offset))
        elif one.is_transactional:
            first.setdefault(one.producer_id, one.base_offset)
    return sorted(found, key=lambda txn: txn[1])


def _committed(log: PartitionLog, batches: list[RecordBatch]) -> list[int]:
    """The batches that a consumer takes (read_committed), by what the log says was aborted."""
    start, stable = log.log_start_offset, log.last_stable_offset
    aborted = log.aborted_transactions(start, stable)
    skipped: set[int] = set()
    taken: list[int] = []
    for one in batches:
        if start < one.next_offset <= stable:
            while aborted and aborted[0].first_offset <= one.last_offset:
                skipped.add(aborted.pop(0).producer_id)
            if one.is_control:
                skipped.discard(one.producer_id)
            elif one.producer_id not in skipped or not one.is_transactional:
                taken.append(one.base_offset)
    return taken


class Replicas(RuleBasedStateMachine):
    """Three logs, one of which leads at any time; which one is no question of who has what."""

    config = CONFIG

    @initialize(segment_bytes=st.sampled_from([460, 900, 100_000]))
    def begin(self, segment_bytes: int) -> None:
        config = replace(self.config, segment_bytes=segment_bytes)
        self.replicas = [Replica.begin(config) for _ in range(REPLICAS)]
        self.leader, self.epoch = 0, -1
        self.elect(0)

    @property
    def led(self) -> PartitionLog:
        return self.replicas[self.leader].log

    # What a leader does

    @rule(replica=REPLICA)
    def elect(self, replica: int) -> None:
        self.leader, self.epoch = replica, self.epoch + 1
        self.led.begin_epoch(self.epoch)

    @rule(times=st.integers(1, 6), value_bytes=st.sampled_from([1, 50, 120]), key=st.sampled_from([b"a", b"b"]))
    def write_plain(self, times: int, value_bytes: int, key: bytes) -> None:
        for n in range(times):
            one = batch(1 + n % 3, value_bytes=value_bytes, key=key)
            self.led.append([one], NOW_MS, leader_epoch=self.epoch)

    @rule(pid=st.sampled_from([*TRANSACTIONAL, IDEMPOTENT]), count=st.integers(1, 3))
    def write_as_producer(self, pid: int, count: int) -> None:
        known = self.led.find_producer(pid)
        sequence = 0 if known is None else known.last_sequence + 1
        one = batch(count, pid=pid, sequence=sequence, is_transactional=pid in TRANSACTIONAL, value_bytes=20)
        assert not self.led.append([one], NOW_MS, leader_epoch=self.epoch).is_duplicate

    @rule(pid=st.sampled_from(TRANSACTIONAL), is_commit=st.booleans())
    def end_transaction(self, pid: int, is_commit: bool) -> None:
        self.led.append_marker(pid, 0, 0, is_commit, NOW_MS, self.epoch)

    @rule(share=st.sampled_from([0.4, 0.8, 1.0]))
    def raise_high_watermark(self, share: float) -> None:
        before, end = self.led.high_watermark, self.led.log_end_offset
        ends = sorted({one.base_offset for one in self.led.batches() if one.base_offset >= before} | {before, end})
        offset = ends[int(share * (len(ends) - 1))]
        assert self.led.raise_high_watermark(offset) == (offset > before)

    @rule(share=st.sampled_from([0.1, 0.3, 0.5, 1.0]))
    def delete_records(self, share: float) -> None:
        start = self.led.log_start_offset
        self.led.delete_records_before(start + int((self.led.high_watermark - start) * share))

    # What a follower does

    @rule(replica=REPLICA, times=st.integers(1, 8), max_bytes=st.sampled_from([1, 150, 400, 1 << 20]))
    def copy(self, replica: int, times: int, max_bytes: int) -> None:
        for _ in range(times if replica != self.leader else 0):
            self._fetch(self.replicas[replica].log, max_bytes)

    def _fetch(self, follower: PartitionLog, max_bytes: int) -> None:
        """One fetch, as a leader answers it (KAFKA-9824), and what the follower makes of it."""
        leader, offset, epoch = self.led, follower.log_end_offset, follower.leader_epoch
        found, end = leader.end_offset_for_epoch(epoch)
        if offset < leader.log_start_offset:
            follower.truncate_fully_to(leader.log_start_offset, NOW_MS)
        elif epoch >= 0 and end < 0:
            follower.truncate_to(follower.high_watermark, NOW_MS)  # not in these histories, but then it would be so
            raise AssertionError
        elif epoch >= 0 and (found < epoch or end < offset):
            cut = follower.truncation_offset(found, end)
            assert cut < offset or follower.leader_epoch > found
            follower.truncate_to(cut, NOW_MS)
        elif offset > leader.log_end_offset:
            follower.truncate_to(leader.log_end_offset, NOW_MS)
        else:
            part = leader.read(offset, max_bytes, upper_offset=leader.log_end_offset)
            info = follower.append_replicated(part.data, NOW_MS, next_offset=part.next_offset)
            assert info.size_bytes == len(part.data)
            follower.raise_high_watermark(leader.high_watermark)
            follower.follow_log_start(leader.log_start_offset, NOW_MS)

    # What happens to any of them

    @rule(replica=REPLICA)
    def flush(self, replica: int) -> None:
        self.replicas[replica].flush()

    @rule(replica=REPLICA)
    def stop_cleanly(self, replica: int) -> None:
        one = self.replicas[replica]
        one.log.close()
        one.recovery_point = one.log.recovery_point
        one.reopen(is_clean=True)
        self._return(replica)

    @rule(replica=REPLICA)
    def kill(self, replica: int) -> None:
        one = self.replicas[replica]
        one.log.abandon()
        one.recovery_point = min(one.recovery_point, one.log.recovery_point)
        one.reopen()
        self._return(replica)

    @rule(replica=REPLICA)
    def lose_power(self, replica: int) -> None:
        one = self.replicas[replica]
        one.log.abandon()
        one.recovery_point = one.log.recovery_point
        drop_unflushed(one.files, DIRECTORY, one.recovery_point)
        one.reopen()
        self._return(replica)

    def _return(self, replica: int) -> None:
        if replica == self.leader:
            self.elect(replica)

    # What holds at any time

    @invariant()
    def each_knows_what_its_files_say(self) -> None:
        for one in self.replicas:
            log = one.log
            start, end = log.log_start_offset, log.log_end_offset
            assert start <= log.last_stable_offset <= log.high_watermark <= end
            assert log.last_stable_offset == _stable_offset(one)
            batches = one.batches()
            for b in batches:
                assert b.next_offset <= start or log.epoch_of(max(b.base_offset, start)) == b.partition_leader_epoch
            stable = log.last_stable_offset
            if not log.config.is_compacted:
                seen = [txn[:3] for txn in log.aborted_transactions(start, stable)]
                assert seen == [txn for txn in _aborted(batches, stable) if txn[2] >= start]

    def teardown(self) -> None:
        if not hasattr(self, "replicas"):
            return
        self._catch_up()
        for one in self.replicas:
            files = one.files.fork()
            files.remove(f"{DIRECTORY}/{FILE_NAME}")  # epochs are to be what the batches have
            again = _open(files, one.log.config, log_start_offset=one.log.log_start_offset)
            assert self._producers(again) == self._producers(one.log)
            for log in (again, one.log):
                log.truncate_to(log.log_end_offset, NOW_MS)  # epochs that have written nothing are in no file
            # Compaction leaves epochs without a batch; those that there are have their epochs at any time.
            assert again._state.epochs.entries == one.log._state.epochs.entries or one.log.config.is_compacted
            again.begin_replication(one.log.high_watermark)
            assert again.last_stable_offset == one.log.last_stable_offset
            assert _committed(again, one.batches()) == _committed(one.log, one.batches())
            if not one.log.config.is_compacted:
                assert again.aborted_transactions(0, 1 << 60) == one.log.aborted_transactions(0, 1 << 60)
            assert again.log_end_offset == one.log.log_end_offset

    def _producers(self, log: PartitionLog) -> list[SnapshotEntry]:
        return sorted(log.producers.snapshot_entries())

    def _catch_up(self) -> None:
        """Every follower fetches until it is where its leader is; then all have the same bytes."""
        leader = self.replicas[self.leader]
        for one in self.replicas:
            if one is leader:
                continue
            seen: set[tuple[int, int]] = set()
            while (at := (one.log.log_end_offset, one.log.leader_epoch)) not in seen:
                seen.add(at)
                self._fetch(one.log, 150)
            assert one.log.log_end_offset == leader.log.log_end_offset
            assert one.log.log_start_offset >= leader.log.log_start_offset
            self._compare(one, leader, one.log.log_start_offset)

    def _compare(self, follower: Replica, leader: Replica, start: int) -> None:
        assert follower.bytes_from(start) == leader.bytes_from(start)


class CompactedReplicas(Replicas):
    """Each compacts its log when it likes: then one has gaps that another has not, and they copy them."""

    config = replace(CONFIG, cleanup_policy=frozenset({"compact"}), file_delete_delay_ms=0, delete_retention_ms=0)

    @rule(value_bytes=st.sampled_from([1, 50]), share=st.sampled_from([0.8, 1.0]))
    def write_much_and_compact(self, value_bytes: int, share: float) -> None:
        for key in (b"a", b"b"):
            self.write_plain(4, value_bytes, key)
        self.raise_high_watermark(share)
        self.compact(self.leader)

    @rule(replica=REPLICA)
    def compact(self, replica: int) -> None:
        one = self.replicas[replica]
        cleanable = one.log.find_cleanable(None, NOW_MS)
        assert cleanable.upper_offset <= max(one.log.last_stable_offset, one.log.log_start_offset)
        run_to_end(one.log.begin_cleaning(cleanable, NOW_MS, 1 << 30, recovered_from=one.recovery_point).steps())
        for path in one.log.take_due(NOW_MS):
            one.files.remove(path)

    def _producers(self, log: PartitionLog) -> list[SnapshotEntry]:
        """Those that have written: of others compaction has removed the markers."""
        entries = super()._producers(log)
        return [one._replace(coordinator_epoch=0) for one in entries if one.last_offset >= 0]

    def _compare(self, follower: Replica, leader: Replica, start: int) -> None:
        ours, theirs = follower.records_from(start), leader.records_from(start)
        assert all(theirs.get(offset, value) == value for offset, value in ours.items())
        undecided = max(follower.log.last_stable_offset, leader.log.last_stable_offset)
        assert {n for n in ours if n >= undecided} == {n for n in theirs if n >= undecided}


TestReplicas = Replicas.TestCase
TestCompactedReplicas = CompactedReplicas.TestCase
TestReplicas.settings = TestCompactedReplicas.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, derandomize=True, report_multiple_bugs=False
)
