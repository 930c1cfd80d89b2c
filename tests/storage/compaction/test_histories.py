"""Any history of appends, transactions, rolls, cuts, retention, deletion, compaction and restarts leaves what a list
of records says should be left."""

import copy
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from odradek.protocol.compression import Codec
from odradek.protocol.records import read_records
from odradek.storage.files.memory_files import MemoryFiles

from ..builders import END, NOW_MS, bases_of, open_log, reopen_clean
from .compacting import COMPACTED, batches_in, clean, write

KEYS = st.sampled_from(
    ["a", "b", "c", "d", "a key of more than sixty-four bytes, of which a digest is kept in memory", None]
)
PAIRS = st.lists(st.tuples(KEYS, st.sampled_from(["1", "22", "", None])), min_size=1, max_size=5)
PRODUCERS: tuple[int, ...] = (1, 2, 3)
CONFIG = replace(COMPACTED, cleanup_policy=frozenset({"compact", "delete"}), retention_ms=-1)


@dataclass(slots=True)
class Entry:
    """A record of the model; `batch` is the base offset of its batch."""

    offset: int
    key: str | None
    value: str | None
    batch: int
    txn: list[str] | None  # one list for all records of a transaction: what became of it

    @property
    def is_aborted(self) -> bool:
        return self.txn == ["aborted"]


