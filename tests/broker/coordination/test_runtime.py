"""The order of things: logged, replayed, answered; and what a failure anywhere leaves alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.result import CoordinatorResult, Instant, Operation, Record, ResponseFuture
from odradek.broker.coordination.runtime import CoordinatorRuntime
from odradek.broker.coordination.state_machine import Then
from odradek.broker.runtime import Runtime
from odradek.broker.slices import SLICE_S
from odradek.broker.testing.threads import ManualThreads
from odradek.protocol.batch import RecordBatch
from odradek.protocol.errors import ErrorCode, KafkaError
from odradek.protocol.wire import CorruptFrame

from .groups.group_driver import Call, GroupDriver, HandClock, MemoryLog

FULL = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "disk full")
Result = CoordinatorResult[str]


@dataclass
class Words:
    """A state machine that keeps words, and does by the clock what it is told to; `steps` is all that happened."""

    steps: list[str] = field(default_factory=list[str])
    words: dict[bytes, bytes | None] = field(default_factory=dict[bytes, bytes | None])
    due: list[tuple[float, Operation[Any]]] = field(default_factory=list[tuple[float, Operation[Any]]])
    unloaded: list[int] = field(default_factory=list[int])
    waiting: list[ResponseFuture[Any]] = field(default_factory=list[ResponseFuture[Any]])
    fault: Exception | None = None

    def replay(self, key: bytes, value: bytes | None, log_offset: int, producer_id: int = -1) -> None:
        if value == b"corrupt":
            raise CorruptFrame("no word")
        self.steps.append(f"replay {key.decode()}@{log_offset}")
        self.words[key] = value

    def replay_marker(self, partition: int, producer_id: int, is_commit: bool) -> None:
        self.steps.append(f"marker {partition} {producer_id} {is_commit}")

    def unload(self, partition: int) -> Sequence[ResponseFuture[Any]]:
        self.unloaded.append(partition)
        self.words.clear()
        waiting, self.waiting = self.waiting, []
        return waiting

    def next_deadline(self) -> float | None:
        return min((deadline for deadline, _ in self.due), default=None)

    def take_due(self, at: Instant) -> Operation[Any] | None:
        for number, (deadline, operation) in enumerate(self.due):
            if deadline <= at.now:
                del self.due[number]
                if self.fault is not None:
                    raise self.fault
                return operation
        return None


class NotedLog(MemoryLog):
    """A log that notes in `steps` what is appended."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__()
        self.steps = steps
        self.fault: Exception | None = None

    def append(
        self, partition: int, records: Sequence[Record], now_ms: int, producer_id: int = -1, producer_epoch: int = -1
    ) -> int:
        if self.fault is not None:
            raise self.fault
        offset = super().append(partition, records, now_ms, producer_id, producer_epoch)
        self.steps.append("append " + " ".join(key.decode() for key, _ in records))
        return offset

    def when_durable(self, partition: int, then: Then) -> None:
        if partition in self.offline:
            then(FULL)
        else:
            super().when_durable(partition, then)


