"""What is served: what was replayed whole, here, and can still be written."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from odradek.broker.coordination.loaded_partitions import RECORDS_AT_ONCE, RELOAD_S, LoadedPartitions
from odradek.broker.coordination.state_machine import Then
from odradek.broker.runtime import Runtime
from odradek.broker.slices import SLICE_S
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError

from .groups.group_driver import Call, HandClock, MemoryLog
from .test_runtime import Words

FULL = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "disk full")


class SlowLog(MemoryLog):
    """A log of which each batch takes a third of a slice to read, and which may have to be opened first."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self.clock = clock
        self.opening: list[Then] | None = None
        self.failure: Exception | None = None
        self.read: Counter[int] = Counter()  # batches, by the turn of the loop

    def when_open(self, partition: int, then: Then) -> None:
        if self.opening is None:
            then(None)
        else:
            self.opening.append(then)

    def batches(self, partition: int) -> Iterator[RecordBatch]:
        number = 0
        while number < len(self.batches_of.get(partition, ())):
            self.clock.seconds += SLICE_S / 3
            self.read[self.clock.turns] += 1
            yield RecordBatch(self.batches_of[partition][number])
            number += 1
        if self.failure is not None:
            raise self.failure


class Loading:
    """The partitions of a broker, one of several unless it is alone."""

    def __init__(self, *, is_alone: bool = False) -> None:
        self.clock = HandClock()
        self.machine = Words()
        self.log = SlowLog(self.clock)
        world = Runtime(self.clock, self.clock, ManualThreads(), Random(0))
        self.it = LoadedPartitions("words", self.machine, self.log, world)
        self.loaded: list[int] = []
        self.it.on_loaded = self.loaded.append
        if not is_alone:
            self.it.serve_what_is_led()

    def write(self, *words: str, partition: int = 0) -> None:
        for word in words:
            self.log.append(partition, [(word.encode(), b"")], 0, -1, -1)

    def refusal(self, partition: int = 0) -> ErrorCode:
        try:
            self.it.check_served(partition)
        except KafkaError as error:
            return error.code
        return ErrorCode.NONE

    def words(self) -> set[str]:
        return {word.decode() for word in self.machine.words}


def test_a_broker_alone_serves_everything_and_one_of_several_what_it_leads() -> None:
    assert Loading(is_alone=True).refusal() is ErrorCode.NONE
    loading = Loading()
    assert loading.refusal() is ErrorCode.NOT_COORDINATOR
    assert not loading.it.is_loaded(0)
    loading.it.lead(0)
    assert [loading.refusal(index) for index in (0, 1)] == [ErrorCode.NONE, ErrorCode.NOT_COORDINATOR]
    assert loading.it.is_loaded(0)


def test_a_partition_that_has_just_been_created_is_served_at_once() -> None:
    loading = Loading()
    loading.it.lead(0)
    assert (loading.refusal(), loading.loaded) == (ErrorCode.NONE, [0])


def test_a_large_log_is_replayed_in_slices_and_served_once_all_of_it_is() -> None:
    loading = Loading()
    loading.write(*"abcdefgh")
    loading.it.lead(0)
    while loading.refusal() is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
        with pytest.raises(KafkaError) as refused:
            loading.it.check_none_loads()
        assert refused.value.code is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
        loading.clock.pass_time(2 * SLICE_S)
    assert len(loading.log.read) >= 3
    assert max(loading.log.read.values()) <= 4
    assert (loading.refusal(), loading.loaded, loading.words()) == (ErrorCode.NONE, [0], set("abcdefgh"))
    loading.it.check_none_loads()


