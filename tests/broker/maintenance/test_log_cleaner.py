"""The cleaner: which log it takes, when, in how long slices, and what it does when something is in its way."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

import pytest

from odradek.broker.config.broker_config import BrokerConfig
from odradek.broker.maintenance.log_cleaner import RETRY_AFTER_S, SLICE_S, LogCleaner
from odradek.broker.metadata.delta import MetadataDelta
from odradek.broker.metadata.image import MetadataImage
from odradek.broker.runtime import Runtime, Then, TimerHandle
from odradek.broker.testing.clock import ManualClock, ManualTimer
from odradek.broker.testing.disks import FULL, FailingFiles
from odradek.broker.testing.topics import create_topic, delete_topics
from odradek.broker.topics.partition import Partition
from odradek.protocol.batch import RecordBatch
from odradek.protocol.metadata_records import ConfigResourceType
from odradek.protocol.records import NewRecord, build_batch
from odradek.storage.log_api import Log

from ...storage.compaction.compacting import pairs_in
from ..conftest import Parts

BACKOFF_S = 15.0
COMPACTED = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.5"}


class TickingClock(ManualClock):
    """Time passes with every look at it."""

    tick_s = 0.0

    def now(self) -> float:
        self._now += self.tick_s
        return self._now


class Elsewhere:
    """The one thread of a Cleaning."""

    def __init__(self, cleaning: "Cleaning") -> None:
        self.run = cleaning.run_on_thread


@dataclass
class Cleaning:
    """A cleaner over parts of a broker; its event loop and its thread run when the test says so."""

    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.clock = TickingClock()
        self.files = FailingFiles()
        self.parts = Parts(config=BrokerConfig.from_settings(self.settings), clock=self.clock, files=self.files)
        self.soon: deque[Callable[[], None]] = deque()
        self.elsewhere = 0
        self.start()

    def start(self) -> None:
        self.cleaner = LogCleaner(
            self.parts.config,
            Runtime(self.clock, self, Elsewhere(self), Random(0)),
            self.parts.topics,
            self.parts.directory,
        )
        self.cleaner.start()

    def call_at(self, deadline: float, on_fire: Callable[[], None]) -> TimerHandle:
        return self.clock.call_at(deadline, on_fire)

    def call_soon(self, on_fire: Callable[[], None]) -> TimerHandle:
        self.soon.append(on_fire)
        return ManualTimer(on_fire)

    def run_on_thread(self, work: Callable[[], None], then: Then) -> None:
        self.elsewhere += 1
        work()
        self.soon.append(lambda: then(None))

    def create(self, name: str = "t", overrides: Mapping[str, str] = COMPACTED) -> Partition:
        return create_topic(self.parts.topics, name, 1, overrides).partitions[0]

    def write(self, partition: Partition, *keys: str, times: int = 1) -> None:
        """Batches of these keys, and then a new segment."""
        for n in range(times):
            records = [NewRecord(key.encode(), b"%d" % n, self.clock.now_ms()) for key in keys]
            partition.append([RecordBatch(build_batch(records))], self.clock.now_ms())
        partition.open_log().roll(self.clock.now_ms())

    def run(self, seconds: float = BACKOFF_S) -> int:
        """Let time pass, and everything happen that happens then; returns how many slices that took."""
        self.clock.advance(seconds)
        slices = 1
        while self.soon:
            self.soon.popleft()()
            slices += 1
        return slices

    def change(self, settings: Mapping[str, str]) -> None:
        """As a client changes settings of a running broker."""
        self.parts.config.set_dynamic(settings, {})
        delta = MetadataDelta(changed_configs={(ConfigResourceType.BROKER, "1")})
        self.cleaner.on_delta(delta, MetadataImage())

    def checkpoint(self, partition: Partition) -> int | None:
        return self.parts.directory.cleaner_offsets.get((partition.topic, partition.index))


def keys_in(log: Log) -> list[tuple[int, str]]:
    return [(offset, key) for offset, key, _ in pairs_in(log)]


def test_a_log_is_compacted_after_the_backoff_and_its_checkpoint_written() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", "b", times=3)
    cleaning.run(BACKOFF_S - 1)
    assert len(pairs_in(partition.log)) == 6
    cleaning.run(1)
    assert keys_in(partition.log) == [(4, "a"), (5, "b")]
    assert cleaning.checkpoint(partition) == 6
    assert cleaning.files.read("/data/cleaner-offset-checkpoint", 0, 99) == b"0\n1\nt 0 6\n"


def test_a_shorter_backoff_counts_in_the_pause_that_is_under_way() -> None:
    cleaning = Cleaning({"log.cleaner.backoff.ms": "3600000"})
    partition = cleaning.create()
    cleaning.write(partition, "a", times=3)
    cleaning.run(60)
    assert len(pairs_in(partition.log)) == 3
    cleaning.change({"log.cleaner.backoff.ms": "70000"})
    cleaning.run(9)
    assert len(pairs_in(partition.log)) == 3
    cleaning.run(1)
    assert len(pairs_in(partition.log)) == 1


def test_a_pass_that_was_slowed_down_goes_on_when_it_may_be_faster() -> None:
    cleaning = Cleaning({"log.cleaner.io.max.bytes.per.second": "0.001"})
    partition = cleaning.create()
    cleaning.write(partition, "a", "b", times=50)
    cleaning.clock.tick_s = SLICE_S / 10
    cleaning.run()
    cleaning.run(60)
    assert len(pairs_in(partition.log)) == 100
    cleaning.change({"log.cleaner.io.max.bytes.per.second": "1000000000"})
    cleaning.run(1)
    assert len(pairs_in(partition.log)) == 2


def test_a_log_of_another_policy_is_left_alone() -> None:
    cleaning = Cleaning()
    partition = cleaning.create(overrides={"cleanup.policy": "delete"})
    cleaning.write(partition, "a", times=3)
    cleaning.run()
    assert len(pairs_in(partition.log)) == 3


def test_log_cleaner_enable_false_turns_it_off() -> None:
    cleaning = Cleaning({"log.cleaner.enable": "false"})
    partition = cleaning.create()
    cleaning.write(partition, "a", times=3)
    cleaning.run(1000)
    assert len(pairs_in(partition.log)) == 3


def test_nothing_is_done_until_enough_is_new() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, *"abcdefgh")
    cleaning.run()
    assert cleaning.checkpoint(partition) == 8
    cleaning.write(partition, "a")
    cleaning.run()
    assert cleaning.checkpoint(partition) == 8
    cleaning.write(partition, *"abcdefgh", times=2)
    cleaning.run()
    assert cleaning.checkpoint(partition) == 25
    assert len(pairs_in(partition.log)) == 8


def test_what_is_older_than_max_compaction_lag_ms_is_compacted_whatever_the_ratio() -> None:
    cleaning = Cleaning()
    partition = cleaning.create(overrides={**COMPACTED, "max.compaction.lag.ms": "60000"})
    cleaning.write(partition, *"abcdefgh")
    cleaning.run()
    cleaning.write(partition, "a")
    cleaning.run(45)
    assert cleaning.checkpoint(partition) == 8
    cleaning.run(30)
    assert cleaning.checkpoint(partition) == 9


def test_what_is_younger_than_min_compaction_lag_ms_waits() -> None:
    cleaning = Cleaning()
    partition = cleaning.create(overrides={**COMPACTED, "min.compaction.lag.ms": "60000"})
    cleaning.write(partition, "a", times=3)
    cleaning.run()
    assert len(pairs_in(partition.log)) == 3
    cleaning.run(60)
    assert len(pairs_in(partition.log)) == 1


def test_the_dirtiest_log_is_compacted_first_and_all_that_are_due_in_one_round() -> None:
    cleaning = Cleaning()
    order: list[str] = []
    write_cleaner_offset = cleaning.parts.directory.write_cleaner_offset

    def note(topic: str, partition: int, offset: int) -> None:
        order.append(topic)
        write_cleaner_offset(topic, partition, offset)

    cleaning.parts.directory.write_cleaner_offset = note  # type: ignore[method-assign]
    for name in ("half", "new"):
        cleaning.write(cleaning.create(name), *"abcdefgh")
        if name == "half":
            cleaning.run()
    cleaning.write(cleaning.parts.topics.partition("half", 0), *"abcdefgh", times=2)
    cleaning.run()
    assert order == ["half", "new", "half"]


def test_a_slice_ends_when_its_time_is_over() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", "b", times=50)
    cleaning.clock.tick_s = SLICE_S / 10
    slices = cleaning.run()
    assert len(pairs_in(partition.log)) == 2
    assert slices > 15
    assert cleaning.elsewhere == 5  # the fsyncs: three files, and the directory before and after the swap


def test_appends_and_reads_between_two_slices_are_served() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", "b", times=50)
    cleaning.clock.tick_s = SLICE_S / 10
    cleaning.clock.advance(BACKOFF_S)
    appended = 0
    while cleaning.soon:
        cleaning.soon.popleft()()
        assert {key: value for _, key, value in pairs_in(partition.log)}["a"] is not None
        if appended < 20:
            cleaning.write(partition, f"new {appended}")
            appended += 1
    assert [key for _, key in keys_in(partition.log)] == ["a", "b", *(f"new {n}" for n in range(20))]
    assert partition.log.log_end_offset == 120


def test_log_cleaner_io_max_bytes_per_second_is_kept() -> None:
    cleaning = Cleaning({"log.cleaner.io.max.bytes.per.second": "1000"})
    partition = cleaning.create()
    cleaning.write(partition, "a", times=100)
    cleaning.clock.tick_s = SLICE_S / 3
    cleaning.run()
    assert len(pairs_in(partition.log)) == 100
    cleaning.run(5)
    assert len(pairs_in(partition.log)) == 100
    cleaning.run(60)
    assert len(pairs_in(partition.log)) == 1


@pytest.mark.parametrize("is_recreated", [True, False])
def test_a_topic_deleted_amid_a_pass_ends_it(is_recreated: bool) -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", "b", times=50)
    cleaning.clock.tick_s = SLICE_S / 10
    cleaning.clock.advance(BACKOFF_S)
    for _ in range(5):
        cleaning.soon.popleft()()
    topic = cleaning.parts.topics.find("t")
    assert topic is not None
    delete_topics(cleaning.parts.topics, [topic])
    if is_recreated:
        cleaning.write(cleaning.create(), "z")
    while cleaning.soon:
        cleaning.soon.popleft()()
    assert cleaning.checkpoint(partition) == (1 if is_recreated else None)
    if is_recreated:
        assert keys_in(cleaning.parts.topics.partition("t", 0).log) == [(0, "z")]


def test_a_namesake_of_a_deleted_topic_does_not_inherit_its_checkpoint() -> None:
    cleaning = Cleaning()
    cleaning.write(cleaning.create(), "a", times=3)
    cleaning.run()
    topic = cleaning.parts.topics.find("t")
    assert topic is not None
    delete_topics(cleaning.parts.topics, [topic])
    assert cleaning.files.read("/data/cleaner-offset-checkpoint", 0, 99) == b"0\n0\n"


def test_segments_deleted_amid_a_pass_end_it_and_the_next_round_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    for _ in range(5):
        cleaning.write(partition, "a", "b", times=10)
    cleaning.clock.tick_s = SLICE_S / 10
    cleaning.clock.advance(BACKOFF_S)
    for _ in range(16):
        cleaning.soon.popleft()()
    partition.log.delete_records_before(25)
    partition.open_log().delete_old_segments(cleaning.clock.now_ms())
    while cleaning.soon:
        cleaning.soon.popleft()()
    assert "compaction ended early" in capsys.readouterr().err
    assert len(pairs_in(partition.log)) == 76
    cleaning.clock.tick_s = 0
    cleaning.run()
    assert keys_in(partition.log) == [(98, "a"), (99, "b")]
    assert partition.log.log_start_offset == 25


def test_a_damaged_log_is_told_once_left_as_it_is_and_the_others_are_compacted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cleaning = Cleaning()
    bad, good = cleaning.create("bad"), cleaning.create("good")
    for partition in (bad, good):
        cleaning.write(partition, "a", times=3)
    cleaning.files.write("/data/bad-0/00000000000000000000.log", [b"\xff"], 70)
    cleaning.run()
    cleaning.run(1000)
    assert len(pairs_in(good.log)) == 1
    assert bad.open_log().size_bytes == 3 * good.open_log().size_bytes
    assert capsys.readouterr().err.count("a log cannot be compacted and is left as it is  partition=bad-0") == 1
    assert not [name for name in cleaning.files.list_directory("/data/bad-0") if name.endswith(".cleaned")]


def test_a_full_disk_leaves_the_log_whole_and_compaction_is_tried_again_a_minute_later() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", times=3)
    cleaning.files.write_error = FULL
    cleaning.run()
    assert len(pairs_in(partition.log)) == 3
    cleaning.files.write_error = None
    cleaning.run(RETRY_AFTER_S - BACKOFF_S)
    assert len(pairs_in(partition.log)) == 3
    cleaning.run(2 * BACKOFF_S)
    assert len(pairs_in(partition.log)) == 1


def test_a_failed_fsync_leaves_the_old_segments_in_place() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", times=3)
    cleaning.files.sync_error = FULL
    cleaning.run()
    assert len(pairs_in(partition.log)) == 3
    assert not [name for name in cleaning.files.list_directory("/data/t-0") if name.endswith((".cleaned", ".swap"))]
    cleaning.files.sync_error = None
    cleaning.run(2 * RETRY_AFTER_S)
    assert len(pairs_in(partition.log)) == 1


def test_a_stop_amid_a_pass_leaves_nothing_behind() -> None:
    cleaning = Cleaning()
    partition = cleaning.create()
    cleaning.write(partition, "a", "b", times=50)
    cleaning.clock.tick_s = SLICE_S / 10
    cleaning.clock.advance(BACKOFF_S)
    for _ in range(15):
        cleaning.soon.popleft()()
    cleaning.cleaner.stop()
    while cleaning.soon:
        cleaning.soon.popleft()()
    assert len(pairs_in(partition.log)) == 100
    assert not [name for name in cleaning.files.list_directory("/data/t-0") if "clean" in name or "swap" in name]
    cleaning.parts.restart()
    assert len(pairs_in(cleaning.parts.topics.partition("t", 0).log)) == 100


def test_a_log_that_was_left_dirty_is_opened_for_it_and_a_clean_one_is_not() -> None:
    cleaning = Cleaning()
    clean, dirty = cleaning.create("clean"), cleaning.create("dirty")
    cleaning.write(clean, "a", times=3)
    cleaning.run()
    cleaning.write(dirty, "a", times=3)
    cleaning.create("untouched")
    cleaning.cleaner.stop()
    cleaning.parts.restart()
    cleaning.start()
    cleaning.run()
    opened = {one.topic for one in cleaning.parts.topics.partitions() if one.opened_log is not None}
    assert opened == {"dirty"}
    assert len(pairs_in(cleaning.parts.topics.partition("dirty", 0).log)) == 1


def test_a_checkpoint_that_cannot_be_read_means_that_nothing_is_clean() -> None:
    cleaning = Cleaning()
    cleaning.write(cleaning.create(), "a", times=3)
    cleaning.run()
    cleaning.cleaner.stop()
    cleaning.files.write_whole("/data/cleaner-offset-checkpoint", b"nonsense")
    cleaning.parts.restart()
    assert cleaning.parts.directory.cleaner_offsets == {}
    partition = cleaning.parts.topics.partition("t", 0)
    cleaning.write(partition, "a", times=3)
    cleaning.start()
    cleaning.run()
    assert keys_in(partition.log) == [(5, "a")]


def test_a_small_dedupe_buffer_takes_more_passes_to_the_same_end() -> None:
    settings = {"log.cleaner.dedupe.buffer.size": "1048576", "log.cleaner.io.buffer.load.factor": "0.001"}
    cleaning = Cleaning(settings)
    partition = cleaning.create(overrides={**COMPACTED, "min.cleanable.dirty.ratio": "0"})
    for n in range(20):
        cleaning.write(partition, *(f"{n % 4}-{m}" for m in range(10)))
    cleaning.run()
    assert cleaning.checkpoint(partition) == 200
    assert [offset for offset, _ in keys_in(partition.log)] == list(range(160, 200))
