from dataclasses import replace

from odradek.broker.coordination.groups.streams.member import MemberState, StreamsMember
from odradek.broker.coordination.groups.streams.tasks import HeldTasks, Tasks

MEMBER = StreamsMember("m", client_id="c", process_id="p", epoch=5, previous_epoch=4)
HELD = HeldTasks({"0": {0: 3, 1: 5}}, {"1": frozenset({2})})


def test_a_member_is_reconciled_once_it_is_stable_in_the_epoch_of_the_target() -> None:
    assert MEMBER.is_reconciled_to(5)
    assert not MEMBER.is_reconciled_to(6)
    assert not replace(MEMBER, state=MemberState.UNRELEASED_TASKS).is_reconciled_to(5)


def test_the_epoch_it_had_is_its_previous_one_even_if_it_is_the_same() -> None:
    after = MEMBER.at(MemberState.UNREVOKED_TASKS, 5, HELD)
    assert (after.epoch, after.previous_epoch, after.held, after.revoking) == (5, 5, HELD, HeldTasks())


def test_what_it_reports_and_what_it_is_given_are_apart() -> None:
    given = StreamsMember("m", epoch=7, previous_epoch=6, held=HELD, state=MemberState.UNRELEASED_TASKS)
    both = MEMBER.with_assignment_of(given)
    assert (both.client_id, both.process_id) == ("c", "p")
    assert (both.epoch, both.previous_epoch, both.state, both.held) == (7, 6, MemberState.UNRELEASED_TASKS, HELD)
    assert both.has_same_metadata(MEMBER)
    assert not both.has_same_metadata(replace(MEMBER, user_endpoint=("h", 1)))


def test_it_is_known_since_when_it_has_an_active_task() -> None:
    member = replace(MEMBER, held=HELD, revoking=HeldTasks({"0": {7: 2}}))
    assert [member.active_since("0", n) for n in (0, 1, 7, 8)] == [3, 5, 2, None]
    assert member.active_since("1", 2) is None  # a standby


def test_what_it_owns_may_be_less_than_it_was_given_but_not_more_and_must_be_told() -> None:
    member = replace(MEMBER, held=HELD)
    assert member.owns_no_more_than_given(Tasks())
    assert member.owns_no_more_than_given(Tasks({"0": frozenset({1})}, {"1": frozenset({2})}))
    assert not member.owns_no_more_than_given(Tasks({"0": frozenset({2})}))
    assert not member.owns_no_more_than_given(Tasks({"2": frozenset()}))
    assert not member.owns_no_more_than_given(Tasks(standby={"0": frozenset({1})}))
    assert not member.owns_no_more_than_given(None)
