"""What a cluster is built with: one set of faults and one journal for all of its brokers."""

import asyncio
from collections.abc import Iterator

import pytest

from odradek.broker.faults.fault_stage import FaultStage
from odradek.broker.journal.log_stage import LogStage
from odradek.broker.journal.request_stage import RequestStage
from odradek.broker.runtime import LoopThreads
from odradek.broker.testing.reins import Reins
from odradek.broker.testing.threads import ManualThreads


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_each_broker_has_stages_of_its_own_and_keeps_them_when_it_is_started_again(
    loop: asyncio.AbstractEventLoop,
) -> None:
    reins = Reins(loop, LoopThreads(loop))
    first, second, again = reins.stages(1), reins.stages(2), reins.stages(1)
    assert [type(stage) for stage in first] == [RequestStage, FaultStage, LogStage]
    assert first[1] is again[1] is not second[1]
    assert first[2] is again[2] is not second[2]


def test_without_a_journal_there_are_faults_alone(loop: asyncio.AbstractEventLoop) -> None:
    reins = Reins(loop, LoopThreads(loop), has_journal=False)
    assert ([type(stage) for stage in reins.stages()], reins.watch) == ([FaultStage], None)


def test_a_fork_shows_the_same_time_and_knows_no_fault(loop: asyncio.AbstractEventLoop) -> None:
    reins = Reins(loop, LoopThreads(loop), 7, frozen_at_ms=5_000)
    fork = reins.fork()
    assert (fork.clock.now_ms(), fork.clock.rate, len(fork.faults)) == (5_000, 0, 0)
    assert fork.runtime.new_uuid() != Reins(loop, LoopThreads(loop), 7).runtime.new_uuid()


@pytest.mark.parametrize(
    ("seed", "frozen_at_ms", "uses_threads"), [(None, 5_000, True), (7, None, True), (7, 5_000, False)]
)
def test_threads_are_for_a_cluster_whose_runs_may_differ(
    loop: asyncio.AbstractEventLoop, seed: int | None, frozen_at_ms: int | None, uses_threads: bool
) -> None:
    reins = Reins(loop, threads := ManualThreads(), seed, frozen_at_ms=frozen_at_ms)
    for one in (reins, reins.fork()):
        one.runtime.threads.run(lambda: None, lambda error: None)
    assert threads.done == (2 if uses_threads else 0)
