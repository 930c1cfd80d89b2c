import pytest

from odradek.broker.coordination.groups.streams.member import MemberState, StreamsMember
from odradek.broker.coordination.groups.streams.reconciliation import reconcile
from odradek.broker.coordination.groups.streams.task_holders import HeldByProcesses
from odradek.broker.coordination.groups.streams.tasks import HeldTasks, Tasks
from odradek.protocol.errors import ErrorCode, KafkaError


def some(*indexes: int) -> dict[str, frozenset[int]]:
    return {"0": frozenset(indexes)} if indexes else {}


def held(epoch: int, *indexes: int) -> HeldTasks:
    return HeldTasks({"0": dict.fromkeys(indexes, epoch)} if indexes else {})


def member(
    state: MemberState = MemberState.STABLE,
    epoch: int = 2,
    has: HeldTasks | None = None,
    revoking: HeldTasks | None = None,
) -> StreamsMember:
    has, revoking = has or HeldTasks(), revoking or HeldTasks()
    return StreamsMember("m", process_id="p", epoch=epoch, state=state, held=has, revoking=revoking)


def step(
    before: StreamsMember, target: Tasks, owned: Tasks | None = None, *others: StreamsMember, epoch: int = 3
) -> StreamsMember:
    holders = HeldByProcesses()
    for one in (before, *others):
        holders.add(one)
    return reconcile(before, epoch, target, owned, holders)


def test_a_member_at_its_target_stays_what_it_is() -> None:
    before = member(epoch=3, has=held(3, 0))
    assert step(before, Tasks(some(0))) is before


def test_free_tasks_are_given_with_the_epoch_of_the_target_and_kept_ones_keep_theirs() -> None:
    after = step(member(has=held(2, 0)), Tasks(some(0, 1)))
    assert (after.state, after.epoch, after.previous_epoch) == (MemberState.STABLE, 3, 2)
    assert after.held == HeldTasks({"0": {0: 2, 1: 3}})


def test_what_is_to_go_is_asked_for_first_and_the_epoch_stays() -> None:
    after = step(member(has=held(2, 0, 1)), Tasks(some(0, 5)))
    assert (after.state, after.epoch) == (MemberState.UNREVOKED_TASKS, 2)
    assert (after.held, after.revoking) == (held(2, 0), held(2, 1))


def test_what_it_owns_no_more_need_not_be_asked_for() -> None:
    after = step(member(has=held(2, 0, 1)), Tasks(some(0)), Tasks(some(0)))
    assert (after.state, after.epoch, after.held) == (MemberState.STABLE, 3, held(2, 0))


def test_until_it_says_that_it_has_given_up_nothing_changes() -> None:
    before = member(MemberState.UNREVOKED_TASKS, 2, held(2, 0), held(2, 1))
    for owned in (None, Tasks(some(0, 1))):
        assert step(before, Tasks(some(0)), owned) is before
    after = step(before, Tasks(some(0)), Tasks(some(0)))
    assert (after.state, after.epoch, after.held) == (MemberState.STABLE, 3, held(2, 0))
    assert after.revoking == HeldTasks()


def test_a_second_revocation_raises_the_epoch_of_the_member_by_one() -> None:
    before = member(MemberState.UNREVOKED_TASKS, 2, held(2, 0), held(2, 1))
    after = step(before, Tasks(some(7)), Tasks(some(0)), epoch=9)
    assert (after.state, after.epoch, after.revoking) == (MemberState.UNREVOKED_TASKS, 3, held(2, 0))


def test_an_active_task_waits_until_no_process_has_it() -> None:
    other = StreamsMember("o", process_id="q", held=held(2, 1))
    waiting = step(member(), Tasks(some(0, 1)), None, other)
    assert (waiting.state, waiting.epoch, waiting.held) == (MemberState.UNRELEASED_TASKS, 3, held(3, 0))
    still = step(waiting, Tasks(some(0, 1)), None, other)
    assert (still.state, still.held) == (MemberState.UNRELEASED_TASKS, held(3, 0))
    revoking = StreamsMember("o", process_id="q", revoking=held(2, 1))
    assert step(waiting, Tasks(some(0, 1)), None, revoking).state is MemberState.UNRELEASED_TASKS
    assert step(waiting, Tasks(some(0, 1))).held == held(3, 0, 1)


def test_a_task_that_becomes_active_is_given_up_as_a_standby_first() -> None:
    before = member(has=HeldTasks(standby=some(0)))
    after = step(before, Tasks(some(0)), Tasks(standby=some(0)))
    assert (after.state, after.revoking) == (MemberState.UNREVOKED_TASKS, HeldTasks(standby=some(0)))
    given = step(after, Tasks(some(0)), Tasks())
    # The process has it until this is in the log; then it is free.
    assert (given.state, given.held) == (MemberState.UNRELEASED_TASKS, HeldTasks())
    assert step(given, Tasks(some(0)), Tasks()).held == held(3, 0)


@pytest.mark.parametrize("role", ["active", "standby", "warmup"])
def test_a_standby_waits_only_for_its_own_process(role: str) -> None:
    has = {"active": held(2, 0), "standby": HeldTasks(standby=some(0)), "warmup": HeldTasks(warmup=some(0))}[role]
    for target, wanted in (
        (Tasks(standby=some(0)), HeldTasks(standby=some(0))),
        (Tasks(warmup=some(0)), HeldTasks(warmup=some(0))),
    ):
        elsewhere = step(member(), target, None, StreamsMember("o", process_id="q", held=has))
        assert (elsewhere.state, elsewhere.held) == (MemberState.STABLE, wanted)
        here = step(member(), target, None, StreamsMember("o", process_id="p", held=has))
        assert (here.state, here.held) == (MemberState.UNRELEASED_TASKS, HeldTasks())


def test_a_state_of_a_later_version_is_begun_anew() -> None:
    unknown = member(MemberState.UNKNOWN, 2, held(2, 0))
    for owned in (None, Tasks(some(0))):
        with pytest.raises(KafkaError) as refused:
            step(unknown, Tasks(some(0)), owned)
        assert refused.value.code is ErrorCode.FENCED_MEMBER_EPOCH
    after = step(unknown, Tasks(some(0)), Tasks())
    assert (after.state, after.epoch) == (MemberState.STABLE, 3)
