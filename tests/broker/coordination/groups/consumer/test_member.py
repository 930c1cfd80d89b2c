from dataclasses import replace

from odradek.broker.coordination.groups.consumer.member import (
    ConsumerMember,
    MemberState,
    held_partitions,
    without_epochs,
)

from .consumer_driver import topic_id

T, U = topic_id("t"), topic_id("u")
MEMBER = ConsumerMember("m", epoch=3, assigned={T: {0: 3}}, revoking={U: {1: 2}})


def test_a_member_is_reconciled_when_it_has_the_epoch_and_waits_for_nothing() -> None:
    assert MEMBER.is_reconciled_to(3)
    assert not MEMBER.is_reconciled_to(4)
    assert not replace(MEMBER, state=MemberState.UNRELEASED_PARTITIONS).is_reconciled_to(3)


def test_the_epoch_that_it_had_is_its_previous_one_even_if_it_keeps_it() -> None:
    kept = MEMBER.at(MemberState.UNREVOKED_PARTITIONS, 3, MEMBER.assigned)
    assert (kept.epoch, kept.previous_epoch, kept.revoking) == (3, 3, {})


def test_what_it_reports_and_what_it_has_are_compared_apart() -> None:
    moved = MEMBER.at(MemberState.STABLE, 4, {})
    assert moved.has_same_metadata(MEMBER)
    assert not moved.has_same_assignment(MEMBER)
    renamed = replace(MEMBER, client_id="other")
    assert not renamed.has_same_metadata(MEMBER)
    assert renamed.has_same_assignment(MEMBER)


def test_what_it_has_yet_to_give_up_it_still_has() -> None:
    assert [MEMBER.assignment_epoch(*at) for at in ((T, 0), (U, 1), (T, 1))] == [3, 2, None]
    assert list(held_partitions(MEMBER.assigned, MEMBER.revoking)) == [(T, 0), (U, 1)]
    assert without_epochs(MEMBER.assigned) == {T: frozenset({0})}