class Shell:
    """A runtime over Words; every call and every wait is noted in `steps`."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.machine = Words()
        self.steps = self.machine.steps
        self.log = NotedLog(self.steps)
        world = Runtime(self.clock, self.clock, ManualThreads(), Random(0))
        self.runtime = CoordinatorRuntime("words", self.machine, self.machine, self.log, world)
        self.runtime.start()

    def ask(self, decide: Callable[[Instant], Result], *, partition: int = 0, needs_fsync: bool = True) -> Call[str]:
        call = Noted(self.steps, "answer")
        self.runtime.write(Operation("Ask", "k", partition, decide, call, needs_fsync))
        return call

    def at(self, deadline: float, decide: Callable[[Instant], Result], partition: int = 0) -> None:
        """Have something done by the clock."""
        self.machine.due.append((deadline, Operation("timer", "k", partition, decide)))


class Noted(Call[str]):
    """A request whose answers are noted."""

    def __init__(self, steps: list[str], name: str) -> None:
        super().__init__(lambda code: code.name)
        self.steps, self.name = steps, name

    def complete(self, response: str) -> None:
        super().complete(response)
        self.steps.append(f"{self.name} {response}")


@pytest.fixture
def shell() -> Shell:
    return Shell()


def keep(*words: str, response: str | None = "done") -> Result:
    return CoordinatorResult(records=[(word.encode(), b"") for word in words], response=response)


def refuse(at: Instant) -> Result:
    raise KafkaError(ErrorCode.GROUP_ID_NOT_FOUND)


def fail(at: Instant) -> Result:
    raise RuntimeError("a bug")


# The order


def test_records_are_logged_in_one_batch_then_replayed_then_answered(shell: Shell) -> None:
    waiting = Noted(shell.steps, "other")
    result = keep("a", "b")
    result.answer(waiting, "too")
    shell.ask(lambda at: result)
    assert shell.steps == ["append a b", "replay a@0", "replay b@1", "answer done", "other too"]


def test_what_follows_is_logged_when_the_records_before_it_are_replayed_and_answered_with_them(shell: Shell) -> None:
    first = keep("a", response=None)

    def follow() -> Result:
        shell.steps.append("follow")
        return keep("b")

    first.on_logged = follow
    shell.ask(lambda at: first)
    assert shell.steps == ["append a", "replay a@0", "follow", "append b", "replay b@1", "answer done"]


class Watching:
    """Notes which operations it is shown, and what it sees of them."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps

    def asked(self, operation: Operation[Any]) -> None:
        operation.cause = "a request"
        self.steps.append("asked")

    def watch(self, operation: Operation[Any]) -> Callable[[Exception | None], None] | None:
        self.steps.append(f"watch {operation.name} of {operation.cause}")
        return None if operation.name == "ignored" else lambda failure: self.steps.append(f"seen {failure}")


def test_whoever_watches_sees_an_operation_before_it_and_after_it_but_before_its_answer(shell: Shell) -> None:
    shell.runtime.watcher = Watching(shell.steps)
    shell.ask(lambda at: keep("a"))
    watched = ["asked", "watch Ask of a request"]
    assert shell.steps == [*watched, "append a", "replay a@0", "seen None", "answer done"]
    shell.steps.clear()
    shell.ask(refuse)
    assert shell.steps == [*watched, "seen GROUP_ID_NOT_FOUND", "answer GROUP_ID_NOT_FOUND"]


def test_whoever_watches_sees_what_is_done_by_the_clock_and_need_not_look(shell: Shell) -> None:
    shell.runtime.watcher = Watching(shell.steps)
    shell.at(5, lambda at: keep("a", response=None))
    shell.machine.due.append((5, Operation("ignored", "k", 0, lambda at: keep("b", response=None))))
    shell.runtime.watch_time()
    shell.clock.pass_time(5)
    first = ["watch timer of None", "append a", "replay a@0", "seen None"]
    assert shell.steps == [*first, "watch ignored of None", "append b", "replay b@1"]


def test_an_operation_is_decided_at_the_time_of_the_clock(shell: Shell) -> None:
    shell.clock.pass_time(3)
    seen: list[Instant] = []

    def decide(at: Instant) -> Result:
        seen.append(at)
        return keep()

    shell.ask(decide)
    assert seen == [Instant(shell.clock.now(), shell.clock.now_ms())]


def test_without_records_nothing_is_appended(shell: Shell) -> None:
    assert shell.ask(lambda at: keep()).answer == "done"
    assert shell.steps == ["answer done"]


def test_a_request_without_a_response_waits_until_another_result_answers_it(shell: Shell) -> None:
    waiting = shell.ask(lambda at: keep(response=None))
    assert waiting.is_deferred
    result = keep()
    result.answer(waiting, "at last")
    shell.ask(lambda at: result)
    assert waiting.answer == "at last"


