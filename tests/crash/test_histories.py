"""Any history of appends, transactions, rolls, cuts, stops and crashes leaves what a list in memory says it should."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from odradek.protocol.batch import whole_batches
from odradek.storage.files.memory_files import MemoryFiles
from odradek.storage.log_config import LogConfig

from ..storage.builders import NOW_MS, append, bases_of, batch, open_log

CONFIG = LogConfig(segment_bytes=700, index_interval_bytes=150)
PRODUCERS = (1, 2, 3)
PLAIN = -1


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch or marker of the model."""

    base_offset: int
    count: int
    producer_id: int
    sequence: int = -1
    is_transactional: bool = False
    commits: bool | None = None  # None: data

    @property
    def next_offset(self) -> int:
        return self.base_offset + self.count


@dataclass(slots=True)
class Meaning:
    """What a list of entries amounts to."""

    last_sequences: dict[int, int] = field(default_factory=dict[int, int])
    open_txns: dict[int, int] = field(default_factory=dict[int, int])
    aborted: list[tuple[int, int, int, int]] = field(default_factory=list[tuple[int, int, int, int]])

    @classmethod
    def of(cls, entries: list[Entry]) -> "Meaning":
        meaning = cls()
        for entry in entries:
            if entry.commits is not None:
                meaning.last_sequences.setdefault(entry.producer_id, -1)
                first = meaning.open_txns.pop(entry.producer_id, None)
                if first is not None and not entry.commits:
                    stable = min(meaning.open_txns.values(), default=entry.next_offset)
                    meaning.aborted.append((entry.producer_id, first, entry.base_offset, stable))
            elif entry.producer_id != PLAIN:
                meaning.last_sequences[entry.producer_id] = entry.sequence + entry.count - 1
                if entry.is_transactional:
                    meaning.open_txns.setdefault(entry.producer_id, entry.base_offset)
        return meaning


class Histories(RuleBasedStateMachine):
    """The log on one side, the list of entries on the other."""

    @initialize()
    def begin(self) -> None:
        self.files = MemoryFiles()
        self.log = open_log(self.files, CONFIG)
        self.entries: list[Entry] = []

    @property
    def end(self) -> int:
        return self.entries[-1].next_offset if self.entries else 0

    @rule(count=st.integers(1, 4), value_bytes=st.integers(0, 120))
    def append_plain(self, count: int, value_bytes: int) -> None:
        assert append(self.log, batch(count, value_bytes=value_bytes)) == self.end
        self.entries.append(Entry(self.end, count, PLAIN))

    @rule(producer_id=st.sampled_from(PRODUCERS), count=st.integers(1, 4), wants_txn=st.booleans())
    def append_idempotent(self, producer_id: int, count: int, wants_txn: bool) -> None:
        meaning = Meaning.of(self.entries)
        sequence = meaning.last_sequences.get(producer_id, -1) + 1
        is_transactional = wants_txn or producer_id in meaning.open_txns
        one = batch(count, pid=producer_id, sequence=sequence, is_transactional=is_transactional)
        assert append(self.log, one) == self.end
        self.entries.append(Entry(self.end, count, producer_id, sequence, is_transactional))
        assert self.log.append([one], NOW_MS, leader_epoch=0).is_duplicate

    @rule(producer_id=st.sampled_from(PRODUCERS), commits=st.booleans())
    def end_transaction(self, producer_id: int, commits: bool) -> None:
        assert self.log.append_marker(producer_id, 0, 0, commits, NOW_MS, 0).base_offset == self.end
        self.entries.append(Entry(self.end, 1, producer_id, commits=commits))

    @rule()
    def roll(self) -> None:
        self.log.roll(NOW_MS)

    @rule()
    def flush(self) -> None:
        job = self.log.begin_flush()
        job.run()
        self.log.finish_flush(job)
        assert self.log.recovery_point == self.end

    @rule(share=st.floats(0, 1))
    def truncate(self, share: float) -> None:
        offset = int(self.end * share)
        self.log.truncate_to(offset, NOW_MS)
        self.entries = [entry for entry in self.entries if entry.next_offset <= offset or offset >= self.end]

    @rule()
    def stop_and_start(self) -> None:
        self.log.close()
        self.log = open_log(self.files, CONFIG, is_clean=True, recovery_point=self.log.recovery_point)
        assert self.log.recovery_report.is_clean

    @rule(torn_bytes=st.integers(0, 60))
    def crash(self, torn_bytes: int) -> None:
        active = f"/data/t-0/{bases_of(self.log)[-1]:020d}.log"
        self.files.write(active, [b"\x07" * torn_bytes], self.files.size(active))
        self.log = open_log(self.files, CONFIG, recovery_point=self.log.recovery_point)
        assert self.log.recovery_report.truncated_bytes == torn_bytes

    @invariant()
    def the_log_is_what_the_list_says(self) -> None:
        meaning = Meaning.of(self.entries)
        assert self.log.log_end_offset == self.end
        assert self.log.last_stable_offset == min(meaning.open_txns.values(), default=self.end)
        assert {pid: entry.last_sequence for pid, entry in self.log.active_producers()} == meaning.last_sequences
        found = self.log.aborted_transactions(0, self.end)
        assert sorted(found, key=lambda txn: txn.last_offset) == meaning.aborted

    @invariant()
    def every_batch_is_read_back_in_its_place(self) -> None:
        offset, found = 0, list[tuple[int, int, int]]()
        while offset < self.log.log_end_offset:
            part = self.log.read(offset, 300, upper_offset=self.log.log_end_offset)
            found += [
                (one.base_offset, one.next_offset, one.producer_id)
                for one in whole_batches(part.data)
                if one.is_intact()
            ]
            offset = part.next_offset
        assert found == [(entry.base_offset, entry.next_offset, entry.producer_id) for entry in self.entries]


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 200), min_size=1, max_size=30),
    start=st.integers(0, 200),
    max_bytes=st.integers(0, 1000),
    upper=st.integers(0, 200),
)
def test_a_read_never_exceeds_its_limits(sizes: list[int], start: int, max_bytes: int, upper: int) -> None:
    log = open_log(config=CONFIG)
    append(log, *[batch(2, value_bytes=size) for size in sizes])
    start %= log.log_end_offset + 1
    found = log.read(start, max_bytes, upper_offset=upper, at_least_one=False)
    assert len(found.data) <= max_bytes
    batches = list(whole_batches(found.data))
    assert sum(one.size_bytes for one in batches) == len(found.data)
    assert all(one.next_offset <= upper for one in batches)
    if batches:
        assert batches[0].base_offset <= start < batches[0].next_offset
        assert found.next_offset == batches[-1].next_offset
    else:
        assert found.next_offset == start
