"""Which partitions are served: those that are led here, once all of their log has been replayed, and no others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from odradek.broker.coordination.loaded_partitions import RELOAD_S, LoadedPartitions
from odradek.broker.coordination.result import ResponseFuture
from odradek.broker.runtime import Runtime
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError

from .groups.group_driver import Call, HandClock, MemoryLog


@dataclass
class Keys:
    """A state machine that keeps the keys of its records."""

    keys: list[bytes] = field(default_factory=list[bytes])
    markers: list[tuple[int, int, bool]] = field(default_factory=list[tuple[int, int, bool]])
    waiting: list[ResponseFuture[Any]] = field(default_factory=list[ResponseFuture[Any]])

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        if key == b"bad":
            raise ValueError(key)
        self.keys.append(key)

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        self.markers.append((partition, producer_id, is_commit))

    def unload(self, partition: int) -> Sequence[ResponseFuture[Any]]:
        self.keys.clear()
        waiting, self.waiting = self.waiting, []
        return waiting


class Log(MemoryLog):
    """A log on a disk that can refuse to be read."""

    fault: Exception | None = None

    def batches(self, partition: int) -> Iterator[RecordBatch]:
        if self.fault is not None:
            raise self.fault
        return super().batches(partition)


class Loading:
    """Partition 0 holds one record, one that makes no sense, and a marker."""

    def __init__(self) -> None:
        self.clock, self.machine, self.log = HandClock(), Keys(), Log()
        runtime = Runtime(self.clock, self.clock, ManualThreads(), Random(0))
        self.partitions = LoadedPartitions("keys", self.machine, self.log, runtime)
        self.log.append(0, [(b"bad", b""), (b"k", b"")], 0, 7, 0)
        self.log.append_marker(0, 7, True)
        self.loaded: list[int] = []
        self.partitions.on_loaded = self.loaded.append

    def refusal(self, partition: int = 0) -> ErrorCode:
        try:
            self.partitions.check_served(partition)
        except KafkaError as error:
            return error.code
        return ErrorCode.NONE


@pytest.fixture
def loading() -> Loading:
    return Loading()


def test_one_of_several_serves_what_it_leads_once_all_of_it_is_replayed(loading: Loading) -> None:
    loading.partitions.serve_what_is_led()
    assert loading.refusal() == ErrorCode.NOT_COORDINATOR
    loading.partitions.lead(0)
    loading.clock.pass_time(0)
    assert (loading.refusal(), loading.refusal(1)) == (ErrorCode.NONE, ErrorCode.NOT_COORDINATOR)
    assert (loading.machine.keys, loading.machine.markers, loading.loaded) == ([b"k"], [(0, 7, True)], [0])


def test_who_waits_where_a_partition_is_led_no_more_is_refused_and_it_has_another_life(loading: Loading) -> None:
    loading.partitions.serve_what_is_led()
    loading.partitions.lead(0)
    loading.clock.pass_time(0)
    call, life = Call[str](lambda code: code.name), loading.partitions.life(0)
    loading.machine.waiting.append(call)
    loading.partitions.resign(0)
    assert (call.answer, loading.refusal(), loading.machine.keys) == ("NOT_COORDINATOR", ErrorCode.NOT_COORDINATOR, [])
    assert loading.partitions.life(0) != life
    loading.partitions.replay_marker(0, 8, False)
    assert (0, 8, False) not in loading.machine.markers


def test_what_comes_back_is_loading_until_its_time(loading: Loading) -> None:
    loading.partitions.load(0, loading.log.batches(0))
    assert loading.refusal() == ErrorCode.NONE
    assert loading.partitions.move(0)
    assert not loading.partitions.move(0), "it is not served any more"
    assert loading.refusal() == ErrorCode.NOT_COORDINATOR
    loading.partitions.come_back(0, 3.0)
    loading.clock.pass_time(2.9)
    assert loading.refusal() == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    with pytest.raises(KafkaError):
        loading.partitions.check_none_loads()
    loading.clock.pass_time(0.2)
    loading.partitions.check_none_loads()
    assert (loading.refusal(), loading.machine.keys) == (ErrorCode.NONE, [b"k"])


def test_a_log_that_the_disk_does_not_give_is_read_again_and_one_that_is_corrupt_is_not(loading: Loading) -> None:
    loading.partitions.serve_what_is_led()
    loading.log.fault = OSError("no")
    loading.partitions.lead(0)
    loading.clock.pass_time(0)
    assert (loading.refusal(), loading.partitions.has_unreadable) == (ErrorCode.NOT_COORDINATOR, True)
    loading.log.fault = KafkaError(ErrorCode.CORRUPT_MESSAGE)
    loading.clock.pass_time(RELOAD_S)
    loading.log.fault = None
    loading.clock.pass_time(RELOAD_S)
    assert loading.refusal() == ErrorCode.NOT_COORDINATOR
    loading.partitions.lead(0)
    loading.clock.pass_time(0)
    assert (loading.refusal(), loading.partitions.has_unreadable) == (ErrorCode.NONE, False)