def test_a_transactional_batch_is_appended_and_replayed_under_its_producer(shell: Shell) -> None:
    result = keep("a")
    result.producer_id, result.producer_epoch = 7, 0
    shell.ask(lambda at: result)
    ((_, batches),) = shell.log.stored()
    (batch,) = batches
    assert (batch.producer_id, batch.producer_epoch, batch.is_transactional) == (7, 0, True)


# What the disk has


def test_nothing_is_answered_before_the_fsync(shell: Shell) -> None:
    shell.log.is_slow = True
    waiting = Noted(shell.steps, "other")
    first = keep("a", response=None)
    first.answer(waiting, "too")
    first.on_logged = lambda: keep(response="later")
    call = shell.ask(lambda at: first)
    assert call.is_deferred
    assert waiting.is_deferred
    assert shell.machine.words == {b"a": b""}
    shell.log.flush()
    assert (waiting.answer, call.answer) == ("too", "later")


def test_a_failed_fsync_refuses_all_who_wait_for_it(shell: Shell) -> None:
    shell.log.is_slow = True
    waiting = Noted(shell.steps, "other")
    result = keep("a")
    result.answer(waiting, "too")
    call = shell.ask(lambda at: result)
    shell.log.flush(FULL)
    assert (call.answer, waiting.answer) == ("NOT_COORDINATOR", "NOT_COORDINATOR")