def test_one_large_batch_is_no_reason_to_keep_others_waiting() -> None:
    loading = Loading()
    loading.log.append(0, [(b"%d" % number, b"") for number in range(5 * RECORDS_AT_ONCE)], 0, -1, -1)
    replay = loading.machine.replay

    def replay_slowly(key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        loading.clock.seconds += SLICE_S / RECORDS_AT_ONCE
        replay(key, value, log_offset, producer_id)

    loading.machine.replay = replay_slowly  # type: ignore[method-assign]
    loading.it.lead(0)
    assert loading.refusal() is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    loading.clock.pass_time(10 * SLICE_S)
    assert (loading.refusal(), len(loading.words())) == (ErrorCode.NONE, 5 * RECORDS_AT_ONCE)


def test_what_is_appended_while_a_log_is_replayed_is_replayed_with_it_and_once() -> None:
    loading = Loading()
    loading.write(*"abcdef")
    loading.it.lead(0)
    loading.log.append_marker(0, 7, is_commit=True)
    loading.it.replay_marker(0, 7, is_commit=True)
    assert loading.refusal() is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    loading.clock.pass_time(1)
    assert loading.machine.steps[-1] == "marker 0 7 True"
    assert loading.machine.steps.count("marker 0 7 True") == 1
    loading.it.replay_marker(0, 7, is_commit=False)
    assert loading.machine.steps[-1] == "marker 0 7 False"


def test_a_marker_in_a_partition_that_is_not_led_changes_nothing() -> None:
    loading = Loading()
    loading.it.replay_marker(0, 7, is_commit=True)
    assert loading.machine.steps == []


def test_a_log_that_has_to_be_recovered_is_waited_for() -> None:
    loading = Loading()
    loading.write("a")
    loading.log.opening = []
    loading.it.lead(0)
    assert loading.refusal() is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    (then,) = loading.log.opening
    then(None)
    assert (loading.refusal(), loading.words()) == (ErrorCode.NONE, {"a"})


def test_a_log_that_cannot_be_opened_has_no_coordinator() -> None:
    loading = Loading()
    loading.log.opening = []
    loading.it.lead(0)
    loading.log.opening[0](KafkaError(ErrorCode.CORRUPT_MESSAGE))
    assert (loading.refusal(), loading.it.has_unreadable, loading.loaded) == (ErrorCode.NOT_COORDINATOR, True, [])


def test_who_resigns_refuses_what_waits_and_forgets_all() -> None:
    loading = Loading()
    loading.write("a")
    loading.it.lead(0)
    life = loading.it.life(0)
    waiting = Call[str](lambda code: code.name)
    loading.machine.waiting.append(waiting)
    loading.it.resign(0)
    assert waiting.answer == "NOT_COORDINATOR"
    assert (loading.refusal(), loading.words()) == (ErrorCode.NOT_COORDINATOR, set())
    assert loading.it.life(0) != life


def test_who_resigns_while_loading_replays_nothing_more_and_begins_anew_when_it_leads_again() -> None:
    loading = Loading()
    loading.write(*"abcdef")
    loading.it.lead(0)
    loading.it.resign(0)
    loading.clock.pass_time(1)
    assert (loading.words(), loading.loaded, loading.refusal()) == (set(), [], ErrorCode.NOT_COORDINATOR)
    loading.it.lead(0)
    loading.it.resign(0)
    loading.it.lead(0)
    loading.clock.pass_time(1)
    assert (loading.words(), loading.loaded) == (set("abcdef"), [0])
    assert sum(step.startswith("replay a") for step in loading.machine.steps) == 3  # of each try the first slice


def test_what_the_disk_does_not_give_is_tried_again_unless_another_leads_by_then() -> None:
    loading = Loading()
    loading.write("a")
    loading.log.failure = OSError("broken")
    for index in (0, 1):
        loading.it.lead(index)
    assert (loading.refusal(), loading.words()) == (ErrorCode.NOT_COORDINATOR, set())
    loading.it.resign(1)
    loading.log.failure = None
    loading.clock.pass_time(RELOAD_S)
    assert (loading.refusal(), loading.loaded, loading.it.has_unreadable) == (ErrorCode.NONE, [0], False)


def test_what_is_corrupt_is_not_tried_again() -> None:
    loading = Loading()
    loading.log.failure = KafkaError(ErrorCode.CORRUPT_MESSAGE)
    loading.it.lead(0)
    loading.log.failure = None
    loading.clock.pass_time(10 * RELOAD_S)
    assert loading.refusal() is ErrorCode.NOT_COORDINATOR


def test_an_offline_partition_is_not_served_though_it_is_loaded() -> None:
    loading = Loading()
    loading.it.lead(0)
    loading.log.offline.add(0)
    assert loading.refusal() is ErrorCode.NOT_COORDINATOR
    assert loading.it.is_loaded(0)


def test_what_a_broker_alone_cannot_read_is_told_once_and_served_when_it_can_be_read(
    capfd: pytest.CaptureFixture[str],
) -> None:
    loading = Loading(is_alone=True)
    loading.write("a")
    loading.log.failure = FULL
    loading.it.load(0, loading.log.batches(0))
    loading.clock.pass_time(2 * RELOAD_S)
    assert loading.refusal() is ErrorCode.NOT_COORDINATOR
    loading.log.failure = None
    loading.clock.pass_time(RELOAD_S)
    assert (loading.refusal(), loading.loaded) == (ErrorCode.NONE, [0])
    told = capfd.readouterr().err
    assert told.count("words cannot be read, and are not served") == 1
    assert told.count("words can be read again") == 1