class Compactions(RuleBasedStateMachine):
    """The log on one side, a list of records on the other."""

    @initialize(segment_bytes=st.sampled_from([600, 1500, 100_000]))
    def begin(self, segment_bytes: int) -> None:
        self.files = MemoryFiles()
        self.log = open_log(self.files, replace(CONFIG, segment_bytes=segment_bytes))
        self.entries: list[Entry] = []
        self.horizons: dict[int, int] = {}
        self.open: dict[int, list[str]] = {}
        self.sequences = dict.fromkeys(PRODUCERS, 0)
        self.checkpoint = 0
        self.now_ms = NOW_MS
        self.versions: list[tuple[int, list[Entry], dict[int, list[str]], dict[int, int]]] = []

    def keep_version(self) -> None:
        """Where the log ends and what it amounts to: what cutting it back there must restore."""
        state = copy.deepcopy((self.entries, self.open, self.sequences))  # together: transactions stay shared
        self.versions.append((self.log.log_end_offset, *state))

    @rule(pairs=PAIRS, codec=st.sampled_from([Codec.NONE, Codec.NONE, Codec.ZSTD]))
    def write_plain(self, pairs: list[tuple[str | None, str | None]], codec: Codec) -> None:
        self.keep_version()
        base = write(self.log, pairs, codec=codec)
        self.entries += [Entry(base + n, *pair, base, None) for n, pair in enumerate(pairs)]

    @rule(pairs=PAIRS, pid=st.sampled_from(PRODUCERS))
    def write_in_transaction(self, pairs: list[tuple[str | None, str | None]], pid: int) -> None:
        self.keep_version()
        base = write(self.log, pairs, pid=pid, sequence=self.sequences[pid], is_transactional=True)
        self.sequences[pid] += len(pairs)
        txn = self.open.setdefault(pid, [])
        self.entries += [Entry(base + n, *pair, base, txn) for n, pair in enumerate(pairs)]

    @rule(pid=st.sampled_from(PRODUCERS), is_commit=st.booleans())
    def end_transaction(self, pid: int, is_commit: bool) -> None:
        self.keep_version()
        self.log.append_marker(pid, 0, 0, is_commit, NOW_MS, 0)
        self.open.pop(pid, []).append("committed" if is_commit else "aborted")

    @rule()
    def roll(self) -> None:
        self.log.roll(NOW_MS)

    @rule(back=st.integers(1, 4), share=st.floats(0, 1, exclude_max=True))
    def truncate(self, back: int, share: float) -> None:
        if len(self.versions) < back:
            return
        following = self.versions[1 - back][0] if back > 1 else self.log.log_end_offset
        end, self.entries, self.open, self.sequences = self.versions[-back]
        del self.versions[-back:]
        self.log.truncate_to(end + int((following - end) * share), self.now_ms)
        assert self.log.log_end_offset == end

    @rule(share=st.floats(0, 1))
    def delete_records(self, share: float) -> None:
        start, end = self.log.log_start_offset, self.log.log_end_offset
        offset = start + int((end - start) * share)
        assert self.log.delete_records_before(offset) == offset
        self.drop_below(offset)

    @rule(retention_bytes=st.sampled_from([0, 300, 1000, 3000]))
    def retain(self, retention_bytes: int) -> None:
        before, config = self.log.log_start_offset, self.log.config
        sizes = [segment.size_bytes for segment in self.log._state.segments]
        ends = [*bases_of(self.log)[1:], self.log.log_end_offset]
        self.log.config = replace(config, retention_bytes=retention_bytes)
        expired = len(self.log.delete_old_segments(self.now_ms))
        self.log.config = config
        may_go = [sum(sizes[n + 1 :]) >= retention_bytes or end <= before for n, end in enumerate(ends)]
        assert all(may_go[:expired])
        assert expired == len(sizes) or not may_go[expired] or expired == len(sizes) - 1
        assert self.log.log_start_offset >= before
        self.drop_below(self.log.log_start_offset)

    def drop_below(self, offset: int) -> None:
        self.entries = [e for e in self.entries if e.offset >= offset]
        self.versions.clear()

    @rule(most_key_bytes=st.sampled_from([0, 300, 1 << 30]))
    def compact(self, most_key_bytes: int) -> None:
        self.versions.clear()
        upper = self.log.find_cleanable(self.checkpoint, self.now_ms).upper_offset
        start = self.log.find_cleanable(self.checkpoint, self.now_ms).first_dirty_offset
        end = self.checkpoint = clean(
            self.log, checkpoint=self.checkpoint, now_ms=self.now_ms, most_key_bytes=most_key_bytes
        ).end_offset
        assert end == max(start, upper) or most_key_bytes < 1 << 30
        assert end > start or upper <= start
        if upper >= start:
            self.compact_model(start, end)

    def compact_model(self, start: int, end: int) -> None:
        *sealed, active = bases_of(self.log)
        rewritten_below = min([active, *(base for base in sealed if base >= end)])
        newest = {e.key: e.offset for e in self.entries if start <= e.offset < end and not e.is_aborted}
        left = [
            e
            for e in self.entries
            if not (e.is_aborted and e.offset < rewritten_below)
            and (
                e.offset >= end
                or (
                    e.key is not None
                    and e.offset >= newest.get(e.key, -1)
                    and (e.value is not None or self.horizons.get(e.batch, END) > self.now_ms)
                )
            )
        ]
        for e in left:
            if e.value is None and e.offset < rewritten_below:
                self.horizons.setdefault(e.batch, self.now_ms + COMPACTED.delete_retention_ms)
        self.entries = left

    @rule(ms=st.sampled_from([1, 500, 1000]))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms

    @rule()
    def stop_and_start(self) -> None:
        self.log = reopen_clean(self.log, self.files)
        assert self.log.recovery_report.is_clean

    @invariant()
    def the_log_holds_what_the_list_holds(self) -> None:
        found = [
            (record.offset, record.key, record.value)
            for batch in batches_in(self.log)
            if not batch.is_control
            for record in read_records(batch)
            if record.offset >= self.log.log_start_offset
        ]
        assert found == [
            (e.offset, e.key if e.key is None else e.key.encode(), e.value if e.value is None else e.value.encode())
            for e in self.entries
        ]

    @invariant()
    def sequences_go_on(self) -> None:
        for pid, entry in self.log.active_producers():
            assert entry.last_sequence == self.sequences[pid] - 1


TestCompactions = Compactions.TestCase
TestCompactions.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)


@settings(max_examples=50, deadline=None)
@given(
    keys=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=60),
    segment_bytes=st.sampled_from([200, 500, 5000]),
    at=st.integers(0, 59),
)
def test_every_offset_of_a_compacted_log_leads_to_the_next_record(keys: str, segment_bytes: int, at: int) -> None:
    log = open_log(config=replace(COMPACTED, segment_bytes=segment_bytes))
    for key in keys:
        write(log, [(key, "v")])
    log.read(min(at, len(keys) - 1), 1, upper_offset=END)  # a reader whose place is remembered
    clean(log)
    bases = [batch.base_offset for batch in batches_in(log)]
    for offset in range(log.log_end_offset):
        part = log.read(offset, 1 << 20, upper_offset=END)
        assert part.first_offset == min(base for base in bases if base >= offset)