def test_what_needs_no_fsync_waits_for_none_and_goes_to_the_disk_in_the_background(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled: list[int] = []
    monkeypatch.setattr(shell.log, "schedule_flush", scheduled.append)
    shell.log.is_slow = True
    assert shell.ask(lambda at: keep("a"), needs_fsync=False).answer == "done"
    assert scheduled == [0]


# Refusals


def test_what_cannot_be_logged_changes_nothing_and_is_refused_to_all_it_concerns(shell: Shell) -> None:
    shell.log.refusal = FULL
    waiting = Noted(shell.steps, "other")
    result = keep("a")
    result.answer(waiting, "too")
    result.on_logged = lambda: pytest.fail("it was not logged")
    call = shell.ask(lambda at: result)
    assert (call.answer, waiting.answer) == ("NOT_COORDINATOR", "NOT_COORDINATOR")
    assert (shell.machine.words, list(shell.log.stored())) == ({}, [])


def test_what_kafka_does_after_a_refusal_is_done_with_its_error(shell: Shell) -> None:
    shell.log.refusal = FULL
    codes: list[ErrorCode] = []
    result = keep("a")
    result.on_refused = lambda code: codes.append(code)
    shell.ask(lambda at: result)
    assert codes == [ErrorCode.NOT_COORDINATOR]


def test_what_follows_may_be_refused_although_what_came_before_was_logged(shell: Shell) -> None:
    def follow() -> Result:
        shell.log.refusal = FULL
        return keep("b")

    first = keep("a", response=None)
    first.on_logged = follow
    assert shell.ask(lambda at: first).answer == "NOT_COORDINATOR"
    assert shell.machine.words == {b"a": b""}


def test_a_refusal_of_the_coordinator_is_answered_in_its_own_words(shell: Shell) -> None:
    def refuse(at: Instant) -> Result:
        raise KafkaError(ErrorCode.UNKNOWN_MEMBER_ID)

    assert shell.ask(refuse).answer == "UNKNOWN_MEMBER_ID"
    assert shell.steps == ["answer UNKNOWN_MEMBER_ID"]


def test_without_the_topic_nothing_is_decided(shell: Shell) -> None:
    shell.log.not_ready = KafkaError(ErrorCode.NOT_ENOUGH_REPLICAS)
    assert shell.ask(lambda at: pytest.fail("there is no log")).answer == "COORDINATOR_NOT_AVAILABLE"


def test_an_operation_goes_on_when_the_topic_has_been_created(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[Then] = []
    monkeypatch.setattr(shell.log, "when_ready", waiting.append)
    call = shell.ask(lambda at: keep("a"))
    assert (call.is_deferred, shell.steps) == (True, [])
    waiting[0](None)
    assert call.answer == "done"


# Failures


@pytest.mark.parametrize("where", ["decide", "append", "follow"])
def test_a_fault_of_ours_is_answered_with_an_error_and_harms_no_other_request(
    shell: Shell, where: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = keep("a", response=None)
    result.on_logged = lambda: fail(Instant(0, 0))
    if where == "append":
        shell.log.fault = RuntimeError("a bug")
    assert shell.ask(fail if where == "decide" else lambda at: result).answer == "UNKNOWN_SERVER_ERROR"
    shell.log.fault = None
    assert "RuntimeError: a bug" in capfd.readouterr().err
    assert shell.ask(lambda at: keep("b")).answer == "done"


def test_those_who_wait_for_a_result_that_fails_are_refused_too(shell: Shell) -> None:
    waiting = Noted(shell.steps, "other")
    result = keep("a", response=None)
    result.answer(waiting, "too")
    result.on_logged = lambda: fail(Instant(0, 0))
    shell.ask(lambda at: result)
    assert waiting.answer == "UNKNOWN_SERVER_ERROR"


def test_a_client_that_cannot_be_answered_keeps_no_other_from_its_answer(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = Noted(shell.steps, "gone")
    monkeypatch.setattr(gone, "complete", fail)
    result = keep("a")
    result.answer(gone, "?")
    assert shell.ask(lambda at: result).answer == "done"
    assert "an answer could not be delivered" in capfd.readouterr().err


# Time


def test_one_timer_stands_at_the_next_deadline(shell: Shell) -> None:
    def plan(at: Instant) -> Result:
        shell.at(5, lambda at: keep("late"))
        shell.at(2, lambda at: keep("early"))
        return keep()

    shell.ask(plan)
    assert [timer.deadline for timer in shell.clock.timers if timer.is_live] == [2]
    shell.clock.pass_time(2)
    assert list(shell.machine.words) == [b"early"]
    assert [timer.deadline for timer in shell.clock.timers if timer.is_live] == [5]
    shell.clock.pass_time(3)
    assert list(shell.machine.words) == [b"early", b"late"]


def test_a_timer_that_fails_keeps_no_other_from_its_time(shell: Shell) -> None:
    shell.at(1, fail)
    shell.at(1, lambda at: keep("same time"))
    shell.at(2, lambda at: keep("later"))
    shell.runtime.start()
    shell.clock.pass_time(3)
    assert list(shell.machine.words) == [b"same time", b"later"]


def test_the_timer_is_set_again_whatever_happens(shell: Shell) -> None:
    shell.at(1, lambda at: keep("lost"))
    shell.at(2, lambda at: keep("kept"))
    shell.runtime.start()
    shell.machine.fault = RuntimeError("a bug")
    with pytest.raises(RuntimeError):  # to the timer's own guard
        shell.clock.pass_time(1)
    shell.machine.fault = None
    shell.clock.pass_time(1)
    assert list(shell.machine.words) == [b"kept"]


def test_a_long_round_lets_others_have_their_turn_in_between(shell: Shell) -> None:
    def take_long(at: Instant) -> Result:
        shell.clock.seconds += SLICE_S
        return keep(f"word{len(shell.machine.words)}")

    for _ in range(3):
        shell.at(1, take_long)
    shell.runtime.start()
    turns = shell.clock.turns
    shell.clock.pass_time(1)
    shell.clock.pass_time(1)
    assert len(shell.machine.words) == shell.clock.turns - turns == 3


def test_after_a_failed_request_the_timer_stands_where_the_coordinator_wants_it(shell: Shell) -> None:
    def plan_and_fail(at: Instant) -> Result:
        shell.at(4, lambda at: keep("on time"))
        return fail(at)

    shell.ask(plan_and_fail)
    shell.clock.pass_time(4)
    assert list(shell.machine.words) == [b"on time"]


# Partitions


def test_an_offline_partition_has_no_coordinator_and_the_others_have(shell: Shell) -> None:
    shell.log.offline.add(1)
    assert shell.ask(lambda at: pytest.fail("offline"), partition=1).answer == "NOT_COORDINATOR"
    assert shell.ask(lambda at: keep("a"), partition=2).answer == "done"


def test_by_the_clock_an_offline_partition_still_lets_go_those_who_wait(shell: Shell) -> None:
    waiting = shell.ask(lambda at: keep(response=None))
    result = keep()
    result.answer(waiting, "nothing that can be relied on")
    shell.log.offline.add(0)
    shell.at(1, lambda at: result)
    shell.runtime.start()
    shell.clock.pass_time(1)
    assert waiting.answer == "NOT_COORDINATOR"


def test_what_is_stored_is_replayed_markers_included_and_what_cannot_be_read_of_it_is_skipped(shell: Shell) -> None:
    shell.log.append(0, [(b"a", b""), (b"b", b"corrupt"), (b"c", None)], 0)
    shell.log.append_marker(0, 7, is_commit=True)
    shell.steps.clear()
    for partition, batches in shell.log.stored():
        shell.runtime.partitions.load(partition, batches)
    assert shell.steps == ["replay a@0", "replay c@2", "marker 0 7 True"]
    assert not shell.runtime.partitions.has_unreadable


@pytest.mark.parametrize("failure", [OSError("broken"), CorruptFrame("torn"), FULL])
def test_a_partition_that_cannot_be_read_is_unloaded_and_not_served(
    shell: Shell, failure: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    def torn() -> Iterator[RecordBatch]:
        ((_, batches),) = shell.log.stored()
        yield from batches
        raise failure

    shell.log.append(3, [(b"a", b"")], 0)
    shell.runtime.partitions.load(3, torn())
    assert (shell.machine.unloaded, shell.machine.words) == ([3], {})
    assert "words cannot be read, and are not served" in capfd.readouterr().err
    assert shell.runtime.partitions.has_unreadable
    assert shell.ask(lambda at: pytest.fail("unreadable"), partition=3).answer == "NOT_COORDINATOR"
    assert shell.ask(lambda at: keep("b"), partition=2).answer == "done"


# A coordinator that moves away and comes back


def test_a_partition_that_has_moved_refuses_what_waits_and_what_comes_until_its_log_has_been_read(shell: Shell) -> None:
    shell.ask(lambda at: keep("a"), partition=1)
    waiting = Call[str](lambda code: code.name)
    shell.machine.waiting.append(waiting)
    assert shell.runtime.partitions.move(1)
    assert waiting.answer == "NOT_COORDINATOR"
    assert shell.ask(lambda at: pytest.fail("moved"), partition=1).answer == "NOT_COORDINATOR"
    assert shell.ask(lambda at: keep("b"), partition=2).answer == "done"
    loaded: list[int] = []
    shell.runtime.on_loaded = loaded.append
    shell.runtime.partitions.come_back(1, 2.0)
    shell.clock.pass_time(1.9)
    assert shell.ask(lambda at: pytest.fail("loading"), partition=1).answer == "COORDINATOR_LOAD_IN_PROGRESS"
    assert shell.runtime.partitions.has_unreadable
    shell.steps.clear()
    shell.clock.pass_time(0.2)
    assert (shell.steps, loaded) == (["replay a@0"], [1])
    assert shell.ask(lambda at: keep("c"), partition=1).answer == "done"
    assert not shell.runtime.partitions.has_unreadable


def test_what_is_not_served_as_it_is_does_not_move(shell: Shell) -> None:
    assert shell.runtime.partitions.move(1)
    assert not shell.runtime.partitions.move(1)
    shell.log.offline.add(2)
    assert not shell.runtime.partitions.move(2)


def test_the_joins_and_syncs_of_a_group_that_moves_are_refused_and_its_members_are_there_again() -> None:
    groups = GroupDriver()
    first = groups.join_fresh().answer.member_id
    groups.sync(first, 1, {first: b"work"})
    second = groups.join_fresh(client_id="other")
    assert second.is_deferred
    partition = groups.coordinator.partition_of("g")
    come_back = groups.service.move("g")
    assert come_back is not None
    assert second.answer.error is ErrorCode.NOT_COORDINATOR
    assert groups.coordinator.find_group("g") is None
    assert groups.service.heartbeat("g", first, None, 1) is ErrorCode.NOT_COORDINATOR
    come_back(1.0)
    assert groups.join(first).answer.error is ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    assert groups.service.heartbeat("g", "stranger", None, 1) is ErrorCode.NONE
    assert groups.service.move("g") is None
    groups.sleep(1.0)
    assert groups.coordinator.partition_of("g") == partition
    assert groups.service.heartbeat("g", first, None, 1) is ErrorCode.NONE
    assert groups.service.heartbeat("g", "stranger", None, 1) is ErrorCode.UNKNOWN_MEMBER_ID


# Classic groups, whose logged state changes in the replay alone


def snapshot(groups: GroupDriver) -> object:
    """All that is known of group g."""
    group = groups.coordinator.kinds.classic.find("g")
    if group is None:
        return None
    members = [(m.member_id, m.protocols, m.assignment, m.client_id, m.join, m.sync) for m in group.members.values()]
    state = (group.state, group.generation, group.leader, group.protocol_name, group.static_members)
    return state, members, set(group.pending_members), set(group.pending_sync), groups.coordinator.next_deadline()


def test_an_unknown_group_whose_record_cannot_be_logged_is_not_there() -> None:
    groups = GroupDriver()
    before = groups.coordinator.next_deadline()
    groups.log.refusal = FULL
    assert groups.join_fresh().answer.error is ErrorCode.NOT_COORDINATOR
    assert groups.join().answer.error is ErrorCode.NOT_COORDINATOR
    assert groups.coordinator.kinds.classic.find("g") is None
    assert groups.coordinator.next_deadline() == before


def test_a_group_is_in_the_log_before_its_first_member_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = GroupDriver()
    members_then: list[int] = []
    append = groups.log.append

    def noted(*args: Any) -> int:
        known = groups.coordinator.kinds.classic.find("g")
        members_then.append(-1 if known is None else len(known.members))
        return append(*args)

    monkeypatch.setattr(groups.log, "append", noted)
    assert groups.join_fresh().answer.generation_id == 1
    assert members_then == [-1]


def test_a_takeover_of_a_static_member_that_cannot_be_logged_changes_nothing() -> None:
    groups = GroupDriver()
    old = groups.join(instance="i").answer.member_id
    groups.sync(old, 1, {old: b"work"})
    before = snapshot(groups)
    groups.log.refusal = FULL
    assert groups.join(instance="i", client_id="new").answer.error is ErrorCode.NOT_COORDINATOR
    assert snapshot(groups) == before


def test_a_group_is_not_stable_before_its_assignments_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = GroupDriver()
    states_then: list[ClassicState] = []
    leader = groups.join_fresh().answer.member_id
    append = groups.log.append

    def noted(*args: Any) -> int:
        states_then.append(groups.group().state)
        return append(*args)

    monkeypatch.setattr(groups.log, "append", noted)
    assert groups.sync(leader, 1, {leader: b"work"}).answer.assignment == b"work"
    assert (states_then, groups.group().state) == ([ClassicState.COMPLETING_REBALANCE], ClassicState.STABLE)


def test_assignments_are_answered_to_nobody_before_they_are_durable() -> None:
    groups = GroupDriver()
    leader, follower = groups.stable_group(2)
    groups.join(follower, protocols=[("range", b"new")])
    groups.join(leader)
    groups.log.is_slow = True
    calls = [groups.sync(follower, 3), groups.sync(leader, 3, {follower: b"f", leader: b"l"})]
    assert all(call.is_deferred for call in calls)
    while groups.log.waiting:
        groups.log.flush()
    assert [call.answer.assignment for call in calls] == [b"f", b"l"]
