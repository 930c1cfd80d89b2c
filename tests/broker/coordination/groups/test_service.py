"""Groups over a log: what a refusal leaves as it was, what a restart brings back, one timer for all."""

import pytest

from odradek.broker.coordination.groups.classic.records import group_record
from odradek.broker.coordination.groups.classic.states import ClassicState
from odradek.broker.coordination.groups.group_config import GroupConfig
from odradek.broker.coordination.groups.offset_records import offset_record
from odradek.protocol.errors import ErrorCode, KafkaError

from .group_driver import GroupDriver, HandClock, MemoryLog


@pytest.fixture
def groups() -> GroupDriver:
    return GroupDriver()


REFUSED = KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, "disk full")


@pytest.mark.parametrize(
    ("refusal", "answered"),
    [
        (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.NOT_ENOUGH_REPLICAS, ErrorCode.COORDINATOR_NOT_AVAILABLE),
        (ErrorCode.NOT_LEADER_OR_FOLLOWER, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.NOT_COORDINATOR),
        (ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.UNKNOWN_SERVER_ERROR),
        (ErrorCode.POLICY_VIOLATION, ErrorCode.POLICY_VIOLATION),
    ],
)
def test_a_commit_that_cannot_be_logged_is_refused_and_has_not_happened(
    groups: GroupDriver, refusal: ErrorCode, answered: ErrorCode
) -> None:
    groups.commit(offset=1)
    groups.log.refusal = KafkaError(refusal)
    assert groups.commit(offset=2).answer == [answered]
    assert groups.committed() == 1


def test_a_commit_is_answered_when_it_is_durable(groups: GroupDriver) -> None:
    groups.log.is_slow = True
    call = groups.commit()
    assert call.is_deferred
    groups.log.flush()
    assert call.answer == [ErrorCode.NONE]


def test_a_failed_fsync_refuses_the_commit(groups: GroupDriver) -> None:
    groups.log.is_slow = True
    call = groups.commit()
    groups.log.flush(REFUSED)
    assert call.answer == [ErrorCode.NOT_COORDINATOR]


def test_a_group_whose_log_is_offline_has_no_coordinator(groups: GroupDriver) -> None:
    groups.commit(offset=1)
    groups.log.offline.add(groups.service.partition_of("g"))
    assert groups.commit(offset=1).answer == [ErrorCode.NOT_COORDINATOR]
    assert groups.join_fresh().answer.error is ErrorCode.NOT_COORDINATOR


def test_assignments_that_cannot_be_logged_start_another_rebalance(groups: GroupDriver) -> None:
    leader, follower = groups.stable_group(2)
    groups.join(follower, protocols=[("range", b"new")])
    groups.join(leader)
    waiting = groups.sync(follower, 3)
    groups.log.refusal = REFUSED
    refused = groups.sync(leader, 3, {follower: b"f"})
    assert [waiting.answer.error, refused.answer.error] == [ErrorCode.NOT_COORDINATOR] * 2
    assert groups.group().state is ClassicState.PREPARING_REBALANCE
    groups.log.refusal = None
    groups.join(follower)
    assert groups.join(leader).answer.generation_id == 4


def test_a_takeover_that_cannot_be_logged_leaves_the_old_member_in_place(groups: GroupDriver) -> None:
    old = groups.join(instance="i").answer.member_id
    groups.sync(old, 1, {old: b"work"})
    groups.log.refusal = REFUSED
    assert groups.join(instance="i", protocols=[("range", b"x")]).answer.error is ErrorCode.NOT_COORDINATOR
    assert groups.heartbeat(old, 1, instance="i") is ErrorCode.NONE
    assert groups.group().members[old].protocols == (("range", b"r"),)
    assert groups.sync(old, 1, instance="i").answer.assignment == b"work"


def test_a_group_that_cannot_be_logged_empty_is_empty_all_the_same(groups: GroupDriver) -> None:
    (member,) = groups.stable_group()
    groups.log.refusal = REFUSED
    assert groups.leave(member).answer == [ErrorCode.NOT_COORDINATOR]
    assert groups.group().state is ClassicState.EMPTY


def test_a_new_group_that_cannot_be_logged_is_not_there_and_nobody_waits_for_its_member(groups: GroupDriver) -> None:
    groups.log.refusal = REFUSED
    assert groups.join_fresh().answer.error is ErrorCode.NOT_COORDINATOR
    assert groups.service.find_group("g") is None
    groups.log.refusal = None
    assert groups.join_fresh().answer.generation_id == 1
    assert len(groups.group().members) == 1


def test_one_request_is_one_batch(groups: GroupDriver) -> None:
    groups.commit(topic="t")
    groups.commit(topic="u")
    groups.delete_group()
    assert [len(batches) for batches in groups.log.batches_of.values()] == [3]


def test_one_timer_stands_at_the_earliest_deadline() -> None:
    groups = GroupDriver(GroupConfig(initial_rebalance_delay_ms=0))
    groups.stable_group(session_s=10)
    groups.stable_group(session_s=6, group_id="h")
    live = [timer.deadline for timer in groups.clock.timers if timer.is_live]
    assert live == [6.0]


def test_a_heartbeat_moves_the_timer_only_when_it_rings(groups: GroupDriver) -> None:
    (member,) = groups.stable_group(session_s=10)
    for _ in range(20):
        groups.sleep(1)
        groups.heartbeat(member, 1)
    assert groups.group().state is ClassicState.STABLE
    assert len([timer for timer in groups.clock.timers if timer.is_live]) == 1


def test_a_fault_in_one_group_does_not_stop_the_clock_of_the_others(
    groups: GroupDriver, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    groups.stable_group(session_s=6)
    groups.stable_group(session_s=7, group_id="h")
    with monkeypatch.context() as patch:

        def refuse(*_: object) -> int:
            raise RuntimeError("a bug")

        patch.setattr(groups.log, "append", refuse)
        groups.sleep(6.1)
    assert "RuntimeError: a bug" in capfd.readouterr().err
    assert groups.group().state is ClassicState.EMPTY
    groups.sleep(1)
    assert groups.group("h").state is ClassicState.EMPTY


def test_tombstones_of_nothing_are_replayed_without_harm() -> None:
    log = MemoryLog()
    groups = GroupDriver(log=log)
    log.append(groups.service.partition_of("g"), [group_record("g", None), offset_record("g", "t", 0, None)], 0, -1, -1)
    log.append(groups.service.partition_of("g"), [(b"\0\3\0\1g", None)], 0, -1, -1)
    assert groups.restarted().service.find_group("g") is None


def test_what_cannot_be_read_is_skipped_on_load_and_the_rest_is_not() -> None:
    log = MemoryLog()
    partition = GroupDriver(log=log).service.partition_of("g")
    log.append(partition, [(b"\0\2\0\5torn", b""), (b"\x7f\xff", b"of the future"), (b"", None)], 0, -1, -1)
    GroupDriver(log=log).commit(offset=7)
    assert GroupDriver(log=log, clock=HandClock()).committed() == 7


def test_groups_lie_in_the_partition_of_their_name(groups: GroupDriver) -> None:
    for name in ("a", "b", "c", "d"):
        groups.commit(group_id=name)
    assert {partition: len(b) for partition, b in groups.log.batches_of.items()} == {1: 1, 2: 1, 3: 1, 0: 1}
    assert sorted(group.group_id for group in groups.service.groups()) == ["a", "b", "c", "d"]
